package e2e

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/tests/harness"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// room reserves a space of the gateway's for an owner, and is its address.
func (g *gatewayWorld) room(t *testing.T, owner *harness.Node, read string) string {
	t.Helper()
	var reserved struct{ Space string }
	owner.JSON(t, &reserved, "storage", "reserve", "128MiB", "--for", "2h", "--provider", g.provider.Address, "--read", read)
	return "ain://" + reserved.Space
}

// isHidden holds that a stranger gets nothing of a content, and that its owner has it.
func (g *gatewayWorld) isHidden(t *testing.T, stranger, owner *harness.Node, content string) {
	t.Helper()
	require.Zero(t, owner.Run(t, "storage", "get", content, filepath.Join(t.TempDir(), "own")).Code, content)
	stolen := stranger.Run(t, "storage", "get", content)
	require.Equal(t, codeUsage, stolen.Code, stolen.String())
	require.Contains(t, stolen.Err, "there is no such content, or it is not for you")
	require.Empty(t, stolen.Out)
}

// custom registers a job whose requests name their program, with a worker and an evaluator that have spaces of their own and no store that all share.
func (g *gatewayWorld) custom(t *testing.T) (job string, worker *harness.Node) {
	t.Helper()
	root := g.network.NewNode(t, "admin", "100", "")
	root.Settings.Store, root.Settings.Policy = g.room(t, root, "everybody"), "{custom_code: true}"
	var registered struct{ Job string }
	root.JSON(t, &registered, "registerJob", filepath.Join(harness.Root(), "examples", "custom-code", "job_schema.proto"), "requested", "requested",
		"--name", "custom-in-spaces", "--source", "https://example.org/job", "--commit", strings.Repeat("a", 40),
		"--hiring", "30s", "--evaluation", "60s", "--challenge", "3s")
	job = registered.Job
	root.Start(t)
	for _, role := range []string{"evaluator", "worker"} {
		node := g.network.NewNode(t, role, "100", "60")
		node.Settings.Job, node.Settings.Store, node.Settings.Policy = job, g.room(t, node, "participants"), "{custom_code: true}"
		node.Start(t)
		worker = node
	}
	g.network.AwaitRunning(t, jobNumber(t, job), 1, 1)
	return job, worker
}

// TestRunThroughSpaces has the program of a request, its check, its files and what it leaves lie in the spaces of client and worker, where nobody
// reads them who takes no part.
func TestRunThroughSpaces(t *testing.T) {
	g := startGateway(t)
	job, worker := g.custom(t)
	client, stranger := g.network.NewNode(t, "client", "100", ""), g.network.NewNode(t, "stranger", "1", "")
	client.Settings.Store = g.room(t, client, "participants")
	folder := t.TempDir()
	script := write(t, filepath.Join(folder, "count.py"), `words = len(open("/ain/in/text").read().split())
print(words)
with open("/ain/out/words", "w") as out:
    out.write(str(words))
`)
	text := write(t, filepath.Join(folder, "text.txt"), "one two three")
	check := write(t, filepath.Join(folder, "check.py"), `import json, sys, tarfile
words = len(open("/ain/in/text").read().split())
ranking = []
for entry in json.load(sys.stdin)["workers"]:
    with tarfile.open("/ain/in/%s.tar" % entry["node"]) as left:
        counted = int(left.extractfile("words").read())
    ranking.append({"node": entry["node"], "score": 1, "valid": counted == words})
json.dump({"ranking": ranking}, sys.stdout)
`)
	for name, checked := range map[string][]string{"nobody checks": nil, "checked": {"--check", check}} {
		t.Run(name, func(t *testing.T) {
			var said ran
			out := filepath.Join(t.TempDir(), "out")
			args := append([]string{"run", script, "--job", job, "--input", "text=" + text, "-o", out}, checked...)
			client.JSON(t, &said, args...)
			assert.Equal(t, "3\n", said.Stdout)
			words, err := os.ReadFile(filepath.Join(out, "words"))
			require.NoError(t, err)
			assert.Equal(t, "3", string(words))

			r := g.network.AwaitFinished(t, said.Request)
			var public struct {
				Request struct {
					Spec struct {
						Input struct {
							Files []struct {
								Reference struct{ Digest, Space string }
							}
						}
					}
				}
				Assignments []struct {
					Space  string
					Result struct {
						Files []struct {
							Name      string
							Reference struct{ Digest, Space string }
						}
					}
				}
			}
			require.NoError(t, g.network.Get("/ain/jobs/v1/requests/"+r.ID, &public))
			require.Len(t, public.Request.Spec.Input.Files, 2+len(checked)/2, "the program, its file, and the check")
			for _, file := range public.Request.Spec.Input.Files {
				g.isHidden(t, stranger, client, "ain://"+file.Reference.Space+"/"+file.Reference.Digest)
			}
			left := public.Assignments[0].Result.Files[0]
			require.Equal(t, "out.tar", left.Name)
			require.Equal(t, worker.Settings.Store, "ain://"+public.Assignments[0].Space)
			require.Equal(t, worker.Settings.Store, "ain://"+left.Reference.Space)
			g.isHidden(t, stranger, worker, "ain://"+left.Reference.Space+"/"+left.Reference.Digest)
			require.Zero(t, client.Run(t, "storage", "get", "ain://"+left.Reference.Space+"/"+left.Reference.Digest, filepath.Join(t.TempDir(), "out")).Code)
		})
	}
}

