package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"
)

// skeleton is the application that new writes: templates, in files that the go command
// doesn't take for its own.
//
//go:embed skeleton
var skeleton embed.FS

// newCommand writes an application.
func newCommand() command {
	return command{
		name:  "new",
		args:  "NAME",
		short: "write an application to begin with, in a new folder",
		long: `
New makes the folder NAME and writes a working application into it, a module of that
name:

  main.go                 the server, on port 8765
  blueprints/echo_bp.go   an echo with a path parameter
  blueprints/ChatBp.go    chat rooms
  test_client.html        a page to try the echo with, from disk or from the server
  go.mod, go.sum, README.md, .gitignore

NAME is letters, digits, '-', '_' and '.', with a letter first. A folder that isn't
empty is refused; nothing is overwritten.

A godwit that was built from a checkout writes a go.mod that uses that checkout, and
so needs no network. Any other writes one that requires its own version.

Examples:
  godwit new myapp`,
		register: func(*flag.FlagSet) action { return newApplication },
	}
}

// newApplication writes the application.
func newApplication(_ context.Context, args []string, s stdio) error {
	if len(args) == 0 {
		return badUsage("a name is needed, such as myapp")
	}
	if err := noArguments(args[1:]); err != nil {
		return err
	}
	name := args[0]
	if err := checkName(name); err != nil {
		return err
	}
	own, err := ownModule()
	if err != nil {
		return err
	}
	files, err := fill(application{Name: name, ownership: own})
	if err != nil {
		return err
	}
	if err := makeEmpty(name); err != nil {
		return err
	}
	for _, f := range files {
		if err := writeNew(filepath.Join(name, filepath.FromSlash(f.name)), f.text); err != nil {
			return err
		}
		fmt.Fprintln(s.out, path.Join(name, f.name))
	}
	fmt.Fprintf(s.err, "\nNow:\n  cd %s\n%s  go run .\nThen open http://localhost:8765/test_client.html\n", name, own.preparation())
	return nil
}

// goodName matches what can be the path of a module, a folder and a program alike.
var goodName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]*$`)

// reservedNames are those that mean something else as the first element of an import
// path, or as the name of a file on Windows.
var reservedNames = strings.Fields(`main internal vendor testdata cmd all std tool work
	archive bufio builtin bytes cmp compress container context crypto database debug embed encoding errors expvar
	flag fmt go hash html image index io iter log maps math mime net os path plugin reflect regexp runtime slices
	sort strconv strings structs sync syscall testing text time unicode unique unsafe uuid weak
	aux con nul prn com1 com2 com3 com4 com5 com6 com7 com8 com9 lpt1 lpt2 lpt3 lpt4 lpt5 lpt6 lpt7 lpt8 lpt9`)

// checkName refuses names that an application can't have.
func checkName(name string) error {
	first, _, _ := strings.Cut(strings.ToLower(name), ".")
	switch {
	case strings.ContainsAny(name, `/\`):
		return badUsage("%s: a name is needed, not a path; run it in the folder that is to hold the new one", name)
	case !goodName.MatchString(name):
		return badUsage("%q: a name is letters, digits, '-', '_' and '.', with a letter first", name)
	case strings.HasSuffix(name, "."):
		return badUsage("%s: a name doesn't end in a dot", name)
	case slices.Contains(reservedNames, first):
		return badUsage("%s: %s is reserved; choose another name", name, first)
	}
	return nil
}

// application is what the templates are filled with.
type application struct {
	Name string
	ownership
}

// file is one to be written, with its path below the folder.
type file struct {
	name string
	text []byte
}

// fill returns the files of an application.
func fill(a application) (files []file, err error) {
	const root = "skeleton/"
	err = fs.WalkDir(skeleton, path.Clean(root), func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		t, err := template.ParseFS(skeleton, name)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := t.Option("missingkey=error").Execute(&b, a); err != nil {
			return err
		}
		files = append(files, file{finalName(strings.TrimPrefix(name, root)), b.Bytes()})
		return nil
	})
	if len(a.Sums) > 0 {
		files = append(files, file{"go.sum", a.Sums})
	}
	return files, err
}

// finalName is what a template's file is called once it is filled.
func finalName(template string) string {
	name := strings.TrimSuffix(template, ".txt")
	if name == "gitignore" {
		return ".gitignore"
	}
	return name
}

// makeEmpty makes a folder, or takes one that is there and empty.
func makeEmpty(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return os.Mkdir(dir, 0o777)
	case err != nil:
		return fmt.Errorf("%s is there already, and no folder that can be read: %w", dir, err)
	case len(entries) > 0:
		return fmt.Errorf("the folder %s is there already, and not empty (%s): choose another name", dir, entries[0].Name())
	}
	return nil
}

// writeNew writes a file that isn't there yet.
func writeNew(name string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
