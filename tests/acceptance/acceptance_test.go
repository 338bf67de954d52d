package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// list has one promise; each case changes it or the run.
const list = "# Acceptance\n\nProse.\n\n- the answer is 42 :: x/jobs/keeper TestAnswer/is_42\n"

const passing = `
{"Action":"run","Package":"github.com/ain-network/aind/x/jobs/keeper","Test":"TestAnswer"}
{"Action":"run","Package":"github.com/ain-network/aind/x/jobs/keeper","Test":"TestAnswer/is_42"}
{"Action":"output","Package":"github.com/ain-network/aind/x/jobs/keeper","Test":"TestAnswer/is_42","Output":"ok\n"}
{"Action":"pass","Package":"github.com/ain-network/aind/x/jobs/keeper","Test":"TestAnswer/is_42"}
{"Action":"pass","Package":"github.com/ain-network/aind/x/jobs/keeper","Test":"TestAnswer"}
{"Action":"pass","Package":"github.com/ain-network/aind/x/jobs/keeper"}
`

func TestAcceptance(t *testing.T) {
	ended := func(action string) string {
		return strings.ReplaceAll(passing, `{"Action":"pass"`, `{"Action":"`+action+`"`)
	}
	promised := func(n int) string {
		var lines strings.Builder
		for i := range n {
			lines.WriteString("- thing " + strings.Repeat("i", i+1) + " :: x/jobs/keeper TestAnswer/is_42\n")
		}
		return lines.String()
	}
	cases := []struct {
		name, list, events string
		want               string // part of the error; empty: the list holds
	}{
		{"a line whose test passed holds", list, passing, ""},
		{"three lines may name one test", promised(3), passing, ""},
		{"a fourth line for one test is refused", promised(4), passing, "stands for 4 lines, at most 3"},
		{"a line whose test did not run is refused", list, "", "no such test ran: x/jobs/keeper TestAnswer/is_42"},
		{"a test of the same name in another package does not count", strings.ReplaceAll(list, "x/jobs", "x/escrow"), passing, "no such test ran"},
		{"a line whose test was skipped is refused", list, ended("skip"), "was skipped"},
		{"a line whose test failed is refused", list, ended("fail"), "failed"},
		{"a line whose test never finished is refused", list, ended("output"), "did not finish"},
		{"a test that once passed and once failed has failed", list, ended("fail") + passing, "failed"},
		{
			"a parent with a skipped sub-test counts as skipped",
			strings.ReplaceAll(list, "/is_42", ""),
			strings.Replace(passing, `{"Action":"pass"`, `{"Action":"skip"`, 1), "was skipped",
		},
		{"a line without a test is refused", "- the answer is 42\n", passing, `line 1: "the answer is 42" is not`},
		{"a line that names something other than a test is refused", "- a :: x/jobs/keeper Answer\n", passing, "is not"},
		{"a thing promised twice is refused", list + list, passing, "stands on line 5 already"},
		{"an empty list is refused", "# Acceptance\n", passing, "no line of the form"},
		{"lines in a code block are prose", "```\n- a thing\n```\n" + list, passing, ""},
		{"a run that is not JSON is refused", list, "FAIL\n", "not the output of go test -json"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			listFile, runFile := filepath.Join(dir, "acceptance.md"), filepath.Join(dir, "test.json")
			require.NoError(t, os.WriteFile(listFile, []byte(c.list), 0o600))
			require.NoError(t, os.WriteFile(runFile, []byte(c.events), 0o600))
			t.Setenv("CI", "true")
			err := run([]string{listFile, runFile})
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestASkipIsToldAndNotHeldAgainstAMachineThatMayLackParts(t *testing.T) {
	t.Setenv("CI", "")
	t.Setenv("AIND_REQUIRE_REAL", "")
	dir := t.TempDir()
	listFile, runFile := filepath.Join(dir, "acceptance.md"), filepath.Join(dir, "test.json")
	require.NoError(t, os.WriteFile(listFile, []byte(list), 0o600))
	parentSkipped := `{"Action":"skip","Package":"github.com/ain-network/aind/x/jobs/keeper","Test":"TestAnswer"}`
	for _, events := range []string{strings.ReplaceAll(passing, `"pass"`, `"skip"`), parentSkipped} {
		require.NoError(t, os.WriteFile(runFile, []byte(events), 0o600))
		t.Setenv("AIND_REQUIRE_REAL", "")
		require.NoError(t, run([]string{listFile, runFile}))
		t.Setenv("AIND_REQUIRE_REAL", "1")
		require.ErrorContains(t, run([]string{listFile, runFile}), "was skipped")
	}
}

func TestAcceptanceNamesTheMissingRun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "acceptance.md")
	require.NoError(t, os.WriteFile(file, []byte(list), 0o600))
	require.ErrorContains(t, run([]string{file, file + ".json"}), "run make test first")
}
