// Package simulation draws the messages about providers and spaces from the module's state, for tests/sim.
//
// Invariants and trust are those of the package simulation at the top of the tree.
package simulation

import (
	"context"

	"cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/testutil/simsx"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"

	"github.com/ain-network/aind/simulation"
	"github.com/ain-network/aind/x/storage/keeper"
	"github.com/ain-network/aind/x/storage/types"
)

// Stakes tells what an owner can pay with by its operator.
type Stakes interface {
	Stake(ctx context.Context, owner sdk.AccAddress) (math.Int, error)
}

// NewModule is what the runner draws from the keeper's state.
func NewModule(k *keeper.Keeper, reputation types.ReputationKeeper, jobs types.JobsKeeper, stakes Stakes) simulation.Module {
	m := market{keeper: k, reputation: reputation, jobs: jobs, stakes: stakes}
	return simulation.Module{
		Genesis: genesis,
		Messages: []simulation.Weighted{
			{Name: "ain_register_provider", Weight: 12, Factory: message(m, registerProvider)},
			{Name: "ain_reserve_space", Weight: 24, Factory: message(m, reserveSpace)},
			{Name: "ain_extend_space", Weight: 16, Factory: message(m, extendSpace)},
			{Name: "ain_set_access", Weight: 12, Factory: message(m, setAccess)},
			{Name: "ain_publish_folder", Weight: 8, Factory: message(m, publishFolder)},
			{Name: "ain_release_space", Weight: 8, Factory: message(m, releaseSpace)},
		},
		Proposals: []simulation.Weighted{
			{Name: "ain_storage_params", Weight: 30, Factory: simulation.Proposal(updateParams)},
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

// randomParams have durations of a few blocks, and sweeps of one space a block to many.
func randomParams(r *simsx.XRand) types.Params {
	p := types.DefaultParams()
	p.MinDurationMs = 1
	p.MaxDurationMs = simulation.Blocks(r, 10, 30)
	p.MaxSpacesPerOwner = r.Uint32InRange(2, 20)
	p.MaxTerms = r.Uint32InRange(1, 5)
	p.PayoutIntervalMs = simulation.Blocks(r, 1, 5)
	p.SweepSpaces = r.Uint32InRange(1, 30)
	p.MaxKeepMs = simulation.Blocks(r, 0, 10)
	return p
}
