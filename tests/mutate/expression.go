package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// What a comparison becomes when it is turned around, and when its edge moves by one.
var (
	flipped = map[token.Token]string{
		token.LSS: ">=", token.LEQ: ">", token.GTR: "<=", token.GEQ: "<", token.EQL: "!=", token.NEQ: "==",
	}
	moved = map[token.Token]string{token.LSS: "<=", token.LEQ: "<", token.GTR: ">=", token.GEQ: ">"}
	// The same of the methods of math.Int.
	flippedMethod = map[string]string{"LT": "GTE", "LTE": "GT", "GT": "LTE", "GTE": "LT"}
	movedMethod   = map[string]string{"LT": "LTE", "LTE": "LT", "GT": "GTE", "GTE": "GT"}
	otherMethod   = map[string]string{"Add": "Sub", "Sub": "Add", "AddRaw": "SubRaw", "SubRaw": "AddRaw"}
	otherFunction = map[string]string{"min": "max", "max": "min", "math.MinInt": "math.MaxInt", "math.MaxInt": "math.MinInt"}
)

// negate turns a condition around that is a name or a call; comparisons are turned around by their operator.
func (f *finder) negate(e ast.Expr) {
	t := f.typeOf(e)
	if t == nil || f.isConstant(e) || !types.AssignableTo(types.Typ[types.Bool], t) {
		return
	}
	switch e := e.(type) {
	case *ast.Ident, *ast.SelectorExpr, *ast.IndexExpr:
		f.replace("negate", e, "!"+f.source(e))
	case *ast.CallExpr:
		if _, compares := flippedMethod[f.intMethod(e)]; !compares {
			f.replace("negate", e, "!"+f.source(e))
		}
	}
}

func (f *finder) binary(n *ast.BinaryExpr) {
	if f.isConstant(n) {
		return
	}
	x, y := f.source(n.X), f.source(n.Y)
	with := func(operator, symbol string) { f.replace(operator, n, x+" "+symbol+" "+y) }
	switch n.Op {
	case token.LAND, token.LOR:
		f.negate(n.X)
		f.negate(n.Y)
		other := token.LAND
		if n.Op == token.LAND {
			other = token.LOR
		}
		f.replace("and, or", n, "("+x+") "+other.String()+" ("+y+")")
	case token.LSS, token.LEQ, token.GTR, token.GEQ:
		with("off by one", moved[n.Op])
		with("flip", flipped[n.Op])
	case token.EQL, token.NEQ:
		if !f.isErrorTest(n) {
			with("flip", flipped[n.Op])
		}
	case token.ADD:
		if isInteger(f.typeOf(n)) {
			with("arithmetic", "-")
		}
	case token.SUB:
		if isInteger(f.typeOf(n)) {
			with("arithmetic", "+")
		}
	case token.QUO:
		if isInteger(f.typeOf(n)) {
			f.replace("rounding", n, "(("+x+") + ("+y+") - 1) / ("+y+")")
		}
	}
}

func isInteger(t types.Type) bool {
	if t == nil {
		return false
	}
	basic, ok := t.Underlying().(*types.Basic)
	return ok && basic.Info()&types.IsInteger != 0
}

// intMethod is the name of a method of math.Int that is called, or empty.
func (f *finder) intMethod(call *ast.CallExpr) string {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if t := f.typeOf(selector.X); t == nil || !strings.HasSuffix(t.String(), "math.Int") {
		return ""
	}
	return selector.Sel.Name
}

func (f *finder) call(n *ast.CallExpr) {
	if other, ok := otherFunction[f.source(n.Fun)]; ok {
		f.replace("min, max", n, other+"("+f.arguments(n)+")")
		return
	}
	if method := f.intMethod(n); method != "" {
		f.arithmetic(n, n.Fun.(*ast.SelectorExpr), method)
	}
	f.swapArguments(n)
}

// arithmetic changes a call of a method of math.Int.
func (f *finder) arithmetic(n *ast.CallExpr, selector *ast.SelectorExpr, method string) {
	x, argument := f.source(selector.X), f.arguments(n)
	with := func(operator, other string) { f.replace(operator, n, x+"."+other+"("+argument+")") }
	if other, ok := flippedMethod[method]; ok {
		with("flip", other)
		with("off by one", movedMethod[method])
	}
	if other, ok := otherMethod[method]; ok {
		with("arithmetic", other)
	}
	switch method {
	case "IsPositive":
		f.replace("off by one", n, "!"+x+".IsNegative()")
	case "IsNegative":
		f.replace("off by one", n, "!"+x+".IsPositive()")
	case "Quo":
		f.replace("rounding", n, x+".Add("+argument+").SubRaw(1).Quo("+argument+")")
	case "QuoRaw":
		f.replace("rounding", n, x+".AddRaw(("+argument+")-1).QuoRaw("+argument+")")
	}
}

// arguments is what stands between the brackets of a call.
func (f *finder) arguments(n *ast.CallExpr) string {
	if len(n.Args) == 0 {
		return ""
	}
	return string(f.text[int(n.Args[0].Pos())-f.base : int(n.Args[len(n.Args)-1].End())-f.base])
}

// swapArguments exchanges neighbours of one type: whom with from whom, what with how much. The values in a text
// are left alone.
func (f *finder) swapArguments(n *ast.CallExpr) {
	if callee := f.source(n.Fun); strings.HasSuffix(callee, "f") || strings.HasPrefix(callee, "errors.") || n.Ellipsis.IsValid() {
		return
	}
	fixed := len(n.Args)
	if signature, ok := f.typeOf(n.Fun).(*types.Signature); ok && signature.Variadic() {
		fixed = signature.Params().Len() - 1
	}
	for i := 0; i+1 < fixed; i++ {
		a, b := n.Args[i], n.Args[i+1]
		ta, tb := f.typeOf(a), f.typeOf(b)
		if ta == nil || tb == nil || !types.Identical(ta, tb) || f.source(a) == f.source(b) || f.isConstant(a) && f.isConstant(b) {
			continue
		}
		f.edits = append(f.edits, edit{"swap arguments", a.Pos(), b.End(), f.source(b) + ", " + f.source(a)})
	}
}
