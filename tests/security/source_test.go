package security_test

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
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// source is the code that all validators run alike, with its types.
type source struct {
	files *token.FileSet
	info  *types.Info
	trees []*ast.File
}

const ownModule = "github.com/ain-network/aind/"

func newSource() *source {
	return &source{files: token.NewFileSet(), info: &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}}
}

// consensus is what decides: our modules, the app, and the words they share; tests, simulations and generated code left
// out. It is loaded once for all rules.
var consensus = sync.OnceValues(func() (*source, error) {
	list := exec.Command("go", "list", "-deps", "-export", "-tags", "libsecp256k1_sdk,pebbledb", "-json=ImportPath,Dir,GoFiles,Export",
		"./x/...", "./app", "./program", "./chain")
	list.Dir = filepath.Join("..", "..")
	var stderr bytes.Buffer
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, stderr.String())
	}
	exports := map[string]string{}
	s := newSource()
	compiled := importer.ForCompiler(s.files, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var listed struct {
			ImportPath, Dir, Export string
			GoFiles                 []string
		}
		err := decoder.Decode(&listed)
		if errors.Is(err, io.EOF) {
			return s, nil
		}
		if err != nil {
			return nil, err
		}
		exports[listed.ImportPath] = listed.Export
		if !strings.HasPrefix(listed.ImportPath, ownModule) || strings.Contains(listed.ImportPath, "/simulation") {
			continue
		}
		var trees []*ast.File
		for _, name := range listed.GoFiles {
			tree, err := parser.ParseFile(s.files, filepath.Join(listed.Dir, name), nil, parser.SkipObjectResolution|parser.ParseComments)
			if err != nil {
				return nil, err
			}
			trees = append(trees, tree)
		}
		if err := s.add(listed.ImportPath, compiled, trees); err != nil {
			return nil, err
		}
	}
})

// add checks the types of a package and keeps what people wrote of it.
func (s *source) add(path string, compiled types.Importer, trees []*ast.File) error {
	config := types.Config{Importer: compiled}
	if _, err := config.Check(path, s.files, trees, s.info); err != nil {
		return err
	}
	for _, tree := range trees {
		if !ast.IsGenerated(tree) {
			s.trees = append(s.trees, tree)
		}
	}
	return nil
}

// find names the functions in which something is done, as "file function".
func (s *source) find(is func(ast.Node) bool) []string {
	var found []string
	for _, tree := range s.trees {
		for _, declaration := range tree.Decls {
			name := "-"
			if function, ok := declaration.(*ast.FuncDecl); ok {
				name = function.Name.Name
			}
			ast.Inspect(declaration, func(node ast.Node) bool {
				if node != nil && is(node) {
					path := filepath.ToSlash(s.files.Position(node.Pos()).Filename)
					if top, err := filepath.Abs(filepath.Join("..", "..")); err == nil {
						path = strings.TrimPrefix(path, filepath.ToSlash(top)+"/")
					}
					found = append(found, path+" "+name)
				}
				return true
			})
		}
	}
	return found
}

func (s *source) ranges(node ast.Node) bool {
	loop, ok := node.(*ast.RangeStmt)
	if !ok {
		return false
	}
	_, isMap := s.info.Types[loop.X].Type.Underlying().(*types.Map)
	return isMap
}

func (s *source) floats(node ast.Node) bool {
	expression, ok := node.(ast.Expr)
	if !ok {
		return false
	}
	value, ok := s.info.Types[expression]
	if !ok || value.Type == nil {
		return false
	}
	basic, ok := value.Type.Underlying().(*types.Basic)
	return ok && basic.Info()&(types.IsFloat|types.IsComplex) != 0
}

// clocks are uses of the machine's time or chance.
func (s *source) clocks(node ast.Node) bool {
	name, ok := node.(*ast.Ident)
	if !ok {
		return false
	}
	object := s.info.Uses[name]
	if object == nil || object.Pkg() == nil {
		return false
	}
	switch object.Pkg().Path() {
	case "math/rand", "math/rand/v2", "crypto/rand":
		return true
	case "time":
		switch object.Name() {
		case "Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker":
			return true
		}
	}
	return false
}

func (s *source) goroutines(node ast.Node) bool {
	switch node.(type) {
	case *ast.GoStmt, *ast.SelectStmt, *ast.SendStmt:
		return true
	}
	return false
}

// faults is what must not be in consensus code, once each.
const faults = `package planted
import "time"
func order(m map[int]int) { for range m {} }
func float(x float64) bool { return x > 1 }
func clock() time.Time { return time.Now() }
func goroutine() { go order(nil) }
`

// in holds the code against a rule. exempt are the functions that may break it, with the reason.
func in(t *testing.T, rule func(*source) func(ast.Node) bool, planted string, exempt map[string]string) {
	t.Helper()
	fault := newSource()
	tree, err := parser.ParseFile(fault.files, "planted.go", faults, parser.SkipObjectResolution)
	require.NoError(t, err)
	require.NoError(t, fault.add("planted", importer.ForCompiler(fault.files, "source", nil), []*ast.File{tree}))
	require.Contains(t, fault.find(rule(fault)), "planted.go "+planted, "the rule finds what it is about")

	code, err := consensus()
	require.NoError(t, err)
	require.Greater(t, len(code.trees), 50)
	found := map[string]bool{}
	for _, place := range code.find(rule(code)) {
		found[place] = true
		if exempt[place] == "" {
			t.Errorf("%s: validators could come to different states", place)
		}
	}
	for place := range exempt {
		require.True(t, found[place], "%s: the exception is not needed any more", place)
	}
}

func TestNoMapOrderInConsensus(t *testing.T) {
	in(t, func(s *source) func(ast.Node) bool { return s.ranges }, "order", map[string]string{
		"x/jobs/types/settlement.go CouldGain":  "a map is made of a map",
		"x/permissions/types/class.go TypeURLs": "what it lists is sorted",
		"app/api.go AutoCLI":                    "a map is made of a map, for commands",
		"app/keepers.go blockedAddresses":       "a map is made of a map",
	})
}

func TestNoFloatsInConsensus(t *testing.T) {
	in(t, func(s *source) func(ast.Node) bool { return s.floats }, "float", map[string]string{})
}

func TestNoClockOrChanceInConsensus(t *testing.T) {
	in(t, func(s *source) func(ast.Node) bool { return s.clocks }, "clock", map[string]string{})
}

func TestNoGoroutinesInConsensus(t *testing.T) {
	in(t, func(s *source) func(ast.Node) bool { return s.goroutines }, "goroutine", map[string]string{})
}
