package store_test

import (
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/store"
	"github.com/google/go-cmp/cmp"
)

// What the Python library writes: escaped ASCII in one line.
const pythonFile = `[{"\u5bf9\u65b9IP": "127.0.0.1", "\u5bf9\u65b9\u7aef\u53e3": 51234, "\u6570\u636e\u5185\u5bb9": ` +
	`"\ud83d\ude00 \"a\\b\" ", "x": [1, 2.5e3, {}]}, {"n": 2}]`

func TestReadForeign(t *testing.T) {
	record := strings.TrimSuffix(string(store.AppendRecord(nil, []byte(`{"n":1}`), 5))[1:], "\n")
	tests := []struct {
		name string
		text string
		want []string
		junk string
	}{
		{"python", pythonFile, []string{`{"\u5bf9\u65b9IP":"127.0.0.1","\u5bf9\u65b9\u7aef\u53e3":51234,` +
			`"\u6570\u636e\u5185\u5bb9":"\ud83d\ude00 \"a\\b\" ","x":[1,2.5e3,{}]}`, `{"n":2}`}, ""},
		{"indented", "[\n    {\n        \"n\": 1\n    },\n    {\n        \"n\": 2\n    }\n]", []string{`{"n":1}`, `{"n":2}`}, ""},
		{"indented-by-tabs", "[\n\t{\n\t\t\"n\": 1\n\t}\n]\n", []string{`{"n":1}`}, ""},
		{"crlf", "[\r\n  {\r\n  \"n\": 1\r\n  }\r\n]\r\n", []string{`{"n":1}`}, ""},
		{"line-each", "[\n  {\"n\": 1},\n  {\"n\": 2}\n]\n", []string{`{"n":1}`, `{"n":2}`}, ""},
		{"byte-order-mark", "\uFEFF[{\"n\":1}]", []string{`{"n":1}`}, ""},
		{"comma-at-the-end", `[{"n":1},]`, []string{`{"n":1}`}, ""},
		{"empty-object", `[{}]`, []string{`{}`}, ""},
		{"raw-utf8", `[{"内容": "你好"}]`, []string{`{"内容":"你好"}`}, ""},

		{"cut-in-element", `[{"n": 1}, {"n": 2`, []string{`{"n":1}`}, `{"n": 2` + "\n"},
		{"cut-after-element", `[{"n": 1}, {"n": 2}`, []string{`{"n":1}`, `{"n":2}`}, ""},
		{"cut-after-comma", `[{"n": 1}, `, []string{`{"n":1}`}, ""},
		{"broken-in-the-middle", `[{"n": 1}, {"n" 2}, {"n": 3}]`, []string{`{"n":1}`}, `{"n" 2}, {"n": 3}]` + "\n"},
		{"no-comma-behind", `[{"n": 1}{"n": 2}]`, nil, `{"n": 1}{"n": 2}]` + "\n"},
		{"indented-and-cut", "[\n  {\n    \"n\": 1\n  },\n  {\n    \"n\"", []string{`{"n":1}`}, "{\n    \"n\"\n"},
		{"line-each-and-cut", "[\n  {\"n\": 1},\n  {\"n\":", nil, "[\n  {\"n\": 1},\n  {\"n\":"},
		{"no-objects", `[1, "a", [{"n":1}], null, {"n": 2}]`, []string{`{"n":2}`}, "1\n\"a\"\n[{\"n\":1}]\nnull\n"},
		{"not-utf8", "[{\"n\": \"\xff\"}, {\"n\": 2}]", []string{`{"n":2}`}, "{\"n\": \"\xff\"}\n"},
		{"more-behind", `[{"n":1}] hello`, []string{`{"n":1}`}, "hello\n"},
		{"no-array", `{"n":1}`, nil, `{"n":1}`},
		{"nothing", "", nil, ""},

		{"record-reformatted", "[" + strings.ReplaceAll(record, ":", " : ") + "]", []string{`{"n":1}`}, ""},
		{"record-altered", "[" + strings.Replace(record, "1", "2", 1) + "]", nil, "[" + strings.Replace(record, "1", "2", 1) + "]"},
		{"record-keys-altered", "[" + strings.Replace(record, "_crc", "_cRc", 1) + "]", nil,
			"[" + strings.Replace(record, "_crc", "_cRc", 1) + "]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, junk := store.ReadForeign([]byte(tt.text))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
			if junk != tt.junk {
				t.Errorf("junk %q, want %q", junk, tt.junk)
			}
		})
	}
}

// TestImport opens a file of the Python library, takes and adds messages, and opens it again.
func TestImport(t *testing.T) {
	d, folder := openText(t, pythonFile)
	want := store.Report{Messages: 2, Size: int64(len(folder.text(store.FileName))), Rebuilt: true, Imported: true}
	if diff := cmp.Diff(want, d.Opened()); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	m, err := d.TryNext()
	if err != nil || !strings.HasPrefix(string(m.Payload), `{"\u5bf9`) || m.Seq == 0 {
		t.Fatalf("TryNext = %d %s, %v", m.Seq, m.Payload, err)
	}
	if err := d.Ack(m); err != nil {
		t.Fatal(err)
	}
	if err := d.Append(ctx, []byte(`{"n": 3}`)); err != nil {
		t.Fatal(err)
	}
	d.Close()
	d, err = store.OpenDiskIn(folder, store.Config{}, clock())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if diff := cmp.Diff([]string{`{"n":2}`, `{"n":3}`}, contents(t, d)); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	if r := d.Opened(); r.Imported || r.Rebuilt {
		t.Errorf("second report %+v; want a clean file", r)
	}
}

// TestImportKeepsBroken imports what is whole of a broken file and keeps the rest.
func TestImportKeepsBroken(t *testing.T) {
	d, folder := openText(t, `[{"n": 1}, {"n": 2}, {"n": 3`)
	defer d.Close()
	r := d.Opened()
	if got := folder.text(r.SetAside); r.Messages != 2 || !r.Imported || got != "{\"n\": 3\n" {
		t.Errorf("report %+v, set aside %q", r, got)
	}
}
