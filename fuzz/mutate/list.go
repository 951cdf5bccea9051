package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// listed is what go list knows of a package.
type listed struct {
	ImportPath, Name, Dir     string
	GoFiles, IgnoredGoFiles   []string // of this platform, and of others
	TestGoFiles, XTestGoFiles []string
	Module                    struct{ Path string }
}

// list returns the packages that the arguments name.
func list(args []string) (all []*listed, err error) {
	cmd := exec.Command("go", append([]string{"list", "-json", "--"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		p := new(listed)
		if err := d.Decode(p); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// folder returns where p is in its module, with slashes; "." is the module's root.
func (p *listed) folder() string {
	return path.Clean(strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, p.Module.Path), "/"))
}

// mutantsIn returns the mutants of a package's files in functions or files that match.
func mutantsIn(p *listed, match *regexp.Regexp) (all []*mutant, err error) {
	for _, file := range p.GoFiles {
		source, err := os.ReadFile(filepath.Join(p.Dir, file))
		if err != nil {
			return nil, err
		}
		mutants, err := mutantsOf(path.Join(p.folder(), file), source)
		if err != nil {
			return nil, err
		}
		all = append(all, slices.DeleteFunc(mutants, func(m *mutant) bool {
			return !match.MatchString(m.file) && !match.MatchString(m.where())
		})...)
	}
	return all, nil
}
