// Command probe answers the conformance suite on standard input and output.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/ain-network/aind/sandbox/sandboxtest/testdata/probing"
)

func main() {
	input, err := io.ReadAll(os.Stdin)
	if err == nil {
		_, err = os.Stdout.Write(answer(input))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func answer(input []byte) (reply []byte) {
	defer func() {
		switch problem := recover().(type) {
		case nil:
		case probing.Garbage:
			reply = []byte(problem)
		default:
			panic(problem)
		}
	}()
	return probing.Answer(input)
}
