package escape_test

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	rewrite = flag.Bool("rewrite", false, "write the tables of README.md")
	print   = flag.Bool("table", false, "print every attempt with how it ended")
)

// ends are how attempts ended, for people.
var ends struct {
	mu   sync.Mutex
	rows []string
}

func (a attempt) note(t *testing.T, told error) {
	t.Helper()
	verdict := "succeeds"
	if a.why != "" {
		verdict = "none"
	}
	if t.Failed() {
		verdict = "FAILED, see above"
	}
	ends.mu.Lock()
	defer ends.mu.Unlock()
	ends.rows = append(ends.rows, fmt.Sprintf("%-32s %-62s %-28s control: %-10s %.80s", t.Name()[len("Test"):], a.tried, strings.Join(a.stops, ", "),
		verdict, strings.ReplaceAll(fmt.Sprint(told), "\n", " ")))
}

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if *print {
		for _, row := range ends.rows {
			fmt.Println(row)
		}
		fmt.Printf("%d attempts\n", len(ends.rows))
	}
	os.Exit(code)
}

// table is one table of README.md, between two lines that name it.
type table struct {
	name     string
	attempts []attempt
	least    int // attempts with a control run
}

var tables = []table{
	{"containers", slices.Concat(inContainers, inContainersAlone), 60},
	{"reach", inReach, 0},
	{"warm", inWarm, 0},
	{"modules", inModules, 0},
	{"scripts", inScripts, 0},
}

func (t table) text() string {
	text := "| attempt | what is tried | stopped by | it is told | control run |\n| --- | --- | --- | --- | --- |\n"
	for _, a := range t.attempts {
		text += a.line()
	}
	return text
}

func TestREADMEHasEveryAttempt(t *testing.T) {
	assert.GreaterOrEqual(t, counted(tables[0].attempts), 60)
	assert.GreaterOrEqual(t, counted(inModules)+counted(inScripts), 30)
	f, err := os.Open("README.md")
	require.NoError(t, err)
	defer f.Close()
	content, err := io.ReadAll(f)
	require.NoError(t, err)
	text := string(content)
	for _, table := range tables {
		first, last := "<!-- "+table.name+" -->\n", "<!-- end of "+table.name+" -->\n"
		before, rest, found := strings.Cut(text, first)
		require.True(t, found, first)
		have, after, found := strings.Cut(rest, last)
		require.True(t, found, last)
		if *rewrite {
			text = before + first + table.text() + last + after
			continue
		}
		assert.Equal(t, table.text(), have, "run go test ./tests/escape -run README -rewrite")
	}
	if *rewrite {
		require.NoError(t, os.WriteFile("README.md", []byte(text), 0o644))
	}
}

// Every defence that the tables name is known, and each that is known is in a table: else it would be held by nothing.
func TestEveryDefenceIsTried(t *testing.T) {
	for _, c := range []struct {
		known    map[string]defence
		attempts []attempt
	}{{ofContainers, slices.Concat(tables[0].attempts, inReach, inWarm)}, {ofModules, slices.Concat(inModules, inScripts)}} {
		named := map[string]bool{}
		for _, a := range c.attempts {
			require.NotEmpty(t, a.stops, a.name)
			for _, d := range slices.Concat(a.stops, a.also) {
				_, known := c.known[d]
				require.True(t, known, "%s: %s", a.name, d)
				named[d] = true
			}
		}
		for d := range c.known {
			assert.True(t, named[d], "no attempt is stopped by %q", d)
		}
	}
}
