package security_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sdkmath "cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"

	"github.com/ain-network/aind/app"
	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// disputed brings a request to where admin owes a verdict on a ranking that leaves w1 out.
func (m *market) disputed() uint64 {
	m.t.Helper()
	id := m.request(winnerTakesAll)
	m.accept(id, "e1", "w1", "w2")
	m.deliver(id, map[string]float32{"w1": right, "w2": wrong})
	m.rank(id, "e1", "w2")
	m.challenge(id, "w1")
	require.Equal(m.t, address("admin"), m.resolver(id))
	return id
}

// resolver is who owes a verdict.
func (m *market) resolver(id uint64) string {
	r := m.get(id)
	return r.Pending().Resolver
}

// decide has admin agree with w1, e1 appeal, and root agree with w1 too.
func (m *market) decide(id uint64) (payouts []jobstypes.Payout, gains map[string]int64) {
	m.t.Helper()
	gains = m.gains(func() {
		m.resolve(id, "admin", "w1")
		m.challenge(id, "e1")
		require.Equal(m.t, address("root"), m.resolver(id))
		m.resolve(id, "root", "w1")
		require.Equal(m.t, jobstypes.OUTCOME_OVERTURNED, m.settle(id))
	})
	return m.get(id).Payouts, gains
}

// Who is in the tree, what the job's newest terms and releases are, and what was voted: a challenge goes on as if none
// of it had happened. Each is held against a challenge during which nothing happened.
func TestApprovalsDropsTermsAndVotesDuringAChallengeChangeNothingInIt(t *testing.T) {
	quiet := newMarket(t)
	want, wantGains := quiet.decide(quiet.disputed())
	for name, happens := range map[string]func(*market){
		"approvals": func(m *market) {
			m.join(program.ROLE_ADMIN, "root", "mallory")
			m.join(program.ROLE_EVALUATOR, "mallory", "hot")
		},
		"drops of the resolver, the evaluator and the workers": func(m *market) {
			for _, name := range []string{"e1", "w1", "w2", "admin"} {
				m.must("root", &reputationtypes.MsgDropNode{Signer: address("root"), JobId: m.job, Node: address(name), Reason: "during a challenge"})
			}
		},
		"nodes that leave": func(m *market) {
			for _, name := range []string{"e1", "w1", "admin"} {
				m.must(name, &reputationtypes.MsgLeaveJob{Signer: address(name), JobId: m.job})
			}
		},
		"new terms, with other fees and windows": func(m *market) {
			terms := registration(m.t).Terms
			terms.ChallengeFee, terms.MinDeposit, terms.InvalidLosesBond = sdkmath.NewInt(7), sdkmath.NewInt(9_999), true
			terms.Bond = &jobstypes.Bond{Amount: sdkmath.NewInt(1)}
			terms.Windows.ChallengeMs, terms.Windows.ResolveMs = 1_000, 1_000
			m.must("root", &jobstypes.MsgUpdateJob{Signer: address("root"), JobId: m.job, Terms: &terms, TreePolicy: &program.TreePolicy{}})
		},
		"the releases revoked": func(m *market) {
			r := m.get(1)
			for _, id := range []uint64{r.WorkerRelease, r.EvaluatorRelease} {
				m.must("root", &jobstypes.MsgRevokeRelease{Signer: address("root"), ReleaseId: id, Reason: "during a challenge"})
			}
		},
		"a new release": func(m *market) {
			m.must("root", &jobstypes.MsgPublishRelease{
				Signer: address("root"), JobId: m.job, Release: released(m.t, registration(m.t).Schema, program.ROLE_EVALUATOR, "2.0.0"),
			})
		},
		"a vote on the params of money": func(m *market) {
			params := jobstypes.DefaultParams()
			params.BurnShareBps, params.ChainShareBps, params.DepositShareBps = 10_000, 10_000, 0
			params.ChallengeLevels, params.ConfirmShareBps, params.BondShareBps = 1, 10_000, 0
			params.DefaultWindows = jobstypes.Windows{
				OpenMs: 500, HiringMs: 500, GrantMs: 500, RevealMs: 500, EvaluationMs: 500, ChallengeMs: 500, ResolveMs: 500,
			}
			m.vote(&jobstypes.MsgUpdateParams{Authority: app.Authority(), Params: params})
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMarket(t)
			id := m.disputed()
			before := m.get(id)
			happens(m)
			require.Equal(t, before, m.get(id), "the request in which the challenge is")
			payouts, gains := m.decide(id)
			require.Equal(t, want, payouts)
			require.Equal(t, wantGains, gains)
		})
	}
}

// vote passes a proposal, in less time than a verdict may take.
func (m *market) vote(msgs ...sdk.Msg) {
	m.t.Helper()
	submit, err := govv1.NewMsgSubmitProposal(
		msgs, sdk.NewCoins(chain.Coin(1_000_000_000)), address("whale"), "", "a vote", "in the middle of a challenge", false)
	require.NoError(m.t, err)
	m.must("whale", submit)
	next, err := m.App.Gov.ProposalID.Peek(m.Context())
	require.NoError(m.t, err)
	result := m.Do(m.Validator(), govv1.NewMsgVote(m.Validator().Address, next-1, govv1.OptionYes, ""))
	require.Zero(m.t, result.Code, result.Log)
	m.wait(3 * time.Second)
	proposal, err := m.App.Gov.Proposals.Get(m.Context(), next-1)
	require.NoError(m.t, err)
	require.Equal(m.t, govv1.StatusPassed, proposal.Status, proposal.FailedReason)
}

