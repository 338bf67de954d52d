// Package simulation draws allocations to jobs and the params of room from the module's state, for tests/sim.
//
// Everybody's base is wide, since the runner sends what its accounts cannot know to have room for; jobs' rooms are not,
// and fill up.
//
// Invariants and trust are those of the package simulation at the top of the tree.
package simulation

import (
	"github.com/cosmos/cosmos-sdk/testutil/simsx"
	"github.com/cosmos/cosmos-sdk/types/module"

	"github.com/ain-network/aind/simulation"
	"github.com/ain-network/aind/x/bandwidth/keeper"
	"github.com/ain-network/aind/x/bandwidth/types"
)

// NewModule is what the runner draws from the keeper's state.
func NewModule(k *keeper.Keeper, reputation types.ReputationKeeper, jobs types.JobsKeeper) simulation.Module {
	r := roots{rooms: keeper.NewQueryServer(k), reputation: reputation, jobs: jobs}
	return simulation.Module{
		Genesis:  genesis,
		Messages: []simulation.Weighted{{Name: "ain_allocate_to_job", Weight: 24, Factory: simulation.Message(r.allocate)}},
		Proposals: []simulation.Weighted{
			{Name: "ain_bandwidth_params", Weight: 50, Factory: simulation.Proposal(updateParams)},
		},
	}
}

func genesis(state *module.SimulationState) {
	genesis := types.DefaultGenesis()
	genesis.Params = randomParams(simsx.NewXRand(state.Rand))
	state.GenState[types.ModuleName] = state.Cdc.MustMarshalJSON(genesis)
}

func updateParams(d *simulation.Draw, authority string) *types.MsgUpdateParams {
	return &types.MsgUpdateParams{Authority: authority, Params: randomParams(d.XRand)}
}

// randomParams have windows of a few blocks, and rooms of jobs from too small for one transaction to hundreds.
func randomParams(r *simsx.XRand) types.Params {
	p := types.OpenParams()
	p.WindowMs = simulation.Blocks(r, 1, 10)
	p.PerAin = types.Room{Bytes: r.Uint64InRange(1, 1_000), Gas: r.Uint64InRange(1, 1_000_000)}
	p.AccountBps = r.Uint32InRange(1, 10_001)
	p.ApplicantsBps = r.Uint32InRange(1, 10_001)
	return p
}
