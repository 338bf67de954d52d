package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"math/rand/v2"
	"slices"
	"strings"
)

// mutant is one change at one place.
type mutant struct {
	id       int
	code     *code
	file     *file
	function *ast.FuncDecl
	operator string
	from, to int // bytes of the file
	with     string
	line     int
	nth      int // of the same change within the function, from 1
}

// functionName is how a person names the function: finish, (*Keeper).finish.
func functionName(f *ast.FuncDecl, text []byte, base int) string {
	if f.Recv == nil || len(f.Recv.List) == 0 {
		return f.Name.Name
	}
	receiver := f.Recv.List[0].Type
	name := string(text[int(receiver.Pos())-base : int(receiver.End())-base])
	if strings.HasPrefix(name, "*") {
		name = "(" + name + ")"
	}
	return name + "." + f.Name.Name
}

// key names the mutant by what it does, not by a line, so that it lasts.
func (m *mutant) key() string {
	base := int(m.file.syntax.FileStart)
	key := fmt.Sprintf("%s %s: %s: %s", m.code.path, functionName(m.function, m.file.text, base), m.operator,
		short(string(m.file.text[m.from:m.to])))
	if m.with != "" {
		key += " => " + short(m.with)
	}
	if m.nth > 1 {
		key += fmt.Sprintf(" (%d)", m.nth)
	}
	return key
}

func (m *mutant) String() string {
	return fmt.Sprintf("%s:%d %s", m.file.path[strings.LastIndex(m.file.path, "/")+1:], m.line, m.key())
}

// short is a text on one line of a length that can be read.
func short(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > 140 {
		return string(runes[:137]) + "..."
	}
	return text
}

// placesIn finds the places of one file.
func placesIn(fset *token.FileSet, c *code, f *file) []*mutant {
	var found []*mutant
	base := int(f.syntax.FileStart)
	for _, declaration := range f.syntax.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if !ok || function.Body == nil {
			continue
		}
		finder := &finder{info: c.info, text: f.text, base: base, function: function, module: modulePrefix(c)}
		finder.walk()
		seen := map[string]int{}
		for _, e := range finder.edits {
			m := &mutant{
				code: c, file: f, function: function, operator: e.operator, with: e.with,
				from: int(e.from) - base, to: int(e.to) - base, line: fset.Position(e.from).Line,
			}
			if !m.parses() {
				continue
			}
			key := m.key()
			seen[key]++
			m.nth = seen[key]
			found = append(found, m)
		}
	}
	return found
}

func modulePrefix(c *code) string { return strings.TrimSuffix(c.full, c.path) }

// body is the function's body, without its braces, as the mutant has it.
func (m *mutant) body() string {
	base := int(m.file.syntax.FileStart)
	open, end := int(m.function.Body.Lbrace)-base+1, int(m.function.Body.Rbrace)-base
	return string(m.file.text[open:m.from]) + m.with + string(m.file.text[m.to:end])
}

func (m *mutant) parses() bool {
	_, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc f() {"+m.body()+"\n}", parser.SkipObjectResolution)
	return err == nil
}

// draw takes a sample by the seed and returns it in the order of the code.
func draw(places []*mutant, o options) []*mutant {
	var pool []*mutant
	for _, p := range places {
		if o.only == "" || strings.Contains(p.key(), o.only) {
			pool = append(pool, p)
		}
	}
	if o.count > 0 && o.count < len(pool) {
		random := rand.New(rand.NewPCG(o.seed, 0))
		random.Shuffle(len(pool), func(i, j int) { pool[i], pool[j] = pool[j], pool[i] })
		pool = pool[:o.count]
	}
	slices.SortFunc(pool, func(a, b *mutant) int { return a.id - b.id })
	return pool
}

// finder walks one function and collects what the operators would change.
type finder struct {
	info     *types.Info
	text     []byte
	base     int
	function *ast.FuncDecl
	module   string
	edits    []edit
	elseIfs  map[*ast.IfStmt]bool
}

type edit struct {
	operator string
	from, to token.Pos
	with     string
}

func (f *finder) source(n ast.Node) string {
	return string(f.text[int(n.Pos())-f.base : int(n.End())-f.base])
}

func (f *finder) replace(operator string, n ast.Node, with string) {
	f.edits = append(f.edits, edit{operator, n.Pos(), n.End(), with})
}

func (f *finder) typeOf(e ast.Expr) types.Type { return f.info.Types[e].Type }

func (f *finder) isConstant(e ast.Expr) bool { return f.info.Types[e].Value != nil }
