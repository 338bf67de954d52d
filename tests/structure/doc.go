// Package structure holds the tree against the table "Who may import whom" of ARCHITECTURE.md.
//
// Our own packages are judged by everything they depend on, the standard library by what a package imports itself
// (the SDK's own types reach net and os). Test files may import what they like. The table itself is table.go; the
// tests run it on the real tree, where nothing may be found, and on a planted module in testdata, where every rule
// must find its fault.
package structure
