package types

import (
	"context"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// AccountKeeper is what escrow asks of x/auth.
type AccountKeeper interface {
	GetModuleAddress(name string) sdk.AccAddress
	GetModuleAccount(ctx context.Context, name string) sdk.ModuleAccountI
}

// BankKeeper is what escrow asks of x/bank.
type BankKeeper interface {
	BlockedAddr(addr sdk.AccAddress) bool
	GetBalance(ctx context.Context, addr sdk.AccAddress, denom string) sdk.Coin
	SendCoinsFromAccountToModule(ctx context.Context, from sdk.AccAddress, module string, amount sdk.Coins) error
	SendCoinsFromModuleToAccount(ctx context.Context, module string, to sdk.AccAddress, amount sdk.Coins) error
	SendCoinsFromModuleToModule(ctx context.Context, from, to string, amount sdk.Coins) error
	BurnCoins(ctx context.Context, module string, amount sdk.Coins) error
}

// StakeWatch is told of every change of a stake before it is made. It may refuse what
// takes coins out of a stake, never what brings coins in: settling never fails
// because of a receiver.
type StakeWatch interface {
	// StakeChanges says that an owner's stake is about to change; locks, that its coins
	// go into a hold, from where they may come to somebody else.
	StakeChanges(ctx context.Context, owner sdk.AccAddress, before, after math.Int, locks bool) error
}
