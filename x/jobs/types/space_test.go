package types_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/x/jobs/types"
)

func TestWhatIsNamedIsReadByThoseWhoMay(t *testing.T) {
	in := func(space uint64, digest string) *types.Reference {
		return &types.Reference{Space: space, Digest: digest}
	}
	r := types.Request{
		Client: "client", Evaluator: "evaluator", Ancestors: []string{"admin", "root"}, State: types.REQUEST_STATE_EVALUATING,
		Spec: types.RequestSpec{
			Input:          types.Input{Reference: in(1, "input"), Files: []types.NamedReference{{Name: "a", Reference: *in(2, "file")}}},
			EvaluatorInput: &types.Input{Reference: in(1, "judges")},
		},
		Evidence:   in(5, "verdict"),
		Rankings:   []types.Ranking{{Evidence: in(3, "first")}, {Evidence: in(5, "verdict")}},
		Challenges: []types.Challenge{{Challenger: "late", Resolver: "admin", Evidence: in(4, "proof"), VerdictEvidence: in(5, "verdict")}},
	}
	assignments := []types.Assignment{
		{Worker: "worker", Result: &types.Result{Reference: in(6, "result"), Files: []types.NamedReference{{Name: "out", Reference: *in(6, "out")}}}}, {Worker: "left", Resigned: true}, {Worker: "late"},
		{Worker: "inline", Result: &types.Result{}},
	}
	everybody := []string{"client", "evaluator", "admin", "root", "worker", "late"}
	readers := func(space uint64, digest string) (may []string) {
		for _, account := range append(everybody, "left", "stranger", "") {
			if len(r.Reads(assignments, space, digest, account)) > 0 {
				may = append(may, account)
			}
		}
		return may
	}
	contract := everybody[1:]
	judges := everybody[1:4]
	open := map[types.RequestState]bool{types.REQUEST_STATE_OPEN: true, types.REQUEST_STATE_RUNNING: true, types.REQUEST_STATE_REVEALING: true}
	for number := range types.RequestState_name {
		r.State = types.RequestState(number)
		cancelled := r.State == types.REQUEST_STATE_CANCELLED
		want := func(who []string, closed bool) []string {
			if cancelled || closed && open[r.State] {
				return nil
			}
			return who
		}
		require.Equal(t, want(contract, false), readers(1, "input"), r.State)
		require.Equal(t, want(contract, false), readers(2, "file"), r.State)
		require.Equal(t, want(judges, true), readers(1, "judges"), r.State)
		for digest, space := range map[string]uint64{"first": 3, "proof": 4, "verdict": 5, "result": 6} {
			require.Equal(t, want(everybody, true), readers(space, digest), "%s: %s", r.State, digest)
			require.Empty(t, readers(space+1, digest))
		}
		require.Equal(t, want(everybody, true), readers(6, "out"), r.State)
	}
	require.Equal(t, []types.Reference{
		*in(1, "input"), *in(2, "file"), *in(1, "judges"), *in(6, "result"), *in(6, "out"), *in(3, "first"), *in(4, "proof"), *in(5, "verdict"),
	}, r.InSpaces(assignments))
	r.State = types.REQUEST_STATE_SETTLED
	for digest, want := range map[string]string{
		"input": "client", "file": "client", "judges": "client", "first": "evaluator", "proof": "late", "verdict": "admin", "result": "worker", "out": "worker",
	} {
		space := map[string]uint64{"input": 1, "file": 2, "judges": 1, "first": 3, "proof": 4, "verdict": 5, "result": 6, "out": 6}[digest]
		require.Equal(t, []string{want}, r.Reads(assignments, space, digest, "root"), digest)
	}
	r.Spec.Input.Reference = in(6, "result")
	require.Equal(t, []string{"client", "worker"}, r.Reads(assignments, 6, "result", "root"), "all who have named it")
	r.Spec.Input.Reference = in(1, "input")
	r.Spec.Input.Reference.Space, r.Spec.EvaluatorInput = 0, nil
	require.Len(t, r.InSpaces(nil), 4)
	require.Equal(t, []uint64{2, 3, 4, 5, 6, 8, 9}, r.NamedSpaces(append(assignments, types.Assignment{Space: 9}), []types.Checkpoints{{Space: 8}, {}}))
}

