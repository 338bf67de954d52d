package keeper_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/bufbuild/protocompile"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	"cosmossdk.io/log/v2"
	"cosmossdk.io/math"

	addresscodec "github.com/cosmos/cosmos-sdk/codec/address"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
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
	"github.com/ain-network/aind/program"
	bandwidthtypes "github.com/ain-network/aind/x/bandwidth/types"
	escrowkeeper "github.com/ain-network/aind/x/escrow/keeper"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	"github.com/ain-network/aind/x/jobs/keeper"
	"github.com/ain-network/aind/x/jobs/types"
	reputationkeeper "github.com/ain-network/aind/x/reputation/keeper"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
	storagekeeper "github.com/ain-network/aind/x/storage/keeper"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

const (
	mintName = "mint"
	// genesisMs is the block time of the first block.
	genesisMs = 1_700_000_000_000
)

// fixture is the module on the real keepers of auth, bank, escrow and reputation,
// on a store in memory. Each message is a block of its own, and after every block
// the books are checked.
type fixture struct {
	t          testing.TB
	ctx        sdk.Context
	keys       map[string]*storetypes.KVStoreKey
	bank       bankkeeper.BaseKeeper
	escrow     *escrowkeeper.Keeper
	reputation *reputationkeeper.Keeper
	storage    *storagekeeper.Keeper
	keeper     *keeper.Keeper
	server     types.MsgServer
	query      types.QueryServer
	names      map[string]string // address to name
	listed     listed
	addresses  map[string]sdk.AccAddress
	// restarted is a keeper on the same store that has nothing in memory yet.
	restarted func() *keeper.Keeper
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := newEmptyFixture(t)
	f.init(types.DefaultGenesis())
	f.beginBlock(0)
	return f
}

// newEmptyFixture has keepers whose state is not set yet, except that of the SDK.
func newEmptyFixture(t testing.TB) *fixture {
	t.Helper()
	keys := storetypes.NewKVStoreKeys(authtypes.StoreKey, banktypes.StoreKey, escrowtypes.StoreKey, reputationtypes.StoreKey, bandwidthtypes.StoreKey, storagetypes.StoreKey, types.StoreKey)
	store := func(name string) *storetypes.KVStoreKey { return keys[name] }
	ctx := testutil.DefaultContextWithKeys(keys, nil, nil).
		WithChainID(chain.DefaultChainID).WithBlockTime(time.UnixMilli(genesisMs)).WithBlockHeight(1)
	cdc := moduletestutil.MakeTestEncodingConfig(auth.AppModuleBasic{}, bank.AppModuleBasic{}).Codec
	permissions := map[string][]string{
		escrowtypes.ModuleName:     {authtypes.Burner},
		authtypes.FeeCollectorName: nil,
		mintName:                   {authtypes.Minter},
	}
	blocked := make(map[string]bool)
	for name := range permissions {
		blocked[authtypes.NewModuleAddress(name).String()] = true
	}
	accounts := authkeeper.NewAccountKeeper(cdc, runtime.NewKVStoreService(store(authtypes.StoreKey)), authtypes.ProtoBaseAccount,
		permissions, addresscodec.NewBech32Codec(chain.AddressPrefix), chain.AddressPrefix, authority())
	require.NoError(t, accounts.Params.Set(ctx, authtypes.DefaultParams()))
	bank := bankkeeper.NewBaseKeeper(cdc, runtime.NewKVStoreService(store(banktypes.StoreKey)), accounts, blocked, authority(), log.NewNopLogger())
	require.NoError(t, bank.SetParams(ctx, banktypes.DefaultParams()))
	escrow := escrowkeeper.NewKeeper(cdc, runtime.NewKVStoreService(store(escrowtypes.StoreKey)), accounts, bank, chain.Denom, authtypes.FeeCollectorName)
	require.NoError(t, escrow.InitGenesis(ctx, *escrowtypes.DefaultGenesis()))
	reputation := reputationkeeper.NewKeeper(cdc, runtime.NewKVStoreService(store(reputationtypes.StoreKey)), authority())
	require.NoError(t, reputation.InitGenesis(ctx, *reputationtypes.DefaultGenesis()))
	rights := listed{}
	restarted := func() *keeper.Keeper {
		k := keeper.NewKeeper(cdc, runtime.NewKVStoreService(store(types.StoreKey)), escrow, reputation, bank, rights, authority())
		k.UseStorage(storagekeeper.NewKeeper(cdc, runtime.NewKVStoreService(store(storagetypes.StoreKey)), escrow, reputation, k, authority()))
		return k
	}
	k := restarted()
	storage := storagekeeper.NewKeeper(cdc, runtime.NewKVStoreService(store(storagetypes.StoreKey)), escrow, reputation, k, authority())
	require.NoError(t, storage.InitGenesis(ctx, *storagetypes.DefaultGenesis()))
	return &fixture{
		restarted: restarted, listed: rights,
		t: t, ctx: ctx, keys: keys, bank: bank, escrow: escrow, reputation: reputation, storage: storage, keeper: k,
		server: keeper.NewMsgServer(k), query: keeper.NewQueryServer(k), names: map[string]string{}, addresses: map[string]sdk.AccAddress{},
	}
}

