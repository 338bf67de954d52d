//go:build !carry_child

package main

// carriedChild is empty in a build without the tag carry_child: the child program is then looked for beside this one.
var carriedChild []byte
