package app

import (
	"fmt"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/chain"
)

// CheckInvariants returns an error that names the first rule about the state as a whole which does not hold.
func (app *App) CheckInvariants(ctx sdk.Context) error {
	if err := app.Escrow.CheckBooks(ctx); err != nil {
		return fmt.Errorf("escrow: %w", err)
	}
	if err := app.Reputation.CheckState(ctx); err != nil {
		return fmt.Errorf("reputation: %w", err)
	}
	if err := app.Storage.CheckState(ctx); err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	needs, err := app.Jobs.Needs(ctx)
	if err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	if err := app.Storage.CheckNeeds(ctx, needs); err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	return app.checkSupply(ctx)
}

// checkSupply: the balances of all accounts add up to the supply.
func (app *App) checkSupply(ctx sdk.Context) error {
	sum := sdk.NewCoins()
	app.Bank.IterateAllBalances(ctx, func(_ sdk.AccAddress, coin sdk.Coin) bool {
		sum = sum.Add(coin)
		return false
	})
	if supply := app.Bank.GetSupply(ctx, chain.Denom); !sum.AmountOf(chain.Denom).Equal(supply.Amount) {
		return fmt.Errorf("supply: balances add up to %s, the supply is %s", sum, supply)
	}
	return nil
}

// haltOnBrokenInvariant stops the node before a block with a broken invariant is committed.
func (app *App) haltOnBrokenInvariant(ctx sdk.Context) {
	if err := app.CheckInvariants(ctx); err != nil {
		panic(fmt.Sprintf("invariant broken in block %d: %s", ctx.BlockHeight(), err))
	}
}