// listed stands for the rules: whom they list, by message and account.
type listed map[[2]string]bool

func (l listed) IsListed(_ context.Context, typeURL string, owner sdk.AccAddress) (bool, error) {
	return l[[2]string{typeURL, owner.String()}], nil
}

func (f *fixture) init(state *types.GenesisState) {
	f.t.Helper()
	require.NoError(f.t, state.Validate())
	require.NoError(f.t, f.keeper.InitGenesis(f.ctx, *state))
}

func authority() string { return authtypes.NewModuleAddress("gov").String() }

func moduleAddress(name string) sdk.AccAddress { return authtypes.NewModuleAddress(name) }

func (f *fixture) reputationServer() reputationtypes.MsgServer {
	return reputationkeeper.NewMsgServer(f.reputation)
}

// dump is everything that the module has in its store.
func (f *fixture) dump() map[string][]byte {
	f.t.Helper()
	iterator := f.ctx.KVStore(f.keys[types.StoreKey]).Iterator(nil, nil)
	defer iterator.Close()
	all := map[string][]byte{}
	for ; iterator.Valid(); iterator.Next() {
		all[string(iterator.Key())] = iterator.Value()
	}
	return all
}

// key is an account's key, the same for a name in every run.
func key(name string) *secp256k1.PrivKey { return secp256k1.GenPrivKeyFromSecret([]byte(name)) }

// address is the account of a name.
func (f *fixture) address(name string) sdk.AccAddress {
	address, ok := f.addresses[name]
	if !ok {
		address = sdk.AccAddress(key(name).PubKey().Address())
		f.addresses[name], f.names[address.String()] = address, name
	}
	return address
}

// fund mints coins into an account's wallet, and moves some of them into its stake.
func (f *fixture) fund(name string, wallet, stake int64) sdk.AccAddress {
	f.t.Helper()
	address := f.address(name)
	coins := sdk.NewCoins(chain.Coin(wallet + stake))
	require.NoError(f.t, f.bank.MintCoins(f.ctx, mintName, coins))
	require.NoError(f.t, f.bank.SendCoinsFromModuleToAccount(f.ctx, mintName, address, coins))
	if stake > 0 {
		require.NoError(f.t, f.escrow.SetStake(f.ctx, address, math.NewInt(stake)))
	}
	return address
}

func (f *fixture) wallet(name string) int64 {
	return f.bank.GetBalance(f.ctx, f.address(name), chain.Denom).Amount.Int64()
}

func (f *fixture) stake(name string) int64 {
	f.t.Helper()
	stake, err := f.escrow.Stake(f.ctx, f.address(name))
	require.NoError(f.t, err)
	return stake.Int64()
}

// fees is what the fee collector has.
func (f *fixture) fees() int64 {
	return f.bank.GetBalance(f.ctx, authtypes.NewModuleAddress(authtypes.FeeCollectorName), chain.Denom).Amount.Int64()
}

// beginBlock starts a block some time after the last, whose app hash is its height's.
func (f *fixture) beginBlock(after time.Duration) {
	f.t.Helper()
	header := f.ctx.BlockHeader()
	header.AppHash = appHash(header.Height)
	header.Height++
	header.Time = header.Time.Add(after)
	f.ctx = f.ctx.WithBlockHeader(header)
	require.NoError(f.t, f.keeper.BeginBlock(f.ctx))
}

