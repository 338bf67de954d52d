// Command ain-sandbox is the child process that the sandbox runs programs in, or, with the argument "warden", the first process of a
// container. It is started by aind, not by people.
package main

import (
	"fmt"
	"os"

	"github.com/ain-network/aind/sandbox/docker/warden"
	"github.com/ain-network/aind/sandbox/wasm"
)

func main() {
	serve := wasm.Serve
	switch {
	case len(os.Args) == 2 && os.Args[1] == warden.Argument:
		serve = warden.Serve
	case len(os.Args) > 1:
		fmt.Fprintln(os.Stderr, "ain-sandbox runs programs for aind, which starts it; it takes no arguments of people")
		os.Exit(2)
	}
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "ain-sandbox:", err)
		os.Exit(1)
	}
}
