package structure

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/ain-network/aind"

var update = flag.Bool("update", false, "rewrite testdata/planted.txt with what is found")

func TestTreeKeepsToTheImportTable(t *testing.T) {
	packages, err := Load("../..", module, "libsecp256k1_sdk,pebbledb")
	require.NoError(t, err)
	require.Greater(t, len(packages), 10, "go list found too little to judge")
	for _, violation := range Check(packages) {
		t.Error(violation)
	}
}

// The planted module breaks every row of the table at least once: a check that cannot fail would be noticed here.
func TestEveryPlantedFaultIsFound(t *testing.T) {
	packages, err := Load("testdata/planted", module, "")
	require.NoError(t, err)
	violations := Check(packages)

	var lines []string
	for _, v := range violations {
		lines = append(lines, v.String())
	}
	slices.Sort(lines)
	got := strings.Join(lines, "\n") + "\n"
	if *update {
		require.NoError(t, os.WriteFile("testdata/planted.txt", []byte(got), 0o644))
	}
	want, err := os.ReadFile("testdata/planted.txt")
	require.NoError(t, err)
	require.Equal(t, string(want), got)

	broken := map[string]bool{}
	for _, v := range violations {
		if rule, _, ok := ruleOf(v.Package); ok {
			broken[strings.Join(rule.Of, " ")] = true
		}
	}
	for _, rule := range Table {
		if rule.Own == nil && rule.Never == nil && rule.NeverImport == nil {
			continue // allows everything, on purpose
		}
		require.True(t, broken[strings.Join(rule.Of, " ")], "no planted fault breaks the row of %v", rule.Of)
	}
}

func TestPatterns(t *testing.T) {
	cases := []struct {
		name, pattern, path string
		want                map[string]string
	}{
		{"a plain pattern matches itself", "app", "app", map[string]string{}},
		{"a plain pattern does not match below", "app", "app/params", nil},
		{"dots match the path itself", "app/...", "app", map[string]string{}},
		{"dots match below", "app/...", "app/a/b", map[string]string{}},
		{"dots do not match a longer name", "app/...", "application", nil},
		{"a star matches one element", "x/*/types", "x/jobs/types", map[string]string{}},
		{"a star does not match two", "x/*/types", "x/jobs/a/types", nil},
		{"a name stands for what it matched", "x/{m}/keeper", "x/jobs/keeper", map[string]string{"m": "jobs"}},
		{"a shorter path does not match", "x/{m}/keeper", "x/jobs", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, match(c.pattern, c.path)) })
	}
}
