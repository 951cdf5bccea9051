package envelope

import (
	"strings"
	"time"
)

// layout is how times are written: ISO 8601 with six digits and a numeric zone,
// which datetime.fromisoformat reads from Python 3.7 on; it knows no Z.
const layout = "2006-01-02T15:04:05.000000-07:00"

// AppendTime appends t as a JSON string.
func AppendTime(dst []byte, t time.Time) []byte {
	return append(t.AppendFormat(append(dst, '"'), layout), '"')
}

// ParseTime reads an ISO 8601 time: date and time with a T or a space between
// them, with or without seconds, up to nine digits of a second, and a zone: Z,
// ±hh:mm or ±hhmm. Without one the time is local.
func ParseTime(text string) (time.Time, error) {
	day, clock, ok := strings.Cut(text, "T")
	if !ok {
		day, clock, _ = strings.Cut(text, " ")
	}
	form := "2006-01-02T15:04:05"
	i := strings.IndexAny(clock, "Z+-")
	if i < 0 {
		i = len(clock)
	}
	if strings.Count(clock[:i], ":") < 2 {
		form = "2006-01-02T15:04"
	}
	switch zone := clock[i:]; {
	case zone == "":
	case strings.Contains(zone, ":") || zone == "Z":
		form += "Z07:00"
	default:
		form += "Z0700"
	}
	return time.ParseInLocation(form, day+"T"+clock, time.Local)
}
