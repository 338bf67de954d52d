package keeper_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/gogoproto/proto"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"
	sdk "github.com/cosmos/cosmos-sdk/types"
	moduletestutil "github.com/cosmos/cosmos-sdk/types/module/testutil"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/reputation/keeper"
	"github.com/ain-network/aind/x/reputation/types"
)

const (
	job        uint64 = 1
	otherJob   uint64 = 2
	unknownJob uint64 = 99
	ageKey            = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
	otherKey          = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"
)

var authority = authtypes.NewModuleAddress("gov").String()

// fixture is reputation on a store in memory, with two jobs of the same root.
type fixture struct {
	t      testing.TB
	ctx    sdk.Context
	keeper *keeper.Keeper
	server types.MsgServer
	query  types.QueryServer
	root   sdk.AccAddress
}

// newFixture returns a fixture. Its whole state is checked when the test ends.
func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := newEmptyFixture(t)
	require.NoError(t, f.keeper.InitGenesis(f.ctx, *types.DefaultGenesis()))
	require.NoError(t, f.keeper.PlantTree(f.ctx, job, f.root, program.TreePolicy{}))
	require.NoError(t, f.keeper.PlantTree(f.ctx, otherJob, f.root, program.TreePolicy{}))
	return f
}

func newEmptyFixture(t testing.TB) *fixture {
	t.Helper()
	key := storetypes.NewKVStoreKey(types.StoreKey)
	ctx := testutil.DefaultContextWithKeys(map[string]*storetypes.KVStoreKey{types.StoreKey: key}, nil, nil).
		WithChainID(chain.DefaultChainID).WithBlockTime(time.UnixMilli(1_700_000_000_000))
	k := keeper.NewKeeper(moduletestutil.MakeTestEncodingConfig().Codec, runtime.NewKVStoreService(key), authority)
	f := &fixture{
		t: t, ctx: ctx, keeper: k, server: keeper.NewMsgServer(k), query: keeper.NewQueryServer(k), root: address("root"),
	}
	t.Cleanup(func() {
		if !t.Failed() {
			require.NoError(t, k.CheckState(f.ctx))
		}
	})
	return f
}

// privateKey gives every name a key of its own, the same in every run.
func privateKey(name string) *secp256k1.PrivKey {
	return secp256k1.GenPrivKeyFromSecret([]byte("test/" + name))
}

func address(name string) sdk.AccAddress {
	return sdk.AccAddress(privateKey(name).PubKey().Address())
}

// pass lets time pass and runs the begin blocker, as a block does.
func (f *fixture) pass(d time.Duration) {
	f.t.Helper()
	f.ctx = f.ctx.WithBlockTime(f.ctx.BlockTime().Add(d))
	require.NoError(f.t, f.keeper.ExpireApplications(f.ctx))
}

// setParams changes params as the authority does.
func (f *fixture) setParams(change func(p *types.Params)) {
	f.t.Helper()
	params, err := f.keeper.Params(f.ctx)
	require.NoError(f.t, err)
	change(&params)
	_, err = f.server.UpdateParams(f.ctx, &types.MsgUpdateParams{Authority: authority, Params: params})
	require.NoError(f.t, err)
}

// application is a good MsgApplyJob for roles.
func application(signer sdk.AccAddress, jobID uint64, roles ...program.Role) *types.MsgApplyJob {
	nonce := bytes.Repeat([]byte{7}, 32)
	msg := &types.MsgApplyJob{
		Signer: signer.String(), JobId: jobID, Roles: roles, Nonce: nonce,
		Capability: program.Capability{CPUMillis: 2000, MemoryBytes: 1 << 30, Arch: "amd64", OS: "linux", Tags: []string{"wasm"}},
	}
	for _, role := range roles {
		digest := types.QualificationDigest(chain.DefaultChainID, jobID, signer, role, nonce, []byte("result"))
		msg.Qualifications = append(msg.Qualifications, types.Qualification{Role: role, Digest: digest})
	}
	return msg
}

// apply files an application and returns its id.
func (f *fixture) apply(name string, jobID uint64, roles ...program.Role) uint64 {
	f.t.Helper()
	response, err := f.server.ApplyJob(f.ctx, application(address(name), jobID, roles...))
	require.NoError(f.t, err)
	return response.ApplicationId
}

func (f *fixture) approve(id uint64) {
	f.t.Helper()
	_, err := f.server.ApproveNode(f.ctx, &types.MsgApproveNode{Signer: f.root.String(), ApplicationId: id})
	require.NoError(f.t, err)
}

// join makes a name a node with roles.
func (f *fixture) join(name string, jobID uint64, roles ...program.Role) sdk.AccAddress {
	f.t.Helper()
	f.approve(f.apply(name, jobID, roles...))
	return address(name)
}

func (f *fixture) node(jobID uint64, owner sdk.AccAddress) types.NodeInfo {
	f.t.Helper()
	response, err := f.query.Node(f.ctx, &types.QueryNodeRequest{JobId: jobID, Owner: owner.String()})
	require.NoError(f.t, err)
	return response.Node
}

// operatorMsg names an operator with its consent.
func operatorMsg(owner, operator string) *types.MsgSetOperator {
	key := privateKey(operator)
	signature, err := key.Sign(types.OperatorConsent(chain.DefaultChainID, address(owner), address(operator)))
	if err != nil {
		panic(err)
	}
	return &types.MsgSetOperator{
		Owner: address(owner).String(), Operator: address(operator).String(),
		OperatorPublicKey: key.PubKey().Bytes(), OperatorSignature: signature,
	}
}

func (f *fixture) setOperator(owner, operator string) {
	f.t.Helper()
	_, err := f.server.SetOperator(f.ctx, operatorMsg(owner, operator))
	require.NoError(f.t, err)
}

// events runs do and returns the typed events that it emitted.
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

// refused runs do, wants an error, and that nothing of it stays.
func (f *fixture) refused(do func(ctx sdk.Context) error, want error, says string) {
	f.t.Helper()
	cached, _ := f.ctx.CacheContext()
	err := do(cached)
	require.ErrorIs(f.t, err, want)
	require.ErrorContains(f.t, err, says)
}
