package keeper_test

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	abci "github.com/cometbft/cometbft/abci/types"

	gogoproto "github.com/cosmos/gogoproto/proto"

	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/runtime"
	sdk "github.com/cosmos/cosmos-sdk/types"
	moduletestutil "github.com/cosmos/cosmos-sdk/types/module/testutil"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/program"
	bandwidthkeeper "github.com/ain-network/aind/x/bandwidth/keeper"
	bandwidthtypes "github.com/ain-network/aind/x/bandwidth/types"
	escrowkeeper "github.com/ain-network/aind/x/escrow/keeper"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	"github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
	storagekeeper "github.com/ain-network/aind/x/storage/keeper"
	storagetypes "github.com/ain-network/aind/x/storage/types"

	"cosmossdk.io/math"
)

// world is a chain in which every message of ours could succeed: a request in every
// state, an application that waits, nodes of every role.
type world struct {
	*fixture
	router   *baseapp.MsgServiceRouter
	registry codectypes.InterfaceRegistry
	// named are the values that a text may use as $name; any other name is an account.
	named map[string]string
}

func newWorld(t testing.TB) *world {
	t.Helper()
	f, job := newMarket(t)
	registry := moduletestutil.MakeTestEncodingConfig().InterfaceRegistry
	bandwidthtypes.RegisterInterfaces(registry)
	escrowtypes.RegisterInterfaces(registry)
	reputationtypes.RegisterInterfaces(registry)
	types.RegisterInterfaces(registry)
	storagetypes.RegisterInterfaces(registry)
	router := baseapp.NewMsgServiceRouter()
	router.SetInterfaceRegistry(registry)
	room := bandwidthkeeper.NewKeeper(codec.NewProtoCodec(registry), runtime.NewKVStoreService(f.keys[bandwidthtypes.StoreKey]),
		f.escrow, f.reputation, f.keeper, f.bank, chain.Denom, authority())
	require.NoError(t, room.InitGenesis(f.ctx, *bandwidthtypes.DefaultGenesis()))
	f.escrow.Watch(room)
	bandwidthtypes.RegisterMsgServer(router, bandwidthkeeper.NewMsgServer(room))
	escrowtypes.RegisterMsgServer(router, escrowkeeper.NewMsgServer(f.escrow))
	reputationtypes.RegisterMsgServer(router, f.reputationServer())
	types.RegisterMsgServer(router, f.server)
	storagetypes.RegisterMsgServer(router, storagekeeper.NewMsgServer(f.storage))
	w := &world{fixture: f, router: router, registry: registry, named: map[string]string{}}

	f.fund("client", 1_000_000, 0)
	f.fund("root", 1_000, 500)
	f.fund("purse", 100, 0)
	for _, name := range []string{"e1", "w1", "w2"} {
		f.fund(name, 1_000, 50_000)
	}
	for name, address := range map[string]string{"gov": authority(), "fees": moduleAddress(authtypes.FeeCollectorName).String()} {
		w.named[name], w.names[address] = address, name
	}
	w.name("job", job)
	w.name("other_job", f.register(f.otherRegistration()))
	for _, node := range []string{"e1", "w1", "w2"} {
		f.encrypt(node, true)
	}
	for _, state := range []string{"open", "running", "closed", "revealing", "evaluating", "ranked", "challenged", "cancelled", "granting", "granted"} {
		w.name(state, w.requestIn(job, state))
	}
	w.spaces()
	w.applications(job)
	w.checked()
	f.operate("w3", "hot")
	w.must(&types.MsgAddBuilder{Signer: authority(), Builder: f.address("builder").String(), Name: "builder"})
	return w
}

