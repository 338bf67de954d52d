package builder

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// RecipeFile is where a recipe is, unless somebody says otherwise.
const RecipeFile = "ain-build.yaml"

// maxFile bounds recipes and scripts.
const (
	maxRecipe = 64 << 10
	maxScript = 16 << 20
)

// Kinds of targets.
const (
	KindGoWASM  = "go-wasm"
	KindGoImage = "go-image"
	KindScript  = "script"
)

// Recipe says what a repository's programs are made of.
type Recipe struct {
	Targets map[string]Target `yaml:"targets"`
}

// Target is one program.
type Target struct {
	// Kind is go-wasm, go-image or script.
	Kind string `yaml:"kind"`
	// Folder of the Go module, from the top of the repository; empty: the top.
	Folder string `yaml:"folder"`
	// Package within the module, ./worker; empty: the module's own.
	Package string `yaml:"package"`
	// Arch of an image, in Go's words; empty: amd64.
	Arch string `yaml:"arch"`
	// File of a script.
	File string `yaml:"file"`
}

// readRecipe finds a target in a recipe of the source. Nothing outside of the source is read, wherever links lead.
func readRecipe(source *os.Root, file, name string) (Target, error) {
	content, err := readWithin(source, file, maxRecipe)
	if err != nil {
		return Target{}, fmt.Errorf("%w: %s: %w", ErrRecipe, file, err)
	}
	var recipe Recipe
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(&recipe); err != nil && !errors.Is(err, io.EOF) {
		return Target{}, fmt.Errorf("%w: %s: %w", ErrRecipe, file, err)
	}
	target, ok := recipe.Targets[name]
	if !ok {
		return Target{}, fmt.Errorf("%w: %s: no target %q; it has %s", ErrRecipe, file, name, strings.Join(slices.Sorted(maps.Keys(recipe.Targets)), ", "))
	}
	if err := target.validate(); err != nil {
		return Target{}, fmt.Errorf("%w: %s: target %s: %w", ErrRecipe, file, name, err)
	}
	return target.withDefaults(), nil
}

func (t Target) withDefaults() Target {
	if t.Folder == "" {
		t.Folder = "."
	}
	if t.Package == "" {
		t.Package = "."
	}
	if t.Arch == "" {
		t.Arch = "amd64"
	}
	return t
}

// validate names the first field that is wrong, and the fix.
func (t Target) validate() error {
	switch t.Kind {
	case KindScript:
		if t.Folder != "" || t.Package != "" || t.Arch != "" {
			return errors.New("a script has a file, and neither folder, package nor arch")
		}
		return within("file", t.File)
	case KindGoWASM, KindGoImage:
	default:
		return fmt.Errorf("kind %q: want %s, %s or %s", t.Kind, KindGoWASM, KindGoImage, KindScript)
	}
	if t.File != "" {
		return fmt.Errorf("file %q: a Go program has a package; leave it out", t.File)
	}
	if t.Arch != "" && (t.Kind != KindGoImage || t.Arch != "amd64" && t.Arch != "arm64") {
		return fmt.Errorf("arch %q: of an image, amd64 or arm64", t.Arch)
	}
	if t.Folder != "" {
		if err := within("folder", t.Folder); err != nil {
			return err
		}
	}
	if p := t.Package; p != "" && p != "." && !strings.HasPrefix(p, "./") || strings.Contains(p, "...") {
		return fmt.Errorf("package %q: want one of the module, ./worker", p)
	}
	return nil
}

// within refuses a path that is not plainly one within the source.
func within(field, name string) error {
	if name == "" || path.IsAbs(name) || path.Clean(name) != name || name == ".." || strings.HasPrefix(name, "../") {
		return fmt.Errorf("%s %q: want a path within the repository", field, name)
	}
	return nil
}

// readWithin reads a regular file of bounded size that lies within a folder.
func readWithin(folder *os.Root, name string, limit int64) ([]byte, error) {
	file, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, fmt.Errorf("no file of at most %d bytes", limit)
	}
	return io.ReadAll(io.LimitReader(file, limit))
}