func TestStatesAreReadUntilTheRequestIsOver(t *testing.T) {
	r := types.Request{
		Client: "client", Evaluator: "evaluator", Ancestors: []string{"admin", "root"}, Spaces: []uint64{7},
		Silent:     []types.SilentEvaluator{{Evaluator: "silent"}},
		Challenges: []types.Challenge{{Challenger: "worker", Resolver: "admin", Silent: []string{"asleep"}}},
	}
	for number := range types.RequestState_name {
		r.State = types.RequestState(number)
		var may []string
		for _, account := range []string{"client", "evaluator", "silent", "admin", "asleep", "root", "worker", ""} {
			require.False(t, r.ReadsStates(8, account))
			if r.ReadsStates(7, account) {
				may = append(may, account)
			}
		}
		switch r.State {
		case types.REQUEST_STATE_OPEN, types.REQUEST_STATE_RUNNING, types.REQUEST_STATE_REVEALING, types.REQUEST_STATE_SETTLED, types.REQUEST_STATE_CANCELLED:
			require.Empty(t, may, r.State)
		default:
			require.Equal(t, []string{"evaluator", "admin", "asleep"}, may, r.State)
		}
	}
}

func TestRequestsEndByTheirLastWindow(t *testing.T) {
	w := types.Windows{OpenMs: 1, HiringMs: 10, GrantMs: 100, RevealMs: 1_000, EvaluationMs: 10_000, ChallengeMs: 100_000, ResolveMs: 1_000_000}
	p := types.Params{EvaluationRounds: 3}
	r := types.Request{RequestedMs: 20_000_000, Spec: types.RequestSpec{TimeLimitMs: 30_000_000}}
	require.EqualValues(t, 50_000_000+131_003, r.EndsBy(p, w))
	require.EqualValues(t, 5+1_100_000, r.JudgedBy(5, w))
	r.Ancestors, r.Level = []string{"a", "b", "c"}, 1
	require.EqualValues(t, 5+3*1_100_000, r.JudgedBy(5, w))
	r.Spec.EvaluatorInput = &types.Input{}
	require.EqualValues(t, 50_000_000+131_303, r.EndsBy(p, w))
	require.EqualValues(t, 5+3*1_100_100, r.JudgedBy(5, w))
	r.Spec.GrantKeys = true
	require.EqualValues(t, 50_000_000+131_413, r.EndsBy(p, w))
	r.Spec.SkipEvaluation = true
	require.EqualValues(t, 50_000_000+1_111, r.EndsBy(p, w))
}

func TestSpacesOfAGenesisAreThoseThatAreNamed(t *testing.T) {
	state := func(spaces ...uint64) types.GenesisState {
		g := *types.DefaultGenesis()
		g.NextRequestId = 2
		g.Requests = []types.Request{{
			Id: 1, ParamsVersion: 1, Spaces: spaces,
			Spec: types.RequestSpec{Input: types.Input{Reference: &types.Reference{Space: 7}}}, Evidence: &types.Reference{Space: 3},
			Rankings: []types.Ranking{{Evidence: &types.Reference{Space: 3}}},
		}}
		g.Assignments = []types.Assignment{{RequestId: 1, Worker: "worker", Space: 4}}
		g.Checkpoints = []types.Checkpoints{{RequestId: 1, Worker: "worker", Space: 5}}
		return g
	}
	for _, c := range []struct {
		spaces []uint64
		says   string
	}{
		{[]uint64{3, 4, 5, 7}, ""},
		{[]uint64{7, 5, 4, 3}, ""},
		{[]uint64{7}, "genesis: request 1: spaces [7] are listed, [3 4 5 7] are named"},
		{[]uint64{3, 4, 5, 7, 7}, "genesis: request 1: spaces [3 4 5 7 7] are listed, [3 4 5 7] are named"},
		{[]uint64{3, 4, 5, 7, 8}, "genesis: request 1: spaces [3 4 5 7 8] are listed, [3 4 5 7] are named"},
	} {
		err := types.ValidateSpaces(state(c.spaces...))
		if c.says == "" {
			require.NoError(t, err)
			continue
		}
		require.EqualError(t, err, c.says)
	}
}