// spaces are one of the client for its inputs, one that all nodes may write, and one that requests need.
func (w *world) spaces() {
	of := func(name string) string { return w.address(name).String() }
	w.must(&storagetypes.MsgRegisterProvider{Signer: of("provider"), Endpoint: "https://store.example.org", Price: 1, CapacityBytes: 1 << 40})
	rule := func(kind storagetypes.AccessKind, names ...string) storagetypes.AccessRule {
		r := storagetypes.AccessRule{Kind: kind}
		for _, name := range names {
			r.Accounts = append(r.Accounts, of(name))
		}
		return r
	}
	for i, space := range []struct {
		name, owner string
		read, write storagetypes.AccessRule
	}{
		{"space", "client", rule(storagetypes.ACCESS_KIND_PARTICIPANTS), rule(storagetypes.ACCESS_KIND_OWNER)},
		{"results", "w1", rule(storagetypes.ACCESS_KIND_PARTICIPANTS), rule(storagetypes.ACCESS_KIND_LISTED, "e1", "root", "w2")},
		{"needed", "client", rule(storagetypes.ACCESS_KIND_PARTICIPANTS), rule(storagetypes.ACCESS_KIND_OWNER)},
		{"public", "root", rule(storagetypes.ACCESS_KIND_EVERYBODY), rule(storagetypes.ACCESS_KIND_OWNER)},
	} {
		w.must(&storagetypes.MsgReserveSpace{
			Signer: of(space.owner), Provider: of("provider"), SizeBytes: 1 << 20, DurationMs: 3_600_000, MaxPrice: 1, Read: space.read, Write: space.write,
		})
		w.name(space.name, uint64(i+1))
	}
	w.name("needing", w.request(w.number("job"), func(s *types.RequestSpec) {
		s.Input = types.Input{Reference: &types.Reference{Digest: digestOf("input"), Size_: 5, Space: w.number("needed")}}
	}))
}

// digestOf names content.
func digestOf(content string) string { return types.Digest([]byte(content)) }

// otherRegistration is a job with another schema.
func (f *fixture) otherRegistration() *types.MsgRegisterJob {
	m := f.registration()
	m.Schema = compile(f.t, calculateRoot+"message More { int32 n = 1; }")
	for i := range m.Releases {
		m.Releases[i] = sign(m.Schema, "root", m.Releases[i])
	}
	return m
}

func (w *world) name(name string, number uint64) { w.named[name] = fmt.Sprint(number) }

// must sends a message that has to succeed.
func (w *world) must(m sdk.Msg) {
	w.t.Helper()
	require.NoError(w.t, w.run(func(ctx context.Context) error { return w.send(ctx, m) }), "%T", m)
}

// send is what a block does with a message that another message carries: nobody has
// called its ValidateBasic.
func (w *world) send(ctx context.Context, m sdk.Msg) error {
	result, err := w.router.Handler(m)(sdk.UnwrapSDKContext(ctx), m)
	if err == nil {
		for _, event := range result.Events {
			sdk.UnwrapSDKContext(ctx).EventManager().EmitEvent(sdk.Event(event))
		}
	}
	return err
}

// requestIn makes a request and brings it into a state. e1 evaluates, w1 and w2 work;
// w1 is ranked alone, so that w2 could gain.
func (w *world) requestIn(job uint64, state string) uint64 {
	workers := uint32(3)
	switch state {
	case "closed":
		workers = 1
	case "revealing", "evaluating", "ranked", "challenged":
		workers = 2
	}
	keys := state == "granting" || state == "granted"
	if keys {
		workers = 2
	}
	id := w.request(job, func(s *types.RequestSpec) { s.MaxWorkers, s.GrantKeys = workers, keys })
	if state == "cancelled" {
		w.must(&types.MsgCancelRequest{Signer: w.address("client").String(), RequestId: id})
	}
	if state == "open" || state == "cancelled" {
		return id
	}
	w.accept(id, "e1", "w1")
	if state == "running" || state == "closed" {
		return id
	}
	w.accept(id, "w2")
	if state == "granting" {
		return id
	}
	if state == "granted" {
		m := &types.MsgGrantKey{Signer: w.address("client").String(), RequestId: id}
		for _, name := range []string{"w1", "w2"} {
			m.Keys = append(m.Keys, types.WrappedKey{Account: w.address(name).String(), Key: []byte("key")})
		}
		w.must(m)
		return id
	}
	w.endBlock()
	w.beginBlock(5 * time.Millisecond) // so that there is a response time
	w.must(w.commit(id, "w1"))
	w.must(w.commit(id, "w2"))
	if state == "revealing" {
		return id
	}
	w.must(w.reveal(id, "w1"))
	w.must(w.reveal(id, "w2"))
	if state == "evaluating" {
		return id
	}
	w.must(&types.MsgRank{Signer: w.address("e1").String(), RequestId: id, Ranking: []types.RankEntry{{Node: w.address("w1").String(), Score: 7}}})
	if state == "challenged" {
		w.must(&types.MsgChallenge{Signer: w.address("client").String(), RequestId: id})
	}
	return id
}