// appHash stands for what a block leaves.
func appHash(height int64) []byte {
	hash := sha256.Sum256(fmt.Append(nil, "block ", height))
	return hash[:]
}

// endBlock sweeps and checks the books.
func (f *fixture) endBlock() {
	f.t.Helper()
	require.NoError(f.t, f.keeper.EndBlock(f.ctx))
	require.NoError(f.t, f.storage.EndBlock(f.ctx))
	f.checkBooks()
}

// wait lets time pass in blocks that are near enough for all of it to count.
func (f *fixture) wait(d time.Duration) {
	f.t.Helper()
	for d > 0 {
		step := min(d, 30*time.Second)
		f.endBlock()
		f.beginBlock(step)
		d -= step
	}
	f.endBlock()
}

// run executes a message as a transaction does: all or nothing.
func (f *fixture) run(message func(ctx context.Context) error) error {
	cached, write := f.ctx.CacheContext()
	if err := message(cached); err != nil {
		return err
	}
	write()
	return nil
}

// checkBooks holds escrow's invariant, and that every hold is one unfinished
// request's and has exactly what is at stake in it.
func (f *fixture) checkBooks() {
	f.t.Helper()
	require.NoError(f.t, f.escrow.CheckBooks(f.ctx))
	require.NoError(f.t, f.storage.CheckState(f.ctx))
	needs, err := f.keeper.Needs(f.ctx)
	require.NoError(f.t, err)
	require.NoError(f.t, f.storage.CheckNeeds(f.ctx, needs))
	state, err := f.keeper.ExportGenesis(f.ctx)
	require.NoError(f.t, err)
	require.NoError(f.t, state.Validate())
	atStake := math.ZeroInt()
	live := 0
	for _, r := range state.Requests {
		if r.IsFinished() {
			_, err := f.escrow.Balance(f.ctx, r.HoldId)
			require.Error(f.t, err, "request %d is finished and its hold is open", r.Id)
			continue
		}
		want := r.Spec.Rewards().Add(r.ChainShare).Add(r.WorkerBond.MulRaw(int64(r.Workers)))
		if r.Evaluator != "" {
			want = want.Add(r.Deposit)
		}
		for _, silent := range r.Silent {
			want = want.Add(silent.Deposit)
		}
		for _, challenge := range r.Challenges {
			want = want.Add(challenge.Fee)
		}
		have, err := f.escrow.Balance(f.ctx, r.HoldId)
		require.NoError(f.t, err)
		require.Equal(f.t, want.String(), have.String(), "hold of request %d", r.Id)
		atStake = atStake.Add(want)
		live++
	}
	holds, err := f.escrow.ExportGenesis(f.ctx)
	require.NoError(f.t, err)
	spaces, err := f.storage.ExportGenesis(f.ctx)
	require.NoError(f.t, err)
	for _, space := range spaces.Spaces {
		if space.HoldId != 0 {
			live++
		}
	}
	require.Len(f.t, holds.Holds, live)
}

// calculateRoot is the schema of most tests: find x with x * x = y.
const calculateRoot = `syntax = "proto3";
package roots;
service Worker { rpc CalculateRoot(Task) returns (Root) {} }
service Evaluator { rpc EvaluateRoot(Roots) returns (Ranking) {} }
message Task { double y = 1; }
message Root { double x = 1; }
message Roots { Task request = 1; repeated Candidate workers = 2; }
message Candidate { string node = 1; Root response = 2; }
message Ranking { repeated Place ranking = 1; }
message Place { string node = 1; uint64 score = 2; bool valid = 3; sint32 loss = 4; string note = 5; }
`

// unevaluated is calculateRoot without an evaluator.
const unevaluated = `syntax = "proto3";
package roots;
service Worker { rpc CalculateRoot(Task) returns (Root) {} }
message Task { double y = 1; }
message Root { double x = 1; }
`

// compile turns proto source into a descriptor set as the command line does.
func compile(t testing.TB, source string) []byte {
	t.Helper()
	compiler := protocompile.Compiler{Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{
		Accessor: protocompile.SourceAccessorFromMap(map[string]string{"job.proto": source}),
	})}
	files, err := compiler.Compile(context.Background(), "job.proto")
	require.NoError(t, err)
	set := &descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{protodesc.ToFileDescriptorProto(files[0])}}
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(set)
	require.NoError(t, err)
	return b
}

