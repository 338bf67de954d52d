package e2e

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/tests/harness"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// heat registers the example as a network's client would, every segment of it drawn.
func heat(t *testing.T, n *harness.Network, root *harness.Node) string {
	folder := t.TempDir()
	for _, file := range []string{"job_schema.proto", "worker.py", "evaluator.py"} {
		harness.CopyFile(t, filepath.Join(harness.Root(), "examples", "heat", file), folder)
	}
	return n.Register(t, root, folder, "--verification", "checkpoint", "--deterministic", "--max-checkpoints", "8", "--segments", "8",
		"--bond", "1", "--invalid-loses-bond", "--qualification-input", "{cells: 5, steps: 5, left: 1000}",
		"--hiring", "20s", "--reveal", "60s", "--evaluation", "60s", "--challenge", "3s")
}

// published is what a worker has published of a request.
func published(t *testing.T, n *harness.Network, id uint64, worker string) (digests []string, drawn []uint32) {
	t.Helper()
	var answer struct {
		Checkpoints struct{ Digests []string }
		Drawn       []uint32
	}
	require.NoError(t, n.Get(fmt.Sprintf("/ain/jobs/v1/requests/%d/checkpoints/%s", id, worker), &answer))
	return answer.Checkpoints.Digests, answer.Drawn
}

// TestCheckpoint has an honest worker's segments run again, and a worker that knows the right answer and invents a state on the
// way to it lose its bond, on real processes.
func TestCheckpoint(t *testing.T) {
	n := network(t)
	root := n.NewNode(t, "admin", "10", "")
	job := heat(t, n, root)
	number := jobNumber(t, job)
	root.Start(t)
	evaluator, worker, cheat := n.NewNode(t, "evaluator", "100", "60"), n.NewNode(t, "worker", "100", "60"), n.NewNode(t, "worker", "100", "60")
	for _, node := range []*harness.Node{evaluator, worker} {
		node.Settings.Job = job
		node.Start(t)
	}
	var applied struct{}
	cheat.JSON(t, &applied, "applyJob", job, "--role", "worker")
	harness.Eventually(t, "all are nodes", harness.Patience, func() error {
		if !cheat.IsMember(number) || !worker.IsMember(number) || !evaluator.IsMember(number) {
			return errors.New("they are not")
		}
		return nil
	})
	const input = "{cells: 20, steps: 3000, left: 1000000}"

	honest := n.Order(t, job, input, "time_limit: 60000", "max_workers: 1")
	done := n.AwaitFinished(t, honest)
	require.Equal(t, "OUTCOME_RANKED", done.Outcome)
	require.Equal(t, worker.Address, done.Ranking[0].Node)
	require.Equal(t, 10*harness.AIN, done.Paid(worker.Address, "reward"))
	require.Equal(t, harness.AIN, done.Paid(worker.Address, "bond"))
	digests, drawn := published(t, n, honest, worker.Address)
	require.Len(t, digests, 2)
	require.Equal(t, []uint32{0, 1, 2}, drawn)
	told := n.Client(t, "explain", strconv.FormatUint(honest, 10)).Out
	require.Contains(t, told, worker.Address+" has published 2 checkpoints. Of the 3 segments of its work these are run again: 1, 2, 3.")

	// The answer to the same order is known by now. The first state is right, and in the cheat's space, and so is the second, but at
	// another place: nothing leads from it to the answer.
	space, known := strings.CutPrefix(cheat.Settings.Store, "ain://")
	require.True(t, known)
	state, err := base64.StdEncoding.DecodeString(digests[0])
	require.NoError(t, err)
	var put struct{}
	cheat.JSON(t, &put, "storage", "put", n.Stored(worker.Settings.Store, hex.EncodeToString(state)), space)
	answer := done.Assignments[0].Result.Inline
	id := n.Order(t, job, input, "time_limit: 60000", "min_workers: 2", "max_workers: 2")
	text := strconv.FormatUint(id, 10)
	awaits := func(state string) {
		n.AwaitRequest(t, id, "is "+state, harness.Patience, func(r harness.Request) bool { return r.State == "REQUEST_STATE_"+state })
	}
	awaits("RUNNING")
	cheat.Tx(t, "jobs", "accept-job", text, "worker")
	n.AwaitRequest(t, id, "has its workers", harness.Patience, func(r harness.Request) bool { return r.Workers == 2 })
	cheat.Tx(t, "jobs", "publish-checkpoints", text, "0", "--digests", digests[0], "--digests", digests[0], "--space", space)
	harness.Eventually(t, "the invented state is published", harness.Patience, func() error {
		if mine, _ := published(t, n, id, cheat.Address); len(mine) != 2 {
			return fmt.Errorf("there are %d", len(mine))
		}
		return nil
	})
	salt := make([]byte, jobstypes.SaltSize)
	inline, err := base64.StdEncoding.DecodeString(answer)
	require.NoError(t, err)
	digest, err := jobstypes.ResultDigest(jobstypes.Result{Inline: inline})
	require.NoError(t, err)
	owner, err := sdk.GetFromBech32(cheat.Address, chain.AddressPrefix)
	require.NoError(t, err)
	commitment := jobstypes.Commitment(chain.DefaultChainID, id, owner, digest, salt)
	cheat.Tx(t, "jobs", "submit-result", text, base64.StdEncoding.EncodeToString(commitment[:]))
	awaits("REVEALING")
	cheat.Tx(t, "jobs", "reveal-result", text, base64.StdEncoding.EncodeToString(salt), "--result", `{"inline":"`+answer+`"}`)

	done = n.AwaitFinished(t, id)
	require.Equal(t, "OUTCOME_RANKED", done.Outcome)
	require.Equal(t, 2, done.Revealed)
	require.Len(t, done.Ranking, 1)
	require.Equal(t, worker.Address, done.Ranking[0].Node, "the same answer, worked out")
	require.Equal(t, harness.AIN, done.Paid(done.Client, "lost_bond"))
	require.Zero(t, done.Paid(cheat.Address, "bond"))
	require.Zero(t, done.Paid(cheat.Address, "reward"))
	require.Equal(t, 10*harness.AIN, done.Paid(worker.Address, "reward"))
}
