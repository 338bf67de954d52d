package keeper_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/log/v2"
	"cosmossdk.io/math"

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
	escrowkeeper "github.com/ain-network/aind/x/escrow/keeper"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	"github.com/ain-network/aind/x/storage/keeper"
	"github.com/ain-network/aind/x/storage/types"
)

const (
	ain      = 1_000_000
	gib      = 1 << 30
	hour     = 3_600_000
	day      = 24 * hour
	genesis  = 1_700_000_000_000
	mintName = "mint"
	jobID    = 7
	// price in uain per GiB-hour of the fixture's provider.
	price = 100
)

// fixture is storage on the real escrow and bank keepers; nodes, jobs and the clock are fakes.
type fixture struct {
	t      testing.TB
	ctx    sdk.Context
	now    int64
	bank   bankkeeper.BaseKeeper
	escrow *escrowkeeper.Keeper
	nodes  map[string]bool           // active nodes of the one job
	owners map[string]sdk.AccAddress // of operators
	reads  map[string][]string       // who reads the digest of the tests as a participant, and who has named it
	needed string                    // the digest in space 1 that requests need
	keeper *keeper.Keeper
	server types.MsgServer
	query  types.QueryServer
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	keys := storetypes.NewKVStoreKeys(authtypes.StoreKey, banktypes.StoreKey, escrowtypes.StoreKey, types.StoreKey)
	ctx := testutil.DefaultContextWithKeys(keys, nil, nil).WithChainID(chain.DefaultChainID).
		WithBlockHeight(1).WithBlockTime(time.UnixMilli(genesis))
	cdc := moduletestutil.MakeTestEncodingConfig(auth.AppModuleBasic{}, bank.AppModuleBasic{}).Codec
	permissions := map[string][]string{
		escrowtypes.ModuleName:     {authtypes.Burner},
		authtypes.FeeCollectorName: nil,
		mintName:                   {authtypes.Minter},
	}
	accounts := authkeeper.NewAccountKeeper(cdc, runtime.NewKVStoreService(keys[authtypes.StoreKey]), authtypes.ProtoBaseAccount,
		permissions, addresscodec.NewBech32Codec(chain.AddressPrefix), chain.AddressPrefix, authority())
	require.NoError(t, accounts.Params.Set(ctx, authtypes.DefaultParams()))
	bank := bankkeeper.NewBaseKeeper(cdc, runtime.NewKVStoreService(keys[banktypes.StoreKey]), accounts, nil, authority(), log.NewNopLogger())
	require.NoError(t, bank.SetParams(ctx, banktypes.DefaultParams()))
	escrow := escrowkeeper.NewKeeper(cdc, runtime.NewKVStoreService(keys[escrowtypes.StoreKey]), accounts, bank, chain.Denom, authtypes.FeeCollectorName)
	require.NoError(t, escrow.InitGenesis(ctx, *escrowtypes.DefaultGenesis()))

	f := &fixture{t: t, ctx: ctx, now: genesis, bank: bank, escrow: escrow, nodes: map[string]bool{}, owners: map[string]sdk.AccAddress{}, reads: map[string][]string{}}
	f.keeper = keeper.NewKeeper(cdc, runtime.NewKVStoreService(keys[types.StoreKey]), escrow, fakeReputation{f}, fakeJobs{f}, authority())
	f.server, f.query = keeper.NewMsgServer(f.keeper), keeper.NewQueryServer(f.keeper)
	require.NoError(t, f.keeper.InitGenesis(ctx, *types.DefaultGenesis()))
	return f
}

func authority() string { return authtypes.NewModuleAddress("gov").String() }

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

// fakeJobs know the time and the one job.
type fakeJobs struct{ *fixture }

func (f fakeJobs) Now(context.Context) (int64, error) { return f.now, nil }

func (f fakeJobs) Root(_ context.Context, job uint64) (sdk.AccAddress, error) {
	if job != jobID {
		return nil, nil
	}
	return address("root"), nil
}

func (f fakeJobs) Reads(_ context.Context, space uint64, owner, content string, account sdk.AccAddress) ([]string, error) {
	if space != 1 || owner != of("alice") || content != digest {
		return nil, nil
	}
	return f.reads[account.String()], nil
}

func (f fakeJobs) NeedsContent(_ context.Context, space uint64, content string) (bool, error) {
	return space == 1 && content == f.needed, nil
}

func address(name string) sdk.AccAddress {
	padded := [20]byte{}
	copy(padded[:], name)
	return padded[:]
}

// of is an address in words.
func of(name string) string { return address(name).String() }

// fund puts coins into a wallet, and of them into its stake.
func (f *fixture) fund(name string, wallet, stake int64) {
	f.t.Helper()
	minted := sdk.NewCoins(chain.Coin(wallet + stake))
	require.NoError(f.t, f.bank.MintCoins(f.ctx, mintName, minted))
	require.NoError(f.t, f.bank.SendCoinsFromModuleToAccount(f.ctx, mintName, address(name), minted))
	require.NoError(f.t, f.escrow.SetStake(f.ctx, address(name), math.NewInt(stake)))
}

