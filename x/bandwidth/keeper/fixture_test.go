package keeper_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	protov2 "google.golang.org/protobuf/proto"

	"cosmossdk.io/log/v2"
	"cosmossdk.io/math"

	"github.com/cosmos/gogoproto/proto"

	addresscodec "github.com/cosmos/cosmos-sdk/codec/address"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"
	sdk "github.com/cosmos/cosmos-sdk/types"
	moduletestutil "github.com/cosmos/cosmos-sdk/types/module/testutil"
	signingtypes "github.com/cosmos/cosmos-sdk/types/tx/signing"
	"github.com/cosmos/cosmos-sdk/x/auth"
	authkeeper "github.com/cosmos/cosmos-sdk/x/auth/keeper"
	authsigning "github.com/cosmos/cosmos-sdk/x/auth/signing"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	"github.com/cosmos/cosmos-sdk/x/bank"
	bankkeeper "github.com/cosmos/cosmos-sdk/x/bank/keeper"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/x/bandwidth/keeper"
	"github.com/ain-network/aind/x/bandwidth/types"
	escrowkeeper "github.com/ain-network/aind/x/escrow/keeper"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
)

const (
	ain      = 1_000_000
	mintName = "mint"
	jobID    = 7
	// cost in gas of a transaction, of which an AIN has room for ten a window.
	cost = 1000
)

// fixture is room on the real escrow and bank keepers; nodes and jobs are fakes.
type fixture struct {
	t      testing.TB
	ctx    sdk.Context
	bank   bankkeeper.BaseKeeper
	escrow *escrowkeeper.Keeper
	hold   uint64                    // where bonds lie
	nodes  map[string]bool           // active nodes of the one job
	owners map[string]sdk.AccAddress // of operators
	jobs   map[uint64]sdk.AccAddress // roots
	places map[uint64]sdk.AccAddress // who has one, by request
	keeper *keeper.Keeper
	server types.MsgServer
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	keys := storetypes.NewKVStoreKeys(authtypes.StoreKey, banktypes.StoreKey, escrowtypes.StoreKey, types.StoreKey)
	ctx := testutil.DefaultContextWithKeys(keys, nil, nil).WithChainID(chain.DefaultChainID).
		WithBlockHeight(1).WithBlockTime(time.UnixMilli(1_700_000_000_000))
	cdc := moduletestutil.MakeTestEncodingConfig(auth.AppModuleBasic{}, bank.AppModuleBasic{}).Codec
	permissions := map[string][]string{
		escrowtypes.ModuleName:     {authtypes.Burner},
		authtypes.FeeCollectorName: nil,
		mintName:                   {authtypes.Minter},
	}
	authority := authtypes.NewModuleAddress("gov").String()
	accounts := authkeeper.NewAccountKeeper(cdc, runtime.NewKVStoreService(keys[authtypes.StoreKey]), authtypes.ProtoBaseAccount,
		permissions, addresscodec.NewBech32Codec(chain.AddressPrefix), chain.AddressPrefix, authority)
	require.NoError(t, accounts.Params.Set(ctx, authtypes.DefaultParams()))
	bank := bankkeeper.NewBaseKeeper(cdc, runtime.NewKVStoreService(keys[banktypes.StoreKey]), accounts, nil, authority, log.NewNopLogger())
	require.NoError(t, bank.SetParams(ctx, banktypes.DefaultParams()))
	escrow := escrowkeeper.NewKeeper(cdc, runtime.NewKVStoreService(keys[escrowtypes.StoreKey]), accounts, bank, chain.Denom, authtypes.FeeCollectorName)
	require.NoError(t, escrow.InitGenesis(ctx, *escrowtypes.DefaultGenesis()))

	f := &fixture{t: t, ctx: ctx, bank: bank, escrow: escrow, nodes: map[string]bool{}, owners: map[string]sdk.AccAddress{},
		jobs: map[uint64]sdk.AccAddress{}, places: map[uint64]sdk.AccAddress{}}
	f.keeper = keeper.NewKeeper(cdc, runtime.NewKVStoreService(keys[types.StoreKey]), escrow, fakeReputation{f}, fakeJobs{f}, bank, chain.Denom, authority)
	escrow.Watch(f.keeper)
	f.server = keeper.NewMsgServer(f.keeper)
	var err error
	f.hold, err = escrow.OpenHold(ctx, "request 1")
	require.NoError(t, err)
	state := types.DefaultGenesis()
	state.Params.PerAin = types.Room{Bytes: 1 << 30, Gas: 10 * cost}
	require.NoError(t, f.keeper.InitGenesis(ctx, *state))
	return f
}

// fakeReputation says who is an active node of the one job, and whose operator somebody is.
type fakeReputation struct{ *fixture }

func (f fakeReputation) Owner(_ context.Context, signer sdk.AccAddress) (sdk.AccAddress, error) {
	if owner, ok := f.owners[signer.String()]; ok {
		return owner, nil
	}
	return signer, nil
}

func (f fakeReputation) IsActiveNode(_ context.Context, job uint64, owner sdk.AccAddress) (bool, error) {
	return job == jobID && f.nodes[owner.String()], nil
}

func (fakeReputation) JobOf(_ context.Context, msg sdk.Msg) (uint64, bool, error) {
	switch msg := msg.(type) {
	case *application:
		return jobID, true, nil
	case *decision:
		return msg.job, false, nil
	}
	return 0, false, nil
}

// application is a message of who applies to the one job, decision one of who decides on applications to a job.
type (
	application struct{ banktypes.MsgSend }
	decision    struct {
		banktypes.MsgSend
		job uint64
	}
)

