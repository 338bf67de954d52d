package simulation_test

import (
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cosmos/gogoproto/proto"
	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/reputation/simulation"
	"github.com/ain-network/aind/x/reputation/types"
)

func event(t *testing.T, e proto.Message) abci.Event {
	t.Helper()
	event, err := sdk.TypedEventToEvent(e)
	require.NoError(t, err)
	return abci.Event(event)
}

// state is what the events below lead to.
func state() types.GenesisState {
	params := types.DefaultParams()
	params.EloK = 10
	score := func(job uint64, owner string, change int64) types.Score {
		s := types.Score{JobId: job, Owner: owner, Earned: math.ZeroInt(), RatingChange: change}
		switch {
		case owner == "root":
			s.ChildrenApproved, s.ChildrenDropped = 2, 1
		case owner == "a":
			s.Accepted, s.Completed, s.Valid, s.Streak, s.ResponseMs, s.ResponseCount, s.Earned = 1, 1, 1, 1, 7, 1, math.NewInt(5)
			if job == 1 {
				s.Metrics = []types.MetricValue{{Field: "loss", Fold: program.METRIC_FOLD_MIN, Value: 3, Count: 2}}
			}
		}
		return s
	}
	worker := []program.Role{program.ROLE_WORKER}
	return types.GenesisState{
		Params: params,
		Nodes: []types.Node{
			{JobId: 1, Owner: "root", Roles: []program.Role{program.ROLE_ADMIN}, Status: types.NODE_STATUS_ACTIVE, Children: 1, HasApproved: true, JoinedMs: 9},
			{JobId: 1, Owner: "a", Parent: "root", Roles: worker, Status: types.NODE_STATUS_ACTIVE},
			{JobId: 1, Owner: "b", Parent: "root", Roles: worker, Status: types.NODE_STATUS_DROPPED},
		},
		Scores: []types.Score{
			score(0, "root", 0), score(1, "root", 0), score(0, "a", 5_000), score(1, "a", 5_000), score(0, "b", -5_000), score(1, "b", -5_000),
		},
	}
}

// The ledger agrees with the state that the events lead to, and with none that differs from it anywhere.
func TestLedgerNoticesEveryDifference(t *testing.T) {
	worker := []program.Role{program.ROLE_WORKER}
	ledger := simulation.NewLedger(types.GenesisState{Params: types.DefaultParams()})
	for _, e := range []proto.Message{
		&types.EventParamsUpdated{Params: state().Params},
		&types.EventTreePlanted{JobId: 1, Root: "root"},
		&types.EventNodeApproved{JobId: 1, Node: "a", Parent: "root", Roles: worker},
		&types.EventNodeApproved{JobId: 1, Node: "a", Parent: "root", Roles: worker}, // more roles, no other child
		&types.EventNodeApproved{JobId: 1, Node: "b", Parent: "root", Roles: worker},
		&types.EventNodeDropped{JobId: 1, Node: "b", Parent: "root", Admin: "root"},
		&types.EventScored{JobId: 1, Owner: "a", Outcome: string(program.OutcomeValid), ResponseMs: 7, Earned: "5"},
		&types.EventPlayed{JobId: 1, Players: []types.Player{{Owner: "a", Place: 1}, {Owner: "b", Place: 2}}},
		&types.EventRated{JobId: 1, Owner: "a", Change: 5_000},
		&types.EventRated{JobId: 1, Owner: "b", Change: -5_000},
		&types.EventMeasured{JobId: 1, Owner: "a", Field: "loss", Fold: program.METRIC_FOLD_MIN, Value: 4, Kept: 4},
		&types.EventMeasured{JobId: 1, Owner: "a", Field: "loss", Fold: program.METRIC_FOLD_MIN, Value: 3, Kept: 3},
	} {
		require.NoError(t, ledger.Read(event(t, e)))
	}
	require.NoError(t, ledger.Compare(state()))

	for name, change := range map[string]func(s *types.GenesisState){
		"counter":       func(s *types.GenesisState) { s.Scores[3].Valid++ },
		"total":         func(s *types.GenesisState) { s.Scores[2].Completed = 0 },
		"streak":        func(s *types.GenesisState) { s.Scores[3].Streak = 2 },
		"metric":        func(s *types.GenesisState) { s.Scores[3].Metrics[0].Value = 4 },
		"rating":        func(s *types.GenesisState) { s.Scores[5].RatingChange++ },
		"earned":        func(s *types.GenesisState) { s.Scores[3].Earned = math.NewInt(6) },
		"missing score": func(s *types.GenesisState) { s.Scores = s.Scores[:5] },
		"status":        func(s *types.GenesisState) { s.Nodes[2].Status = types.NODE_STATUS_LEFT },
		"children":      func(s *types.GenesisState) { s.Nodes[0].Children = 2 },
		"forged":        func(s *types.GenesisState) { s.Nodes[1].Forged = true },
		"missing node":  func(s *types.GenesisState) { s.Nodes = s.Nodes[:2] },
		"params":        func(s *types.GenesisState) { s.Params.EloK++ },
	} {
		other := state()
		change(&other)
		require.Error(t, ledger.Compare(other), name)
	}
	require.Error(t, ledger.Read(event(t, &types.EventScored{JobId: 1, Owner: "a", Outcome: "unheard of", Earned: "0"})))
	require.Error(t, ledger.Read(event(t, &types.EventMeasured{JobId: 1, Owner: "a", Field: "loss", Fold: program.METRIC_FOLD_MIN, Value: 2, Kept: 3})))
}
