package keeper_test

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/x/jobs/types"
	reputationkeeper "github.com/ain-network/aind/x/reputation/keeper"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// balances says what everybody has more or less than at the start.
func (s *script) balances() string {
	var out strings.Builder
	sum := s.fees()
	for _, name := range append([]string{"client", "root", "a1", "a2"}, s.nodes()...) {
		wallet, stake := s.wallet(name)-s.start[name][0], s.stake(name)-s.start[name][1]
		sum += wallet + stake
		if wallet != 0 || stake != 0 {
			fmt.Fprintf(&out, "%s: wallet %+d, stake %+d\n", name, wallet, stake)
		}
	}
	fmt.Fprintf(&out, "fees: %+d\n", s.fees())
	if burned := s.supply - s.bank.GetSupply(s.ctx, chain.Denom).Amount.Int64(); burned != 0 {
		fmt.Fprintf(&out, "burned: %d\n", burned)
		sum += burned
	}
	fmt.Fprintf(&out, "sum: %d\n", sum)
	return out.String()
}

// scores tells of each name what reputation keeps beside the counts that events show.
func (s *script) scores(names []string) string {
	var out strings.Builder
	query := reputationkeeper.NewQueryServer(s.reputation)
	for _, name := range names {
		response, err := query.Score(s.ctx, &reputationtypes.QueryScoreRequest{JobId: s.job, Owner: s.address(name).String()})
		require.NoError(s.t, err)
		fmt.Fprintf(&out, "%s: rating %d, streak %d", name, response.Rating, response.Score.Streak)
		if n := response.Score.Forged; n > 0 {
			fmt.Fprintf(&out, ", forged %d", n)
		}
		for _, metric := range response.Score.Metrics {
			fmt.Fprintf(&out, ", %s of %s %d over %d", lower(metric.Fold, "METRIC_FOLD_"), metric.Field, metric.Value, metric.Count)
		}
		out.WriteString("\n")
	}
	return out.String()
}

func (s *script) show() string {
	response, err := s.query.Request(s.ctx, &types.QueryRequestRequest{RequestId: s.request})
	if err != nil {
		return s.named(err.Error()) + "\n"
	}
	r := response.Request
	clock, err := s.keeper.Clock(s.ctx)
	require.NoError(s.t, err)
	deadline := "none"
	if r.DeadlineMs != 0 {
		deadline = fmt.Sprintf("%d ms", r.DeadlineMs-clock.NowMs)
	}
	waits := ""
	if r.AwaitingKeys {
		waits = " and waits for keys"
	}
	return fmt.Sprintf("%s%s, deadline in %s, %d workers, %d committed, %d revealed\n",
		lower(r.State, "REQUEST_STATE_"), waits, deadline, r.Workers, r.Committed, r.Revealed)
}

// granted lists who has a key of the request.
func (s *script) granted() string {
	response, err := s.query.Grants(s.ctx, &types.QueryGrantsRequest{RequestId: s.request})
	if err != nil {
		return s.named(err.Error()) + "\n"
	}
	var out strings.Builder
	for _, grant := range response.Grants {
		fmt.Fprintf(&out, "%s: %s\n", s.named(grant.Account), grant.Key)
	}
	return out.String()
}

// segments says what each has published, and what of it is drawn.
func (s *script) segments(names []string) string {
	var out strings.Builder
	for _, name := range names {
		c, err := s.published(name)
		if err != nil {
			out.WriteString(s.named(err.Error()) + "\n")
			continue
		}
		fmt.Fprintf(&out, "%s: %d checkpoints, drawn %v\n", name, len(c.Checkpoints.Digests), c.Drawn)
	}
	return out.String()
}

// named puts names where addresses stand.
func (s *script) named(text string) string {
	for address, name := range s.names {
		text = strings.ReplaceAll(text, address, name)
	}
	return text
}

// events says in one line each what the last block's typed events tell.
func (s *script) events() string {
	var out strings.Builder
	for _, event := range s.ctx.EventManager().ABCIEvents() {
		if !strings.HasPrefix(event.Type, "ain.jobs.") && event.Type != "ain.reputation.v1.EventScored" {
			continue
		}
		message, err := sdk.ParseTypedEvent(event)
		require.NoError(s.t, err)
		if line := s.line(message); line != "" {
			out.WriteString(s.named(line) + "\n")
		}
	}
	return out.String()
}

