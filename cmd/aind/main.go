// Command aind is every program of the network in one: the chain's node, the daemons of its workers, evaluators and
// admins, the store, and what people type. This package holds the command tree only; what the commands do lives in the
// packages that they call.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() { os.Exit(run(os.Args[1:])) }

// run executes one command line and returns its exit code.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first Ctrl-C asks to stop, a second one need not be asked twice.
	context.AfterFunc(ctx, stop)

	root := newRoot(args)
	root.SetArgs(args)
	return report(os.Stderr, root.ExecuteContext(withNodeContext(ctx)))
}
