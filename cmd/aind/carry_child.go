//go:build carry_child

package main

import _ "embed" // of the child program

// carriedChild is cmd/ain-sandbox for the same platform: `make build` lays it there before it builds this program.
//
//go:embed child/ain-sandbox
var carriedChild []byte
