package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
)

// languageVersion is the version of Go that our go.mod asks for.
const languageVersion = "1.26.0"

// noVersion stands where a replacement makes a version meaningless.
const noVersion = "v0.0.0"

// ownership is where this program comes from, as another module's go.mod says it.
type ownership struct {
	Path     string // of our module
	Version  string
	Go       string
	Checkout string        // the folder of the checkout, quoted if need be; "" for a released version
	Require  []requirement // what our module needs
	Sums     []byte        // the checkout's go.sum; nil for a released version
}

// requirement is a version of a module.
type requirement struct{ Path, Version string }

// preparation is what is to be run before the first go run: nothing with a checkout,
// whose go.sum is at hand.
func (o ownership) preparation() string {
	if o.Checkout != "" {
		return ""
	}
	return "  go mod tidy\n"
}

// ownModule finds out where this program comes from.
func ownModule() (ownership, error) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ownership{}, errors.New("this program doesn't know its version: build it with the go command, in module mode")
	}
	_, source, _, _ := runtime.Caller(0)
	return ownModuleOf(info, source)
}

// ownModuleOf is ownModule for a program with that information, in which this file is
// called source. What comes from a checkout has no checksum: neither the main module,
// nor what a folder replaces.
func ownModuleOf(info *debug.BuildInfo, source string) (ownership, error) {
	o := ownership{Path: modulePath, Go: languageVersion}
	var ours *debug.Module
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		switch {
		case m.Path == modulePath:
			ours = m
		case m != &info.Main:
			o.Require = append(o.Require, requirement{m.Path, m.Version})
		}
	}
	switch {
	case ours == nil:
		return ownership{}, fmt.Errorf("this program doesn't know its version: %s is not in its build information", modulePath)
	case ours.Replace == nil && ours.Sum != "", ours.Replace != nil && ours.Replace.Sum != "":
		o.Version = ours.Version
		return o, nil
	}
	o.Version = noVersion
	err := o.useCheckout(source)
	return o, err
}

// useCheckout finds the checkout in which a source file of this package lies.
func (o *ownership) useCheckout(source string) error {
	const depth = 3 // cmd/godwit/own.go
	root := filepath.FromSlash(source)
	for range depth {
		root = filepath.Dir(root)
	}
	if !filepath.IsAbs(root) {
		return errors.New("this program was built from a checkout, but with -trimpath, so that it doesn't know where that lies: build it without")
	}
	m, err := moduleAt(root)
	if err != nil || m.dir != root || m.path != modulePath {
		return fmt.Errorf("the checkout that this program was built from isn't in %s any more: build it again", root)
	}
	o.Sums, err = os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		return err
	}
	o.Checkout = quotePath(root)
	return nil
}

// quotePath writes a folder as go.mod wants it.
func quotePath(dir string) string {
	if strings.ContainsAny(dir, " \"'`()[]{},") || strings.Contains(dir, "//") || strings.Contains(dir, "/*") {
		return strconv.Quote(dir)
	}
	return dir
}
