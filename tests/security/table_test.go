package security_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// items are what the tables have to speak of, whatever else they do.
var items = []string{
	"map order", "floats", "time and chance", "goroutines", "unbounded work in a block", "rounding and books that disagree", "wrong signer",
	"nested message in authz or gov", "module accounts that can receive", "panics and errors in blockers", "genesis that loses fields",
	"cheap spam", "costly decoding", "membership changed during a vote", "ids and nonces that repeat", "seconds taken for milliseconds",
	"wrong results", "lazy workers that copy", "lazy evaluators that agree with everybody", "workers and evaluators in league",
	"challenges to grief", "challenges to recycle bonds", "self-requests", "Sybils that are idle", "Sybils that guess",
	"one Sybil pair that commits both answers and reveals the winner", "results read from the mempool",
	"a reveal by another account, request or chain", "approvals, drops, new terms and votes during a challenge", "a stolen operator key",
	"data leaked by a node that may read it",
	"R1 ", "R2 ", "R3 ", "R4 ", "R5 ", "R6 ", "R7 ", "R8 ", "R9 ", "R10 ", "R11 ", "R12 ",
}

const noTest = "does not apply to the chain: "

// row is one line of the README's tables.
type row struct{ item, tests, stops string }

func rows(t *testing.T, text string) []row {
	t.Helper()
	var rows []row
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 5 || strings.HasPrefix(cells[1], " ---") || cells[1] == " item " {
			continue
		}
		rows = append(rows, row{strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2]), strings.TrimSpace(cells[3])})
	}
	return rows
}

var testFunction = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)

// testsIn are the tests of a package, by their names.
func testsIn(t *testing.T, folder string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", folder, "*_test.go"))
	require.NoError(t, err)
	found := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, match := range testFunction.FindAllStringSubmatch(string(text), -1) {
			found[match[1]] = true
		}
	}
	return found
}

// faulty says what is wrong with a row; nothing: "".
func faulty(t *testing.T, r row) string {
	t.Helper()
	switch {
	case r.tests == "" && (!strings.HasPrefix(r.stops, noTest) || len(r.stops) < len(noTest)+20):
		return "no test, and no reason why there is none"
	case r.tests == "":
		return ""
	case r.stops == "":
		return "nothing stops it"
	}
	for test := range strings.SplitSeq(r.tests, ", ") {
		folder, name, elsewhere := strings.Cut(test, " ")
		if !elsewhere {
			folder, name = "tests/security", test
		}
		if !testsIn(t, folder)[name] {
			return "there is no " + name + " in " + folder
		}
	}
	return ""
}

func TestEveryItemHasItsTest(t *testing.T) {
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	all := rows(t, string(text))
	named := map[string]bool{"TestEveryItemHasItsTest": true}
	for _, r := range all {
		require.Empty(t, faulty(t, r), r.item)
		for test := range strings.SplitSeq(r.tests, ", ") {
			named[test] = true
		}
	}
	for _, item := range items {
		found := false
		for _, r := range all {
			found = found || strings.Contains(r.item+" ", item)
		}
		require.True(t, found, "no row is about %q", item)
	}
	for test := range testsIn(t, "tests/security") {
		require.True(t, named[test], "no row names %s", test)
	}
	for _, planted := range []row{
		{"an item", "", "something"},
		{"an item", "", noTest},
		{"an item", "TestThatIsNotThere", "something"},
		{"an item", "x/jobs/keeper TestThatIsNotThere", "something"},
		{"an item", "TestEveryItemHasItsTest", ""},
	} {
		require.NotEmpty(t, faulty(t, planted), "%v", planted)
	}
}
