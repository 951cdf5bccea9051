package store_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/store"
)

// TestRecord writes records byte for byte. The checksums are those of Python's
// zlib.crc32(message + str(seq).encode()).
func TestRecord(t *testing.T) {
	tests := []struct {
		message string
		seq     uint64
		want    string
	}{
		{`{}`, 1, `,{"_seq":1,"_crc":"6caa5922"}` + "\n"},
		{`{"n":1}`, 1790000000000000, `,{"n":1,"_seq":1790000000000000,"_crc":"b350fcde"}` + "\n"},
		{`{"数据内容":"你好"}`, math.MaxUint64, `,{"数据内容":"你好","_seq":18446744073709551615,"_crc":"af15ff10"}` + "\n"},
		{`{"n":1,"_seq":7,"_crc":"00000000"}`, 8, `,{"n":1,"_seq":7,"_crc":"00000000","_seq":8,"_crc":"e3b78fc5"}` + "\n"},
	}
	for _, tt := range tests {
		line := store.AppendRecord([]byte("before"), []byte(tt.message), tt.seq)
		if got := string(line); got != "before"+tt.want {
			t.Errorf("AppendRecord(%s, %d) = %q, want %q", tt.message, tt.seq, got, tt.want)
		}
		line = bytes.TrimSuffix(line[len("before"):], []byte("\n"))
		for _, lead := range " ," {
			line[0] = byte(lead)
			m, ok := store.ParseRecord(line)
			if !ok || string(m.Payload) != tt.message || m.Seq != tt.seq {
				t.Errorf("ParseRecord(%q) = %d %s, %v", line, m.Seq, m.Payload, ok)
			}
		}
	}
}

func TestParseRecordRefuses(t *testing.T) {
	good := strings.TrimSuffix(string(store.AppendRecord(nil, []byte(`{"n":1}`), 25)), "\n")
	replace := func(old, now string) string { return strings.Replace(good, old, now, 1) }
	for _, line := range []string{
		"", ",", " ", good[1:], "x" + good[1:], good + " ", good + "\r", good[:len(good)-1],
		replace(`"n":1`, `"n":2`), replace(`:25,`, `:26,`), replace(`:25,`, `:025,`), replace(`:25,`, `:,`),
		replace(`:25,`, `:0,`), replace(`:25,`, `:18446744073709551616,`), replace(`:25,`, `:118446744073709551615,`),
		replace(`"_seq"`, `"_Seq"`), replace(`"_crc"`, `"_Crc"`), replace(`1,"_seq"`, `1 ,"_seq"`),
		strings.ToUpper(good), `,{,"_seq":1,"_crc":"00000000"}`, `,"_seq":1,"_crc":"00000000"}`, `,"_crc":"00000000"}`,
	} {
		if m, ok := store.ParseRecord([]byte(line)); ok {
			t.Errorf("ParseRecord(%q) = %d %s; want it refused", line, m.Seq, m.Payload)
		}
	}
}

// FuzzRecord checks that what is parsed writes back to the same bytes, and what is written parses.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{}`), uint64(1))
	f.Add([]byte(`{"n":1}`), uint64(1790000000000000))
	f.Add([]byte(`{"n":1,"_seq":7,"_crc":"00000000"}`), uint64(math.MaxUint64))
	f.Add([]byte(`,{"n":1,"_seq":8,"_crc":"00000000"}`), uint64(8))
	f.Add([]byte(` {"_seq":8,"_crc":"00000000"}`), uint64(8))
	f.Fuzz(func(t *testing.T, p []byte, seq uint64) {
		if m, ok := store.ParseRecord(p); ok {
			back := store.AppendRecord(nil, m.Payload, m.Seq)
			if !bytes.Equal(back[1:len(back)-1], p[1:]) {
				t.Fatalf("ParseRecord(%q) writes back as %q", p, back)
			}
		}
		obj, err := store.CheckObject(p, math.MaxInt)
		if err != nil || seq == 0 {
			return
		}
		line := store.AppendRecord(nil, obj, seq)
		m, ok := store.ParseRecord(line[:len(line)-1])
		if !ok || m.Seq != seq || !bytes.Equal(m.Payload, obj) {
			t.Fatalf("record of %q, %d gave %q, %d, %v", obj, seq, m.Payload, m.Seq, ok)
		}
	})
}
