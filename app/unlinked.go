package app

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// warnUnlinked warns of files of blueprints in the folder of that name whose packages
// the program doesn't hold, as after a new one. It looks only where the working
// directory is the main module's, as with go run.
func (r *Router) warnUnlinked(name string) {
	module := mainModule()
	if !isModule(".", module) {
		return
	}
	root := filepath.FromSlash(strings.Trim(name, "/"))
	filepath.WalkDir(root, func(file string, entry os.DirEntry, err error) error {
		pkg := path.Join(module, path.Dir(filepath.ToSlash(file)))
		switch {
		case err != nil:
			return filepath.SkipDir // nothing to warn of
		case entry.IsDir() && file != root && skippedDir(file):
			return filepath.SkipDir
		case !entry.IsDir() && IsBlueprintFile(entry.Name()) && !found.links(pkg) && makesBlueprint(file):
			r.log.Warn("a blueprint file is not part of the program: import its package, or run go generate with //go:generate go tool godwit gen",
				"file", path.Join(pkg, entry.Name()), "import", pkg)
		}
		return nil
	})
}

// makesBlueprint reports whether there is a call of NewBlueprint in a file that the go
// command reads.
func makesBlueprint(file string) bool {
	if strings.ContainsAny(filepath.Base(file)[:1], "._") {
		return false
	}
	text, err := os.ReadFile(file)
	return err == nil && bytes.Contains(text, []byte("NewBlueprint("))
}

// skippedDir reports whether the go command passes over a folder, or takes it for
// another module.
func skippedDir(dir string) bool {
	name := filepath.Base(dir)
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil || name == "testdata" || name == "vendor" || strings.ContainsAny(name[:1], "._")
}

// isModule reports whether the go.mod in a folder is that of a module.
func isModule(dir, module string) bool {
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "module" {
			return strings.Trim(fields[1], "\"`") == module
		}
	}
	return false
}
