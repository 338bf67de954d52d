package security_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/app"
	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	permissionstypes "github.com/ain-network/aind/x/permissions/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// doings are all that somebody could do about a request, as it would do it itself.
func doings(id uint64, name string) map[string]sdk.Msg {
	self := address(name)
	return map[string]sdk.Msg{
		"cancel":           &jobstypes.MsgCancelRequest{Signer: self, RequestId: id},
		"accept to judge":  acceptance(id, name, program.ROLE_EVALUATOR),
		"accept to work":   acceptance(id, name, program.ROLE_WORKER),
		"resign":           &jobstypes.MsgResign{Signer: self, RequestId: id},
		"reject w1":        &jobstypes.MsgRejectWorker{Signer: self, RequestId: id, Worker: address("w1")},
		"commit":           commitment(id, name, right),
		"reveal":           opening(id, name, right),
		"rank":             &jobstypes.MsgRank{Signer: self, RequestId: id, Ranking: ranking("w1")},
		"rank as unusable": &jobstypes.MsgRank{Signer: self, RequestId: id, InputUnusable: true},
		"challenge":        &jobstypes.MsgChallenge{Signer: self, RequestId: id},
		"give a verdict":   &jobstypes.MsgResolveChallenge{Signer: self, RequestId: id, Ranking: ranking("w1")},
		"confirm":          &jobstypes.MsgResolveChallenge{Signer: self, RequestId: id, Confirm: true},
		"concede":          &jobstypes.MsgAcceptResult{Signer: self, RequestId: id},
	}
}

// possible asks for everybody what the chain would let it do; nothing of it stays.
func (m *market) possible(all func(name string) map[string]sdk.Msg) []string {
	m.t.Helper()
	var possible []string
	for _, name := range people {
		for what, msg := range all(name) {
			if _, err := m.App.MsgServiceRouter().Handler(msg)(m.Context(), msg); err == nil {
				possible = append(possible, name+": "+what)
			}
		}
	}
	return possible
}

// In each state of a request everybody tries everything. What succeeds is this and nothing else.
func TestNobodyActsOutOfTurnOrForSomebodyElse(t *testing.T) {
	m := newMarket(t)
	id := m.request(winnerTakesAll)
	for _, step := range []struct {
		reached jobstypes.RequestState
		may     []string
		then    func()
	}{
		{
			jobstypes.REQUEST_STATE_OPEN,
			[]string{"client: cancel", "e1: accept to judge", "e2: accept to judge", "e3: accept to judge"},
			func() { m.accept(id, "e1", "w1") },
		},
		{
			jobstypes.REQUEST_STATE_RUNNING,
			[]string{"client: reject w1", "w1: resign", "w1: commit", "w2: accept to work", "w3: accept to work", "w4: accept to work"},
			func() { m.must("w2", acceptance(id, "w2", program.ROLE_WORKER)) },
		},
		{
			jobstypes.REQUEST_STATE_RUNNING,
			[]string{"w1: resign", "w1: commit", "w2: resign", "w2: commit"},
			func() { m.must("w1", commitment(id, "w1", right)); m.must("w2", commitment(id, "w2", right)) },
		},
		{
			jobstypes.REQUEST_STATE_REVEALING,
			[]string{"w1: reveal", "w2: reveal"},
			func() { m.must("w1", opening(id, "w1", right)); m.must("w2", opening(id, "w2", right)) },
		},
		{
			jobstypes.REQUEST_STATE_EVALUATING,
			[]string{"e1: rank", "e1: rank as unusable"},
			func() { m.rank(id, "e1", "w2") },
		},
		{
			jobstypes.REQUEST_STATE_RANKED,
			[]string{"client: challenge", "client: concede", "w1: challenge", "w1: concede", "w2: concede"},
			func() { m.challenge(id, "w1") },
		},
		{
			jobstypes.REQUEST_STATE_CHALLENGED,
			[]string{"admin: give a verdict", "admin: confirm"},
			func() { m.resolve(id, "admin", "w1") },
		},
		{
			jobstypes.REQUEST_STATE_RANKED,
			[]string{"client: challenge", "client: concede", "w2: challenge", "w2: concede", "w1: concede", "e1: challenge", "e1: concede"},
			func() { m.settle(id) },
		},
		{jobstypes.REQUEST_STATE_SETTLED, nil, func() {}},
	} {
		require.Equal(t, step.reached, m.get(id).State)
		require.ElementsMatch(t, step.may, m.possible(func(name string) map[string]sdk.Msg { return doings(id, name) }), "%s", step.reached)
		step.then()
	}
}

// The same for a job and its tree: mallory has applied to admin.
func TestNobodyChangesAJobOrATreeThatIsNotItsOwn(t *testing.T) {
	m := newMarket(t)
	application := m.apply(program.ROLE_WORKER, "admin", "mallory")
	m.request() // the releases of which are known
	r := m.get(1)
	terms, schema := registration(t).Terms, registration(t).Schema
	newer := released(t, schema, program.ROLE_WORKER, "2.0.0")
	possible := m.possible(func(name string) map[string]sdk.Msg {
		self := address(name)
		return map[string]sdk.Msg{
			"new terms":       &jobstypes.MsgUpdateJob{Signer: self, JobId: m.job, Terms: &terms},
			"new release":     &jobstypes.MsgPublishRelease{Signer: self, JobId: m.job, Release: newer},
			"revoke":          &jobstypes.MsgRevokeRelease{Signer: self, ReleaseId: r.WorkerRelease, Reason: "no"},
			"approve":         &reputationtypes.MsgApproveNode{Signer: self, ApplicationId: application},
			"reject":          &reputationtypes.MsgRejectApplication{Signer: self, ApplicationId: application, Reason: "no"},
			"withdraw":        &reputationtypes.MsgWithdrawApplication{Signer: self, ApplicationId: application},
			"drop w1":         &reputationtypes.MsgDropNode{Signer: self, JobId: m.job, Node: address("w1"), Reason: "no"},
			"drop e3":         &reputationtypes.MsgDropNode{Signer: self, JobId: m.job, Node: address("e3"), Reason: "no"},
			"drop admin":      &reputationtypes.MsgDropNode{Signer: self, JobId: m.job, Node: address("admin"), Reason: "no"},
			"params":          &jobstypes.MsgUpdateParams{Authority: self, Params: jobstypes.DefaultParams()},
			"params of trees": &reputationtypes.MsgUpdateParams{Authority: self, Params: reputationtypes.DefaultParams()},
			"a rule": &permissionstypes.MsgSetRule{Authority: self, Rule: permissionstypes.Rule{
				TypeUrl: sdk.MsgTypeURL(&jobstypes.MsgAcceptJob{}), Access: permissionstypes.ACCESS_NOBODY,
			}},
		}
	})
	require.ElementsMatch(t, []string{
		"root: new terms", "root: new release", "root: revoke",
		"admin: approve", "admin: reject", "mallory: withdraw",
		"admin: drop w1", "root: drop w1", "root: drop e3", "root: drop admin",
	}, possible)
	authority := &jobstypes.MsgUpdateParams{Authority: app.Authority(), Params: jobstypes.DefaultParams()}
	_, err := m.App.MsgServiceRouter().Handler(authority)(m.Context(), authority)
	require.NoError(t, err, "the vote may")
}
