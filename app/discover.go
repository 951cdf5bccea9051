package app

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
)

// DefaultBlueprints is the name of the package in which blueprints are looked for.
const DefaultBlueprints = "blueprints"

// found holds the blueprints that were made at package level, for Discover: the one
// piece of state of this package, filled while the program's packages are
// initialised.
var found registry

type registry struct {
	mu         sync.Mutex // guards the fields below
	blueprints []*Blueprint
	packages   map[string]struct{} // all that blueprints were made in, mounted ones included
}

func (r *registry) add(b *Blueprint) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.blueprints = append(r.blueprints, b)
	if r.packages == nil {
		r.packages = make(map[string]struct{})
	}
	r.packages[b.source.pkg] = struct{}{}
}

// links reports whether a blueprint was made in a package.
func (r *registry) links(pkg string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, linked := r.packages[pkg]
	return linked
}

func (r *registry) remove(b *Blueprint) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.blueprints = slices.DeleteFunc(r.blueprints, func(other *Blueprint) bool { return other == b })
}

// of returns the blueprints of matching packages, by package path, file and line.
func (r *registry) of(matches func(pkg string) bool) []*Blueprint {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []*Blueprint
	for _, b := range r.blueprints {
		if matches(b.source.pkg) {
			all = append(all, b)
		}
	}
	slices.SortStableFunc(all, func(a, b *Blueprint) int {
		return cmp.Or(
			cmp.Compare(a.source.pkg, b.source.pkg),
			cmp.Compare(a.source.file, b.source.file),
			cmp.Compare(a.source.line, b.source.line),
		)
	})
	return all
}

// initialising returns where in the program a package is being initialised, if one
// is, and our caller runs for it: the place of the variable or the init function,
// whatever functions lie in between.
func initialising() (source, bool) {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		frame, more := frames.Next()
		if isInit(frame.Function) {
			return sourceOf(frame), true
		}
		if !more {
			return source{}, false
		}
	}
}

// isInit reports whether a function initialises its package: it is called
// pkg.init for variables, pkg.init.0 for a declared func init. A closure in one,
// pkg.init.func1, is none: it may be called at any time, and if it is called now
// the one around it is among the callers.
func isInit(function string) bool {
	_, name := splitFunction(function)
	number, declared := strings.CutPrefix(name, "init.")
	return name == "init" || declared && strings.Trim(number, "0123456789") == ""
}

// splitFunction cuts a function's full name into package path and name. The
// linker writes a dot in the last element of a path as %2e.
func splitFunction(function string) (pkg, name string) {
	slash := strings.LastIndexByte(function, '/') + 1
	last, name, _ := strings.Cut(function[slash:], ".")
	return function[:slash] + strings.ReplaceAll(last, "%2e", "."), name
}

// sourceOf is the place of a frame.
func sourceOf(frame runtime.Frame) source {
	pkg, _ := splitFunction(frame.Function)
	return source{pkg: pkg, file: path.Base(filepath.ToSlash(frame.File)), line: frame.Line}
}

// IsBlueprintFile reports whether Discover takes blueprints that were made in a file of
// that name: one that ends in _bp.go or Bp.go.
func IsBlueprintFile(name string) bool {
	return strings.HasSuffix(name, "_bp.go") || strings.HasSuffix(name, "Bp.go")
}

// Discover adds the blueprints that were made at package level in files called
// *_bp.go or *Bp.go, in the package of that name (its path below the main module,
// such as DefaultBlueprints) and in packages below it. Files come by package path
// and name, so that the same one wins a conflict every time; routes added before
// win against all.
//
// A file is taken whole or not at all: one with a route that is taken already, or
// that is wrong, is skipped and logged. The error joins what was wrong with all
// files; it wraps ErrNoBlueprints if none was found, which is only a warning in the
// log, for there may be none.
func (r *Router) Discover(name string) error {
	var errs []error
	blueprints := found.of(belongsTo(name))
	named := 0
	for len(blueprints) > 0 {
		unit := blueprints[0].source.unit()
		n := slices.IndexFunc(blueprints, func(b *Blueprint) bool { return b.source.unit() != unit })
		if n < 0 {
			n = len(blueprints)
		}
		if file := blueprints[0].source.file; IsBlueprintFile(file) {
			named += n
			errs = append(errs, r.addFile(unit, blueprints[:n])...)
		} else {
			r.log.Warn("blueprints in a file of another name are not discovered; call it *_bp.go or *Bp.go", "file", unit)
		}
		blueprints = blueprints[n:]
	}
	if named == 0 {
		errs = append(errs, r.noneFound(name))
	}
	r.warnUnlinked(name)
	return errors.Join(errs...)
}

// addFile adds the blueprints of one file, all or none.
func (r *Router) addFile(unit string, blueprints []*Blueprint) []error {
	var batch []placed
	var err error
	for _, b := range blueprints {
		part, flatErr := b.flatten()
		if flatErr != nil {
			err = flatErr
			break
		}
		batch = append(batch, r.withoutDoubles(part)...)
	}
	if err == nil {
		err = r.tryAdd(batch)
	}
	errs := flatten(err)
	for _, e := range errs {
		r.logSkipped(e, unit)
	}
	if err == nil {
		for _, b := range blueprints {
			r.log.Info(fmt.Sprintf("自动注册蓝图: %s -> %s", unit, b.prefix))
		}
	}
	return errs
}

// belongsTo returns a function that reports whether a package is the one called name
// in the main module, or below it. Where the main module isn't known, any package
// that has name as the last element of its path, or of a path above it, will do.
func belongsTo(name string) func(pkg string) bool {
	name = strings.Trim(name, "/")
	root := mainModule()
	return func(pkg string) bool {
		if root != "" {
			return within(pkg, path.Join(root, name))
		}
		for at := pkg; at != "." && at != "/"; at = path.Dir(at) {
			if path.Base(at) == path.Base(name) {
				return true
			}
		}
		return false
	}
}

func within(pkg, root string) bool { return pkg == root || strings.HasPrefix(pkg, root+"/") }

// mainModule is the path of the module that the program is built from, or "" if that
// isn't known.
func mainModule() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return mainModuleOf(info)
}

// mainModuleOf is mainModule for a program with that information. A program built
// from files, as by go run main.go, has no main module: its own is then the one among
// the dependencies that has no version and no replacement.
func mainModuleOf(info *debug.BuildInfo) string {
	if info.Main.Path != "" {
		return info.Main.Path
	}
	found := ""
	for _, m := range info.Deps {
		if m.Version != "(devel)" || m.Replace != nil {
			continue
		}
		if found != "" {
			return "" // a workspace has several
		}
		found = m.Path
	}
	return found
}

// noneFound logs that there are no blueprints, and what may be missing.
func (r *Router) noneFound(name string) error {
	module := mainModule()
	if module == "" {
		module = "<your module>"
	}
	err := fmt.Errorf("%w in package %s: does main import it? Write: import _ %q", ErrNoBlueprints, name, path.Join(module, name))
	r.log.Warn(fmt.Sprintf("蓝图包 '%s' 未找到", name), "error", err)
	return err
}
