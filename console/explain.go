package console

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/daemon"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

func newExplain(s *Session) *cobra.Command {
	return &cobra.Command{
		Use:   "explain REQUEST",
		Short: "Tell a request's life, and the rule behind every payment",
		Long: `Tell the life of a request in plain words: who did what when, by the chain's clock, and,
once it has ended, who received what by which rule of the protocol. The chain keeps a
request for a while after its end, an hour unless its params say otherwise. Where a daemon
with the same --home ran a program for it, it says where the program's log is.`,
		Example: "  aind explain 42",
		Args:    cobra.ExactArgs(1),
		RunE:    runs(s.explain),
	}
}

// moment is something that happened in a request.
type moment struct {
	AtMs int64  `json:"at_ms,string"` // of the chain clock
	Text string `json:"text"`
}

type explainedPayout struct {
	payoutOutput
	Rule string `json:"rule"`
}

type explainOutput struct {
	Request uint64 `json:"request,string"`
	State   string `json:"state"`
	Outcome string `json:"outcome,omitempty"`
	// Awaiting are those whose keys the client owes.
	Awaiting []string `json:"awaiting_keys,omitempty"`
	// Draw and Segments say what is run again, where the job verifies by checkpoint.
	Draw     string            `json:"draw,omitempty"`
	Segments []segmentsOutput  `json:"segments,omitempty"`
	Life     []moment          `json:"life"`
	Payouts  []explainedPayout `json:"payouts"`
	// Logs of the programs that this machine ran for it.
	Logs []daemon.KeptLog `json:"logs,omitempty"`
}

// segmentsOutput is what a worker has published of its work, and which of its segments are drawn: none until all have committed.
type segmentsOutput struct {
	Worker      string   `json:"worker"`
	Checkpoints int      `json:"checkpoints"`
	Drawn       []uint32 `json:"drawn"`
}

func (s *Session) explain(ctx context.Context, args []string) error {
	id, err := parseRequestID(args[0])
	if err != nil {
		return err
	}
	res, err := s.request(ctx, id)
	if err != nil {
		return err
	}
	grants, err := s.grantsOf(ctx, res.Request)
	if err != nil {
		return err
	}
	out := explainOutput{
		Request: id, State: stateName(res.Request.State), Life: lifeOf(res.Request, res.Assignments, grants), Payouts: []explainedPayout{},
	}
	if out.Segments, err = s.segmentsOf(ctx, res); err != nil {
		return err
	}
	out.Draw = hex.EncodeToString(res.Request.Draw)
	for _, a := range awaitedOf(res) {
		out.Awaiting = append(out.Awaiting, a.Account)
	}
	if res.Request.IsFinished() {
		out.Outcome = enumName(res.Request.Outcome.String(), "OUTCOME_")
	}
	for _, payout := range res.Request.Payouts {
		out.Payouts = append(out.Payouts, explainedPayout{
			payoutOutput: payoutOutput{Account: payout.Account, Amount: payout.Amount.String(), Reason: payout.Reason},
			Rule:         ruleOf(payout, res.Request),
		})
	}
	if out.Logs, err = daemon.ReadLogs(s.home, id); err != nil {
		return err
	}
	lines := explainLines(out, res.Request)
	for _, log := range out.Logs {
		lines = append(lines, "", fmt.Sprintf("What its program said on this machine, %d bytes: %s", log.Size, log.Path))
	}
	return s.print(out, lines...)
}

// segmentsOf says of each worker what it has published and what is drawn; nothing where the job does not verify by checkpoint.
func (s *Session) segmentsOf(ctx context.Context, res *jobstypes.QueryRequestResponse) ([]segmentsOutput, error) {
	connected, err := s.connected(ctx)
	if err != nil {
		return nil, err
	}
	terms, err := connected.Jobs().Terms(ctx, &jobstypes.QueryTermsRequest{JobId: res.Request.Spec.JobId, Version: res.Request.TermsVersion})
	if err != nil {
		return nil, fmt.Errorf("ask for the terms of request %d: %w", res.Request.Id, err)
	}
	if !terms.Terms.Spec.ByCheckpoint() {
		return nil, nil
	}
	var segments []segmentsOutput
	for _, a := range res.Assignments {
		answer, err := connected.Jobs().Checkpoints(ctx, &jobstypes.QueryCheckpointsRequest{RequestId: res.Request.Id, Worker: a.Worker})
		if err != nil {
			return nil, fmt.Errorf("ask for the checkpoints of %s in request %d: %w", a.Worker, res.Request.Id, err)
		}
		segments = append(segments, segmentsOutput{
			Worker: a.Worker, Checkpoints: len(answer.Checkpoints.Digests), Drawn: append([]uint32{}, answer.Drawn...),
		})
	}
	return segments, nil
}