func (f *fixture) wallet(name string) int64 {
	return f.bank.GetBalance(f.ctx, address(name), chain.Denom).Amount.Int64()
}

func (f *fixture) stake(name string) int64 {
	f.t.Helper()
	stake, err := f.escrow.Stake(f.ctx, address(name))
	require.NoError(f.t, err)
	return stake.Int64()
}

// send executes a message, all or nothing, and holds the state against the invariants.
func (f *fixture) send(msg sdk.Msg) (answer any, err error) {
	f.t.Helper()
	cached, write := f.ctx.CacheContext()
	switch m := msg.(type) {
	case *types.MsgRegisterProvider:
		answer, err = f.server.RegisterProvider(cached, m)
	case *types.MsgReserveSpace:
		answer, err = f.server.ReserveSpace(cached, m)
	case *types.MsgExtendSpace:
		answer, err = f.server.ExtendSpace(cached, m)
	case *types.MsgSetAccess:
		answer, err = f.server.SetAccess(cached, m)
	case *types.MsgPublishFolder:
		answer, err = f.server.PublishFolder(cached, m)
	case *types.MsgReleaseSpace:
		answer, err = f.server.ReleaseSpace(cached, m)
	case *types.MsgUpdateParams:
		answer, err = f.server.UpdateParams(cached, m)
	default:
		f.t.Fatalf("no such message: %T", msg)
	}
	if err == nil {
		write()
	}
	f.check()
	return answer, err
}

func (f *fixture) must(msg sdk.Msg) any {
	f.t.Helper()
	answer, err := f.send(msg)
	require.NoError(f.t, err)
	return answer
}

// refused wants a message to be refused in these words.
func (f *fixture) refused(msg sdk.Msg, words string) {
	f.t.Helper()
	_, err := f.send(msg)
	require.EqualError(f.t, err, words)
}

func (f *fixture) check() {
	f.t.Helper()
	require.NoError(f.t, f.keeper.CheckState(f.ctx))
	require.NoError(f.t, f.escrow.CheckBooks(f.ctx))
}

// wait lets time pass, and ends a block.
func (f *fixture) wait(ms int64) {
	f.t.Helper()
	f.now += ms
	require.NoError(f.t, f.keeper.EndBlock(f.ctx))
	f.check()
}

// provider registers the one that most tests need.
func (f *fixture) provider() {
	f.t.Helper()
	f.must(offer(price))
}

func offer(price uint64) *types.MsgRegisterProvider {
	return &types.MsgRegisterProvider{Signer: of("provider"), Endpoint: "https://store.example.org", Price: price, CapacityBytes: 100 * gib}
}

// reservation of ten GiB for two days: 10 * 48 * price uain.
func reservation(owner string) *types.MsgReserveSpace {
	return &types.MsgReserveSpace{Signer: of(owner), Provider: of("provider"), SizeBytes: 10 * gib, DurationMs: 2 * day, MaxPrice: price}
}

// opened is a fixture in which alice has reserved space 1.
func opened(t testing.TB) *fixture {
	t.Helper()
	f := newFixture(t)
	f.provider()
	f.fund("alice", ain, ain)
	f.must(reservation("alice"))
	return f
}

func (f *fixture) space(id uint64) types.Space {
	f.t.Helper()
	answer, err := f.query.Space(f.ctx, &types.QuerySpaceRequest{Space: id})
	require.NoError(f.t, err)
	return answer.Space
}

func (f *fixture) reserved() uint64 {
	f.t.Helper()
	answer, err := f.query.Provider(f.ctx, &types.QueryProviderRequest{Provider: of("provider")})
	require.NoError(f.t, err)
	return answer.Provider.ReservedBytes
}

// gone wants a space to be in no answer any more.
func (f *fixture) gone(id uint64) {
	f.t.Helper()
	_, err := f.query.Space(f.ctx, &types.QuerySpaceRequest{Space: id})
	require.ErrorContains(f.t, err, "NotFound")
}

// access is what an account may, in three letters at most, and why.
func (f *fixture) access(id uint64, name, digest string) string {
	f.t.Helper()
	answer, err := f.query.Access(f.ctx, &types.QueryAccessRequest{Space: id, Account: of(name), Digest: digest})
	require.NoError(f.t, err)
	words := ""
	if answer.Read {
		words += "r"
	}
	if answer.Write {
		words += "w"
	}
	return words + ": " + answer.Reason
}

// setParams changes params as the authority does.
func (f *fixture) setParams(change func(*types.Params)) {
	f.t.Helper()
	params, err := f.keeper.Params(f.ctx)
	require.NoError(f.t, err)
	change(&params)
	f.must(&types.MsgUpdateParams{Authority: authority(), Params: params})
}

func coins(amount math.Int) sdk.Coins { return sdk.NewCoins(sdk.NewCoin(chain.Denom, amount)) }
