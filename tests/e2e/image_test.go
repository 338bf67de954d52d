package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
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

// TestOneRequestIsServedByImageModuleAndScript has a release of three programs that do the same. Three workers, each of which runs one kind
// alone, serve one request together.
func TestOneRequestIsServedByImageModuleAndScript(t *testing.T) {
	harness.NeedEngine(t)
	n := network(t)
	root := n.NewNode(t, "admin", "10", "")
	folder, source := t.TempDir(), filepath.Join(harness.Root(), "examples", "factorize")
	compile(t, filepath.Join(source, "worker"), filepath.Join(folder, "factorize"), "linux", runtime.GOARCH)
	compile(t, filepath.Join(source, "worker"), filepath.Join(folder, "worker.wasm"), "wasip1", "wasm")
	compile(t, filepath.Join(source, "evaluator"), filepath.Join(folder, "evaluator.wasm"), "wasip1", "wasm")
	if result := n.Client(t, "image", filepath.Join(folder, "factorize"), "-o", filepath.Join(folder, "factorize.tar")); result.Code != 0 {
		t.Fatalf("aind image: %s", result)
	}
	var registered struct{ Job string }
	root.JSON(t, &registered, "registerJob", filepath.Join(source, "job_schema.proto"), filepath.Join(folder, "factorize.tar"),
		filepath.Join(folder, "evaluator.wasm"), "--or", filepath.Join(folder, "worker.wasm"), "--or", filepath.Join(source, "worker.py"),
		"--source", "https://example.org/job", "--commit", strings.Repeat("a", 40), "--qualification-input", "{n: 360}", "--bond", "1")
	root.Start(t)
	evaluator := n.NewNode(t, "evaluator", "100", "50")
	evaluator.Settings.Job = registered.Job
	evaluator.Start(t)
	workers := map[string]*harness.Node{}
	for _, kind := range []string{"image", "wasm", "script"} {
		node := n.NewNode(t, "worker", "100", "50")
		node.Settings.Job, node.Settings.Kinds = registered.Job, []string{kind}
		if kind == "image" {
			node.Settings.Docker = "require"
		}
		node.Start(t)
		workers[kind] = node
	}
	n.AwaitRunning(t, jobNumber(t, registered.Job), 1, 3)
	r := n.AwaitFinished(t, n.Order(t, registered.Job, "{n: 600851475143}", "time_limit: 30000", "min_workers: 3", "max_workers: 3", "reward_function: even"))
	require.Equal(t, "REQUEST_STATE_SETTLED", r.State)
	require.Equal(t, "OUTCOME_RANKED", r.Outcome)
	require.Len(t, r.Ranking, 3, "all are right")
	for kind, node := range workers {
		require.Positive(t, r.Paid(node.Address, "reward"), kind)
		require.NotEmpty(t, node.Process().Said(`"?program ran"?.* kind=`+kind+` `), "%s ran another program", kind)
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
