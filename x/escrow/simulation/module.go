// Package simulation draws escrow's messages from its state, for tests/sim.
//
// Invariants and trust are those of the package simulation at the top of the tree.
package simulation

import (
	"context"

	"cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/testutil/simsx"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/simulation"
	"github.com/ain-network/aind/x/escrow/keeper"
	"github.com/ain-network/aind/x/escrow/types"
)

// Bounds tells what an owner's stake can be lowered to.
type Bounds interface {
	LeastStake(ctx context.Context, owner sdk.AccAddress) (math.Int, error)
}

// NewModule is what the runner draws from the keeper's state. Nobody has a stake at first.
func NewModule(k *keeper.Keeper, bounds Bounds) simulation.Module {
	return simulation.Module{Messages: []simulation.Weighted{
		{Name: "ain_set_stake", Weight: 60, Factory: setStake(k, bounds)},
		{Name: "ain_set_payout", Weight: 8, Factory: setPayout()},
	}}
}

// setStake brings a part of the wallet into the stake, and now and then takes half of it back, or as
// much of that as is not bound.
func setStake(k *keeper.Keeper, bounds Bounds) simsx.SimMsgFactoryX {
	return simulation.Message(func(ctx sdk.Context, d *simulation.Draw) (*types.MsgSetStake, error) {
		owner := *simulation.Pick(d, d.Accounts())
		address, err := types.ParseAddress("owner", owner)
		if err != nil || !d.Sign(owner) {
			return nil, err
		}
		stake, err := k.Stake(ctx, address)
		if err != nil {
			return nil, err
		}
		least, err := bounds.LeastStake(ctx, address)
		if err != nil {
			return nil, err
		}
		switch purse := d.Purse(owner); {
		case d.Often(10):
			return &types.MsgSetStake{Owner: owner, Amount: math.MaxInt(stake.QuoRaw(2), least)}, nil
		case d.Often(5):
			d.Expect(types.ErrInvalidAmount)
			return &types.MsgSetStake{Owner: owner, Amount: stake.Neg().SubRaw(1)}, nil
		case !purse.IsPositive():
			return nil, nil
		default:
			return &types.MsgSetStake{Owner: owner, Amount: stake.Add(purse.MulRaw(int64(d.IntInRange(10, 60))).QuoRaw(100))}, nil
		}
	})
}

// setPayout sends earnings to another account, or home again; never to the chain itself.
func setPayout() simsx.SimMsgFactoryX {
	return simulation.Message(func(_ sdk.Context, d *simulation.Draw) (*types.MsgSetPayout, error) {
		owner := *simulation.Pick(d, d.Accounts())
		msg := &types.MsgSetPayout{Owner: owner}
		d.Sign(owner)
		switch {
		case d.Often(30):
		case d.Often(10):
			msg.Payout = d.Module(types.ModuleName)
			d.Expect(types.ErrBlockedAddress)
		default:
			msg.Payout = *simulation.Pick(d, d.Accounts())
		}
		return msg, nil
	})
}
