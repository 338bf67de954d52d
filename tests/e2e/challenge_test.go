package e2e

import (
	"errors"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/tests/harness"
)

// court is a job whose admin judges challenges by itself, with one worker, and an evaluator that is no daemon: it ranks as
// the test wants.
type court struct {
	*harness.Network
	t                       *testing.T
	job                     string
	root, evaluator, worker *harness.Node
}

func newCourt(t *testing.T) *court {
	n := network(t)
	c := &court{Network: n, t: t, root: n.NewNode(t, "admin", "100", "")}
	c.job = n.Register(t, c.root, harness.OddJob(t), "--bond", "1", "--challenge-fee", "2", "--qualification-input", "{size: 8}",
		"--hiring", "20s", "--reveal", "20s", "--evaluation", "60s", "--challenge", "60s", "--resolve", "60s")
	number, err := strconv.ParseUint(c.job[2:], 16, 64)
	require.NoError(t, err)
	c.root.Start(t)
	c.evaluator = n.NewNode(t, "evaluator", "100", "60")
	var applied struct{}
	c.evaluator.JSON(t, &applied, "applyJob", c.job, "--role", "evaluator")
	harness.Eventually(t, "the evaluator is approved", harness.Patience, func() error {
		if !c.evaluator.IsMember(number) {
			return errors.New("it is not")
		}
		return nil
	})
	c.worker = n.NewNode(t, "worker", "100", "60")
	c.worker.Settings.Job = c.job
	c.worker.Start(t)
	c.worker.AwaitMember(t, number)
	return c
}

// revealed is a request whose evaluator owes a ranking.
func (c *court) revealed() (id uint64, text string) {
	id = c.Order(c.t, c.job, "{size: 4}", "time_limit: 60000", "max_workers: 1")
	text = strconv.FormatUint(id, 10)
	c.evaluator.Tx(c.t, "jobs", "accept-job", text, "evaluator")
	c.AwaitRequest(c.t, id, "is evaluated", harness.Patience, func(r harness.Request) bool { return r.State == "REQUEST_STATE_EVALUATING" })
	return id, text
}

func (c *court) awaitRanked(id uint64) {
	c.AwaitRequest(c.t, id, "is ranked", harness.Patience, func(r harness.Request) bool { return r.State == "REQUEST_STATE_RANKED" })
}

type brought struct {
	Resolver string
	Fee      string `json:"fee_uain"`
}

// TestCheatingLosesMoney has an evaluator rank falsely, and a client challenge falsely, on real processes.
func TestCheatingLosesMoney(t *testing.T) {
	c := newCourt(t)
	const fee = 2 * harness.AIN

	t.Run("an evaluator that calls good work worthless", func(t *testing.T) {
		id, text := c.revealed()
		before := c.Books(t)
		c.evaluator.Tx(t, "jobs", "rank", text)
		c.awaitRanked(id)
		var challenge brought
		c.worker.JSON(t, &challenge, "challenge", text)
		require.Equal(t, brought{c.root.Address, strconv.FormatInt(fee, 10)}, challenge)
		done := c.AwaitFinished(t, id)
		require.Equal(t, "OUTCOME_OVERTURNED", done.Outcome)
		changes := c.Books(t).Since(before)
		require.Equal(t, 10*harness.AIN, done.Paid(c.worker.Address, "reward"))
		require.Equal(t, fee, done.Paid(c.worker.Address, "challenge_fee"))
		require.Equal(t, fee*9/10, done.Paid(c.root.Address, "verdict"))
		// Its deposit left its books when it accepted, and does not come back; the reward and a part of it are the worker's.
		require.Zero(t, done.Paid(c.evaluator.Address, "deposit"))
		require.Zero(t, changes[c.evaluator.Address])
		require.Greater(t, changes[c.worker.Address], 11*harness.AIN)
	})
	t.Run("a client that challenges a right ranking", func(t *testing.T) {
		id, text := c.revealed()
		c.evaluator.Tx(t, "jobs", "rank", text, "--ranking", `{"node": "`+c.worker.Address+`", "score": "1"}`)
		c.awaitRanked(id)
		var challenge brought
		c.ClientJSON(t, &challenge, "challenge", text)
		done := c.AwaitFinished(t, id)
		require.Equal(t, "OUTCOME_RANKED", done.Outcome)
		require.Equal(t, 10*harness.AIN, done.Paid(c.worker.Address, "reward"))
		require.Zero(t, done.Paid(done.Client, "challenge_fee"))
		require.Equal(t, fee*9/10, done.Paid(c.root.Address, "verdict"))
		require.Equal(t, fee/10, done.Paid("", "burn"))
	})
	t.Run("a verdict of a stranger is refused", func(t *testing.T) {
		id, text := c.revealed()
		c.evaluator.Tx(t, "jobs", "rank", text)
		c.awaitRanked(id)
		c.root.Kill()
		var challenge brought
		c.ClientJSON(t, &challenge, "challenge", text)
		refused := c.worker.Run(t, "resolveChallenge", text, c.worker.Address)
		require.Equal(t, codeFailed, refused.Code, refused.String())
		require.Contains(t, refused.Err, "its resolver is "+c.root.Address)
		var verdict struct{ Request, Verdict string }
		c.root.JSON(t, &verdict, "resolveChallenge", text, "confirm")
		require.Equal(t, "confirmed", verdict.Verdict)
		require.Equal(t, "OUTCOME_NOBODY_VALID", c.AwaitFinished(t, id).Outcome)
	})
}
