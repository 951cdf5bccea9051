package main

import (
	"flag"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBadUsage(t *testing.T) {
	for _, tt := range []struct {
		name string
		args []string
		want string // the first line on standard error
		hint string // the second
	}{
		{"unknown-command", []string{"fly"}, `godwit: unknown command "fly"`, "Try: godwit help"},
		{"half-a-command", []string{"autobahn"}, `godwit: after "autobahn" comes "client"`, "Try: godwit help"},
		{"wrong-second-word", []string{"autobahn", "server"}, `godwit: after "autobahn" comes "client"`, "Try: godwit help"},
		{"unknown-flag", []string{"echo", "--bogus"}, "godwit echo: flag provided but not defined: -bogus", "Try: godwit help echo"},
		{"flag-without-value", []string{"serve", "--addr"}, "godwit serve: flag needs an argument: -addr", "Try: godwit help serve"},
		{"serve-argument", []string{"serve", "8080"}, `godwit serve: unexpected argument "8080"`, "Try: godwit help serve"},
		{"echo-argument", []string{"echo", "--compress", "x"}, `godwit echo: unexpected argument "x"`, "Try: godwit help echo"},
		{"echo-engine", []string{"echo", "--engine", "steam"}, `godwit echo: unknown engine "steam": there are blocking, loop and pooled`, "Try: godwit help echo"},
		{"echo-loops", []string{"echo", "--loops", "-1"}, "godwit echo: --loops -1: must not be negative", "Try: godwit help echo"},
		{"echo-certificate-alone", []string{"echo", "--tls-cert", "c.pem"}, "godwit echo: --tls-cert and --tls-key come together", "Try: godwit help echo"},
		{"echo-key-alone", []string{"echo", "--tls-key", "k.pem"}, "godwit echo: --tls-cert and --tls-key come together", "Try: godwit help echo"},
		{"bench-nothing", []string{"bench"}, "godwit bench: one URL is needed, such as ws://127.0.0.1:9001/", "Try: godwit help bench"},
		{"bench-url", []string{"bench", "http://a"}, `godwit bench: load: bad configuration: "http://a" is no ws://, wss:// or tcp:// URL`, "Try: godwit help bench"},
		{"bench-mode", []string{"bench", "ws://a", "--mode", "sing"}, `godwit bench: load: bad configuration: no mode "sing"; there are [echo churn idle broadcast]`, "Try: godwit help bench"},
		{"bench-no-connections", []string{"bench", "ws://a", "--conns", "0"}, "godwit bench: load: bad configuration: connections and depth must be at least 1; rate, sources, duration and process id must not be negative", "Try: godwit help bench"},
		{"dial-nothing", []string{"dial"}, "godwit dial: one URL is needed, such as ws://127.0.0.1:8080/echo", "Try: godwit help dial"},
		{"dial-two", []string{"dial", "ws://a", "ws://b"}, "godwit dial: one URL is needed, such as ws://127.0.0.1:8080/echo", "Try: godwit help dial"},
		{"dial-header", []string{"dial", "ws://a", "--header", "X"}, `godwit dial: invalid value "X" for flag -header: not of the form NAME:VALUE`, "Try: godwit help dial"},
		{"dial-wait", []string{"dial", "ws://a", "--wait", "soon"}, `godwit dial: invalid value "soon" for flag -wait: parse error`, "Try: godwit help dial"},
		{"autobahn-url", []string{"autobahn", "client", "--agent", "g"}, "godwit autobahn client: --url is needed, such as ws://127.0.0.1:9001", "Try: godwit help autobahn client"},
		{"autobahn-agent", []string{"autobahn", "client", "--url", "ws://a"}, "godwit autobahn client: --agent is needed: the name for the reports", "Try: godwit help autobahn client"},
		{"autobahn-argument", []string{"autobahn", "client", "x"}, `godwit autobahn client: unexpected argument "x"`, "Try: godwit help autobahn client"},
		{"new-nothing", []string{"new"}, "godwit new: a name is needed, such as myapp", "Try: godwit help new"},
		{"new-two", []string{"new", "a", "b"}, `godwit new: unexpected argument "b"`, "Try: godwit help new"},
		{"new-path", []string{"new", "a/b"}, "godwit new: a/b: a name is needed, not a path; run it in the folder that is to hold the new one", "Try: godwit help new"},
		{"gen-argument", []string{"gen", "x"}, `godwit gen: unexpected argument "x"`, "Try: godwit help gen"},
		{"gen-package", []string{"gen", "--package", "../x"}, "godwit gen: --package ../x: must be a path below the module, such as blueprints", "Try: godwit help gen"},
		{"gen-no-package", []string{"gen", "--package", "."}, "godwit gen: --package .: must be a path below the module, such as blueprints", "Try: godwit help gen"},
		{"routes-two", []string{"routes", "a", "b"}, `godwit routes: unexpected argument "b"`, "Try: godwit help routes"},
		{"routes-package", []string{"routes", "--package", "/x"}, "godwit routes: --package /x: must be a path below the module, such as blueprints", "Try: godwit help routes"},
		{"torture-nothing", []string{"torture"}, "godwit torture: one URL is needed, such as ws://127.0.0.1:8080/echo, or --client", "Try: godwit help torture"},
		{"torture-url", []string{"torture", "http://a"}, `godwit torture: torture: not a ws:// or wss:// URL: "http://a"`, "Try: godwit help torture"},
		{"torture-run", []string{"torture", "--run", "no-such-case", "ws://a"}, `godwit torture: no case matches "no-such-case"`, "Try: godwit help torture"},
		{"torture-regexp", []string{"torture", "--run", "(", "ws://a"}, "godwit torture: --run: error parsing regexp: missing closing ): `(`", "Try: godwit help torture"},
		{"torture-both", []string{"torture", "--client", ":0", "ws://a"}, `godwit torture: unexpected argument "ws://a"`, "Try: godwit help torture"},
		{"version-argument", []string{"version", "x"}, `godwit version: unexpected argument "x"`, "Try: godwit help version"},
		{"help-unknown", []string{"help", "fly"}, `godwit help: unknown command "fly"`, "Try: godwit help help"},
		{"help-argument", []string{"help", "dial", "x"}, `godwit help: unexpected argument "x"`, "Try: godwit help help"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := result{code: exitUsage, err: tt.want + "\n" + tt.hint + "\n"}
			if diff := cmp.Diff(want, invoke(t, "", tt.args...), cmp.AllowUnexported(result{})); diff != "" {
				t.Errorf("godwit %q (-want +got):\n%s", tt.args, diff)
			}
		})
	}
}

