package console

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cosmossdk.io/math"
	"github.com/spf13/cobra"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/client"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// Values of --accept.
const (
	acceptAuto = "auto"
	acceptAsk  = "ask"
	acceptWait = "wait"
)

const (
	// pollRequest is how often a request is asked for without a wake-up.
	pollRequest = time.Second
	// maxShown bounds a result that is fetched to be shown, in bytes.
	maxShown = 1 << 20
	// stillEvery is how often a person is told that nothing changed.
	stillEvery = 10 * time.Second
)

// following is how a request is waited for.
type following struct {
	accept string
	detach bool
}

func (f following) validate() error {
	if !slices.Contains([]string{acceptAuto, acceptAsk, acceptWait}, f.accept) {
		return badInputf("accept: %q is neither auto, ask nor wait", f.accept)
	}
	return nil
}

// follow waits for a request: prints the result when it is ranked, accepts it as told, and prints the payments when they
// are made. ErrNoResult says that there is none.
func (s *Session) follow(ctx context.Context, id uint64, schema *jobstypes.Schema, f following) error {
	if f.detach {
		return s.print(requestIDOutput{Request: id}, fmt.Sprintf("Request %d is under way; `aind requests %d` shows it.", id, id))
	}
	view := requestView{id: id, schema: schema}
	decided := false
	err := s.watchRequest(ctx, id, func(res *jobstypes.QueryRequestResponse) (bool, error) {
		s.report(&view, res)
		s.grantWhileWaiting(ctx, &view, res)
		if res.Request.State == jobstypes.REQUEST_STATE_RANKED && !decided {
			decided = true
			if err := s.showResult(ctx, &view, res); err != nil {
				return false, err
			}
			if err := s.decide(ctx, res.Request, f.accept); err != nil {
				return false, err
			}
		}
		return res.Request.IsFinished(), nil
	})
	if err != nil {
		s.progress("request %d goes on without you; `aind requests %d` shows it", id, id)
		return err
	}
	if err := s.showResult(ctx, &view, view.last); err != nil {
		return err
	}
	return s.printEnd(&view)
}

// requestView is what of a request was shown already.
type requestView struct {
	id     uint64
	schema *jobstypes.Schema
	last   *jobstypes.QueryRequestResponse
	shown  bool
	result *reply
	told   time.Time // when something was reported last
	failed string    // the last thing that went wrong with granting keys
}

// watchRequest calls seen with the request whenever it may have changed, until seen says that it is done.
func (s *Session) watchRequest(ctx context.Context, id uint64, seen func(*jobstypes.QueryRequestResponse) (bool, error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	name := strconv.FormatUint(id, 10)
	wakes := s.chain.Watch(ctx,
		client.OnTx(&jobstypes.EventJobAccepted{}, "request_id", name),
		client.OnTx(&jobstypes.EventKeysAwaited{}, "request_id", name),
		client.OnBlock(&jobstypes.EventKeysAwaited{}, "request_id", name),
		client.OnTx(&jobstypes.EventRanked{}, "request_id", name),
		client.OnTx(&jobstypes.EventRequestSettled{}, "request_id", name),
		client.OnBlock(&jobstypes.EventRequestSettled{}, "request_id", name),
		client.OnBlock(&jobstypes.EventRequestCancelled{}, "request_id", name),
	)
	poll := time.NewTicker(pollRequest)
	defer poll.Stop()
	for {
		res, err := s.chain.Jobs().Request(ctx, &jobstypes.QueryRequestRequest{RequestId: id})
		if err != nil {
			return fmt.Errorf("ask for request %d: %w", id, err)
		}
		done, err := seen(res)
		if done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wakes:
		case <-poll.C:
		}
	}
}

// report tells what changed since the last look.
func (s *Session) report(view *requestView, res *jobstypes.QueryRequestResponse) {
	before := jobstypes.Request{}
	if view.last != nil {
		before = view.last.Request
	}
	now := res.Request
	view.last = res
	if now.Evaluator != "" && now.Evaluator != before.Evaluator {
		s.progress("request %d: evaluator %s accepted", now.Id, now.Evaluator)
	}
	if now.Workers != before.Workers {
		s.progress("request %d: %s in the contract", now.Id, count(now.Workers, "worker"))
	}
	if now.Committed != before.Committed {
		s.progress("request %d: %d of %d committed a result", now.Id, now.Committed, now.Workers)
	}
	if now.Revealed != before.Revealed {
		s.progress("request %d: %d of %d revealed a result", now.Id, now.Revealed, now.Workers)
	}
	switch {
	case now.State != before.State:
		s.progress("request %d: %s", now.Id, stateName(now.State))
		view.told = time.Now()
	case time.Since(view.told) > stillEvery:
		s.progress("request %d: still %s", now.Id, stateName(now.State))
		view.told = time.Now()
	}
}

