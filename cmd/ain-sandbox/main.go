// Command ain-sandbox is the child process that the sandbox runs programs in. It is started by aind, not by people.
package main

import (
	"fmt"
	"os"

	"github.com/ain-network/aind/sandbox/wasm"
)

func main() {
	if len(os.Args) > 1 {
		fmt.Fprintln(os.Stderr, "ain-sandbox runs programs for aind, which starts it; it takes no arguments")
		os.Exit(2)
	}
	if err := wasm.Serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "ain-sandbox:", err)
		os.Exit(1)
	}
}
