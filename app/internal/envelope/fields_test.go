package envelope_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app/internal/envelope"
	"github.com/google/go-cmp/cmp"
)

// full is a message with everything.
const full = `{"目标IP":"10.0.0.2","目标端口":8765,"处理类型":"聊天","次一级数据类型":"文本","数据内容":"你好","时间":"2026-01-02T03:04:05.000006+08:00"}`

var peer = envelope.NewPeer("10.0.0.9", 4321)

// rewritten reads a message and returns it as it is stored.
func rewritten(text string) (string, error) {
	var f envelope.Fields
	if err := f.Read([]byte(text)); err != nil {
		return "", err
	}
	if err := f.Check(); err != nil {
		return "", err
	}
	return string(f.AppendReceived(nil, peer)), nil
}

func TestReceivedFormat(t *testing.T) {
	const head = `{"对方IP":"10.0.0.9","对方端口":4321,`
	const four = `"处理类型":"a","次一级数据类型":"b","数据内容":1,"时间":"2026-01-02T03:04:05"`
	for _, tt := range []struct{ name, in, want string }{
		{"sent", full, head + `"处理类型":"聊天","次一级数据类型":"文本","数据内容":"你好","时间":"2026-01-02T03:04:05.000006+08:00","目标IP":"10.0.0.2","目标端口":8765}`},
		{"four-keys", `{` + four + `}`, head + four + `}`},
		{"other-order", `{"时间":"2026-01-02T03:04:05","数据内容":1,"次一级数据类型":"b","处理类型":"a"}`, head + four + `}`},
		{"spoofed", `{"对方IP":"1.1.1.1","对方端口":1,` + four + `}`, head + four + `}`},
		{"spoofed-of-another-type", `{"对方IP":{"a":[1,2]},"对方端口":null,` + four + `}`, head + four + `}`},
		{"white-space", " {\n\t\"x\" : 1 , " + four + "\r\n} ", head + four + `,"x":1}`},
		{"extra-verbatim", `{` + four + `,"n":1.50e+10,"s":"\u00e9\/","o":{"b":1, "a":[ ]}}`, head + four + `,"n":1.50e+10,"s":"\u00e9\/","o":{"b":1, "a":[ ]}}`},
		{"last-of-two-counts", `{"处理类型":"first",` + four + `,"x":1,"y":2,"x":3}`, head + four + `,"x":3,"y":2}`},
		{"escaped-keys", `{"\u5904\u7406\u7c7b\u578b":"a","次一级数据类型":"b","\u6570\u636e\u5185\u5bb9":1,"时间":"2026-01-02T03:04:05","\u0078":2}`, head + four + `,"\u0078":2}`},
		{"same-key-escaped", `{` + four + `,"x":1,"\u0078":2}`, head + four + `,"x":2}`},
		{"content-object", `{"处理类型":"","次一级数据类型":"","数据内容":{"k":[1,{"}":"]"}]},"时间":"2026-01-02 03:04:05Z"}`,
			head + `"处理类型":"","次一级数据类型":"","数据内容":{"k":[1,{"}":"]"}]},"时间":"2026-01-02 03:04:05Z"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := rewritten(tt.in)
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	for _, tt := range []struct{ name, in, reason string }{
		{"empty", "", "无效的JSON"},
		{"word", "not json", "无效的JSON"},
		{"almost-null", "nul", "无效的JSON"},
		{"array", "[]", "不是JSON对象"},
		{"number", " 42 ", "不是JSON对象"},
		{"string", `"text"`, "不是JSON对象"},
		{"null", "null", "不是JSON对象"},
		{"open", "{", "无效的JSON"},
		{"key-alone", `{"a"}`, "无效的JSON"},
		{"no-value", `{"a":}`, "无效的JSON"},
		{"no-comma", `{"a":"b""c":1}`, "缺少字段: 处理类型"}, // two values in one: found where it is stored
		{"comma-at-end", `{"a":1,}`, "无效的JSON"},
		{"comma-first", `{,"a":1}`, "无效的JSON"},
		{"wrong-bracket", `{"a":1]`, "无效的JSON"},
		{"unended-string", `{"a":"b}`, "无效的JSON"},
		{"backslash-at-end", `{"a":"b\`, "无效的JSON"},
		{"more-behind", full + `x`, "无效的JSON"},
		{"two-objects", full + full, "无效的JSON"},
		{"key-no-string", `{a:1}`, "无效的JSON"},
		{"key-bad-escape", `{"\x":1}`, "无效的JSON"},
		{"no-fields", "{}", "缺少字段: 处理类型"},
		{"deep", strings.Repeat("[", 2<<20), "不是JSON对象"},
		{"deep-objects", strings.Repeat(`{"a":`, 100_000), "无效的JSON"},
		{"type-number", strings.Replace(full, `"聊天"`, `5`, 1), "字段类型错误: 处理类型 应为字符串"},
		{"subtype-null", strings.Replace(full, `"文本"`, `null`, 1), "字段类型错误: 次一级数据类型 应为字符串"},
		{"time-number", strings.Replace(full, `"2026-01-02T03:04:05.000006+08:00"`, `17`, 1), "字段类型错误: 时间 应为字符串"},
		{"time-word", strings.Replace(full, `2026-01-02T03:04:05.000006+08:00`, `now`, 1), "字段类型错误: 时间 应为ISO 8601时间, 收到 now"},
		{"time-bad-escape", strings.Replace(full, `2026-01-02T03:04:05.000006+08:00`, `\x`, 1), "无效的JSON"},
		{"time-long", strings.Replace(full, `2026-01-02T03:04:05.000006+08:00`, strings.Repeat("时", 100), 1),
			"字段类型错误: 时间 应为ISO 8601时间, 收到 " + strings.Repeat("时", 21) + "…"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := rewritten(tt.in)
			if f, ok := errors.AsType[*envelope.Fault](err); !ok || f.Reason != tt.reason {
				t.Errorf("%v, want %q", err, tt.reason)
			}
		})
	}
	for _, key := range []string{"处理类型", "次一级数据类型", "数据内容", "时间"} {
		_, err := rewritten(strings.Replace(full, key, "x", 1))
		if want := "envelope: 缺少字段: " + key; err == nil || err.Error() != want {
			t.Errorf("without %s: %v, want %s", key, err, want)
		}
	}
}

// Many extra keys are kept in order, and found again when they come twice.
func TestManyExtraKeys(t *testing.T) {
	const n = 100_000
	var in, want strings.Builder
	in.WriteString(full[:len(full)-1])
	for round := range 2 {
		for i := range n {
			fmt.Fprintf(&in, `,"k%d":%d`, i, round)
		}
	}
	in.WriteString("}")
	for i := range n {
		fmt.Fprintf(&want, `,"k%d":1`, i)
	}
	got, err := rewritten(in.String())
	if err != nil || !strings.HasSuffix(got, `"目标端口":8765`+want.String()+"}") {
		t.Errorf("%v, %d bytes", err, len(got))
	}
}

// Fields that were used before are as good as new.
func TestFieldsAreReused(t *testing.T) {
	var f envelope.Fields
	for range 2 {
		if err := f.Read([]byte(full)); err != nil {
			t.Fatal(err)
		}
		if len(f.Extra) != 2 || f.PeerIP != nil {
			t.Errorf("%+v", f)
		}
	}
	if err := f.Read([]byte("{}")); err != nil || f.Content != nil || len(f.Extra) != 0 {
		t.Errorf("%v, %+v", err, f)
	}
	if allocs := testing.AllocsPerRun(100, func() { f.Read([]byte(full)) }); allocs > 3 { // the copy, and the keys of two extras
		t.Errorf("%v allocations", allocs)
	}
}

func TestKind(t *testing.T) {
	for in, want := range map[string]envelope.Kind{
		full: envelope.Other,
		"{}": envelope.Other,
		string(envelope.AppendAcceptance(nil, peer, time.Now())):         envelope.Acceptance,
		string(envelope.AppendRefusal(nil, peer, "why", time.Now())):     envelope.Refusal,
		`{"处理类型":"\u786e\u8ba4"}`:                                        envelope.Acceptance,
		`{"\u5904\u7406\u7c7b\u578b": "\u9519\u8bef"}`:                   envelope.Refusal,
		`{"处理类型":["确认"]}`:                                                envelope.Other,
		`{"处理类型":"确认\n"}`:                                                envelope.Other,
		`{"处理类型":"\x"}`:                                                  envelope.Other,
		string(envelope.AppendRefusal(nil, peer, "确认", time.Now()))[:20]: envelope.Other,
	} {
		var f envelope.Fields
		f.Read([]byte(in)) // the last one fails
		if got := f.Kind(); got != want {
			t.Errorf("%s is of kind %v, want %v", in, got, want)
		}
	}
}

// FuzzRead holds what is read against encoding/json: a message that is rewritten to
// right JSON was right JSON with the same members, and the reverse.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{full, "{}", "[]", `{"a":1]`, `{"a":"b""c":1}`, `{"处理类型":"\u786e\u8ba4","a":[{}]}`, `{"a":tru e}`, `{"a":[}]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var fields envelope.Fields
		err := fields.Read(text)
		var want map[string]json.RawMessage
		right := json.Unmarshal(text, &want) == nil && want != nil
		if right && err != nil {
			t.Fatalf("Read(%q) = %v", text, err)
		}
		if err != nil || fields.Check() != nil {
			return
		}
		stored := fields.AppendReceived(nil, peer)
		var got map[string]json.RawMessage
		if storable := json.Unmarshal(stored, &got) == nil; storable != right {
			t.Fatalf("%q is right JSON: %v; it was rewritten to %q: %v", text, right, stored, storable)
		}
		delete(want, envelope.KeyPeerIP)
		delete(want, envelope.KeyPeerPort)
		delete(got, envelope.KeyPeerIP)
		delete(got, envelope.KeyPeerPort)
		if right && !cmp.Equal(want, got) {
			t.Fatalf("%q was rewritten to %q", text, stored)
		}
	})
}
