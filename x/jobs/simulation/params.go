package simulation

import (
	"github.com/cosmos/cosmos-sdk/testutil/simsx"
	"github.com/cosmos/cosmos-sdk/types/module"

	"github.com/ain-network/aind/simulation"
	"github.com/ain-network/aind/x/jobs/types"
)

// longestGap makes the chain clock count all of the runner's long blocks: it is the params' upper bound, a day.
const longestGap = 24 * 60 * 60 * 1000

func genesis(state *module.SimulationState) {
	genesis := types.DefaultGenesis()
	params := randomParams(simsx.NewXRand(state.Rand))
	params.EvaluationRounds = max(2, params.EvaluationRounds) // a silent evaluator is replaced in every run
	genesis.Params[0].Params = params
	state.GenState[types.ModuleName] = state.Cdc.MustMarshalJSON(genesis)
}

func updateParams(d *simulation.Draw, authority string) *types.MsgUpdateParams {
	return &types.MsgUpdateParams{Authority: authority, Params: randomParams(d.XRand)}
}

// randomParams has windows of several blocks, shares from nothing to much, and sweeps that sometimes take several blocks.
func randomParams(r *simsx.XRand) types.Params {
	p := types.DefaultParams()
	p.MaxBlockGapMs = longestGap
	p.DefaultWindows = randomWindows(r)
	p.RetentionMs = simulation.Blocks(r, 1, 6)
	p.MaxWorkers = r.Uint32InRange(4, 64)
	p.MaxFiles = r.Uint32InRange(0, 40)
	p.MaxCheckpoints = r.Uint32InRange(4, 40)
	p.MaxReleases = r.Uint32InRange(4, 20)
	p.GasPerDecodedByte = r.Uint64InRange(0, 40)
	p.DepositShareBps = r.Uint32InRange(0, 15_000)
	p.BondShareBps = r.Uint32InRange(0, 3_000)
	p.ChainShareBps = r.Uint32InRange(0, 500)
	p.ChallengeLevels = r.Uint32InRange(1, 5)
	p.SilentSlashBps = r.Uint32InRange(0, 10_001)
	p.EvaluationRounds = r.Uint32InRange(1, 4)
	p.ConfirmShareBps = r.Uint32InRange(0, 1_000)
	p.BurnShareBps = r.Uint32InRange(0, 5_000)
	p.SweepPayouts = r.Uint32InRange(5, 256)
	p.SweepRemovals = r.Uint32InRange(1, 64)
	return p
}

func randomWindows(r *simsx.XRand) types.Windows {
	return types.Windows{
		OpenMs:       simulation.Blocks(r, 2, 4),
		HiringMs:     simulation.Blocks(r, 1, 3),
		GrantMs:      simulation.Blocks(r, 1, 3),
		RevealMs:     simulation.Blocks(r, 1, 3),
		EvaluationMs: simulation.Blocks(r, 1, 3),
		ChallengeMs:  simulation.Blocks(r, 1, 3),
		ResolveMs:    simulation.Blocks(r, 1, 3),
	}
}
