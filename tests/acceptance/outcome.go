package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// module is the prefix that lines of the list leave out.
const module = "github.com/ain-network/aind/"

// outcome is how a test ended, worst last.
type outcome int

const (
	passed outcome = iota + 1
	skipped
	unfinished // its package ended before it did: a panic, a time-out, a kill
	failed
)

func (o outcome) String() string {
	return map[outcome]string{passed: "passed", skipped: "was skipped", unfinished: "did not finish", failed: "failed"}[o]
}

// event is the part of `go test -json` that matters here.
type event struct{ Action, Package, Test string }

// readOutcomes reads one or more runs of `go test -json`, one after the other. A test that ran more than once has
// its worst outcome. A parent whose sub-test was skipped counts as skipped, too: it has not shown all it says.
func readOutcomes(r io.Reader) (map[test]outcome, error) {
	outcomes := map[test]outcome{}
	running := map[test]bool{}
	decoder := json.NewDecoder(r)
	for {
		var e event
		switch err := decoder.Decode(&e); {
		case errors.Is(err, io.EOF):
			return finish(outcomes, running), nil
		case err != nil:
			return nil, fmt.Errorf("not the output of go test -json: %w", err)
		}
		if e.Test == "" {
			continue
		}
		t := test{pkg: strings.TrimPrefix(e.Package, module), name: e.Test}
		switch e.Action {
		case "run":
			running[t] = true
		case "pass":
			record(outcomes, running, t, passed)
		case "skip":
			record(outcomes, running, t, skipped)
		case "fail":
			record(outcomes, running, t, failed)
		}
	}
}

func record(outcomes map[test]outcome, running map[test]bool, t test, o outcome) {
	delete(running, t)
	outcomes[t] = max(outcomes[t], o)
}

func finish(outcomes map[test]outcome, running map[test]bool) map[test]outcome {
	for t := range running {
		outcomes[t] = max(outcomes[t], unfinished)
	}
	for t, o := range outcomes {
		if o != skipped {
			continue
		}
		for name := t.name; ; {
			cut := strings.LastIndexByte(name, '/')
			if cut < 0 {
				break
			}
			name = name[:cut]
			parent := test{pkg: t.pkg, name: name}
			outcomes[parent] = max(outcomes[parent], skipped)
		}
	}
	return outcomes
}