// release is a signed release of a WASM program.
func release(schema []byte, signer string, role program.Role, version string) types.ReleaseSpec {
	spec := types.ReleaseSpec{
		Role:    role,
		Version: version,
		Program: program.Program{
			Kind: program.PROGRAM_KIND_WASM, Digest: types.Digest([]byte(version)), Size_: 100, ABI: program.ABI_STDIO_PROTO,
		},
	}
	return sign(schema, signer, spec)
}

func sign(schema []byte, signer string, spec types.ReleaseSpec) types.ReleaseSpec {
	signature, err := key(signer).Sign(types.ReleasePAE(types.Digest(schema), spec))
	if err != nil {
		panic(err)
	}
	public := key(signer).PubKey()
	spec.Signatures = []types.Signature{{
		Signer: sdk.AccAddress(public.Address()).String(), PublicKey: public.Bytes(), Signature: signature,
	}}
	return spec
}

// registration is a valid message of root.
func (f *fixture) registration() *types.MsgRegisterJob {
	f.t.Helper()
	schema := compile(f.t, calculateRoot)
	return &types.MsgRegisterJob{
		Signer:       f.address("root").String(),
		Name:         "calculate-root",
		Description:  "find x with x * x = y",
		Schema:       schema,
		SourceURL:    "https://example.org/roots",
		SourceCommit: "0123456789abcdef",
		Terms: types.TermsSpec{
			MinDeposit:   math.NewInt(10),
			ChallengeFee: math.NewInt(5),
			Bond:         &types.Bond{Amount: math.NewInt(20)},
			Windows:      types.Windows{OpenMs: 60_000, HiringMs: 1_000, GrantMs: 4_000, RevealMs: 2_000, EvaluationMs: 5_000, ChallengeMs: 10_000, ResolveMs: 8_000},
		},
		Releases: []types.ReleaseSpec{
			release(schema, "root", program.ROLE_WORKER, "1.0.0"),
			release(schema, "root", program.ROLE_EVALUATOR, "1.0.0"),
		},
	}
}

// fork is a message of a new root that takes a job's newest releases over.
func (f *fixture) fork(root string, jobID uint64) *types.MsgForkJob {
	f.t.Helper()
	response, err := f.query.Job(f.ctx, &types.QueryJobRequest{JobId: jobID})
	require.NoError(f.t, err)
	m := &types.MsgForkJob{Signer: f.address(root).String(), JobId: jobID, Name: "a fork"}
	for _, id := range []uint64{response.Job.WorkerRelease, response.Job.EvaluatorRelease} {
		if id == 0 {
			continue
		}
		found, err := f.query.Release(f.ctx, &types.QueryReleaseRequest{ReleaseId: id})
		require.NoError(f.t, err)
		signed := sign(compile(f.t, calculateRoot), root, found.Release.Spec)
		m.Releases = append(m.Releases, types.ForkedRelease{ReleaseId: id, Signature: signed.Signatures[0]})
	}
	return m
}

// register registers a job and returns its id.
func (f *fixture) register(m *types.MsgRegisterJob) uint64 {
	f.t.Helper()
	var id uint64
	require.NoError(f.t, f.run(func(ctx context.Context) error {
		response, err := f.server.RegisterJob(ctx, m)
		if err == nil {
			id = response.JobId
		}
		return err
	}))
	return id
}

// join makes accounts nodes of a job, by the messages that real nodes send.
func (f *fixture) join(job uint64, role program.Role, names ...string) {
	f.t.Helper()
	for _, name := range names {
		f.joinBelow(job, "root", name, role)
	}
}

