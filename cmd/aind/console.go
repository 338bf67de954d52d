package main

import (
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ain-network/aind/console"
)

// terminal is the world of the person who typed the command.
func terminal() console.Environment {
	isTerminal := term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd()))
	return console.NewEnvironment(os.Stdin, os.Stdout, os.Stderr, isTerminal)
}

// newVerbs are the paper's calls, and the console in which they are typed one after the other.
func newVerbs() []*cobra.Command {
	return append(console.Verbs(terminal()), console.NewConsole(terminal()))
}
