package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// walk lets every operator look at every node of the function.
func (f *finder) walk() {
	f.elseIfs = map[*ast.IfStmt]bool{}
	f.returnEarly()
	ast.Inspect(f.function.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IfStmt:
			if next, ok := n.Else.(*ast.IfStmt); ok {
				f.elseIfs[next] = true
			}
			f.ifStatement(n)
			f.negate(n.Cond)
		case *ast.ExprStmt:
			f.callStatement(n)
		case *ast.ReturnStmt:
			f.returned(n)
		case *ast.AssignStmt:
			f.assigned(n)
		case *ast.IncDecStmt:
			f.replace("arithmetic", n, swapText(f.source(n), "++", "--"))
		case *ast.BranchStmt:
			if n.Tok == token.CONTINUE && n.Label == nil {
				f.replace("continue to break", n, "break")
			}
		case *ast.SwitchStmt:
			f.cases(n)
		case *ast.BinaryExpr:
			f.binary(n)
		case *ast.UnaryExpr:
			if n.Op == token.NOT {
				f.negate(n.X)
			}
		case *ast.CallExpr:
			f.call(n)
		case *ast.CompositeLit:
			f.literal(n)
		}
		return true
	})
}

// swapText exchanges one word for another, whichever of the two is there.
func swapText(text, a, b string) string {
	if strings.Contains(text, a) {
		return strings.Replace(text, a, b, 1)
	}
	return strings.Replace(text, b, a, 1)
}

// drop names what a call that is left out would have done.
func (f *finder) drop(call *ast.CallExpr) string {
	callee := f.source(call.Fun)
	name := callee[strings.LastIndex(callee, ".")+1:]
	switch {
	case strings.HasPrefix(name, "emit") || strings.HasPrefix(name, "Emit"):
		return "skip event"
	case name == "Remove" || name == "Clear" || strings.HasPrefix(name, "remove"):
		return "skip remove"
	case name == "Set" || strings.HasPrefix(name, "set") || name == "save":
		return "skip set"
	case strings.Contains(callee, "escrow.") || strings.Contains(callee, "bank.") || strings.HasPrefix(name, "pay"):
		return "skip payment"
	case strings.HasPrefix(strings.ToLower(name), "validate"), strings.HasPrefix(strings.ToLower(name), "check"), strings.HasPrefix(name, "Parse"):
		return "skip check"
	default:
		return "skip call"
	}
}

// ifStatement leaves out the call in `if err := call(); err != nil`, a refusal, or a whole branch. The plain
// propagation of an error after a call whose value is used is no rule of its own, except where messages come in.
func (f *finder) ifStatement(n *ast.IfStmt) {
	nothing := ""
	if f.elseIfs[n] {
		nothing = "{}"
	}
	if f.isErrorTest(n.Cond) {
		init, ok := n.Init.(*ast.AssignStmt)
		switch {
		case ok && n.Else == nil:
			if call, ok := init.Rhs[0].(*ast.CallExpr); ok {
				f.replace(f.drop(call), n, nothing)
			}
		case n.Init == nil && n.Else == nil && f.isHandler():
			f.replace("ignore error", n, "_ = err")
		}
		return
	}
	if n.Else != nil {
		return
	}
	operator := "skip branch"
	if last := len(n.Body.List) - 1; last >= 0 {
		switch n.Body.List[last].(type) {
		case *ast.ReturnStmt, *ast.BranchStmt:
			operator = "skip refusal"
		}
	}
	f.replace(operator, n, nothing)
}

// isErrorTest is `err != nil` or `err == nil`.
func (f *finder) isErrorTest(e ast.Expr) bool {
	b, ok := e.(*ast.BinaryExpr)
	if !ok || (b.Op != token.NEQ && b.Op != token.EQL) {
		return false
	}
	t := f.typeOf(b.X)
	return t != nil && types.Identical(t, types.Universe.Lookup("error").Type())
}

// isHandler says whether the function serves messages.
func (f *finder) isHandler() bool {
	return f.function.Recv != nil && strings.Contains(f.source(f.function.Recv.List[0].Type), "msgServer")
}