// joinBelow has an account apply to an admin, who approves it.
func (f *fixture) joinBelow(job uint64, admin, name string, role program.Role) {
	f.t.Helper()
	server := f.reputationServer()
	applicant := f.address(name)
	nonce := make([]byte, 16)
	application := &reputationtypes.MsgApplyJob{
		Signer: applicant.String(), JobId: job, Roles: []program.Role{role}, Nonce: nonce, Admin: f.address(admin).String(),
		Capability: program.Capability{CPUMillis: 1000, MemoryBytes: 1 << 30, Tags: []string{"wasm"}},
	}
	if role != program.ROLE_ADMIN {
		application.Qualifications = []reputationtypes.Qualification{{
			Role: role, Digest: reputationtypes.QualificationDigest(chain.DefaultChainID, job, applicant, role, nonce, []byte("2")),
		}}
	}
	response, err := server.ApplyJob(f.ctx, application)
	require.NoError(f.t, err)
	_, err = server.ApproveNode(f.ctx, &reputationtypes.MsgApproveNode{Signer: f.address(admin).String(), ApplicationId: response.ApplicationId})
	require.NoError(f.t, err)
}

// ageKey is a recipient that data may be encrypted to.
const ageKey = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"

// encrypt has an account state an encryption key, or take it back.
func (f *fixture) encrypt(name string, has bool) {
	f.t.Helper()
	m := &reputationtypes.MsgSetEncryptionKey{Signer: f.address(name).String()}
	if has {
		m.EncryptionKey = ageKey
	}
	_, err := f.reputationServer().SetEncryptionKey(f.ctx, m)
	require.NoError(f.t, err)
}

// order is a valid request of client for a job.
func (f *fixture) order(job uint64) *types.MsgRequestJob {
	return &types.MsgRequestJob{
		Signer: f.address("client").String(),
		Spec: types.RequestSpec{
			JobId:           job,
			Input:           types.Input{Inline: []byte{0x09, 0, 0, 0, 0, 0, 0, 0x10, 0x40}}, // y: 4
			EvaluatorReward: math.NewInt(100),
			WorkerReward:    math.NewInt(1000),
			RewardFunction:  types.RewardFunction{Kind: types.REWARD_KIND_EVEN},
			TimeLimitMs:     3_000,
			MaxWorkers:      3,
		},
	}
}

// reply and salt are what a worker of the tests commits to and reveals.
func reply(name string) []byte {
	return append([]byte{0x09, 0, 0, 0, 0, 0, 0}, byte(len(name)), name[len(name)-1])
}

func salt(name string) []byte {
	salt := make([]byte, types.SaltSize)
	copy(salt, name)
	return salt
}

// commit is a worker's commitment to its reply.
func (f *fixture) commit(request uint64, name string) *types.MsgSubmitResult {
	f.t.Helper()
	return f.commitAs(request, name, name)
}

// commitAs commits to the reply of another.
func (f *fixture) commitAs(request uint64, name, like string) *types.MsgSubmitResult {
	f.t.Helper()
	digest, err := types.ResultDigest(types.Result{Inline: reply(like)})
	require.NoError(f.t, err)
	commitment := types.Commitment(chain.DefaultChainID, request, f.address(name), digest, salt(name))
	return &types.MsgSubmitResult{Signer: f.address(name).String(), RequestId: request, Commitment: commitment[:]}
}

// publish is a message with digests of a worker's states, from the first-th on.
func (f *fixture) publish(request uint64, name string, first, count int) *types.MsgPublishCheckpoints {
	m := &types.MsgPublishCheckpoints{Signer: f.address(name).String(), RequestId: request, First: uint32(first)}
	for i := range count {
		digest := sha256.Sum256(fmt.Appendf(nil, "state %d of %s", first+i, name))
		m.Digests = append(m.Digests, digest[:])
	}
	return m
}

// byCheckpoint are terms by which segments are run again.
func byCheckpoint(t *types.TermsSpec, most, segments uint32) {
	t.Verification, t.Deterministic, t.MaxCheckpoints, t.Segments = types.VERIFICATION_CHECKPOINT, true, most, segments
}

// submit is the result of commit, open at once.
func (f *fixture) submit(request uint64, name string) *types.MsgSubmitResult {
	return &types.MsgSubmitResult{
		Signer: f.address(name).String(), RequestId: request, Result: &types.Result{Inline: reply(name)},
	}
}

// reveal opens commit.
func (f *fixture) reveal(request uint64, name string) *types.MsgRevealResult {
	return f.revealAs(request, name, name)
}

func (f *fixture) revealAs(request uint64, name, like string) *types.MsgRevealResult {
	return &types.MsgRevealResult{
		Signer: f.address(name).String(), RequestId: request, Result: types.Result{Inline: reply(like)}, Salt: salt(name),
	}
}
