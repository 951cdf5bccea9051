package main

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
)

// versionCommand says which build this is.
func versionCommand() command {
	return command{
		name:  "version",
		short: "print the version of godwit and of Go",
		long: `
Version prints the version of godwit, the version of Go that built it, and the
platform it was built for, in one line.`,
		register: func(*flag.FlagSet) action { return version },
	}
}

func version(_ context.Context, args []string, s stdio) error {
	if err := noArguments(args); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "godwit %s %s %s/%s\n", buildVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}

// buildVersion returns the module's version as the go command recorded it, with
// the commit where the version alone doesn't tell.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && v == "(devel)" {
			v += " " + s.Value
		}
	}
	return v
}
