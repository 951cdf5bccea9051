package store_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/godwit-ws/godwit/store"
)

func nested(depth int) string {
	return strings.Repeat(`{"a":`, depth-1) + "{}" + strings.Repeat("}", depth-1)
}

func TestCheckObject(t *testing.T) {
	tests := []struct {
		name string
		in   string
		want string
		err  error
	}{
		{"empty", `{}`, `{}`, nil},
		{"blank-inside", " { \t\r\n} ", `{}`, nil},
		{"all-kinds", `{"a":null,"b":true,"c":false,"d":-0.5e+10,"e":[],"f":[1,"x",{}],"g":{"h":0}}`,
			`{"a":null,"b":true,"c":false,"d":-0.5e+10,"e":[],"f":[1,"x",{}],"g":{"h":0}}`, nil},
		{"blanks-between", "{ \"a\" : [ 1 , 2 ] ,\n\t\"b b\" : \" c \" }\r\n", `{"a":[1,2],"b b":" c "}`, nil},
		{"escapes", `{"\"\\\/\b\f\n\r\t\u00e4\uD83D\ude00" : "\" "}`, `{"\"\\\/\b\f\n\r\t\u00e4\uD83D\ude00":"\" "}`, nil},
		{"utf8", `{"数据内容": "你 好 😀"}`, `{"数据内容":"你 好 😀"}`, nil},
		{"line-separators", "{\"a\":\"\u2028\u2029\x7f\"}", "{\"a\":\"\u2028\u2029\x7f\"}", nil},
		{"repeated-keys", `{"a":1,"a":2}`, `{"a":1,"a":2}`, nil},
		{"deep", nested(store.MaxDepth), nested(store.MaxDepth), nil},
		{"deep-arrays", `{"a":` + strings.Repeat("[", 511) + strings.Repeat("]", 511) + `}`,
			`{"a":` + strings.Repeat("[", 511) + strings.Repeat("]", 511) + `}`, nil},

		{"nothing", ``, ``, store.ErrNotObject},
		{"text", `not json`, ``, store.ErrNotObject},
		{"array", `[]`, ``, store.ErrNotObject},
		{"number", `42`, ``, store.ErrNotObject},
		{"string", `"{}"`, ``, store.ErrNotObject},
		{"two", `{}{}`, ``, store.ErrNotObject},
		{"cut", `{"a":1`, ``, store.ErrNotObject},
		{"byte-order-mark", "\uFEFF{}", ``, store.ErrNotObject},
		{"not-utf8", "{\"a\":\"\xff\"}", ``, store.ErrNotObject},
		{"surrogate-in-utf8", "{\"a\":\"\xed\xa0\x80\"}", ``, store.ErrNotObject},
		{"control-character", "{\"a\":\"\x1f\"}", ``, store.ErrNotObject},
		{"newline-in-string", "{\"a\":\"\n\"}", ``, store.ErrNotObject},
		{"zero-byte", "{}\x00", ``, store.ErrNotObject},
		{"comma-at-the-end", `{"a":1,}`, ``, store.ErrNotObject},
		{"comma-in-array", `{"a":[1,]}`, ``, store.ErrNotObject},
		{"no-key", `{1:2}`, ``, store.ErrNotObject},
		{"no-colon", `{"a" 1}`, ``, store.ErrNotObject},
		{"wrong-bracket", `{"a":[1}`, ``, store.ErrNotObject},
		{"bad-escape", `{"a":"\x"}`, ``, store.ErrNotObject},
		{"cut-escape", `{"a":"\`, ``, store.ErrNotObject},
		{"short-hex", `{"a":"\u12"}`, ``, store.ErrNotObject},
		{"bad-hex", `{"a":"\u12g4"}`, ``, store.ErrNotObject},
		{"leading-zero", `{"a":01}`, ``, store.ErrNotObject},
		{"plus", `{"a":+1}`, ``, store.ErrNotObject},
		{"point-alone", `{"a":1.}`, ``, store.ErrNotObject},
		{"point-first", `{"a":.5}`, ``, store.ErrNotObject},
		{"no-exponent", `{"a":1e}`, ``, store.ErrNotObject},
		{"minus-alone", `{"a":-}`, ``, store.ErrNotObject},
		{"nan", `{"a":NaN}`, ``, store.ErrNotObject},
		{"word", `{"a":nul}`, ``, store.ErrNotObject},

		{"too-deep", nested(store.MaxDepth + 1), ``, store.ErrTooDeep},
		{"brackets-for-ever", `{"a":` + strings.Repeat("[", 2<<20), ``, store.ErrTooDeep},
		{"long-number", `{"a":` + strings.Repeat("1", store.MaxNumber) + `}`,
			`{"a":` + strings.Repeat("1", store.MaxNumber) + `}`, nil},
		{"too-long-number", `{"a":` + strings.Repeat("1", store.MaxNumber+1) + `}`, ``, store.ErrTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := store.CheckObject([]byte(tt.in), math.MaxInt)
			if string(got) != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("CheckObject(%.60q) = %.60q, %v; want %.60q, %v", tt.in, got, err, tt.want, tt.err)
			}
		})
	}
}

func TestMessageSizeLimit(t *testing.T) {
	for _, in := range []string{`{"a":"bcd"}`, "{ \"a\" : \"bcd\"\n }"} {
		if _, err := store.CheckObject([]byte(in), 11); err != nil {
			t.Errorf("CheckObject(%q, 11) = %v", in, err)
		}
		if _, err := store.CheckObject([]byte(in), 10); !errors.Is(err, store.ErrTooLarge) {
			t.Errorf("CheckObject(%q, 10) = %v; want ErrTooLarge", in, err)
		}
	}
}

// FuzzObject holds the checker against encoding/json.
func FuzzObject(f *testing.F) {
	for _, s := range []string{
		`{}`, ` { "a" : [ 1 , -2.5E-3 , true , null , "\u00e4\n" , { } ] } `, `{"a":"` + "\xff" + `"}`, `{"a":"\ud800"}`,
		`{"12345678":"123456\"8"}`, `{"a":"` + "1234567\x1f" + `"}`, `{"a":"` + "é\x7f é" + `"}`, `[`, `{"a":1}x`,
		`{"a":-0,"b":01}`, `{"a":[[[[]]],{"b":{}}]}`, "{\"a\":\t\"\t\"}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		got, err := store.CheckObject(src, math.MaxInt)
		if errors.Is(err, store.ErrTooDeep) || errors.Is(err, store.ErrTooLarge) {
			return
		}
		trimmed := bytes.TrimLeft(src, " \t\r\n")
		want := json.Valid(src) && utf8.Valid(src) && trimmed[0] == '{'
		if want != (err == nil) {
			t.Fatalf("CheckObject(%q) = %v; valid: %v", src, err, want)
		}
		if err != nil {
			return
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, src); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, compact.Bytes()) {
			t.Fatalf("CheckObject(%q) = %q, want %q", src, got, compact.Bytes())
		}
	})
}