// checked is a job that verifies by checkpoint, with a request that is worked on and one whose segments are drawn.
func (w *world) checked() {
	m := w.registration()
	byCheckpoint(&m.Terms, 4, 2)
	job := w.register(m)
	w.name("checked_job", job)
	w.join(job, program.ROLE_EVALUATOR, "e1")
	w.join(job, program.ROLE_WORKER, "w1", "w2")
	for _, state := range []string{"checking", "drawn"} {
		id := w.request(job, func(s *types.RequestSpec) { s.MaxWorkers = 2 })
		w.name(state, id)
		w.accept(id, "e1", "w1", "w2")
		w.must(w.publish(id, "w2", 0, 3))
	}
	id := w.number("drawn")
	w.must(w.commit(id, "w1"))
	w.must(w.commit(id, "w2"))
	w.endBlock()
	w.beginBlock(5 * time.Millisecond)
}

// applications leaves one application undecided and one that its applicant took back.
func (w *world) applications(job uint64) {
	apply := func(name string) uint64 {
		m := w.application(job, name)
		var id uint64
		require.NoError(w.t, w.run(func(ctx context.Context) error {
			response, err := w.reputationServer().ApplyJob(ctx, m)
			if err == nil {
				id = response.ApplicationId
			}
			return err
		}))
		return id
	}
	w.name("application", apply("newcomer"))
	withdrawn := apply("fickle")
	w.name("withdrawn", withdrawn)
	w.must(&reputationtypes.MsgWithdrawApplication{Signer: w.address("fickle").String(), ApplicationId: withdrawn})
}

// application is a valid one of a worker.
func (w *world) application(job uint64, name string) *reputationtypes.MsgApplyJob {
	nonce := make([]byte, 16)
	return &reputationtypes.MsgApplyJob{
		Signer: w.address(name).String(), JobId: job, Roles: []program.Role{program.ROLE_WORKER}, Nonce: nonce,
		Capability: program.Capability{CPUMillis: 1000, MemoryBytes: 1 << 30, GPUs: []program.GPU{{Vendor: "v", Model: "m", Count: 1}}, Tags: []string{"wasm"}},
		Qualifications: []reputationtypes.Qualification{{
			Role:   program.ROLE_WORKER,
			Digest: reputationtypes.QualificationDigest(chain.DefaultChainID, job, w.address(name), program.ROLE_WORKER, nonce, []byte("2")),
		}},
	}
}

// number is the value of a name.
func (w *world) number(name string) uint64 {
	n, err := math.ParseUint(w.named[name])
	require.NoError(w.t, err)
	return n.Uint64()
}

