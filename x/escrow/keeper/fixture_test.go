package keeper_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/log/v2"
	"cosmossdk.io/math"

	"github.com/cosmos/gogoproto/proto"

	addresscodec "github.com/cosmos/cosmos-sdk/codec/address"
	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"
	sdk "github.com/cosmos/cosmos-sdk/types"
	moduletestutil "github.com/cosmos/cosmos-sdk/types/module/testutil"
	"github.com/cosmos/cosmos-sdk/x/auth"
	authkeeper "github.com/cosmos/cosmos-sdk/x/auth/keeper"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	"github.com/cosmos/cosmos-sdk/x/bank"
	bankkeeper "github.com/cosmos/cosmos-sdk/x/bank/keeper"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/x/escrow/keeper"
	"github.com/ain-network/aind/x/escrow/types"
)

const (
	mintName = "mint"
	// leftover is what a refused transfer writes before it is refused.
	leftover = "leftover"
)

// fixture is escrow on the real auth and bank keepers, on a store in memory.
type fixture struct {
	t        testing.TB
	ctx      sdk.Context
	accounts authkeeper.AccountKeeper
	bank     bankkeeper.BaseKeeper
	keeper   *keeper.Keeper
}

// newFixture returns an empty escrow. The books are checked when the test ends.
func newFixture(t testing.TB) *fixture {
	t.Helper()
	keys := storetypes.NewKVStoreKeys(authtypes.StoreKey, banktypes.StoreKey, types.StoreKey)
	ctx := testutil.DefaultContextWithKeys(keys, nil, nil).WithChainID(chain.DefaultChainID).WithBlockTime(time.UnixMilli(1_700_000_000_000))
	cdc := moduletestutil.MakeTestEncodingConfig(auth.AppModuleBasic{}, bank.AppModuleBasic{}).Codec
	permissions := map[string][]string{
		types.ModuleName:           {authtypes.Burner},
		authtypes.FeeCollectorName: nil,
		mintName:                   {authtypes.Minter},
	}
	blocked := make(map[string]bool)
	for name := range permissions {
		blocked[authtypes.NewModuleAddress(name).String()] = true
	}
	authority := authtypes.NewModuleAddress("gov").String()
	accounts := authkeeper.NewAccountKeeper(cdc, runtime.NewKVStoreService(keys[authtypes.StoreKey]), authtypes.ProtoBaseAccount,
		permissions, addresscodec.NewBech32Codec(chain.AddressPrefix), chain.AddressPrefix, authority)
	require.NoError(t, accounts.Params.Set(ctx, authtypes.DefaultParams()))
	bank := bankkeeper.NewBaseKeeper(cdc, runtime.NewKVStoreService(keys[banktypes.StoreKey]), accounts, blocked, authority, log.NewNopLogger())
	require.NoError(t, bank.SetParams(ctx, banktypes.DefaultParams()))
	k := keeper.NewKeeper(cdc, runtime.NewKVStoreService(keys[types.StoreKey]), accounts, bank, chain.Denom, authtypes.FeeCollectorName)
	require.NoError(t, k.InitGenesis(ctx, *types.DefaultGenesis()))
	f := &fixture{t: t, ctx: ctx, accounts: accounts, bank: bank, keeper: k}
	t.Cleanup(func() {
		if !t.Failed() {
			require.NoError(t, k.CheckBooks(f.ctx))
		}
	})
	return f
}

// account returns an address of its own for a name, with coins in its wallet.
func (f *fixture) account(name string, uain int64) sdk.AccAddress {
	f.t.Helper()
	address := authtypes.NewModuleAddress("test/" + name)
	if uain > 0 {
		coins := sdk.NewCoins(sdk.NewInt64Coin(chain.Denom, uain))
		require.NoError(f.t, f.bank.MintCoins(f.ctx, mintName, coins))
		require.NoError(f.t, f.bank.SendCoinsFromModuleToAccount(f.ctx, mintName, address, coins))
	}
	return address
}

// staked is account with all its coins in stake.
func (f *fixture) staked(name string, uain int64) sdk.AccAddress {
	f.t.Helper()
	address := f.account(name, uain)
	require.NoError(f.t, f.keeper.SetStake(f.ctx, address, math.NewInt(uain)))
	return address
}

// hold opens a hold with coins from a wallet that has exactly these.
func (f *fixture) hold(uain int64) uint64 {
	f.t.Helper()
	id, err := f.keeper.OpenHold(f.ctx, "request 42")
	require.NoError(f.t, err)
	require.NoError(f.t, f.keeper.LockWallet(f.ctx, id, f.account("client", uain), math.NewInt(uain)))
	return id
}

// cannotReceive makes the bank refuse every transfer to an address, after it has
// written something that must not stay.
func (f *fixture) cannotReceive(address sdk.AccAddress) {
	f.bank.AppendSendRestriction(func(ctx context.Context, _, to sdk.AccAddress, _ sdk.Coins) (sdk.AccAddress, error) {
		if to.Equals(address) {
			f.bank.SetSendEnabled(ctx, leftover, true)
			return nil, errors.New("frozen")
		}
		return to, nil
	})
}

func (f *fixture) wallet(address sdk.AccAddress) int64 {
	return f.bank.GetBalance(f.ctx, address, chain.Denom).Amount.Int64()
}

func (f *fixture) stake(address sdk.AccAddress) int64 {
	f.t.Helper()
	stake, err := f.keeper.Stake(f.ctx, address)
	require.NoError(f.t, err)
	return stake.Int64()
}

func (f *fixture) balance(hold uint64) int64 {
	f.t.Helper()
	balance, err := f.keeper.Balance(f.ctx, hold)
	require.NoError(f.t, err)
	return balance.Int64()
}

// events runs do and returns the typed events of this module that it emitted.
func (f *fixture) events(do func(ctx sdk.Context)) []proto.Message {
	f.t.Helper()
	ctx := f.ctx.WithEventManager(sdk.NewEventManager())
	do(ctx)
	var typed []proto.Message
	for _, event := range ctx.EventManager().ABCIEvents() {
		if proto.MessageType(event.Type) == nil {
			continue
		}
		message, err := sdk.ParseTypedEvent(event)
		require.NoError(f.t, err)
		typed = append(typed, message)
	}
	return typed
}
