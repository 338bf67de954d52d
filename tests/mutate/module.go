package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// module is the code to mutate, parsed and typed, and the tests that look at it.
type module struct {
	fset     *token.FileSet
	importer types.Importer
	packages []*code
	tests    []testBinary
}

// code is one package without its tests.
type code struct {
	path, dir string // the path within the module
	name      string
	full      string
	files     []*file
	info      *types.Info
}

type file struct {
	path      string
	text      []byte
	syntax    *ast.File
	generated bool
}

// testBinary is the tests of one package.
type testBinary struct {
	path, dir string
	full      string
	deps      map[string]bool // all that is linked, by full path
	rapid     bool
}

// listed is the part of `go list -json` that matters here.
type listed struct {
	ImportPath, Dir, Name, Export string
	GoFiles, CgoFiles, Deps       []string
	Module                        *struct{ Path, Dir string }
	DepOnly                       bool
	Error                         *struct{ Err string }
}

func golist(o options, args ...string) ([]listed, error) {
	list := exec.Command("go", append([]string{"list", "-tags", o.tags}, append(args, o.packages...)...)...)
	list.Dir = o.dir
	var stderr bytes.Buffer
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list in %s: %w: %s", o.dir, err, stderr.String())
	}
	var packages []listed
	decoder := json.NewDecoder(bytes.NewReader(out))
	for {
		var p listed
		switch err := decoder.Decode(&p); {
		case errors.Is(err, io.EOF):
			return packages, nil
		case err != nil:
			return nil, err
		case p.Error != nil:
			return nil, fmt.Errorf("%s: %s", p.ImportPath, p.Error.Err)
		}
		packages = append(packages, p)
	}
}

func load(o options) (*module, error) {
	all, err := golist(o, "-export", "-deps", "-json=ImportPath,Dir,Name,Export,GoFiles,Module,DepOnly,Error", "os", "strconv")
	if err != nil {
		return nil, err
	}
	// The switch that is put into each package imports os and strconv.
	m := &module{fset: token.NewFileSet()}
	exports := map[string]string{}
	for _, p := range all {
		exports[p.ImportPath] = p.Export
	}
	m.importer = importer.ForCompiler(m.fset, "gc", func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("no export data for %s", path)
		}
		return os.Open(exports[path])
	})
	for _, p := range all {
		if p.DepOnly || p.Module == nil {
			continue
		}
		c, err := m.read(p)
		if err != nil {
			return nil, err
		}
		m.packages = append(m.packages, c)
	}
	slices.SortFunc(m.packages, func(a, b *code) int { return strings.Compare(a.path, b.path) })
	return m, m.findTests(o)
}

func (m *module) read(p listed) (*code, error) {
	c := &code{path: strings.TrimPrefix(p.ImportPath, p.Module.Path+"/"), dir: p.Dir, name: p.Name, full: p.ImportPath, info: &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{},
		Uses:  map[*ast.Ident]types.Object{},
		Defs:  map[*ast.Ident]types.Object{},
	}}
	var syntax []*ast.File
	for _, name := range p.GoFiles {
		path := filepath.Join(p.Dir, name)
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		parsed, err := parser.ParseFile(m.fset, path, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		c.files = append(c.files, &file{path: path, text: text, syntax: parsed, generated: ast.IsGenerated(parsed)})
		syntax = append(syntax, parsed)
	}
	conf := types.Config{Importer: m.importer}
	_, err := conf.Check(p.ImportPath, m.fset, syntax, c.info)
	return c, err
}

func (m *module) findTests(o options) error {
	all, err := golist(o, "-test", "-json=ImportPath,Dir,Deps,Error")
	if err != nil {
		return err
	}
	for _, p := range all {
		full, isTest := strings.CutSuffix(p.ImportPath, ".test")
		if !isTest {
			continue
		}
		t := testBinary{full: full, dir: p.Dir, deps: map[string]bool{}}
		for _, c := range m.packages {
			if c.full == full {
				t.path = c.path
			}
		}
		for _, dep := range p.Deps {
			dep, _, _ = strings.Cut(dep, " ")
			t.deps[dep] = true
		}
		t.rapid = t.deps["pgregory.net/rapid"]
		m.tests = append(m.tests, t)
	}
	slices.SortFunc(m.tests, func(a, b testBinary) int { return strings.Compare(a.path, b.path) })
	return nil
}

// wiring is what connects a module with the program: the tests of app/ and of the whole look at it.
var wiring = []string{"module.go", "autocli.go"}

// places are all mutants that there could be, in the order of the code. What random messages are drawn from is part of
// a test and no rule.
func (m *module) places() []*mutant {
	var all []*mutant
	for _, c := range m.packages {
		if filepath.Base(c.path) == "simulation" {
			continue
		}
		for _, f := range c.files {
			if !f.generated && !slices.Contains(wiring, filepath.Base(f.path)) {
				all = append(all, placesIn(m.fset, c, f)...)
			}
		}
	}
	for i, p := range all {
		p.id = i + 1
	}
	return all
}
