// Plain is a program that serves no rpc: it says what it was given and exits with the status that its first argument names.
package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

func main() {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s|%s|%s", strings.Join(os.Args[1:], ","), input, os.Getenv("AIN_REQUEST"))
	fmt.Fprint(os.Stderr, "said")
	if err := os.WriteFile("/ain/out/made", input, 0o644); err != nil {
		panic(err)
	}
	status, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	os.Exit(status)
}