// TestCheckpointThroughSpaces has states lie in the spaces of those who work: evaluator and resolver read those with which they run segments again.
func TestCheckpointThroughSpaces(t *testing.T) {
	g := startGateway(t)
	n := g.network
	root := n.NewNode(t, "admin", "10", "")
	root.Settings.Store = g.room(t, root, "everybody")
	job := heat(t, n, root)
	number := jobNumber(t, job)
	root.Start(t)
	evaluator, worker := n.NewNode(t, "evaluator", "100", "60"), n.NewNode(t, "worker", "100", "60")
	for _, node := range []*harness.Node{evaluator, worker} {
		node.Settings.Job, node.Settings.Store = job, g.room(t, node, "participants")
		node.Start(t)
	}
	harness.Eventually(t, "all are nodes", harness.Patience, func() error {
		if !worker.IsMember(number) || !evaluator.IsMember(number) {
			return errors.New("they are not")
		}
		return nil
	})
	client, stranger := n.NewNode(t, "client", "100", ""), n.NewNode(t, "stranger", "1", "")
	client.Settings.Store = g.room(t, client, "participants")
	var order struct{ Request string }
	client.JSON(t, &order, "requestJob", "{job_id: "+job+", job_input: {cells: 20, steps: 3000, left: 1000000}, reward: [1, 10], time_limit: 60s, max_workers: 1}",
		"--detach")
	id, err := strconv.ParseUint(order.Request, 10, 64)
	require.NoError(t, err)
	ranked := n.AwaitRequest(t, id, "is ranked", harness.Patience, func(r harness.Request) bool { return r.State == "REQUEST_STATE_RANKED" })
	require.Equal(t, worker.Address, ranked.Ranking[0].Node, "the evaluator found the states")
	client.Tx(t, "jobs", "challenge", order.Request)
	done := n.AwaitFinished(t, id)
	require.Equal(t, "OUTCOME_RANKED", done.Outcome)
	require.Equal(t, worker.Address, done.Ranking[0].Node, "so did the resolver")

	digests, drawn := published(t, n, id, worker.Address)
	require.Len(t, digests, 2)
	require.Equal(t, []uint32{0, 1, 2}, drawn)
	var answer struct{ Checkpoints struct{ Space string } }
	require.NoError(t, n.Get(fmt.Sprintf("/ain/jobs/v1/requests/%d/checkpoints/%s", id, worker.Address), &answer))
	require.Equal(t, worker.Settings.Store, "ain://"+answer.Checkpoints.Space)
	for _, digest := range digests {
		state := stateDigest(t, digest)
		g.isHidden(t, stranger, worker, worker.Settings.Store+"/"+state.String())
		g.isHidden(t, client, worker, worker.Settings.Store+"/"+state.String())
		g.eventually(t, "the evaluator reads it no longer", func() error {
			if evaluator.Run(t, "storage", "get", worker.Settings.Store+"/"+state.String(), filepath.Join(t.TempDir(), "state")).Code == 0 {
				return errors.New("it does")
			}
			return nil
		})
	}
}

func stateDigest(t *testing.T, published string) storage.Digest {
	t.Helper()
	sum, err := base64.StdEncoding.DecodeString(published)
	require.NoError(t, err)
	require.Len(t, sum, jobstypes.DigestSize)
	return storage.Digest(fmt.Sprintf("sha256:%x", sum))
}
