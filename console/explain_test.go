package console_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/chain"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// lived gives the world's request the life of one that a challenge has overturned.
func lived(res *jobstypes.QueryRequestResponse) {
	r := &res.Request
	ain := func(n int64) math.Int { return chain.Coin(n * 1_000_000).Amount }
	r.Deposit, r.WorkerBond, r.ChainShare = ain(30), ain(1), ain(0)
	r.State, r.Outcome = jobstypes.REQUEST_STATE_SETTLED, jobstypes.OUTCOME_OVERTURNED
	r.RequestedMs, r.StartedMs, r.ClosedMs, r.EvaluatingMs, r.RankedMs, r.FinishedMs = 1000, 2000, 3000, 6000, 7000, 9500
	r.Evaluator, r.Workers, r.Revealed = "eve", 2, 2
	r.Ranking = []jobstypes.RankEntry{{Node: "wendy", Score: 7}}
	r.Rankings, r.Standing = []jobstypes.Ranking{{}, {Entries: r.Ranking}}, 1
	r.Challenges = []jobstypes.Challenge{{
		Challenger: "wendy", Fee: ain(2), Resolver: "root", Silent: []string{"adam"},
		Verdict: jobstypes.VERDICT_OVERTURNED, Upheld: 1, BroughtMs: 8000, ResolvedMs: 9000,
	}}
	res.Assignments = []jobstypes.Assignment{{Worker: "wendy", AcceptedMs: 2500, CommittedMs: 4000, RevealedMs: 5000}}
	r.Payouts = nil
	for _, reason := range []string{
		jobstypes.ReasonReward, jobstypes.ReasonEvaluation, jobstypes.ReasonDeposit, jobstypes.ReasonBond, jobstypes.ReasonLostBond,
		jobstypes.ReasonSlash, jobstypes.ReasonRefund, jobstypes.ReasonChainShare, jobstypes.ReasonChallengeFee,
		jobstypes.ReasonVerdict, jobstypes.ReasonCompensation, jobstypes.ReasonBurn,
	} {
		r.Payouts = append(r.Payouts, jobstypes.Payout{Account: "wendy", Amount: ain(1), Reason: reason})
	}
}

// TestExplainTellsOfKeys: who waits until when, what becomes of it, and who bore it in the end.
func TestExplainTellsOfKeys(t *testing.T) {
	w := newWorld(t)
	w.encrypted()
	wendy := address("wendy")
	told := w.mustRun("explain", "1")
	require.Contains(t, told, "the client owes a key to "+wendy+" until 1970-01-01 00:01:03.000, or else who has none is released unharmed")
	require.Contains(t, told, "00:00:03.000  the contract closed; the client owed the workers their keys")
	require.NotContains(t, told, "the time limit of 3000 ms began")
	require.Contains(t, w.mustRun("explain", "1", "--output", "json"), `"awaiting_keys": [`)

	w.mustRun("grantKey", "1", "--to", wendy, "--key", "c0ffee")
	res := w.chain.requests[0]
	r := &res.Request
	r.State, r.GrantedMs, r.Workers, r.DeadlineMs = jobstypes.REQUEST_STATE_EVALUATING, 5000, 1, 70_000
	told = w.mustRun("explain", "1")
	require.Contains(t, told, "or else the client loses both rewards")
	granted := strings.Index(told, "00:00:04.500  the client granted "+wendy+" its key")
	ended := strings.Index(told, "00:00:05.000  grants of keys to workers ended, with 1 worker left in the contract; the time limit of 3000 ms began")
	require.Positive(t, granted, told)
	require.Greater(t, ended, granted, told)

	r.State, r.Outcome, r.AwaitingKeys, r.FinishedMs = jobstypes.REQUEST_STATE_SETTLED, jobstypes.OUTCOME_INPUT_NOT_GRANTED, false, 9000
	r.Challenges = []jobstypes.Challenge{{
		Challenger: wendy, Resolver: "root", Fee: math.NewInt(1), BroughtMs: 8000, Verdict: jobstypes.VERDICT_NOT_GRANTED,
	}}
	r.Payouts = []jobstypes.Payout{
		{Account: wendy, Amount: math.NewInt(1), Reason: jobstypes.ReasonReward},
		{Account: "eve", Amount: math.NewInt(1), Reason: jobstypes.ReasonEvaluation},
	}
	told = w.mustRun("explain", "1")
	require.Contains(t, told, "has ended: whoever judges never got its key")
	require.Contains(t, told, "root could not judge it: the client had granted it no key")
	require.Contains(t, told, "evenly over those who revealed: the client granted no key to judge them")
	require.Contains(t, told, "the evaluator's reward: the client granted no key to judge")
}

