package structure

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

// Package is one package of a module and what it is made of. Own packages are named by their path within the
// module, all others by their import path.
type Package struct {
	Path    string
	Imports []string // what its files import themselves, tests left out
	Deps    []string // everything that is linked with it
}

// goPackage is the part of `go list -json` that matters here.
type goPackage struct {
	ImportPath    string
	Imports, Deps []string
	Error         *struct{ Err string }
}

// Load lists the packages of the module in dir as they are built with the given tags.
func Load(dir, module string, tags string) ([]Package, error) {
	list := exec.Command("go", "list", "-e", "-tags", tags, "-json=ImportPath,Imports,Deps,Error", "./...")
	list.Dir = dir
	var stderr bytes.Buffer
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list in %s: %w: %s", dir, err, stderr.String())
	}
	within := func(path string) string {
		if own, is := strings.CutPrefix(path, module+"/"); is {
			return "./" + own
		}
		return path
	}
	var packages []Package
	decoder := json.NewDecoder(bytes.NewReader(out))
	for {
		var listed goPackage
		switch err := decoder.Decode(&listed); {
		case errors.Is(err, io.EOF):
			return packages, nil
		case err != nil:
			return nil, err
		case listed.Error != nil:
			return nil, fmt.Errorf("%s: %s", listed.ImportPath, listed.Error.Err)
		}
		p := Package{Path: strings.TrimPrefix(within(listed.ImportPath), "./")}
		for _, path := range listed.Imports {
			p.Imports = append(p.Imports, within(path))
		}
		for _, path := range listed.Deps {
			p.Deps = append(p.Deps, within(path))
		}
		packages = append(packages, p)
	}
}