// messages are one message of each kind that succeeds in the world.
func (w *world) messages() map[string]sdk.Msg {
	of := func(name string) string { return w.address(name).String() }
	job, application := w.number("job"), w.number("application")
	registration, schema := w.registration(), compile(w.t, calculateRoot)
	consent, err := key("cold").Sign(reputationtypes.OperatorConsent(chain.DefaultChainID, w.address("w1"), w.address("cold")))
	require.NoError(w.t, err)
	order := w.order(job)
	order.Spec.Requirement = program.Capability{GPUs: []program.GPU{{}}, Tags: []string{"wasm"}}
	built := sign(schema, "root", attest("builder", release(schema, "root", program.ROLE_WORKER, "1.1.0")))
	list := []sdk.Msg{
		&escrowtypes.MsgSetStake{Owner: of("w1"), Amount: math.NewInt(10)},
		&escrowtypes.MsgSetPayout{Owner: of("w1"), Payout: of("purse")},

		&bandwidthtypes.MsgAllocateToJob{Signer: of("root"), JobId: job, Amount: math.NewInt(10)},
		&bandwidthtypes.MsgUpdateParams{Authority: authority(), Params: bandwidthtypes.DefaultParams()},

		&storagetypes.MsgRegisterProvider{Signer: of("stranger"), Endpoint: "https://store.example.org", Price: 1, CapacityBytes: 1 << 40, Closed: true},
		&storagetypes.MsgReserveSpace{
			Signer: of("client"), Provider: of("provider"), SizeBytes: 1 << 20, DurationMs: 3_600_000, MaxPrice: 1,
			Read:  storagetypes.AccessRule{Kind: storagetypes.ACCESS_KIND_JOB, JobId: job},
			Write: storagetypes.AccessRule{Kind: storagetypes.ACCESS_KIND_LISTED, Accounts: []string{of("w1")}},
		},
		&storagetypes.MsgExtendSpace{Signer: of("client"), Space: w.number("space"), DurationMs: 3_600_000, MaxPrice: 1},
		&storagetypes.MsgSetAccess{
			Signer: of("client"), Space: w.number("space"),
			Read:  storagetypes.AccessRule{Kind: storagetypes.ACCESS_KIND_LISTED, Accounts: []string{of("w1"), of("w2")}},
			Write: storagetypes.AccessRule{Kind: storagetypes.ACCESS_KIND_JOB, JobId: job},
		},
		&storagetypes.MsgPublishFolder{Signer: of("client"), Space: w.number("space"), Digest: digestOf("folder"), Size_: 6},
		&storagetypes.MsgReleaseSpace{Signer: of("client"), Space: w.number("space")},
		&storagetypes.MsgUpdateParams{Authority: authority(), Params: storagetypes.DefaultParams()},

		w.application(job, "stranger"),
		&reputationtypes.MsgWithdrawApplication{Signer: of("newcomer"), ApplicationId: application},
		&reputationtypes.MsgApproveNode{Signer: of("root"), ApplicationId: application},
		&reputationtypes.MsgRejectApplication{Signer: of("root"), ApplicationId: application, Reason: "no"},
		&reputationtypes.MsgDropNode{Signer: of("root"), JobId: job, Node: of("w2"), Reason: "no"},
		&reputationtypes.MsgLeaveJob{Signer: of("w2"), JobId: job},
		&reputationtypes.MsgUpdateCapability{Signer: of("w1"), JobId: job, Capability: w.application(job, "w1").Capability},
		&reputationtypes.MsgSetOperator{
			Owner: of("w1"), Operator: of("cold"), OperatorPublicKey: key("cold").PubKey().Bytes(), OperatorSignature: consent,
		},
		&reputationtypes.MsgSetEncryptionKey{Signer: of("w1"), EncryptionKey: ageKey},
		&reputationtypes.MsgHeartbeat{Signer: of("w1")},
		&reputationtypes.MsgUpdateParams{Authority: authority(), Params: reputationtypes.DefaultParams()},

		registration,
		w.fork("stranger", job),
		&types.MsgUpdateJob{
			Signer: of("root"), JobId: job, Terms: &registration.Terms, Description: "new", QualificationInput: &registration.QualificationInput,
			TreePolicy: &program.TreePolicy{AdminsApprove: true, MaxDepth: 2},
		},
		&types.MsgRevokeRelease{Signer: of("root"), ReleaseId: 1, Reason: "wrong"},
		&types.MsgPublishRelease{Signer: of("root"), JobId: job, Release: built},
		&types.MsgAddBuilder{Signer: authority(), Builder: of("stranger"), Name: "stranger"},
		&types.MsgRemoveBuilder{Signer: authority(), Builder: of("builder"), Reason: "stolen key"},
		order,
		&types.MsgCancelRequest{Signer: of("client"), RequestId: w.number("open")},
		&types.MsgAcceptJob{Signer: of("w2"), RequestId: w.number("running"), Role: program.ROLE_WORKER},
		&types.MsgResign{Signer: of("w1"), RequestId: w.number("running")},
		&types.MsgRejectWorker{Signer: of("client"), RequestId: w.number("running"), Worker: of("w1")},
		&types.MsgGrantKey{Signer: of("client"), RequestId: w.number("granting"), Keys: []types.WrappedKey{{Account: of("w1"), Key: []byte("key")}}},
		w.publish(w.number("checking"), "w1", 0, 1),
		w.commit(w.number("running"), "w1"),
		w.reveal(w.number("revealing"), "w1"),
		&types.MsgRank{Signer: of("e1"), RequestId: w.number("evaluating"), Ranking: []types.RankEntry{
			{Node: of("w1"), Score: 7}, {Node: of("w2"), Score: 6},
		}},
		&types.MsgAcceptResult{Signer: of("client"), RequestId: w.number("ranked")},
		&types.MsgChallenge{Signer: of("w2"), RequestId: w.number("ranked")},
		&types.MsgResolveChallenge{Signer: of("root"), RequestId: w.number("challenged"), Ranking: []types.RankEntry{
			{Node: of("w2"), Score: 7}, {Node: of("w1"), Score: 6},
		}},
		&types.MsgUpdateParams{Authority: authority(), Params: types.DefaultParams()},
	}
	named := make(map[string]sdk.Msg, len(list))
	for _, m := range list {
		named[messageName(sdk.MsgTypeURL(m))] = m
	}
	require.Len(w.t, named, len(list))
	return named
}

