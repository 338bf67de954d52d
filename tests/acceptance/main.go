// Command acceptance holds a list of promises against a run of the tests that keep them.
//
//	acceptance docs/acceptance.md build/test.json
//
// Each promise is one line, `- <thing> :: <package> <TestName[/sub]>`; the package is a path within the module and
// the test is named as `go test -v` prints it. The command fails for a line whose test is missing from the run,
// was skipped or failed, for a line it cannot read, and for a test that too many lines lean on: such a test says
// too little about each of them. A skip, for want of root or a command, is only told of where neither CI nor
// AIND_REQUIRE_REAL asks for everything.
package main

import (
	"errors"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: acceptance <list.md> <test.json>")
	}
	list, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer list.Close()
	promises, err := readPromises(list)
	if err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	events, err := os.Open(args[1])
	if err != nil {
		return fmt.Errorf("%w: run make test first", err)
	}
	defer events.Close()
	outcomes, err := readOutcomes(events)
	if err != nil {
		return fmt.Errorf("%s: %w", args[1], err)
	}
	everything := os.Getenv("CI") == "true" || os.Getenv("AIND_REQUIRE_REAL") == "1"
	skips, err := check(promises, outcomes, !everything)
	if err != nil {
		return fmt.Errorf("%s does not hold:\n%w", args[0], err)
	}
	for _, p := range skips {
		fmt.Printf("not shown on this machine: %s: %s was skipped\n", p.thing, p.test)
	}
	fmt.Printf("%s: %d lines hold, kept by %d tests\n", args[0], len(promises)-len(skips), len(byTest(promises)))
	return nil
}
