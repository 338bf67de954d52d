// Package simulation draws the messages about trees from their state, for tests/sim.
//
// Invariants and trust are those of the package simulation at the top of the tree.
package simulation

import (
	"github.com/cosmos/cosmos-sdk/testutil/simsx"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"

	"github.com/ain-network/aind/simulation"
	"github.com/ain-network/aind/x/reputation/keeper"
	"github.com/ain-network/aind/x/reputation/types"
)

// NewModule is what the runner draws from the keeper's state. Trees are planted by jobs alone.
func NewModule(k *keeper.Keeper) simulation.Module {
	return simulation.Module{
		Genesis: genesis,
		Messages: []simulation.Weighted{
			{Name: "ain_apply_job", Weight: 120, Factory: message(k, applyJob)},
			{Name: "ain_withdraw_application", Weight: 8, Factory: message(k, withdrawApplication)},
			{Name: "ain_approve_node", Weight: 120, Factory: message(k, approveNode)},
			{Name: "ain_reject_application", Weight: 8, Factory: message(k, rejectApplication)},
			{Name: "ain_drop_node", Weight: 6, Factory: message(k, dropNode)},
			{Name: "ain_leave_job", Weight: 6, Factory: message(k, leaveJob)},
			{Name: "ain_update_capability", Weight: 10, Factory: message(k, updateCapability)},
			{Name: "ain_set_operator", Weight: 10, Factory: message(k, setOperator)},
			{Name: "ain_set_encryption_key", Weight: 10, Factory: message(k, setEncryptionKey)},
			{Name: "ain_heartbeat", Weight: 10, Factory: message(k, heartbeat)},
		},
		Proposals: []simulation.Weighted{
			{Name: "ain_reputation_params", Weight: 50, Factory: simulation.Proposal(updateParams)},
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

// randomParams has spans of a few blocks, and limits that are met now and then.
func randomParams(r *simsx.XRand) types.Params {
	p := types.DefaultParams()
	p.RunningWindowMs = simulation.Blocks(r, 1, 4)
	p.ApplicationTtlMs = simulation.Blocks(r, 2, 10)
	p.MaxApplicationsPerAdmin = r.Uint32InRange(10, 100)
	p.MaxTags = r.Uint32InRange(4, 32)
	p.MaxGpus = r.Uint32InRange(2, 16)
	p.MaxStringBytes = r.Uint32InRange(64, 256)
	p.ExpiredPerBlock = r.Uint32InRange(1, 100)
	p.ApprovalWindowMs = simulation.Blocks(r, 1, 3)
	p.ApprovalsPerWindow = r.Uint32InRange(10, 100)
	p.DropsPerWindow = r.Uint32InRange(1, 10)
	p.CoolDownMs = simulation.Blocks(r, 0, 6)
	p.EloStart = r.Uint32InRange(500, 2_000)
	p.EloK = r.Uint32InRange(0, 64)
	p.OverturnedPoints = r.Uint32InRange(0, 200)
	p.ParentShareBps = r.Uint32InRange(0, 10_001)
	return p
}

// view is the state that a message is drawn from.
type view struct {
	*simulation.Draw
	ctx    sdk.Context
	keeper *keeper.Keeper
	state  *types.GenesisState
	now    int64
}

// message makes a factory of a drawing from the module's state.
func message[M any, T interface {
	*M
	sdk.Msg
}](k *keeper.Keeper, draw func(v *view) (T, error)) simsx.SimMsgFactoryX {
	return simulation.Message[M, T](func(ctx sdk.Context, d *simulation.Draw) (T, error) {
		state, err := k.ExportGenesis(ctx)
		if err != nil {
			return nil, err
		}
		return draw(&view{Draw: d, ctx: ctx, keeper: k, state: state, now: ctx.BlockTime().UnixMilli()})
	})
}

// sign has an owner or its operator sign, and says who; empty: neither has a key here.
func (v *view) sign(owner string) string {
	signer := owner
	for _, p := range v.state.Profiles {
		if p.Owner == owner && p.Operator != "" && v.Bool() {
			signer = p.Operator
		}
	}
	if !v.Sign(signer) {
		return ""
	}
	return signer
}

// owners are the accounts that act for themselves.
func (v *view) owners() []string {
	operators := map[string]bool{}
	for _, p := range v.state.Profiles {
		operators[p.Operator] = true
	}
	return simulation.Filter(v.Accounts(), func(a string) bool { return !operators[a] })
}

// node is an account's place in a job's tree; nil: none.
func (v *view) node(job uint64, owner string) *types.Node {
	for i, n := range v.state.Nodes {
		if n.JobId == job && n.Owner == owner {
			return &v.state.Nodes[i]
		}
	}
	return nil
}

func (v *view) activeNodes() []types.Node {
	return simulation.Filter(v.state.Nodes, func(n types.Node) bool { return n.IsActive() })
}
