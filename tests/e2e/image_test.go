package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/tests/harness"
)

// TestAJobRunsAsScriptModuleAndImage has one job's worker program published as a script, as a WASM module and as an image, the last two from
// the same source. The same nodes serve each, and the script that judges takes no notice.
func TestAJobRunsAsScriptModuleAndImage(t *testing.T) {
	harness.NeedEngine(t)
	n := network(t)
	root := n.NewNode(t, "admin", "10", "")
	folder := harness.CalculateRoot(t)
	source := filepath.Join(harness.Root(), "examples", "calculate-root", "worker")
	compile(t, source, filepath.Join(folder, "root.wasm"), "wasip1", "wasm")
	compile(t, source, filepath.Join(folder, "root"), "linux", runtime.GOARCH)
	var made struct{}
	if result := n.Client(t, "image", filepath.Join(folder, "root"), "-o", filepath.Join(folder, "root.tar")); result.Code != 0 {
		t.Fatalf("aind image: %s", result)
	}
	job := n.Register(t, root, folder, "--qualification-input", "{y: 4}", "--bond", "1")
	root.Start(t)
	evaluator := n.NewNode(t, "evaluator", "100", "50")
	first, second := n.NewNode(t, "worker", "100", "50"), n.NewNode(t, "worker", "100", "50")
	for _, node := range []*harness.Node{evaluator, first, second} {
		node.Settings.Job = job
		if node.Role == "worker" {
			node.Settings.Docker = "require"
		}
		node.Start(t)
	}
	n.AwaitRunning(t, jobNumber(t, job), 1, 2)
	for i, c := range []struct{ kind, file string }{{"script", ""}, {"module", "root.wasm"}, {"image", "root.tar"}} {
		t.Run(c.kind, func(t *testing.T) {
			if c.file != "" {
				root.JSON(t, &made, "publishRelease", job, filepath.Join(folder, c.file), "--version", "1."+string(rune('0'+i))+".0")
			}
			// Nobody accepts what it has not prepared: on a busy machine the first request can come too early.
			var r harness.Request
			for range 4 {
				r = n.AwaitFinished(t, n.Order(t, job, "{y: 4}", "time_limit: 20000", "max_workers: 2"))
				if r.State == "REQUEST_STATE_SETTLED" && len(r.Assignments) == 2 {
					break
				}
			}
			require.Equal(t, "REQUEST_STATE_SETTLED", r.State)
			require.Equal(t, "OUTCOME_RANKED", r.Outcome)
			require.Len(t, r.Assignments, 2)
		})
	}
}

func compile(t *testing.T, source, out, system, arch string) {
	t.Helper()
	cmd := exec.Command("go", "build", "-trimpath", "-o", out, ".")
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+arch)
	said, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", said)
}
