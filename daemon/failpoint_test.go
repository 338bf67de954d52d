package daemon

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFailpointsAreNumberedOnceAndOnlyOnce(t *testing.T) {
	seen := map[int]Failpoint{}
	for _, point := range Failpoints() {
		require.NotContains(t, seen, point.Number, "%v", point)
		require.NotEmpty(t, point.When, "%v", point)
		seen[point.Number] = point
	}
	require.Equal(t, "commit.sent", seen[WorkerCommit.Number+int(Sent)].Name)
	require.NotContains(t, seen, WorkerRun.Number+int(Signed), "a run sends no transaction")
	for _, step := range Steps() {
		require.Zero(t, step.Number%10, "%s", step)
	}
}

// TestDyingAtAFailpoint runs this test once more, in a process that dies in the middle of a step.
func TestDyingAtAFailpoint(t *testing.T) {
	if dir := os.Getenv("AIND_TEST_STEP_IN"); dir != "" {
		require.NoError(t, ArmFailpoints())
		j := openJournal(t, dir)
		var record struct{ Progress }
		require.NoError(t, j.Do(WorkerRun, "request/1", &record, func() error { return os.WriteFile(dir+"/acted", nil, 0o600) }))
		return
	}
	for name, c := range map[string]struct {
		at    int
		acted bool
		done  bool
		log   string
	}{
		"before the act":      {WorkerRun.Number + int(Begun), false, false, "161"},
		"after the act":       {WorkerRun.Number + int(Acted), true, false, "161 165"},
		"after it is noted":   {WorkerRun.Number + int(Done), true, true, "161 165 166"},
		"at a point of other": {WorkerCommit.Number + int(Done), true, true, "161 165 166"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			log := filepath.Join(dir, "log")
			child := exec.Command(os.Args[0], "-test.run", "^TestDyingAtAFailpoint$")
			child.Env = append(os.Environ(), "AIND_TEST_STEP_IN="+dir, EnvFailpointLog+"="+log, EnvFailpoint+"="+strconv.Itoa(c.at))
			output, err := child.CombinedOutput()
			survives := c.at == WorkerCommit.Number+int(Done)
			require.Equal(t, survives, err == nil, "%s", output)

			_, err = os.Stat(dir + "/acted")
			require.Equal(t, c.acted, err == nil)
			var record struct{ Progress }
			known, err := openJournal(t, dir).Get("request/1", &record)
			require.NoError(t, err)
			require.True(t, known)
			require.Equal(t, Progress{Step: "run", Done: c.done}, record.Progress)
			reached, err := os.ReadFile(log)
			require.NoError(t, err)
			require.Equal(t, c.log, strings.Join(strings.Fields(string(reached)), " "))
		})
	}
}

func TestFailpointThatDoesNotExist(t *testing.T) {
	for _, bad := range []string{"7", "162", "one"} {
		t.Setenv(EnvFailpoint, bad)
		require.ErrorContains(t, ArmFailpoints(), bad)
	}
}
