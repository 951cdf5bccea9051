package envelope_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app/internal/envelope"
	"github.com/google/go-cmp/cmp"
)

// moment is a time that needs all its digits, seven hours west.
var moment = time.Date(2026, 1, 2, 3, 4, 5, 6789, time.FixedZone("", -7*3600))

// What is written, byte for byte.
func TestWireFormat(t *testing.T) {
	for _, tt := range []struct {
		name string
		got  []byte
		want string
	}{
		{"sent", envelope.AppendSent(nil, envelope.Value(`"10.0.0.2"`), envelope.Value("8765"), envelope.Value(`"<&>"`), "a", `b"`, moment),
			`{"目标IP":"10.0.0.2","目标端口":8765,"处理类型":"a","次一级数据类型":"b\"","数据内容":"<&>","时间":"2026-01-02T03:04:05.000006-07:00"}`},
		{"acceptance", envelope.AppendAcceptance(nil, peer, moment),
			`{"对方IP":"10.0.0.9","对方端口":4321,"处理类型":"确认","次一级数据类型":"接收成功","数据内容":"已收到消息","时间":"2026-01-02T03:04:05.000006-07:00"}`},
		{"refusal", envelope.AppendRefusal(nil, peer, `no "x"`, moment.UTC()),
			`{"对方IP":"10.0.0.9","对方端口":4321,"处理类型":"错误","次一级数据类型":"接收失败","数据内容":"no \"x\"","时间":"2026-01-02T10:04:05.000006+00:00"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, string(tt.got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAppendString(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", `""`},
		{"你好 é \U0001F600", `"你好 é ` + "\U0001F600" + `"`},
		{`a"b\c/`, `"a\"b\\c/"`},
		{"\x00\x1f\n\r\t\x7f", `"\u0000\u001f\n\r\t` + "\x7f" + `"`},
		{"<script>&amp;\u2028", `"<script>&amp;` + "\u2028" + `"`},
		{"a\xffb\xe4\xbd", `"a` + "\uFFFD" + `b` + "\uFFFD\uFFFD" + `"`},
	} {
		got := string(envelope.AppendString(nil, tt.in))
		if got != tt.want {
			t.Errorf("AppendString(%q) = %s, want %s", tt.in, got, tt.want)
		}
		var back string
		if err := json.Unmarshal([]byte(got), &back); err != nil || back != string([]rune(tt.in)) {
			t.Errorf("%s reads as %q, %v", got, back, err)
		}
	}
}

func TestEncode(t *testing.T) {
	type point struct{ X, Y int }
	for _, tt := range []struct {
		name    string
		content any
		want    string
	}{
		{"string", "<b>&", `"<b>&"`},
		{"number", 1.5, `1.5`},
		{"nil", nil, `null`},
		{"struct", point{1, 2}, `{"X":1,"Y":2}`},
		{"map", map[string]any{"b": "<", "a": []int{1}}, `{"a":[1],"b":"<"}`},
		{"raw", json.RawMessage(" {\"a\" : 1}\n"), `{"a":1}`},
	} {
		got, err := envelope.Encode(tt.content)
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: %s, %v; want %s", tt.name, got, err, tt.want)
		}
	}
	for name, content := range map[string]any{
		"not-utf8": "\xff" + strings.Repeat("x", 100), "function": func() {}, "not-a-number": math.NaN(), "raw": json.RawMessage("{"),
	} {
		if got, err := envelope.Encode(content); err == nil || !strings.HasPrefix(err.Error(), "envelope: content") {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func TestParseTime(t *testing.T) {
	utc := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	local := time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local)
	for _, tt := range []struct {
		in   string
		want time.Time
	}{
		{"2026-01-02T03:04:05", local},
		{"2026-01-02 03:04:05", local},
		{"2026-01-02T03:04", local.Add(-5 * time.Second)},
		{"2026-01-02T03:04:05.5", local.Add(500 * time.Millisecond)},
		{"2026-01-02T03:04:05.123456", local.Add(123456 * time.Microsecond)},
		{"2026-01-02T03:04:05.123456789", local.Add(123456789)},
		{"2026-01-02T03:04:05Z", utc},
		{"2026-01-02T03:04:05.000001Z", utc.Add(time.Microsecond)},
		{"2026-01-02T03:04:05+00:00", utc},
		{"2026-01-02T03:04:05.123-07:00", utc.Add(7*time.Hour + 123*time.Millisecond)},
		{"2026-01-02T03:04:05+0530", utc.Add(-330 * time.Minute)},
		{"2026-01-02T03:04+08:00", utc.Add(-8*time.Hour - 5*time.Second)},
	} {
		got, err := envelope.ParseTime(tt.in)
		if err != nil || !got.Equal(tt.want) {
			t.Errorf("ParseTime(%s) = %v, %v; want %v", tt.in, got, err, tt.want)
		}
	}
	for digits := range 10 {
		text := "2026-01-02T03:04:05" + strings.TrimSuffix("."+strings.Repeat("1", digits), ".")
		if _, err := envelope.ParseTime(text + "Z"); err != nil {
			t.Errorf("%d digits: %v", digits, err)
		}
	}
	for _, in := range []string{"", "now", "2026-01-02", "2026-13-02T03:04:05", "2026-01-02T25:00:00", "2026-01-02T03:04:05+", "2026-01-02T03:04:05 Z", "T", " ", "2026-01-02T03:04:05Zx"} {
		if got, err := envelope.ParseTime(in); err == nil {
			t.Errorf("ParseTime(%q) = %v", in, got)
		}
	}
}

// What is written is read as the same time, to the microsecond.
func TestTimeRoundTrip(t *testing.T) {
	for _, at := range []time.Time{moment, moment.UTC(), time.Unix(0, 0), time.Now()} {
		text, _ := envelope.Value(envelope.AppendTime(nil, at)).Text()
		got, err := envelope.ParseTime(text)
		if err != nil || !got.Equal(at.Truncate(time.Microsecond)) {
			t.Errorf("%v was written as %s and read as %v, %v", at, text, got, err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	var f envelope.Fields
	text, dst := []byte(full), make([]byte, 0, 1<<10)
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if f.Read(text) != nil || f.Check() != nil {
			b.Fatal()
		}
		dst = f.AppendReceived(dst[:0], peer)
	}
}
