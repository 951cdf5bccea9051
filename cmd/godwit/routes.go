package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/godwit-ws/godwit/app"
)

// routesOptions are the flags of routes.
type routesOptions struct {
	pkg    string
	json   bool
	strict bool
}

// routesCommand lists the routes of a module's blueprints.
func routesCommand() command {
	return command{
		name:  "routes",
		args:  "[--package NAME] [--json] [--strict] [DIR]",
		short: "list the routes of a module's blueprints: pattern, handler, file",
		long: `
Routes lists what the blueprints of a module serve: the pattern, the handler's type,
and the file and line. The module is that of DIR, or of the working directory; its
packages of blueprints are found as gen finds them. What a server would skip (a file
with a route that is taken, a malformed pattern, a hook of another shape) is said on
standard error, in the words of the server's log.

It builds and runs a program that imports those packages and nothing else, with the
go command, and writes nothing into the module. Routes that main adds by itself are
not listed: they come to be when it runs.

The exit status is 1 if the module doesn't build and, with --strict, if something is
skipped or there is nothing to serve.

Examples:
  godwit routes
  godwit routes --strict
  godwit routes --json ../myapp`,
		register: func(fs *flag.FlagSet) action {
			o := new(routesOptions)
			registerPackage(fs, &o.pkg)
			fs.BoolVar(&o.json, "json", false, "print an array of objects with pattern, name, handler and source")
			fs.BoolVar(&o.strict, "strict", false, "fail if a file is skipped, or if there are no blueprints")
			return o.run
		},
	}
}

// run lists the routes of the module of a folder.
func (o *routesOptions) run(ctx context.Context, args []string, s stdio) error {
	dir := "."
	if len(args) > 0 {
		dir = args[0]
		args = args[1:]
	}
	if err := noArguments(args); err != nil {
		return err
	}
	if err := checkPackage(o.pkg); err != nil {
		return err
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("%s is no folder", dir)
	}
	m, err := moduleAt(dir)
	if err != nil {
		return err
	}
	packages, err := linkable(m, o.pkg, m.path, s)
	if err != nil {
		return err
	}
	found := listing{Error: app.ErrNoBlueprints.Error()}
	if len(packages) > 0 {
		if found, err = listRoutes(ctx, m, o.pkg, packages, s); err != nil {
			return err
		}
	}
	if err := o.print(m, found.Routes, s); err != nil {
		return err
	}
	if o.strict && found.Error != "" {
		return errors.New("not all of the blueprints can be served")
	}
	return nil
}

// print prints routes.
func (o *routesOptions) print(m userModule, routes []app.RouteInfo, s stdio) error {
	if o.json {
		return printJSON(routes, s)
	}
	if len(routes) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "PATTERN\tHANDLER\tFILE")
	for _, r := range routes {
		fmt.Fprintf(w, "%s\t%s\t%s\n", r.Pattern, r.Handler, strings.TrimPrefix(r.Source, m.path+"/"))
	}
	return w.Flush()
}

func printJSON(routes []app.RouteInfo, s stdio) error {
	type object struct {
		Pattern string `json:"pattern"`
		Name    string `json:"name"`
		Handler string `json:"handler"`
		Source  string `json:"source"`
	}
	objects := make([]object, 0, len(routes))
	for _, r := range routes {
		objects = append(objects, object(r))
	}
	text, err := json.MarshalIndent(objects, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "%s\n", text)
	return err
}

// listing is what the throw-away program reports.
type listing struct {
	Routes []app.RouteInfo
	Error  string // what Discover returned, or ""
}

// lister is the throw-away program: it discovers the blueprints as a server does, and
// writes a listing to the file named by its argument, so that what the packages print
// isn't in the way.
const lister = `package main

import (
	"encoding/json"
	"log/slog"
	"os"

	"` + modulePath + `/app"

%s)

func main() {
	router := app.NewRouter(app.RouterConfig{Logger: slog.New(app.NewLogHandler(os.Stderr, slog.LevelWarn))})
	var found struct {
		Routes []app.RouteInfo
		Error  string
	}
	if err := router.Discover(%q); err != nil {
		found.Error = err.Error()
	}
	found.Routes = router.Routes()
	text, err := json.Marshal(found)
	if err == nil {
		err = os.WriteFile(os.Args[1], text, 0o600)
	}
	if err != nil {
		panic(err)
	}
}
`

// listRoutes builds and runs the throw-away program, which stands in the module by way
// of an overlay only.
func listRoutes(ctx context.Context, m userModule, name string, packages []string, s stdio) (listing, error) {
	temp, err := os.MkdirTemp("", "godwit-routes-")
	if err != nil {
		return listing{}, err
	}
	defer os.RemoveAll(temp)
	folder := unusedFolder(m.dir)
	overlay, err := writeLister(temp, filepath.Join(m.dir, folder), name, packages)
	if err != nil {
		return listing{}, err
	}
	report := filepath.Join(temp, "report.json")
	cmd := exec.CommandContext(ctx, "go", "run", "-overlay", overlay, "./"+folder, report)
	cmd.Dir = m.dir
	cmd.Stdout, cmd.Stderr = s.err, s.err
	if err := cmd.Run(); err != nil {
		return listing{}, fmt.Errorf("a program with the module's blueprints can't be run: %w", err)
	}
	text, err := os.ReadFile(report)
	if err != nil {
		return listing{}, err
	}
	var found listing
	err = json.Unmarshal(text, &found)
	return found, err
}

// writeLister writes the throw-away program, and the overlay that puts it into a
// folder.
func writeLister(temp, folder, name string, packages []string) (overlay string, err error) {
	var imports strings.Builder
	for _, pkg := range packages {
		fmt.Fprintf(&imports, "\t_ %q\n", pkg)
	}
	program := filepath.Join(temp, "main.go")
	if err := os.WriteFile(program, fmt.Appendf(nil, lister, imports.String(), name), 0o600); err != nil {
		return "", err
	}
	replace := map[string]map[string]string{"Replace": {filepath.Join(folder, "main.go"): program}}
	text, err := json.Marshal(replace)
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(temp, "overlay.json")
	return overlay, os.WriteFile(overlay, text, 0o600)
}

// unusedFolder returns the name of a folder that a module doesn't have.
func unusedFolder(dir string) string {
	name := "godwit_routes"
	for {
		if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
			return name
		}
		name += "_"
	}
}