// messageName makes jobs.RequestJob of /ain.jobs.v1.MsgRequestJob.
func messageName(url string) string {
	url = strings.TrimPrefix(url, "/ain.")
	module, rest, _ := strings.Cut(url, ".")
	_, message, _ := strings.Cut(rest, ".Msg")
	return module + "." + message
}

// Everything there is of each kind is exported, and comes back as it was.
func TestGenesisHasAllOfAWorld(t *testing.T) {
	w := newWorld(t)
	w.must(&types.MsgUpdateParams{Authority: authority(), Params: types.DefaultParams()})
	exported, err := w.keeper.ExportGenesis(w.ctx)
	require.NoError(t, err)
	require.Len(t, exported.Params, 2)
	require.Len(t, exported.Jobs, 3)
	require.Len(t, exported.Schemas, 2)
	require.Len(t, exported.Terms, 3)
	require.Len(t, exported.Releases, 6)
	require.Len(t, exported.Requests, 13)
	require.Len(t, exported.Grants, 2)
	require.Len(t, exported.Checkpoints, 2)
	require.Len(t, exported.Builders, 1)
	places := 0
	for _, r := range exported.Requests {
		places += int(r.Workers)
	}
	require.Len(t, exported.Assignments, places)

	before := w.dump()
	store := w.ctx.KVStore(w.keys[types.StoreKey])
	for key := range before {
		store.Delete([]byte(key))
	}
	w.init(exported)
	require.Equal(t, before, w.dump())
}

