package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxLinesPerTest is how many lines may name one test.
const maxLinesPerTest = 3

// test names one test: a package path within the module, and the name that `go test -v` prints.
type test struct{ pkg, name string }

func (t test) String() string { return t.pkg + " " + t.name }

// promise is one line of the list.
type promise struct {
	line  int
	thing string
	test  test
}

// readPromises reads the lines that begin with "- " outside code blocks; everything else is prose. A list without
// a single promise is an error, as is a line that promises a thing twice.
func readPromises(r io.Reader) ([]promise, error) {
	var (
		promises []promise
		errs     []error
		seen     = map[string]int{}
		inCode   bool
	)
	lines := bufio.NewScanner(r)
	for number := 1; lines.Scan(); number++ {
		text := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(text, "```") {
			inCode = !inCode
		}
		item, isItem := strings.CutPrefix(text, "- ")
		if inCode || !isItem {
			continue
		}
		p, err := parsePromise(number, item)
		switch {
		case err != nil:
			errs = append(errs, err)
		case seen[p.thing] > 0:
			errs = append(errs, fmt.Errorf("line %d: %q stands on line %d already", number, p.thing, seen[p.thing]))
		default:
			seen[p.thing] = number
			promises = append(promises, p)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(promises) == 0 && len(errs) == 0 {
		errs = append(errs, errors.New("no line of the form `- <thing> :: <package> <TestName>`"))
	}
	return promises, errors.Join(errs...)
}

// parsePromise reads what follows "- ". A sub-test's name holds no space: go test writes underscores.
func parsePromise(line int, item string) (promise, error) {
	thing, reference, found := strings.Cut(item, " :: ")
	fields := strings.Fields(reference)
	thing = strings.TrimSpace(thing)
	if !found || thing == "" || len(fields) != 2 || !isTestName(fields[1]) {
		return promise{}, fmt.Errorf("line %d: %q is not `<thing> :: <package> <TestName[/sub]>`", line, item)
	}
	return promise{line: line, thing: thing, test: test{pkg: fields[0], name: fields[1]}}, nil
}

func isTestName(name string) bool {
	return strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz") || strings.HasPrefix(name, "Example")
}

// byTest groups the promises by the test that keeps them.
func byTest(promises []promise) map[test][]promise {
	groups := map[test][]promise{}
	for _, p := range promises {
		groups[p.test] = append(groups[p.test], p)
	}
	return groups
}

// check returns one error for each line that does not hold, in the order of the list, and, where skips are allowed, the
// lines that were skipped.
func check(promises []promise, outcomes map[test]outcome, allowSkips bool) (skips []promise, err error) {
	groups := byTest(promises)
	var errs []error
	for _, p := range promises {
		switch got, ran := outcomeOf(p.test, outcomes); {
		case got == skipped && allowSkips:
			skips = append(skips, p)
		case !ran:
			errs = append(errs, fmt.Errorf("line %d: %s: no such test ran: %s", p.line, p.thing, p.test))
		case got != passed:
			errs = append(errs, fmt.Errorf("line %d: %s: %s: %s", p.line, p.thing, got, p.test))
		case len(groups[p.test]) > maxLinesPerTest:
			errs = append(errs, fmt.Errorf("line %d: %s: %s stands for %d lines, at most %d: name a narrower test",
				p.line, p.thing, p.test, len(groups[p.test]), maxLinesPerTest))
		}
	}
	return skips, errors.Join(errs...)
}

// outcomeOf is how a test ended. A sub-test whose parent was skipped before it could run was skipped with it.
func outcomeOf(t test, outcomes map[test]outcome) (got outcome, ran bool) {
	if got, ran = outcomes[t]; ran {
		return got, true
	}
	for end := strings.LastIndexByte(t.name, '/'); end > 0; end = strings.LastIndexByte(t.name[:end], '/') {
		if outcomes[test{pkg: t.pkg, name: t.name[:end]}] == skipped {
			return skipped, true
		}
	}
	return got, false
}
