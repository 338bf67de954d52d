package escape_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ain-network/aind/sandbox"
)

// attempt is one row of the table.
type attempt struct {
	name  string
	tried string
	// stops are the defences that stop it: each of them enough by itself. The attempt succeeds when all of them are off.
	stops []string
	// also is off as well when the attempt is to succeed: what this machine's kernel or another container setting asks for, and that would
	// not stop it everywhere.
	also []string
	told string // in the error that the program, or the daemon, is told
	why  string // there is no control run; such rows do not count

	// Of attempts that take a run for themselves:
	n      int64
	limits sandbox.Limits
	judge  func(outcome) error // nil: the run's error, or the program's
}

// outcome is how one run of one attempt ended.
type outcome struct {
	err     error // of the run
	reached string
	told    string // to the program
	n       int64
	result  *sandbox.Result
	out     string // the output folder
	log     int64  // bytes of the engine's log
}

// ended is nil if the attempt succeeded.
func (a attempt) ended(o outcome) error {
	switch {
	case a.judge != nil:
		return a.judge(o)
	case o.err != nil:
		return o.err
	case o.told != "":
		return fmt.Errorf("%s", o.told)
	}
	return nil
}

// runs are the sets of defences that are off in this attempt's runs: none; for each of several all others; all.
func (a attempt) runs() (contained [][]string, control []string) {
	contained = append(contained, nil)
	for _, stays := range a.stops {
		if len(a.stops) > 1 {
			off := slices.DeleteFunc(slices.Concat(a.stops, a.also), func(d string) bool { return d == stays })
			contained = append(contained, sorted(off))
		}
	}
	if a.why == "" {
		control = sorted(slices.Concat(a.stops, a.also))
	}
	return contained, control
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// hold runs an attempt in all ways and holds it to its row.
func (a attempt) hold(t *testing.T, run func(t *testing.T, a attempt, off []string) outcome) {
	t.Helper()
	contained, control := a.runs()
	var told error
	for _, off := range contained {
		o := run(t, a, off)
		err := a.ended(o)
		if off == nil {
			told = err
		}
		if assert.Error(t, err, "%s got out, without %q: %s", a.tried, off, o.reached) && off == nil {
			assert.ErrorContains(t, err, a.told)
		}
	}
	if control != nil {
		err := a.ended(run(t, a, control))
		for tries := 1; err != nil && a.judge != nil && tries < 3; tries++ {
			err = a.ended(run(t, a, control)) // a machine that is busy with other things gives less than it could
		}
		assert.NoError(t, err, "the control run fails, so the attempt proves nothing: without %q", control)
	}
	a.note(t, told)
}

// line is the attempt's row in the README.
func (a attempt) line() string {
	control := "without it the attempt succeeds"
	switch {
	case a.why != "":
		control = "none: " + a.why
	case len(a.stops) > 1:
		control = "each alone stops it; without all of them it succeeds"
	}
	if len(a.also) > 0 {
		control += " (also without " + strings.Join(a.also, ", ") + ")"
	}
	return fmt.Sprintf("| %s | %s | %s | `%s` | %s |\n", a.name, a.tried, strings.Join(a.stops, ", "), a.told, control)
}

func counted(attempts []attempt) (n int) {
	for _, a := range attempts {
		if a.why == "" {
			n++
		}
	}
	return n
}