// After its retention nothing of a request is left in any look-up.
func TestNothingOfAWorldsRequestsStays(t *testing.T) {
	w := newWorld(t)
	kinds := func() map[byte]int {
		count := map[byte]int{}
		for key := range w.dump() {
			count[key[0]]++
		}
		return count
	}
	alive := kinds()
	w.wait(3 * time.Hour)
	exported, err := w.keeper.ExportGenesis(w.ctx)
	require.NoError(t, err)
	require.Empty(t, exported.Requests)
	for _, job := range []string{"job", "other_job", "checked_job"} {
		listed, err := w.query.Requests(w.ctx, &types.QueryRequestsRequest{JobId: w.number(job)})
		require.NoError(t, err)
		require.Empty(t, listed.Requests)
	}
	left := kinds()
	for prefix, n := range alive {
		require.LessOrEqual(t, left[prefix], n, "keys with prefix %d", prefix)
	}
	fresh := newFixture(t)
	fresh.register(fresh.registration())
	fresh.register(fresh.otherRegistration())
	fresh.register(fresh.registration())
	fresh.addBuilder("builder")
	for key := range fresh.dump() {
		delete(left, key[0])
	}
	require.Empty(t, left, "prefixes of which a chain without requests has nothing")
}

// Each event that a life leaves says all that it could, somewhere.
func TestEveryFieldOfEveryEventIsFilled(t *testing.T) {
	w := newWorld(t)
	var events []abci.Event
	of := func(name string) string { return w.address(name).String() }
	messages := append(slices.Collect(maps.Values(w.messages())),
		&types.MsgResign{Signer: of("w1"), RequestId: w.number("closed")},
		&types.MsgRank{Signer: of("e1"), RequestId: w.number("evaluating"), InputUnusable: true},
		&types.MsgResolveChallenge{Signer: of("root"), RequestId: w.number("challenged"), InputUnusable: true},
	)
	for _, m := range messages {
		cached, _ := w.ctx.CacheContext()
		require.NoError(t, w.send(cached, m))
		events = append(events, cached.EventManager().ABCIEvents()...)
	}
	w.wait(3 * time.Hour)
	filled := map[string]map[string]bool{}
	for _, event := range append(events, w.ctx.EventManager().ABCIEvents()...) {
		if !strings.HasPrefix(event.Type, "ain.") {
			continue
		}
		typed, err := sdk.ParseTypedEvent(event)
		require.NoError(t, err)
		value := reflect.ValueOf(typed).Elem()
		if filled[event.Type] == nil {
			filled[event.Type] = map[string]bool{}
		}
		for i := range value.NumField() {
			name := value.Type().Field(i).Name
			filled[event.Type][name] = filled[event.Type][name] || !value.Field(i).IsZero()
		}
	}
	file, err := gogoproto.HybridResolver.FindFileByPath("ain/jobs/v1/event.proto")
	require.NoError(t, err)
	elsewhere := []string{"EventWorkerReleased", "EventSweepFailed"} // testdata/keys_some.txt, TestFaultInOneRequestStopsNoOther
	for i := range file.Messages().Len() {
		event := file.Messages().Get(i)
		if name := string(event.Name()); strings.HasPrefix(name, "Event") && !slices.Contains(elsewhere, name) {
			assert.Contains(t, filled, string(event.FullName()))
		}
	}
	// Here the root is the only one above: testdata/challenge_silent_in_the_middle.txt has a next.
	delete(filled["ain.jobs.v1.EventResolverSilent"], "Next")
	delete(filled["ain.jobs.v1.EventResolverSilent"], "DeadlineMs")
	delete(filled["ain.jobs.v1.EventChallenged"], "Level")            // challenge_three_levels_right.txt
	delete(filled["ain.storage.v1.EventSpaceExpired"], "KeepUntilMs") // TestNeededSpaceOutlivesItsExpiry of x/storage
	for event, fields := range filled {
		for field, ok := range fields {
			assert.True(t, ok, "%s: %s", event, field)
		}
	}
}
