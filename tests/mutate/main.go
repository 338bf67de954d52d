// Command mutate changes the rules of the chain, one place at a time, and says which changes no test notices.
//
//	go run ./tests/mutate -seed 1 -count 200
//
// It reads the packages, finds the places where an operator of operator.go applies, draws a sample of them by the
// seed, and builds the packages' tests with all drawn mutants inside: each function begins with a switch that runs a
// mutated copy of its body if AIND_MUTANT names it. The switch is put in by `go test -overlay`; no file of the tree
// is changed. Then each mutant meets the tests of its own package, and, if it lives, those of every package that
// depends on it.
//
// A mutant that survives fails the command, unless survivors.txt says why it changes nothing that matters.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// options are the command's flags.
type options struct {
	dir, tags, explained string
	packages             []string
	seed                 uint64
	count, jobs          int
	only                 string
	list                 bool
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("mutate", flag.ContinueOnError)
	flags.StringVar(&o.dir, "dir", ".", "the module's `folder`")
	flags.StringVar(&o.tags, "tags", "", "build tags, with commas between them")
	flags.StringVar(&o.explained, "explained", "tests/mutate/survivors.txt", "`file` of survivors with their reasons")
	packages := flags.String("packages", "./x/...", "package `patterns` whose code is mutated and whose tests run, with commas between them")
	flags.Uint64Var(&o.seed, "seed", 1, "draws the sample")
	flags.IntVar(&o.count, "count", 40, "how many mutants to draw; 0: all")
	flags.IntVar(&o.jobs, "jobs", 1, "how many mutants meet their tests at a time")
	flags.StringVar(&o.only, "only", "", "only places whose name contains this `text`")
	flags.BoolVar(&o.list, "list", false, "print the places that were drawn, and stop")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 || o.jobs < 1 || o.count < 0 {
		return o, errors.New("usage: mutate [-seed n] [-count n] [-jobs n] [-packages a,b] [-only text] [-list]")
	}
	o.packages = strings.Split(*packages, ",")
	return o, nil
}

func run(args []string, out io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	module, err := load(o)
	if err != nil {
		return err
	}
	reasons, err := readReasons(o.explained)
	if err != nil {
		return err
	}
	places := module.places()
	if stale := reasons.unknown(places); len(stale) > 0 {
		return fmt.Errorf("%s explains places that are no longer there; delete:\n%s", o.explained, strings.Join(stale, "\n"))
	}
	drawn := draw(places, o)
	fmt.Fprintf(out, "seed %d: %d of %d places in %s\n", o.seed, len(drawn), len(places), strings.Join(o.packages, ","))
	if o.list {
		for _, m := range drawn {
			fmt.Fprintln(out, m)
		}
		return nil
	}
	lab, err := build(o, module, drawn)
	if err != nil {
		return err
	}
	defer lab.close()
	results, err := lab.try(drawn, o.jobs, out)
	if err != nil {
		return err
	}
	return report(out, o, len(places), results, reasons)
}
