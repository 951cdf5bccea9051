package cluster

import (
	"strings"
	"testing"
)

func TestToken(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"room": "room", "a.b": "a=2Eb", "*": "=2A", ">": "=3E", "a b": "a=20b", "=": "=3D", "_-9Z": "_-9Z",
		"房": "=E6=88=BF", "\x00\n": "=00=0A", "$JS": "=24JS", "@`[{": "=40=60=5B=7B",
	} {
		if got := token(name); got != want {
			t.Errorf("token(%q) = %q, want %q", name, got, want)
		}
		if back, ok := untoken(want); back != name || !ok {
			t.Errorf("untoken(%q) = %q, %t", want, back, ok)
		}
	}
	for _, bad := range []string{"", "=", "=4", "=GG", "=41", "=2e", "a.b", "é", "=+1"} {
		if name, ok := untoken(bad); ok {
			t.Errorf("untoken(%q) = %q", bad, name)
		}
	}
}

func FuzzToken(f *testing.F) {
	f.Add("room:7/房")
	f.Fuzz(func(t *testing.T, name string) {
		tok := token(name)
		if strings.ContainsAny(tok, ".*> \t\r\n\x00") {
			t.Errorf("token(%q) = %q", name, tok)
		}
		if back, ok := untoken(tok); name != "" && (back != name || !ok) {
			t.Errorf("untoken(%q) = %q, want %q", tok, back, name)
		}
	})
}