// A challenge that nobody is right to bring costs whoever brings it, and nobody else: to grief others is paid for alone.
func TestAChallengeToGriefIsPaidByWhoBringsIt(t *testing.T) {
	peaceful, griefed := newMarket(t), newMarket(t)
	life := func(m *market, grief func(id uint64)) map[string]int64 {
		return m.gains(func() {
			id := m.request(winnerTakesAll)
			m.accept(id, "e1", "w1", "w2")
			m.deliver(id, map[string]float32{"w1": right, "w2": wrong})
			m.rank(id, "e1", "w1", "w2")
			grief(id)
			require.Equal(t, jobstypes.OUTCOME_RANKED, m.settle(id))
		})
	}
	want := life(peaceful, func(uint64) {})
	got := life(griefed, func(id uint64) {
		m := griefed
		m.challenge(id, "w2")
		m.confirm(id, "admin")
		m.challenge(id, "w2")
		m.confirm(id, "root")
		m.refused(jobstypes.ErrState, "w2", &jobstypes.MsgChallenge{Signer: address("w2"), RequestId: id})
	})
	require.Equal(t, int64(-100-200), got["w2"]-want["w2"], "the fees of both levels")
	require.Equal(t, int64(90), got["admin"])
	require.Equal(t, int64(180), got["root"])
	for _, victim := range []string{"e1", "w1", "client"} {
		require.Equal(t, want[victim], got[victim], victim)
	}
}

// Whoever owns the evaluator, the worker that it leaves out, and perhaps the client and the resolver too, has less after
// a challenge of its own than without: deposits and fees cannot be turned around among one's own accounts.
func TestASelfChallengeLosesMoney(t *testing.T) {
	honest := func(m *market) map[string]int64 {
		return m.gains(func() {
			id := m.request(winnerTakesAll)
			m.accept(id, "e1", "w1", "w2")
			m.deliver(id, map[string]float32{"w1": right, "w2": wrong})
			m.rank(id, "e1", "w1")
			require.Equal(t, jobstypes.OUTCOME_RANKED, m.settle(id))
		})
	}(newMarket(t))
	lives := map[string]func(m *market, id uint64){
		"its evaluator leaves its worker out, and is overturned": func(m *market, id uint64) {
			m.rank(id, "e1", "w2")
			m.challenge(id, "w1")
			m.resolve(id, "admin", "w1")
		},
		"its evaluator is overturned and appeals for nothing": func(m *market, id uint64) {
			m.rank(id, "e1", "w2")
			m.challenge(id, "w1")
			m.resolve(id, "admin", "w1")
			m.challenge(id, "e1")
			m.confirm(id, "root")
		},
		"its worker challenges a ranking that is right": func(m *market, id uint64) {
			m.rank(id, "e1", "w2", "w1")
			m.challenge(id, "w1")
			m.confirm(id, "admin")
		},
		"nobody judges": func(m *market, id uint64) {
			m.rank(id, "e1", "w2")
			m.challenge(id, "w1")
		},
	}
	for name, life := range lives {
		t.Run(name, func(t *testing.T) {
			m := newMarket(t)
			gains := m.gains(func() {
				id := m.request(winnerTakesAll)
				m.accept(id, "e1", "w1", "w2")
				m.deliver(id, map[string]float32{"w1": right, "w2": wrong})
				life(m, id)
				m.settle(id)
			})
			for _, league := range [][]string{
				{"e1", "w1"}, {"e1", "w1", "client"}, {"e1", "w1", "admin"}, {"e1", "w1", "w2", "client", "admin", "root"},
			} {
				require.Less(t, together(gains, league...), together(honest, league...), "%v: %v", league, gains)
			}
		})
	}
}

// Who may challenge is settled by the request alone: nobody without a place, and the evaluator not its own ranking.
func TestNobodyWithoutAPlaceChallenges(t *testing.T) {
	m := newMarket(t)
	id := m.request(winnerTakesAll, func(s *jobstypes.RequestSpec) { s.WorkerReward = sdkmath.NewInt(500) })
	m.accept(id, "e1", "w1", "w2")
	m.deliver(id, map[string]float32{"w1": right, "w2": wrong})
	m.rank(id, "e1", "w1", "w2")
	for name, want := range map[string]error{
		"mallory": jobstypes.ErrNoPlace, "w3": jobstypes.ErrNoPlace, "admin": jobstypes.ErrNoPlace,
		"e1": jobstypes.ErrChallenge, "w1": jobstypes.ErrChallenge,
	} {
		m.refused(want, name, &jobstypes.MsgChallenge{Signer: address(name), RequestId: id})
	}
}