// segmentsText says it in words. People count from 1.
func segmentsText(s segmentsOutput) string {
	text := fmt.Sprintf("%s has published %s.", s.Worker, count(uint32(s.Checkpoints), "checkpoint"))
	if len(s.Drawn) == 0 {
		return text + " Which segments of its work are run again is drawn once all have committed."
	}
	places := make([]string, len(s.Drawn))
	for i, place := range s.Drawn {
		places[i] = strconv.FormatUint(uint64(place)+1, 10)
	}
	return fmt.Sprintf("%s Of the %s of its work these are run again: %s.", text, count(uint32(s.Checkpoints)+1, "segment"), strings.Join(places, ", "))
}

func explainLines(out explainOutput, request jobstypes.Request) []string {
	lines := []string{fmt.Sprintf("Request %d for job %s is %s.", request.Id, chain.FormatJobID(request.Spec.JobId), out.State)}
	if request.IsFinished() {
		lines[0] = fmt.Sprintf("Request %d for job %s has ended: %s.", request.Id, chain.FormatJobID(request.Spec.JobId), outcomeText(request.Outcome))
	}
	if len(out.Awaiting) > 0 {
		lines = append(lines, fmt.Sprintf("Its data is encrypted: the client owes a key to %s until %s, or else %s.",
			strings.Join(out.Awaiting, ", "), clockText(request.DeadlineMs), elseText(request.State)))
	}
	if out.Draw != "" {
		lines = append(lines, "The block after that in which reveals began drew "+out.Draw+".")
	}
	for _, segments := range out.Segments {
		lines = append(lines, segmentsText(segments))
	}
	if request.State == jobstypes.REQUEST_STATE_OPEN || request.State == jobstypes.REQUEST_STATE_RUNNING && request.ClosedMs == 0 {
		lines = append(lines, newcomerText(request))
	}
	rows := [][]string{{"WHEN", "WHAT"}}
	for _, m := range out.Life {
		rows = append(rows, []string{clockText(m.AtMs), m.Text})
	}
	lines = append(append(lines, ""), table(rows...)...)
	if len(out.Payouts) == 0 {
		return append(lines, "", "Nothing is paid before it has ended.")
	}
	rows = [][]string{{"AIN", "TO", "BY THE RULE"}}
	for i, payout := range request.Payouts {
		rows = append(rows, []string{chain.FormatAmount(payout.Amount), receiver(payout.Account, payout.Reason), out.Payouts[i].Rule})
	}
	return append(append(lines, ""), table(rows...)...)
}

