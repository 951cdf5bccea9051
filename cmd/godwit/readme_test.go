package main

import (
	"context"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fence matches a block of code and its language.
var fence = regexp.MustCompile("(?s)```(\\w+)\n(.*?\n)```")

// readFile returns a file of the module.
func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(moduleRoot(t), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// blocks returns the blocks of code of a language.
func blocks(text, language string) (all []string) {
	for _, m := range fence.FindAllStringSubmatch(text, -1) {
		if m[1] == language {
			all = append(all, m[2])
		}
	}
	return all
}

// TestReadmePrograms holds the README's programs to the Examples of package conn:
// each of their functions but main stands there, word for word.
func TestReadmePrograms(t *testing.T) {
	examples := readFile(t, "conn/example_test.go")
	programs := enginePrograms(t)
	for _, program := range programs {
		if formatted, err := format.Source([]byte(program)); err != nil || string(formatted) != program {
			t.Errorf("not as gofmt has it: %v\n%s", err, program)
		}
		shared := 0
		for name, text := range functions(t, program) {
			if name == "main" {
				continue
			}
			shared++
			if !strings.Contains(examples, "\n"+text+"\n") {
				t.Errorf("conn/example_test.go lacks this %s:\n%s", name, text)
			}
		}
		if shared == 0 {
			t.Errorf("a program of main alone:\n%s", program)
		}
	}
}

// enginePrograms returns the README's programs without the framework: a server and a
// client.
func enginePrograms(t *testing.T) []string {
	t.Helper()
	programs := slices.DeleteFunc(blocks(readFile(t, "README.md"), "go"), func(block string) bool {
		return usesFramework(block) || !isFile(block)
	})
	if len(programs) != 2 {
		t.Fatalf("%d programs, want a server and a client", len(programs))
	}
	return programs
}

// isFile reports whether a block is a whole file of Go.
func isFile(block string) bool { return strings.HasPrefix(block, "package ") }

// TestReadmeFragments looks for the README's parts of programs in the Examples of
// package app, where they run: word for word, but for a tab.
func TestReadmeFragments(t *testing.T) {
	examples, err := filepath.Glob(filepath.Join(moduleRoot(t), "app", "example_*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range examples {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	code, bodies := all.String(), strings.ReplaceAll(all.String(), "\n\t", "\n")
	found := 0
	for _, block := range blocks(readFile(t, "README.md"), "go") {
		if isFile(block) {
			continue
		}
		found++
		if !strings.Contains(code, "\n"+block) && !strings.Contains(bodies, "\n"+block) {
			t.Errorf("no Example in app has:\n%s", block)
		}
	}
	if found == 0 {
		t.Error("no fragments")
	}
}

func usesFramework(program string) bool { return strings.Contains(program, `"`+modulePath+`/app"`) }

// TestReadmeQuickStart holds the README's files of an application to those that new
// writes, which other tests build and connect to.
func TestReadmeQuickStart(t *testing.T) {
	filled, err := fill(application{Name: "myapp", ownership: ownership{Path: modulePath}})
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	for _, program := range blocks(readFile(t, "README.md"), "go") {
		if !usesFramework(program) {
			continue
		}
		shown++
		if !slices.ContainsFunc(filled, func(f file) bool { return string(f.text) == program }) {
			t.Errorf("godwit new myapp writes no such file:\n%s", program)
		}
	}
	if shown == 0 {
		t.Error("the README has no quick start")
	}
}

// TestReadmePythonTable looks for the Go code of the table for those who come from
// NoWebsocket in the test that runs it.
func TestReadmePythonTable(t *testing.T) {
	code := readFile(t, "app/python_test.go")
	for _, name := range []string{"README.md", "README.zh-CN.md"} {
		_, table, found := strings.Cut(readFile(t, name), "\n| NoWebsocket | Godwit |\n")
		if !found {
			t.Fatal("the README has no such table")
		}
		table, _, _ = strings.Cut(table, "\n\n")
		rows := strings.Split(table, "\n")[1:]
		for _, row := range rows {
			cells := strings.Split(row, " | ")
			if len(cells) != 2 {
				t.Errorf("%s: not two cells: %s", name, row)
				continue
			}
			for _, m := range codeSpan.FindAllStringSubmatch(cells[1], -1) {
				line := strings.TrimSpace(m[1] + m[2])
				part, _, _ := strings.Cut(line, "…")
				if !strings.HasPrefix(line, "go ") && !strings.Contains(code, part) && !strings.Contains(line, "OnClose") {
					t.Errorf("%s: app/python_test.go lacks %s", name, line)
				}
			}
		}
		if len(rows) < 30 {
			t.Errorf("%s: %d rows", name, len(rows))
		}
	}
}

// codeSpan matches code within a line, in one pair of backquotes or in two.
var codeSpan = regexp.MustCompile("``(.+?) ``|`([^`]+)`")

// functions returns the text of each function of a program.
func functions(t *testing.T, program string) map[string]string {
	t.Helper()
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, "readme.go", program, 0)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for _, d := range parsed.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			all[f.Name.Name] = program[files.Position(f.Pos()).Offset:files.Position(f.End()).Offset]
		}
	}
	return all
}

// TestReadmeProgramsRun builds the README's programs as they stand, but for the
// port, and lets the client talk to the server.
func TestReadmeProgramsRun(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the go command isn't installed")
	}
	t.Parallel()
	addr := freeAddress(t)
	programs := enginePrograms(t)
	server, client := buildProgram(t, programs[0], addr), buildProgram(t, programs[1], addr)

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	serving := exec.CommandContext(ctx, server)
	if err := serving.Start(); err != nil {
		t.Fatal(err)
	}
	defer serving.Wait()
	defer serving.Process.Kill() // it runs until then
	for {
		out, err := exec.CommandContext(ctx, client).CombinedOutput()
		if err == nil {
			if string(out) != "hello\n" {
				t.Errorf("the client printed %q", out)
			}
			return
		}
		if ctx.Err() != nil || !strings.Contains(string(out), "refused") { // the server isn't up yet
			t.Fatalf("the client: %v\n%s", err, out)
		}
	}
}