// fakeJobs know roots by job, and places by request.
type fakeJobs struct{ *fixture }

func (f fakeJobs) Root(_ context.Context, job uint64) (sdk.AccAddress, error) {
	return f.jobs[job], nil
}

func (fakeJobs) JobOf(_ context.Context, msg sdk.Msg) (uint64, uint64, error) {
	if msg, ok := msg.(*onJob); ok {
		return jobID, msg.request, nil
	}
	return 0, 0, nil
}

func (f fakeJobs) HasPlace(_ context.Context, request uint64, account sdk.AccAddress) (bool, error) {
	return f.places[request].Equals(account) && !account.Empty(), nil
}

// onJob is a message on the one job, and on a request of it if it names one.
type onJob struct {
	banktypes.MsgSend
	request uint64
}

// fakeTx is a transaction that from signs, alone if nobody is named besides.
type fakeTx struct {
	authsigning.SigVerifiableTx
	from    sdk.AccAddress
	besides []sdk.AccAddress
	granter sdk.AccAddress
	msgs    []sdk.Msg
	gas     uint64
}

var _ sdk.FeeTx = fakeTx{}

func (tx fakeTx) GetMsgs() []sdk.Msg                        { return tx.msgs }
func (tx fakeTx) GetMsgsV2() ([]protov2.Message, error)     { return nil, nil }
func (tx fakeTx) GetGas() uint64                            { return tx.gas }
func (tx fakeTx) GetFee() sdk.Coins                         { return nil }
func (tx fakeTx) FeePayer() []byte                          { return tx.from }
func (tx fakeTx) FeeGranter() []byte                        { return tx.granter }
func (tx fakeTx) GetPubKeys() ([]cryptotypes.PubKey, error) { return nil, nil }
func (tx fakeTx) GetSignaturesV2() ([]signingtypes.SignatureV2, error) {
	return nil, nil
}

func (tx fakeTx) GetSigners() ([][]byte, error) {
	signers := [][]byte{tx.from}
	for _, other := range tx.besides {
		signers = append(signers, other)
	}
	return signers, nil
}

// charge counts a transaction of the fixture's cost.
func (f *fixture) charge(from sdk.AccAddress, msgs ...sdk.Msg) error {
	return f.chargeTx(fakeTx{from: from, msgs: msgs, gas: cost})
}

func (f *fixture) chargeTx(tx fakeTx) error {
	return f.try(func(ctx sdk.Context) error { return f.keeper.Charge(ctx, tx, false) })
}

// try keeps what do has written if it did not fail, as a transaction does.
func (f *fixture) try(do func(sdk.Context) error) error {
	cached, write := f.ctx.CacheContext()
	err := do(cached)
	if err == nil {
		write()
	}
	return err
}

// spend counts transactions until there is no room, and returns how many there were.
func (f *fixture) spend(from sdk.AccAddress, msg sdk.Msg) (n int) {
	f.t.Helper()
	for ; ; n++ {
		require.Less(f.t, n, 100_000)
		if err := f.charge(from, msg); err != nil {
			require.ErrorIs(f.t, err, types.ErrNoRoom)
			return n
		}
	}
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
	require.NoError(f.t, f.escrow.SetStake(f.ctx, address, math.NewInt(uain)))
	return address
}

func (f *fixture) wallet(of sdk.AccAddress) math.Int {
	return f.bank.GetBalance(f.ctx, of, chain.Denom).Amount
}

// lock takes coins out of a stake, as a bond does.
func (f *fixture) lock(owner sdk.AccAddress, uain int64) error {
	f.t.Helper()
	return f.try(func(ctx sdk.Context) error { return f.escrow.LockStake(ctx, f.hold, owner, math.NewInt(uain)) })
}

// setStake executes a message that was let in already.
func (f *fixture) setStake(owner sdk.AccAddress, uain int64) error {
	f.t.Helper()
	return f.try(func(ctx sdk.Context) error { return f.escrow.SetStake(ctx, owner, math.NewInt(uain)) })
}

func (f *fixture) allocate(root sdk.AccAddress, job uint64, uain int64) error {
	return f.try(func(ctx sdk.Context) error {
		_, err := f.server.AllocateToJob(ctx, &types.MsgAllocateToJob{Signer: root.String(), JobId: job, Amount: math.NewInt(uain)})
		return err
	})
}

func (f *fixture) wait(d time.Duration) { f.ctx = f.ctx.WithBlockTime(f.ctx.BlockTime().Add(d)) }

func (f *fixture) room(account sdk.AccAddress) *types.QueryRoomResponse {
	f.t.Helper()
	answer, err := keeper.NewQueryServer(f.keeper).Room(f.ctx, &types.QueryRoomRequest{Account: account.String()})
	require.NoError(f.t, err)
	return answer
}

func (f *fixture) jobRoom(job uint64, account string) *types.QueryJobRoomResponse {
	f.t.Helper()
	answer, err := keeper.NewQueryServer(f.keeper).JobRoom(f.ctx, &types.QueryJobRoomRequest{JobId: job, Account: account})
	require.NoError(f.t, err)
	return answer
}

// events runs do and returns the typed events of this module that it emitted.
func (f *fixture) events(do func(ctx sdk.Context)) []proto.Message {
	f.t.Helper()
	ctx := f.ctx.WithEventManager(sdk.NewEventManager())
	do(ctx)
	var typed []proto.Message
	for _, event := range ctx.EventManager().ABCIEvents() {
		message, err := sdk.ParseTypedEvent(event)
		require.NoError(f.t, err)
		typed = append(typed, message)
	}
	return typed
}