func TestBadURL(t *testing.T) {
	for _, args := range [][]string{
		{"dial", "127.0.0.1:8080"},
		{"dial", "ftp://127.0.0.1/"},
		{"autobahn", "client", "--agent", "g", "--url", "ftp://127.0.0.1"},
	} {
		if got := invoke(t, "", args...); got.code != exitUsage || !strings.Contains(got.err, "not a ws:// or wss:// URL") {
			t.Errorf("godwit %q: %+v", args, got)
		}
	}
}

func TestBadOrigin(t *testing.T) {
	got := invoke(t, "", "echo", "--origin", "https://example.com/path")
	if got.code != exitUsage || !strings.HasPrefix(got.err, "godwit echo: --origin https://example.com/path: ") {
		t.Errorf("%+v", got)
	}
}

func TestOverview(t *testing.T) {
	if diff := cmp.Diff(result{code: exitUsage, err: overview()}, invoke(t, ""), cmp.AllowUnexported(result{})); diff != "" {
		t.Errorf("godwit (-want +got):\n%s", diff)
	}
	for _, args := range [][]string{{"help"}, {"-h"}, {"--help"}} {
		want := result{code: exitOK, out: overview()}
		if diff := cmp.Diff(want, invoke(t, "", args...), cmp.AllowUnexported(result{})); diff != "" {
			t.Errorf("godwit %q (-want +got):\n%s", args, diff)
		}
	}
	for _, c := range commands() {
		if !strings.Contains(overview(), "\n  "+c.name+" ") {
			t.Errorf("the overview lacks %s:\n%s", c.name, overview())
		}
	}
}