// best is whose result is printed: the best ranked, or, where nobody evaluates, the first that was committed to; empty:
// there is none.
func best(res *jobstypes.QueryRequestResponse) string {
	if len(res.Request.Ranking) > 0 {
		return res.Request.Ranking[0].Node
	}
	if res.Request.Outcome != jobstypes.OUTCOME_UNEVALUATED {
		return ""
	}
	first := jobstypes.Assignment{}
	for _, a := range res.Assignments {
		if a.HasRevealed() && (first.Worker == "" || a.CommitOrder < first.CommitOrder) {
			first = a
		}
	}
	return first.Worker
}

// showResult prints the best result, once.
func (s *Session) showResult(ctx context.Context, view *requestView, res *jobstypes.QueryRequestResponse) error {
	best := best(res)
	if view.shown || best == "" {
		return nil
	}
	view.shown = true
	for _, assignment := range res.Assignments {
		if assignment.Worker != best || assignment.Result == nil {
			continue
		}
		content, err := s.openResult(ctx, res.Request.Spec, *assignment.Result)
		if err != nil {
			// The ranking stands and coins are moving: that the result cannot be shown must not stop the rest.
			s.progress("request %d: the result cannot be shown: %s", view.id, err)
			return nil
		}
		decoded, err := decodeReply(view.schema.WorkerOutput(), content)
		if err != nil {
			s.progress("request %d: the result cannot be shown: %s", view.id, err)
			return nil
		}
		view.result = &decoded
		if s.isJSON() {
			return nil // part of what is printed at the end
		}
		return s.print(nil, decoded.lines...)
	}
	return nil
}

// grantWhileWaiting grants what is due of a request that this session waits for. What goes wrong is told once, and tried again with the
// next look.
func (s *Session) grantWhileWaiting(ctx context.Context, view *requestView, res *jobstypes.QueryRequestResponse) {
	granted, err := s.grantDue(ctx, res)
	if errors.Is(err, errNoKeys) { // it was encrypted before, by its client's own means
		err = fmt.Errorf("grant it with `aind grantKey %d`", view.id)
	}
	switch {
	case err != nil && ctx.Err() == nil && view.failed != err.Error():
		view.failed = err.Error()
		s.progress("request %d: no key granted: %s", view.id, err)
	case len(granted) > 0:
		s.progress("request %d: granted keys to %s", view.id, strings.Join(granted, ", "))
	}
}

// decide accepts the result or leaves it.
func (s *Session) decide(ctx context.Context, request jobstypes.Request, accept string) error {
	if accept == acceptWait || request.ClientConceded {
		return nil
	}
	if accept == acceptAsk {
		yes, err := s.ask("Accept this result?", true)
		if err != nil || !yes {
			return err
		}
	}
	key, err := s.signer()
	if err != nil {
		return err
	}
	_, err = s.chain.Do(ctx, key, &jobstypes.MsgAcceptResult{Signer: key.Address().String(), RequestId: request.Id})
	var refused *client.TxError
	if errors.As(err, &refused) {
		// It may be settled or accepted meanwhile; what comes next shows which.
		s.progress("request %d: not accepted: %s", request.Id, err)
		return nil
	}
	return err
}

type requestIDOutput struct {
	Request uint64 `json:"request,string"`
}

// printEnd prints who received what.
func (s *Session) printEnd(view *requestView) error {
	out := newRequestOutput(view.last.Request, view.last.Assignments)
	if view.result != nil {
		out.Result = view.result.json
	}
	if err := s.print(out, endLines(view.last.Request)...); err != nil {
		return err
	}
	if best(view.last) == "" {
		return fmt.Errorf("%w: request %d ended: %s", ErrNoResult, view.id, outcomeText(view.last.Request.Outcome))
	}
	return nil
}

