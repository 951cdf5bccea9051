package main

import (
	"errors"
	"fmt"
	"go/build"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/godwit-ws/godwit/app"
)

// modulePath is the path of our own module, as go.mod has it.
const modulePath = "github.com/godwit-ws/godwit"

// userModule is the module of whoever runs a command in it.
type userModule struct {
	dir  string // the folder of its go.mod
	path string
}

// moduleAt returns the module that a folder belongs to: that of the nearest go.mod.
func moduleAt(dir string) (userModule, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return userModule{}, err
	}
	for at := dir; ; at = filepath.Dir(at) {
		text, err := os.ReadFile(filepath.Join(at, "go.mod"))
		switch {
		case err == nil:
			return moduleIn(at, string(text))
		case !errors.Is(err, fs.ErrNotExist):
			return userModule{}, err
		case at == filepath.Dir(at):
			return userModule{}, fmt.Errorf("no go.mod in %s or above: run it inside a module, or make one with: go mod init NAME", dir)
		}
	}
}

// moduleIn returns the module of a folder whose go.mod has that text.
func moduleIn(dir, text string) (userModule, error) {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "//")
		fields := strings.Fields(line)
		if len(fields) != 2 || fields[0] != "module" {
			continue
		}
		name := fields[1]
		if plain, err := strconv.Unquote(name); err == nil {
			name = plain
		}
		return userModule{dir, name}, nil
	}
	return userModule{}, fmt.Errorf("%s has no module line", filepath.Join(dir, "go.mod"))
}

// importPath is how a folder of the module is imported.
func (m userModule) importPath(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	below, err := filepath.Rel(m.dir, dir)
	if err != nil {
		return "", err
	}
	return path.Join(m.path, filepath.ToSlash(below)), nil
}

// blueprintPackages returns the import paths of the module's packages with files of
// blueprints, in the package of that name (its path below the module) and below it,
// sorted. It reads as the go command does: build constraints are honoured, what the
// go command passes over isn't looked at, nor are nested modules.
func (m userModule) blueprintPackages(name string) (packages []string, err error) {
	root := filepath.Join(m.dir, filepath.FromSlash(name))
	err = filepath.WalkDir(root, func(dir string, entry fs.DirEntry, err error) error {
		switch {
		case dir == root && errors.Is(err, fs.ErrNotExist):
			return nil // there are none yet
		case err != nil:
			return err
		case !entry.IsDir():
			return nil
		case dir != root && passedOver(dir):
			return fs.SkipDir
		}
		has, err := hasBlueprintFiles(dir)
		if err != nil || !has {
			return err
		}
		pkg, err := m.importPath(dir)
		packages = append(packages, pkg)
		return err
	})
	slices.Sort(packages) // a/b was met before a-b
	return packages, err
}

// passedOver reports whether the go command passes over a folder, or takes it for
// another module.
func passedOver(dir string) bool {
	name := filepath.Base(dir)
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil || name == "testdata" || name == "vendor" || strings.ContainsAny(name[:1], "._")
}

// hasBlueprintFiles reports whether a folder is a package that can be imported, with a
// file of blueprints in the build.
func hasBlueprintFiles(dir string) (bool, error) {
	pkg, err := build.ImportDir(dir, 0)
	if _, none := errors.AsType[*build.NoGoError](err); none {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if pkg.Name == "main" {
		return false, nil
	}
	return slices.ContainsFunc(slices.Concat(pkg.GoFiles, pkg.CgoFiles), app.IsBlueprintFile), nil
}

// importable reports whether a package may be imported by another: those below a
// folder called internal are for packages around that folder only.
func importable(pkg, importer string) bool {
	for at := pkg; at != "." && at != "/"; at = path.Dir(at) {
		if path.Base(at) == "internal" && !within(importer, path.Dir(at)) {
			return false
		}
	}
	return true
}

// within reports whether an import path is that of root or below it.
func within(imported, root string) bool {
	return imported == root || strings.HasPrefix(imported, root+"/")
}