// TestHelp checks that each way to ask for help gives it, and that it has what a
// reader needs: every flag, and examples.
func TestHelp(t *testing.T) {
	for _, c := range commands() {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			name := strings.Fields(c.name)
			want := result{code: exitOK, out: c.help()}
			for _, args := range [][]string{
				slices.Concat([]string{"help"}, name),
				slices.Concat([]string{"--help"}, name),
				slices.Concat(name, []string{"--help"}),
				slices.Concat(name, []string{"-h"}),
			} {
				if diff := cmp.Diff(want, invoke(t, "", args...), cmp.AllowUnexported(result{})); diff != "" {
					t.Errorf("godwit %q (-want +got):\n%s", args, diff)
				}
			}
			fs := c.flags()
			c.register(fs)
			fs.VisitAll(func(f *flag.Flag) {
				if !strings.Contains(want.out, "\n  --"+f.Name+" ") {
					t.Errorf("the help lacks --%s", f.Name)
				}
			})
		})
	}
}

// TestExamples parses the command lines shown in the help texts.
func TestExamples(t *testing.T) {
	shown := 0
	for line := range strings.Lines(allHelp()) {
		_, args, ok := strings.Cut(line, "  godwit ")
		if !ok || !strings.HasPrefix(line, "  ") {
			continue
		}
		shown++
		cmd, rest, err := find(words(args))
		if err != nil {
			t.Errorf("%s%v", line, err)
			continue
		}
		fs := cmd.flags()
		cmd.register(fs)
		if _, err := parse(fs, rest); err != nil {
			t.Errorf("%s%v", line, err)
		}
	}
	if shown < 8 {
		t.Errorf("only %d examples found", shown)
	}
}

// allHelp returns all help texts, with what is piped into a command left out.
func allHelp() string {
	var b strings.Builder
	for _, c := range commands() {
		b.WriteString(c.help())
	}
	return strings.ReplaceAll(b.String(), `printf 'hello\n' | `, "")
}

// words splits a command line as a shell would, as far as the examples need it.
func words(line string) []string {
	var all []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			all = append(all, part)
		} else {
			all = append(all, strings.Fields(part)...)
		}
	}
	return all
}

// TestParse mixes flags and other arguments.
func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   string
		rest []string
		x    string
		y    bool
	}{
		{"nothing", "", nil, "", false},
		{"flags-first", "-x 1 -y a", []string{"a"}, "1", true},
		{"flags-last", "a --x=1 --y", []string{"a"}, "1", true},
		{"flags-between", "a -y b -x 1 c", []string{"a", "b", "c"}, "1", true},
		{"after-dashes", "-y -- -x 1", []string{"-x", "1"}, "", true},
		{"between-and-dashes", "a -x 1 -- -y", []string{"a", "-y"}, "1", false},
		{"dashes-as-value", "-x -- a", []string{"a"}, "--", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fs := command{name: "test"}.flags()
			x, y := fs.String("x", "", ""), fs.Bool("y", false, "")
			rest, err := parse(fs, strings.Fields(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.rest, rest); diff != "" {
				t.Errorf("parse(%q) rest (-want +got):\n%s", tt.in, diff)
			}
			if *x != tt.x || *y != tt.y {
				t.Errorf("parse(%q) = x %q, y %v; want %q, %v", tt.in, *x, *y, tt.x, tt.y)
			}
		})
	}
}

func TestVersion(t *testing.T) {
	for _, arg := range []string{"version", "--version"} {
		got := invoke(t, "", arg)
		if got.code != exitOK || !strings.HasPrefix(got.out, "godwit ") || strings.Count(got.out, "\n") != 1 {
			t.Errorf("godwit %s: %+v", arg, got)
		}
	}
}