// freeAddress returns an address that nobody listened on a moment ago, with a port
// below those that the system gives to clients: one of these might take it before
// it is used.
func freeAddress(t *testing.T) string {
	t.Helper()
	const first, ports, tries = 20_000, 10_000, 100
	for range tries {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", first+rand.IntN(ports)))
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatalf("none of %d ports is free", tries)
	return ""
}

// buildProgram builds a program in the module's place with another address, without what a
// debugger needs, and returns the file to run.
func buildProgram(t *testing.T, program, addr string) string {
	t.Helper()
	if !strings.Contains(program, "127.0.0.1:8080") {
		t.Fatalf("no address in:\n%s", program)
	}
	dir := t.TempDir()
	source, built := filepath.Join(dir, "main.go"), filepath.Join(dir, "main.exe")
	if err := os.WriteFile(source, []byte(strings.ReplaceAll(program, "127.0.0.1:8080", addr)), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-w", "-o", built, source)
	cmd.Dir = moduleRoot(t)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return built
}

// TestReadmeCommands parses the command lines of ours in the README.
func TestReadmeCommands(t *testing.T) {
	ours := regexp.MustCompile(`(?:go run \./cmd/godwit|/tmp/godwit) ([^&|)\n]*)`)
	found := 0
	for _, block := range blocks(readFile(t, "README.md"), "sh") {
		for _, m := range ours.FindAllStringSubmatch(strings.ReplaceAll(block, "/tmp/godwit ./cmd/godwit", ""), -1) {
			found++
			cmd, rest, err := find(words(m[1]))
			if err != nil {
				t.Errorf("%s: %v", m[0], err)
				continue
			}
			fs := cmd.flags()
			cmd.register(fs)
			if _, err := parse(fs, rest); err != nil {
				t.Errorf("%s: %v", m[0], err)
			}
		}
	}
	if found != 10 {
		t.Errorf("%d commands found, want 10", found)
	}
}

// TestReadmeTranslation compares what both languages must have in common: code,
// the shape of the chapters, the rows of the table, the links.
func TestReadmeTranslation(t *testing.T) {
	english, chinese := readFile(t, "README.md"), readFile(t, "README.zh-CN.md")
	for name, what := range map[string]*regexp.Regexp{
		"code":     fence,
		"chapters": regexp.MustCompile(`(?m)^#+ `),
		"fields":   regexp.MustCompile("(?m)^\\| `[^`]*`"),
		"numbers":  regexp.MustCompile(`\b(RFC \d+|10\d\d|4\d\d|[\d,]{4,} bytes|\d+ [KM]iB)\b`),
		"links":    regexp.MustCompile(`\]\((http[^)]*|CHANGELOG\.md|SECURITY\.md|LICENSE)\)`),
	} {
		if diff := cmp.Diff(tally(what, english), tally(what, chinese)); diff != "" {
			t.Errorf("%s (-README.md +README.zh-CN.md):\n%s", name, diff)
		}
	}
	if !strings.Contains(english, "](README.zh-CN.md)") || !strings.Contains(chinese, "](README.md)") {
		t.Error("the two don't link to each other")
	}
}

// tally counts the matches of an expression by their text, units in English.
func tally(what *regexp.Regexp, text string) map[string]int {
	all := make(map[string]int)
	for _, m := range what.FindAllString(strings.ReplaceAll(text, " 字节", " bytes"), -1) {
		all[m]++
	}
	return all
}

// TestReadmeLinks looks for the files that the documents link to.
func TestReadmeLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^):#]+)(#[^)]*)?\)`)
	for _, name := range []string{"README.md", "README.zh-CN.md", "CHANGELOG.md", "SECURITY.md"} {
		for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(readFile(t, name), ""), -1) {
			if _, err := os.Stat(filepath.Join(moduleRoot(t), m[1])); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