func TestExplain(t *testing.T) {
	w := newWorld(t)
	w.register()
	w.mustRun("requestJob", order, "--detach")
	lived(w.chain.requests[0])

	told := w.mustRun("explain", "1")
	require.Contains(t, told, "Request 1 for job 0x1 has ended: a challenge overturned the evaluator's ranking.\n")
	last := -1
	for _, part := range []string{
		"00:00:01.000  ain1", "put down 0 AIN for the chain", "00:00:02.000  an evaluator accepted, with a deposit of 30 AIN",
		"00:00:02.500  wendy accepted as worker, with a bond of 1 AIN", "00:00:03.000  the contract closed with 2 workers",
		"00:00:04.000  wendy committed to a result", "00:00:05.000  wendy revealed it", "00:00:06.000  the evaluation began: 2 of 2 had revealed",
		"00:00:07.000  eve ranked: no result is valid", "00:00:08.000  wendy challenged the ranking for 2 AIN",
		"adam was called on to judge it and stayed silent", "00:00:09.000  root judged otherwise: 1. wendy (score 7)",
		"00:00:09.500  it ended", "by the final ranking and the reward function", "validators and delegators", "nobody", "burned",
	} {
		at := strings.Index(told, part)
		require.Greater(t, at, last, "%q is missing or out of order in\n%s", part, told)
		last = at
	}

	var explained struct {
		Request, Outcome string
		Life             []struct {
			At   string `json:"at_ms"`
			Text string
		}
		Payouts []struct {
			Amount string `json:"amount_uain"`
			Rule   string
		}
	}
	require.NoError(t, json.Unmarshal([]byte(w.mustRun("explain", "1", "--output", "json")), &explained))
	require.Equal(t, "overturned", explained.Outcome)
	require.Len(t, explained.Life, 12)
	require.Equal(t, "9500", explained.Life[11].At)
	require.Len(t, explained.Payouts, 12)
	for _, payout := range explained.Payouts {
		require.NotEmpty(t, payout.Rule)
		require.Equal(t, "1000000", payout.Amount)
	}
}

func TestExplainSaysWhereTheLogIs(t *testing.T) {
	w := newWorld(t)
	w.register()
	w.mustRun("requestJob", order)
	require.NotContains(t, w.mustRun("explain", "1"), "What its program said")
	log := filepath.Join(w.home, "logs", "1-"+strings.Repeat("ab", 32)+".log")
	require.NoError(t, os.MkdirAll(filepath.Dir(log), 0o700))
	require.NoError(t, os.WriteFile(log, []byte("five"), 0o600))
	require.Contains(t, w.mustRun("explain", "1"), "What its program said on this machine, 4 bytes: "+log)
	require.Contains(t, w.mustRun("explain", "1", "--output", "json"), `"digest": "sha256:abab`)
}

// TestExplainTellsOfSegments: what was published, and what of it is run again.
func TestExplainTellsOfSegments(t *testing.T) {
	w := newWorld(t)
	w.register()
	w.mustRun("requestJob", order, "--detach")
	res := w.chain.requests[0]
	lived(res)
	worker := res.Assignments[0].Worker
	answer := &jobstypes.QueryCheckpointsResponse{Checkpoints: jobstypes.Checkpoints{Digests: make([][]byte, 1)}}
	w.chain.checkpoints = map[string]*jobstypes.QueryCheckpointsResponse{worker: answer}
	require.Contains(t, w.mustRun("explain", "1"), worker+" has published 1 checkpoint. Which segments of its work are run again is drawn once all have committed.")

	res.Request.Draw = []byte{0xca, 0xfe}
	answer.Checkpoints.Digests, answer.Drawn = make([][]byte, 7), []uint32{2, 7}
	told := w.mustRun("explain", "1")
	require.Contains(t, told, "The block after that in which reveals began drew cafe.")
	require.Contains(t, told, worker+" has published 7 checkpoints. Of the 8 segments of its work these are run again: 3, 8.")
	var explained struct {
		Draw     string
		Segments []struct {
			Worker      string
			Checkpoints int
			Drawn       []int
		}
	}
	require.NoError(t, json.Unmarshal([]byte(w.mustRun("explain", "1", "--output", "json")), &explained))
	require.Equal(t, "cafe", explained.Draw)
	require.Equal(t, []int{2, 7}, explained.Segments[0].Drawn)
}

// TestRegisterJobByCheckpoint: what the flags say is in the terms.
func TestRegisterJobByCheckpoint(t *testing.T) {
	w := newWorld(t)
	w.register("--verification", "checkpoint", "--deterministic", "--max-checkpoints", "64", "--segments", "8")
	terms := w.chain.sent[len(w.chain.sent)-1].(*jobstypes.MsgRegisterJob).Terms
	require.True(t, terms.ByCheckpoint())
	require.True(t, terms.Deterministic)
	require.EqualValues(t, 64, terms.MaxCheckpoints)
	require.EqualValues(t, 8, terms.Segments)
}

func TestExplainWhatGoesOn(t *testing.T) {
	w := newWorld(t)
	w.register()
	w.mustRun("requestJob", order, "--detach")
	w.chain.requests[0].Request.State = jobstypes.REQUEST_STATE_OPEN
	w.chain.requests[0].Request.WorkerBond = chain.Coin(1_000_000).Amount
	told := w.mustRun("explain", "1")
	require.Contains(t, told, "Request 1 for job 0x1 is open.")
	require.Contains(t, told, "Nothing is paid before it has ended.")
	require.Contains(t, told, "A worker of job 0x1 may accept with 1 AIN in stake, its bond: an empty wallet is not enough.")
	w.chain.requests[0].Request.WorkerBond = math.ZeroInt()
	require.Contains(t, w.mustRun("explain", "1"),
		"A worker of job 0x1 may accept with an empty wallet: there is no bond, and its transactions take the job's room (aind room --job 0x1).")
	_, err := w.run("explain", "7")
	require.ErrorContains(t, err, "no request 7")
}