// endLines say how a request ended, in the paper's words where it was ranked.
func endLines(request jobstypes.Request) []string {
	var evaluator, workers, rest []string
	for _, payee := range payees(request) {
		switch text := fmt.Sprintf("(%s) received %s", payee.account, chain.FormatAmount(payee.amount)); payee.reason {
		case jobstypes.ReasonEvaluation:
			evaluator = append(evaluator, "Evaluator "+text)
		case jobstypes.ReasonReward, jobstypes.ReasonSlash:
			workers = append(workers, "worker "+text)
		case jobstypes.ReasonRefund, jobstypes.ReasonLostBond:
			rest = append(rest, fmt.Sprintf("%s AIN (%s) went to %s.", chain.FormatAmount(payee.amount), enumName(payee.reason, ""), payee.account))
		}
	}
	lines := []string{fmt.Sprintf("Total %s participated.", count(request.Workers, "worker"))}
	if paid := append(evaluator, workers...); len(paid) > 0 {
		lines[0] += " " + capitalize(strings.Join(paid, ", ")) + "."
	}
	if len(request.Ranking) == 0 {
		lines = append(lines, rest...)
	}
	return lines
}

type payee struct {
	account, reason string
	amount          math.Int
}

// payees joins the payouts to one account for one reason.
func payees(request jobstypes.Request) []payee {
	var joined []payee
	for _, payout := range request.Payouts {
		at := slices.IndexFunc(joined, func(p payee) bool { return p.account == payout.Account && p.reason == payout.Reason })
		if at < 0 {
			joined = append(joined, payee{account: payout.Account, reason: payout.Reason, amount: payout.Amount})
			continue
		}
		joined[at].amount = joined[at].amount.Add(payout.Amount)
	}
	return joined
}

// outcomes say in words how a request ended.
var outcomes = map[jobstypes.Outcome]string{
	jobstypes.OUTCOME_RANKED:                    "it was ranked and paid",
	jobstypes.OUTCOME_OVERTURNED:                "a challenge overturned the evaluator's ranking",
	jobstypes.OUTCOME_NOBODY_VALID:              "no result was valid",
	jobstypes.OUTCOME_INPUT_UNUSABLE:            "the evaluator says that the input is unusable",
	jobstypes.OUTCOME_NOTHING_REVEALED:          "no worker revealed a result (give it more time, or check the input)",
	jobstypes.OUTCOME_SILENT:                    "no evaluator ranked the results in time",
	jobstypes.OUTCOME_CANCELLED_BY_CLIENT:       "it was cancelled",
	jobstypes.OUTCOME_CANCELLED_NO_EVALUATOR:    "no evaluator accepted it (offer more, or see `aind stats`)",
	jobstypes.OUTCOME_CANCELLED_TOO_FEW_WORKERS: "too few workers accepted it (offer more, ask for fewer, or see `aind stats`)",
	jobstypes.OUTCOME_CANCELLED_NO_KEY_GRANTED:  "no key was granted to the workers",
	jobstypes.OUTCOME_CANCELLED_RELEASE_REVOKED: "the job's program was revoked",
	jobstypes.OUTCOME_INPUT_NOT_GRANTED:         "whoever judges never got its key",
	jobstypes.OUTCOME_UNEVALUATED:               "it was paid by the order of commitment; nobody evaluated it",
	jobstypes.OUTCOME_RELEASE_REVOKED:           "the job's program was revoked after some results were there; they were paid evenly",
}

func outcomeText(outcome jobstypes.Outcome) string {
	if text, ok := outcomes[outcome]; ok {
		return text
	}
	return enumName(outcome.String(), "OUTCOME_")
}

// requestVerb is a verb that sends one message about a request.
func requestVerb(s *Session, name, short, long string, build func(signer string, id uint64) (sdk.Msg, string)) *cobra.Command {
	return &cobra.Command{
		Use:     name + " REQUEST",
		Short:   short,
		Long:    long,
		Example: "  aind " + name + " 42",
		Args:    cobra.ExactArgs(1),
		RunE: runs(func(ctx context.Context, args []string) error {
			id, err := parseRequestID(args[0])
			if err != nil {
				return err
			}
			connected, key, err := s.chainAndKey(ctx)
			if err != nil {
				return err
			}
			if _, err := s.request(ctx, id); err != nil {
				return err
			}
			msg, text := build(key.Address().String(), id)
			if _, err := connected.Do(ctx, key, msg); err != nil {
				return err
			}
			return s.print(requestIDOutput{Request: id}, fmt.Sprintf(text, id))
		}),
	}
}

func parseRequestID(text string) (uint64, error) {
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil || id == 0 {
		return 0, badInputf("request: %q is no request's number (as in `aind requests`)", text)
	}
	return id, nil
}