func (f *finder) callStatement(n *ast.ExprStmt) {
	call, ok := n.X.(*ast.CallExpr)
	if !ok || f.isLogging(call) {
		return
	}
	if name, ok := call.Fun.(*ast.Ident); ok && name.Name == "panic" {
		return
	}
	f.replace(f.drop(call), n, "")
}

// isLogging tells a call that only writes to the log.
func (f *finder) isLogging(call *ast.CallExpr) bool {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	t := f.typeOf(selector.X)
	return t != nil && strings.HasSuffix(t.String(), "Logger")
}

// returned leaves out a call whose error would be returned, and turns a plain yes into a no.
func (f *finder) returned(n *ast.ReturnStmt) {
	if len(n.Results) == 1 {
		if call, ok := n.Results[0].(*ast.CallExpr); ok && f.isError(call) && !f.makesError(call) && f.onlyError() {
			f.replace(f.drop(call), n, "return nil")
		}
	}
	if last := len(n.Results) - 1; last > 0 && f.isError(n.Results[last]) && f.source(n.Results[last]) != "nil" {
		return // beside an error nobody looks at the rest
	}
	for _, result := range n.Results {
		name, ok := result.(*ast.Ident)
		switch {
		case ok && name.Name == "true":
			f.replace("negate", result, "false")
		case ok && name.Name == "false":
			f.replace("negate", result, "true")
		default:
			f.negate(result)
		}
	}
}

func (f *finder) isError(e ast.Expr) bool {
	t := f.typeOf(e)
	return t != nil && types.Identical(t, types.Universe.Lookup("error").Type())
}

// makesError tells Wrapf and its like: to return nil instead is what "skip refusal" does.
func (f *finder) makesError(call *ast.CallExpr) bool {
	callee := f.source(call.Fun)
	return strings.HasSuffix(callee, "Wrapf") || strings.HasSuffix(callee, "Wrap") || strings.HasSuffix(callee, "Errorf") ||
		strings.HasSuffix(callee, "errors.New") || strings.HasSuffix(callee, "wrapf")
}

// onlyError says whether the function returns an error and nothing else.
func (f *finder) onlyError() bool {
	results := f.function.Type.Results
	return results != nil && results.NumFields() == 1 && f.source(results.List[0].Type) == "error"
}

// returnEarly lets a function that returns only an error do nothing at all.
func (f *finder) returnEarly() {
	if body := f.function.Body.List; f.onlyError() && len(body) > 1 {
		first := body[0]
		f.edits = append(f.edits, edit{"return early", first.Pos(), first.Pos(), "return nil; "})
	}
}

// assigned leaves out what is written to a field, and turns += around.
func (f *finder) assigned(n *ast.AssignStmt) {
	switch n.Tok {
	case token.ADD_ASSIGN, token.SUB_ASSIGN:
		if isInteger(f.typeOf(n.Lhs[0])) {
			f.replace("arithmetic", n, swapText(f.source(n), "+=", "-="))
		}
		return
	case token.ASSIGN:
		switch n.Lhs[0].(type) {
		case *ast.SelectorExpr, *ast.IndexExpr:
			if len(n.Lhs) == 1 || len(n.Lhs) == len(n.Rhs) {
				f.replace("skip assignment", n, "")
			}
		}
	}
}

// cases leaves out one case, so that its values meet the others.
func (f *finder) cases(n *ast.SwitchStmt) {
	for _, statement := range n.Body.List {
		clause := statement.(*ast.CaseClause)
		if clause.List != nil {
			f.replace("skip case", clause, "")
		}
		if n.Tag == nil {
			for _, condition := range clause.List {
				f.negate(condition)
			}
		}
	}
}

// literal leaves out one field of a struct.
func (f *finder) literal(n *ast.CompositeLit) {
	t := f.typeOf(n)
	if t == nil {
		return
	}
	if _, ok := t.Underlying().(*types.Struct); !ok || len(n.Elts) < 2 {
		return
	}
	for i, element := range n.Elts {
		if _, ok := element.(*ast.KeyValueExpr); !ok {
			return
		}
		from, to := element.Pos(), n.Rbrace
		if i+1 < len(n.Elts) {
			to = n.Elts[i+1].Pos()
		}
		f.edits = append(f.edits, edit{"skip field", from, to, ""})
	}
}
