package simulation

import (
	"fmt"

	"cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/testutil/simsx"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/simulation"
	"github.com/ain-network/aind/x/storage/keeper"
	"github.com/ain-network/aind/x/storage/types"
)

// market is what messages are drawn from.
type market struct {
	keeper     *keeper.Keeper
	reputation types.ReputationKeeper
	jobs       types.JobsKeeper
	stakes     Stakes
}

// view is the state that a message is drawn from.
type view struct {
	*simulation.Draw
	market
	ctx   sdk.Context
	state *types.GenesisState
	now   int64
	err   error // the first that a keeper returned
}

// message makes a factory of a drawing from the module's state.
func message[M any, T interface {
	*M
	sdk.Msg
}](m market, draw func(v *view) T) simsx.SimMsgFactoryX {
	return simulation.Message(func(ctx sdk.Context, d *simulation.Draw) (T, error) {
		state, err := m.keeper.ExportGenesis(ctx)
		if err != nil {
			return nil, err
		}
		now, err := m.jobs.Now(ctx)
		if err != nil {
			return nil, err
		}
		v := &view{Draw: d, market: m, ctx: ctx, state: state, now: now}
		msg := draw(v)
		return msg, v.err
	})
}

func (v *view) note(err error) {
	if v.err == nil {
		v.err = err
	}
}

// address reads an address of the state. One that cannot be read fails the run.
func (v *view) address(account string) sdk.AccAddress {
	address, err := types.ParseAddress("account", account)
	v.note(err)
	return address
}

// owner is whom an account acts for.
func (v *view) owner(account string) string {
	owner, err := v.reputation.Owner(v.ctx, v.address(account))
	v.note(err)
	return owner.String()
}

// signer has an account sign that acts for an owner, the owner itself or its operator; empty: there is none.
func (v *view) signer(owner string) string {
	acting := simulation.Pick(v.Draw, simulation.Filter(v.Accounts(), func(a string) bool { return v.owner(a) == owner }))
	if acting == nil || !v.Sign(*acting) {
		return ""
	}
	return *acting
}

// anybody signs, for itself or for the owner that it is the operator of.
func (v *view) anybody() (signer, owner string) {
	signer = *simulation.Pick(v.Draw, v.Accounts())
	v.Sign(signer)
	return signer, v.owner(signer)
}

// canPay tells whether what the signer pays from has the coins.
func (v *view) canPay(signer, owner string, cost math.Int) bool {
	if signer == owner {
		return v.Purse(owner).GTE(cost)
	}
	stake, err := v.stakes.Stake(v.ctx, v.address(owner))
	v.note(err)
	return stake.GTE(cost)
}

// space is one that is paid for, and who signs for it; nil: there is none.
func (v *view) space() (*types.Space, string) {
	space := simulation.Pick(v.Draw, simulation.Filter(v.state.Spaces, func(s types.Space) bool { return s.Live(v.now) }))
	if space == nil {
		return nil, ""
	}
	signer := v.signer(space.Owner)
	if signer == "" {
		return nil, ""
	}
	return space, signer
}

// stranger now and then has somebody sign who has nothing to say about a space.
func (v *view) stranger(space *types.Space, signer string) string {
	if !v.Often(5) {
		return signer
	}
	other := *simulation.Pick(v.Draw, v.Accounts())
	if v.owner(other) == space.Owner {
		return signer
	}
	v.Sign(other)
	v.Expect(types.ErrNotOwner)
	return other
}

// spacesOf counts an owner's.
func (v *view) spacesOf(owner string) int {
	return len(simulation.Filter(v.state.Spaces, func(s types.Space) bool { return s.Owner == owner }))
}

// providerOf is a space's provider.
func (v *view) providerOf(space *types.Space) types.Provider {
	for _, p := range v.state.Providers {
		if p.Owner == space.Provider {
			return p
		}
	}
	v.note(fmt.Errorf("space %d: its provider is missing", space.Id))
	return types.Provider{}
}