func (s *script) line(event any) string {
	switch e := event.(type) {
	case *types.EventJobRegistered:
		if e.ForkedFrom != 0 {
			return fmt.Sprintf("job %d of %s, forked from %d", e.JobId, e.Root, e.ForkedFrom)
		}
		return ""
	case *types.EventReleasePublished:
		if e.Version == "1.0.0" {
			return ""
		}
		return fmt.Sprintf("release %d of %s: %s", e.ReleaseId, lower(e.Role, "ROLE_"), e.Version)
	case *types.EventReleaseRevoked:
		return fmt.Sprintf("release %d of %s revoked", e.ReleaseId, lower(e.Role, "ROLE_"))
	case *types.EventJobUpdated:
		return fmt.Sprintf("job %d has terms %d", e.JobId, e.TermsVersion)
	case *types.EventJobRequested:
		return fmt.Sprintf("request %d of %s", e.RequestId, e.Client)
	case *types.EventJobAccepted:
		return fmt.Sprintf("%s accepted as %s", e.Node, lower(e.Role, "ROLE_"))
	case *types.EventWorkerResigned:
		return fmt.Sprintf("%s resigned, contract closed: %t", e.Worker, e.Closed)
	case *types.EventWorkerRejected:
		return e.Worker + " rejected"
	case *types.EventContractClosed:
		return fmt.Sprintf("contract closed with %d workers", e.Workers)
	case *types.EventKeysAwaited:
		return fmt.Sprintf("keys awaited for %s", lower(e.Role, "ROLE_"))
	case *types.EventKeyGranted:
		return fmt.Sprintf("%s was granted a key as %s", e.Account, lower(e.Role, "ROLE_"))
	case *types.EventWorkerReleased:
		return e.Worker + " released without a key"
	case *types.EventGrantsEnded:
		return fmt.Sprintf("grants ended with %d workers", e.Workers)
	case *types.EventCheckpointsPublished:
		return fmt.Sprintf("%s has %d checkpoints", e.Worker, e.Checkpoints)
	case *types.EventSegmentsDrawn:
		return fmt.Sprintf("segments drawn, %x", e.Draw[:4])
	case *types.EventResultSubmitted:
		return e.Worker + " committed"
	case *types.EventRevealStarted:
		return fmt.Sprintf("revealing, %d committed", e.Committed)
	case *types.EventResultRevealed:
		return e.Worker + " revealed"
	case *types.EventEvaluationStarted:
		return fmt.Sprintf("%s evaluates %d revealed", e.Evaluator, e.Revealed)
	case *types.EventRanked:
		return e.Evaluator + " ranked:" + ranking(e.Ranking, e.InputUnusable)
	case *types.EventChallenged:
		return fmt.Sprintf("%s challenged at level %d for %s, %s resolves", e.Challenger, e.Level, e.Fee, e.Resolver)
	case *types.EventResolverSilent:
		if e.Next == "" {
			return fmt.Sprintf("%s was silent, nobody is left", e.Resolver)
		}
		return fmt.Sprintf("%s was silent, %s resolves", e.Resolver, e.Next)
	case *types.EventChallengeResolved:
		line := fmt.Sprintf("%s: %s, what stands:", e.Resolver, lower(e.Verdict, "VERDICT_")) + ranking(e.Ranking, e.InputUnusable)
		if len(e.Forged) > 0 {
			line += "; forged: " + strings.Join(e.Forged, " ")
		}
		return line
	case *types.EventEvaluatorSilent:
		return fmt.Sprintf("%s was silent in round %d", e.Evaluator, e.Round)
	case *types.EventRequestReopened:
		return fmt.Sprintf("reopened for round %d", e.Round)
	case *types.EventResultAccepted:
		return e.Account + " conceded"
	case *types.EventRequestSettled:
		return "SETTLED " + lower(e.Outcome, "OUTCOME_") + payouts(e.Payouts)
	case *types.EventRequestCancelled:
		return "CANCELLED " + lower(e.Outcome, "OUTCOME_") + payouts(e.Payouts)
	case *types.EventRequestRemoved:
		return fmt.Sprintf("request %d removed", e.RequestId)
	case *types.EventSweepFailed:
		return fmt.Sprintf("request %d postponed", e.RequestId)
	case *types.EventParamsUpdated:
		return fmt.Sprintf("params version %d", e.Version)
	case *reputationtypes.EventScored:
		return fmt.Sprintf("  score of %s: %s, %s ms, earned %s", e.Owner, e.Outcome, strconv.FormatUint(e.ResponseMs, 10), e.Earned)
	}
	return fmt.Sprintf("unknown event %T", event)
}

func ranking(entries []types.RankEntry, unusable bool) string {
	line := ""
	for _, entry := range entries {
		line += fmt.Sprintf(" %s %d", entry.Node, entry.Score)
	}
	if unusable {
		line = " input unusable"
	}
	return line
}

func payouts(list []types.Payout) string {
	var out strings.Builder
	for _, p := range list {
		account := p.Account
		if account == "" {
			account = "chain"
		}
		fmt.Fprintf(&out, "\n  %s %s %s", account, p.Amount, p.Reason)
	}
	return out.String()
}

func lower(value fmt.Stringer, prefix string) string {
	return strings.ToLower(strings.TrimPrefix(value.String(), prefix))
}
