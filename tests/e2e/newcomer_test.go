package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/tests/harness"
)

// TestANewcomerIsGivenRoom has a computer with one file and no coin join by an invite that holds no secret of a store. It finds the runtime of
// scripts beside the job's script, and stores what it made in the space that the job's root gives to newcomers.
func TestANewcomerIsGivenRoom(t *testing.T) {
	n := network(t)
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "job_schema.proto"), []byte(`syntax = "proto3";
service Worker { rpc Write(Request) returns (WorkerReply); }
message Request { uint32 letters = 1; }
message WorkerReply { string text = 1; }
`), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "worker.py"), []byte(`import job_schema_pb2_grpc


class Worker(job_schema_pb2_grpc.WorkerServicer):
    def Write(self, request, context):
        return {"text": "secret " + "x" * request.letters}
`), 0o600))
	var registered struct{ Job string }
	asAdmin(t, n, &registered, "registerJob", filepath.Join(folder, "job_schema.proto"), filepath.Join(folder, "worker.py"),
		"--bond", "0", "--source", "https://example.org/job", "--commit", strings.Repeat("a", 40))
	job := registered.Job
	refused := harness.Command{Args: []string{"invite", job, "--home", n.Folder("admin")}}.Run(t)
	require.Equal(t, codeUsage, refused.Code, refused.String())
	require.Contains(t, refused.Err, "--write job:"+job)
	var room struct{ Space string }
	asAdmin(t, n, &room, "storage", "reserve", "1GiB", "--for", "1h", "--provider", n.Account(t, "store"), "--read", "participants", "--write", "job:"+job)
	var invite struct{ Invite string }
	asAdmin(t, n, &invite, "invite", job)

	home := joins(t, n, invite.Invite)
	n.AwaitRunning(t, jobNumber(t, job), 0, 1)
	require.FileExists(t, filepath.Join(home, "runtimes", "python.wasm"))
	var nodes struct {
		Nodes []struct{ Node struct{ Owner string } }
	}
	require.NoError(t, n.Get(fmt.Sprintf("/ain/reputation/v1/nodes?job_id=%d&role=3", jobNumber(t, job)), &nodes)) // REST takes enums by number
	require.Len(t, nodes.Nodes, 1)
	newcomer := nodes.Nodes[0].Node.Owner
	require.Zero(t, n.Books(t)[newcomer])

	var answer struct {
		Request string
		Outcome string
		Result  struct{ Text string }
	}
	n.ClientJSON(t, &answer, "requestJob",
		"{job_id: "+job+", job_input: {letters: 100000}, reward: [0, 10], time_limit: 30000, max_workers: 1, skip_evaluation: true, worker_node: ["+newcomer+"]}")
	require.Equal(t, "unevaluated", answer.Outcome)
	require.Equal(t, "secret "+strings.Repeat("x", 100_000), answer.Result.Text)
	require.EqualValues(t, 10_000_000, n.Books(t)[newcomer])

	var public struct {
		Assignments []struct {
			Result struct {
				Reference struct{ Digest, Space string }
			}
		}
	}
	require.NoError(t, n.Get("/ain/jobs/v1/requests/"+answer.Request, &public))
	require.Len(t, public.Assignments, 1)
	stored := public.Assignments[0].Result.Reference
	require.Equal(t, room.Space, stored.Space)
	stranger := n.NewNode(t, "stranger", "1", "")
	stolen := stranger.Run(t, "storage", "get", "ain://"+stored.Space+"/"+stored.Digest)
	require.Equal(t, codeUsage, stolen.Code, stolen.String())
	require.NotContains(t, stolen.Out, "secret")
}

// asAdmin runs a command as the network's admin, which must succeed, and reads the JSON that it prints.
func asAdmin(t *testing.T, n *harness.Network, answer any, args ...string) {
	t.Helper()
	result := harness.Command{Args: append(args, "--home", n.Folder("admin"), "--output", "json")}.Run(t)
	require.Zero(t, result.Code, result.String())
	require.NoError(t, json.Unmarshal([]byte(result.Out), answer), result.String())
}

// joins runs a worker from a folder with nothing but the program in it, and returns its home.
func joins(t *testing.T, n *harness.Network, invite string) string {
	t.Helper()
	binary, err := harness.Binary()
	require.NoError(t, err)
	folder, err := os.MkdirTemp(n.Home, "newcomer-")
	require.NoError(t, err)
	program := filepath.Join(folder, "aind")
	if err := os.Link(binary, program); err != nil {
		harness.CopyFile(t, binary, folder)
		require.NoError(t, os.Chmod(program, 0o700))
	}
	home := filepath.Join(folder, "home")
	log, err := os.Create(filepath.Join(n.Home, "logs", filepath.Base(folder)+".log"))
	require.NoError(t, err)
	worker := exec.Command(program, "worker", "--home", home, "--invite", invite)
	worker.Stdout, worker.Stderr, worker.Dir = log, log, folder
	worker.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, worker.Start())
	t.Cleanup(func() {
		_ = syscall.Kill(-worker.Process.Pid, syscall.SIGKILL)
		_ = worker.Wait() // it was killed
		require.NoError(t, errors.Join(log.Close(), os.Remove(program)))
	})
	return home
}