// clockText is a time of the chain clock.
func clockText(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05.000") }

// elseText says what becomes of a request whose client grants no key.
func elseText(state jobstypes.RequestState) string {
	if state == jobstypes.REQUEST_STATE_RUNNING {
		return "who has none is released unharmed, and the request is cancelled if too few are left"
	}
	return "the client loses both rewards: the workers share theirs evenly, and the evaluator has its own"
}

// newcomerText says what who works for a request needs.
func newcomerText(request jobstypes.Request) string {
	job := chain.FormatJobID(request.Spec.JobId)
	if request.WorkerBond.IsPositive() {
		return fmt.Sprintf("A worker of job %s may accept with %s AIN in stake, its bond: an empty wallet is not enough.",
			job, chain.FormatAmount(request.WorkerBond))
	}
	return fmt.Sprintf("A worker of job %s may accept with an empty wallet: there is no bond, and its transactions take the job's room "+
		"(aind room --job %s).", job, job)
}

// lifeOf lists what happened, in its order.
func lifeOf(r jobstypes.Request, assignments []jobstypes.Assignment, grants []jobstypes.Grant) []moment {
	var life []moment
	add := func(at int64, format string, args ...any) {
		if at != 0 {
			life = append(life, moment{at, fmt.Sprintf(format, args...)})
		}
	}
	add(r.RequestedMs, "%s ordered it for %s AIN to the evaluator and %s AIN to the workers, and put down %s AIN for the chain",
		r.Client, chain.FormatAmount(r.Spec.EvaluatorReward), chain.FormatAmount(r.Spec.WorkerReward), chain.FormatAmount(r.ChainShare))
	limit := fmt.Sprintf("the time limit of %d ms began", r.Spec.TimeLimitMs)
	started := fmt.Sprintf("an evaluator accepted, with a deposit of %s AIN", chain.FormatAmount(r.Deposit))
	if r.Spec.SkipEvaluation {
		started = "the first worker accepted, and nobody evaluates"
	}
	if r.Spec.WorkersNeedKeys() {
		add(r.StartedMs, "%s", started)
	} else {
		add(r.StartedMs, "%s; %s", started, limit)
	}
	for _, a := range assignments {
		add(a.AcceptedMs, "%s accepted as worker, with a bond of %s AIN", a.Worker, chain.FormatAmount(r.WorkerBond))
		if len(a.Commitment) == 0 && a.CommittedMs == a.RevealedMs {
			add(a.RevealedMs, "%s sent its result", a.Worker)
			continue
		}
		add(a.CommittedMs, "%s committed to a result", a.Worker)
		add(a.RevealedMs, "%s revealed it", a.Worker)
	}
	if r.Spec.WorkersNeedKeys() {
		add(r.ClosedMs, "the contract closed; the client owed the workers their keys")
		add(r.GrantedMs, "grants of keys to workers ended, with %s left in the contract; %s", count(r.Workers, "worker"), limit)
	} else {
		add(r.ClosedMs, "the contract closed with %s", count(r.Workers, "worker"))
	}
	for _, grant := range grants {
		add(grant.GrantedMs, "the client granted %s its key", grant.Account)
	}
	add(r.EvaluatingMs, "the evaluation began: %d of %d had revealed", r.Revealed, r.Workers)
	for i, silent := range r.Silent {
		add(r.EvaluatingMs, "before that %s, the evaluator of round %d, was silent", silent.Evaluator, i+1)
	}
	add(r.RankedMs, "%s ranked: %s", r.Evaluator, rankingText(r.First()))
	for _, c := range r.Challenges {
		add(c.BroughtMs, "%s challenged the ranking for %s AIN", c.Challenger, chain.FormatAmount(c.Fee))
		for _, silent := range c.Silent {
			add(c.BroughtMs, "%s was called on to judge it and stayed silent", silent)
		}
		if c.Verdict == jobstypes.VERDICT_NOT_GRANTED {
			add(r.FinishedMs, "%s could not judge it: the client had granted it no key", c.Resolver)
		}
		if c.Verdict == jobstypes.VERDICT_OVERTURNED && int(c.Upheld) < len(r.Rankings) {
			add(c.ResolvedMs, "%s judged otherwise: %s", c.Resolver, rankingText(r.Rankings[c.Upheld]))
		} else {
			add(c.ResolvedMs, "%s confirmed the ranking", c.Resolver)
		}
	}
	add(r.FinishedMs, "it ended: %s", outcomeText(r.Outcome))
	slices.SortStableFunc(life, func(a, b moment) int { return int(a.AtMs - b.AtMs) })
	return life
}

func rankingText(ranking jobstypes.Ranking) string {
	if ranking.InputUnusable {
		return "nobody could have used the input"
	}
	if len(ranking.Entries) == 0 {
		return "no result is valid"
	}
	text := ""
	for i, entry := range ranking.Entries {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%d. %s (score %d)", i+1, entry.Node, entry.Score)
	}
	return text
}

// receiver names who got coins, where that is no account too.
func receiver(account, reason string) string {
	switch reason {
	case jobstypes.ReasonChainShare:
		return "validators and delegators"
	case jobstypes.ReasonBurn:
		return "nobody"
	}
	return account
}

// rules are what docs/protocol.md says of each reason for which coins are paid.
var rules = map[string]string{
	jobstypes.ReasonReward:       "a worker's share of the workers' reward, by the final ranking and the reward function",
	jobstypes.ReasonEvaluation:   "the evaluator's reward: its ranking stands",
	jobstypes.ReasonDeposit:      "an evaluator's deposit goes back into its stake",
	jobstypes.ReasonBond:         "a worker's bond goes back into its stake",
	jobstypes.ReasonLostBond:     "a worker that did not deliver loses its bond to the client",
	jobstypes.ReasonSlash:        "a silent evaluator loses a part of its deposit to those who revealed",
	jobstypes.ReasonRefund:       "what was not paid goes back to the client",
	jobstypes.ReasonChainShare:   "the chain's share of the rewards that were paid",
	jobstypes.ReasonChallengeFee: "the fee of a challenge that was right, or that nobody judged, goes back",
	jobstypes.ReasonVerdict:      "the fee of a level, less what is burned, for the verdict that is final",
	jobstypes.ReasonCompensation: "a part of the overturned evaluator's deposit, for those who gain by the final ranking",
	jobstypes.ReasonBurn:         "burned, of fees and of a lost deposit",
}

// withheld is what the rules say where the client kept keys to itself.
var withheld = map[string]string{
	jobstypes.ReasonReward:       "the workers' reward evenly over those who revealed: the client granted no key to judge them",
	jobstypes.ReasonEvaluation:   "the evaluator's reward: the client granted no key to judge",
	jobstypes.ReasonChallengeFee: "the fee of a challenge goes back: the client granted no key to judge it",
	jobstypes.ReasonBurn:         "burned, of the client's own fee: it granted no key to judge its challenge",
}

// ruleOf is the rule behind a payout.
func ruleOf(payout jobstypes.Payout, r jobstypes.Request) string {
	if rule, ok := withheld[payout.Reason]; ok && r.Outcome == jobstypes.OUTCOME_INPUT_NOT_GRANTED {
		return rule
	}
	if payout.Reason == jobstypes.ReasonReward && r.InputUnusable {
		return "the workers' reward evenly over the contract: the input was unusable"
	}
	if payout.Reason == jobstypes.ReasonReward && r.Outcome == jobstypes.OUTCOME_UNEVALUATED {
		return "a worker's share of the workers' reward, by the order of commitment and the reward function"
	}
	if payout.Reason == jobstypes.ReasonReward && r.Outcome == jobstypes.OUTCOME_RELEASE_REVOKED {
		return "the workers' reward evenly over those who revealed: the program was revoked"
	}
	return rules[payout.Reason]
}
