// Package simulation draws the messages about jobs and requests from their state, for tests/sim.
//
// Every request has a fate that follows from its number: what its people mean to do with it. Fates make every row of the
// payout table happen; within a fate people are still late, lazy, hostile or gone.
//
// Invariants and trust are those of the package simulation at the top of the tree.
package simulation

import (
	"context"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/simulation"
	"github.com/ain-network/aind/x/jobs/keeper"
	"github.com/ain-network/aind/x/jobs/types"
)

// Stakes tells what an owner can pledge.
type Stakes interface {
	Stake(ctx context.Context, owner sdk.AccAddress) (math.Int, error)
}

// Spaces tells in which space a client may name the input of a request that may last until then; 0: there is none.
type Spaces interface {
	ForInput(ctx context.Context, client sdk.AccAddress, jobID uint64, until int64) (uint64, error)
	// ForOutput tells in which space an account may have what it puts out; 0: there is none.
	ForOutput(ctx context.Context, account sdk.AccAddress) (uint64, error)
}

// market is what messages are drawn from.
type market struct {
	keeper     *keeper.Keeper
	reputation types.ReputationKeeper
	stakes     Stakes
	spaces     Spaces
}

// NewModule is what the runner draws from the keeper's state.
func NewModule(k *keeper.Keeper, reputation types.ReputationKeeper, stakes Stakes, spaces Spaces) simulation.Module {
	m := market{keeper: k, reputation: reputation, stakes: stakes, spaces: spaces}
	return simulation.Module{
		Genesis: genesis,
		Messages: []simulation.Weighted{
			{Name: "ain_register_job", Weight: 12, Factory: message(m, registerJob)},
			{Name: "ain_publish_release", Weight: 12, Factory: message(m, publishRelease)},
			{Name: "ain_revoke_release", Weight: 2, Factory: message(m, revokeRelease)},
			{Name: "ain_add_builder", Weight: 12, Factory: message(m, addBuilder)},
			{Name: "ain_remove_builder", Weight: 6, Factory: message(m, removeBuilder)},
			{Name: "ain_fork_job", Weight: 8, Factory: message(m, forkJob)},
			{Name: "ain_update_job", Weight: 6, Factory: message(m, updateJob)},
			{Name: "ain_request_job", Weight: 90, Factory: message(m, requestJob)},
			{Name: "ain_cancel_request", Weight: 20, Factory: message(m, cancelRequest)},
			{Name: "ain_accept_job", Weight: 300, Factory: message(m, acceptJob)},
			{Name: "ain_resign", Weight: 6, Factory: message(m, resign)},
			{Name: "ain_reject_worker", Weight: 6, Factory: message(m, rejectWorker)},
			{Name: "ain_publish_checkpoints", Weight: 120, Factory: message(m, publishCheckpoints)},
			{Name: "ain_submit_result", Weight: 220, Factory: message(m, submitResult)},
			{Name: "ain_grant_key", Weight: 120, Factory: message(m, grantKey)},
			{Name: "ain_reveal_result", Weight: 220, Factory: message(m, revealResult)},
			{Name: "ain_rank", Weight: 120, Factory: message(m, rank)},
			{Name: "ain_accept_result", Weight: 60, Factory: message(m, acceptResult)},
			{Name: "ain_challenge", Weight: 60, Factory: message(m, challenge)},
			{Name: "ain_resolve_challenge", Weight: 60, Factory: message(m, resolveChallenge)},
		},
		Proposals: []simulation.Weighted{
			{Name: "ain_jobs_params", Weight: 50, Factory: simulation.Proposal(updateParams)},
		},
	}
}
