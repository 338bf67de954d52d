package security_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/cosmos/gogoproto/proto"

	sdkmath "cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/app"
	"github.com/ain-network/aind/app/apptest"
	"github.com/ain-network/aind/program"
	bandwidthtypes "github.com/ain-network/aind/x/bandwidth/types"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	permissionstypes "github.com/ain-network/aind/x/permissions/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

// ownModules are the modules whose genesis is ours.
var ownModules = []string{"escrow", "reputation", "jobs", "permissions", "bandwidth", "storage"}

// unfilled are collections that are empty even on a busy chain, each with its reason.
var unfilled = map[string]string{
	"ain.jobs.v1.GenesisState.revocations": "gone once the sweep has been through, which a block is enough for",
}

// filled notes every field of a message, and of the messages in it, that has a value other than its default.
func filled(message protoreflect.MessageDescriptor, value map[string]any, found map[string]bool) {
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		of, ok := value[string(field.Name())]
		if !ok || isDefault(field, of) {
			continue
		}
		found[string(field.FullName())] = true
		if field.Message() == nil {
			continue
		}
		many, isList := of.([]any)
		if !isList {
			many = []any{of}
		}
		for _, one := range many {
			if inner, ok := one.(map[string]any); ok {
				filled(field.Message(), inner, found)
			}
		}
	}
}

// isDefault tells whether a value in JSON says nothing.
func isDefault(field protoreflect.FieldDescriptor, value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case bool:
		return !v
	case float64:
		return v == 0
	case string:
		return v == "" || v == "0" || field.Enum() != nil && v == string(field.Enum().Values().ByNumber(0).Name())
	case []any:
		return len(v) == 0
	}
	return false
}

// fields are all fields of a message and of the messages in it.
func fields(message protoreflect.MessageDescriptor, all map[string]bool) {
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		if all[string(field.FullName())] {
			continue
		}
		all[string(field.FullName())] = true
		if inner := field.Message(); inner != nil && strings.HasPrefix(string(inner.FullName()), "ain.") {
			fields(inner, all)
		}
	}
}

const encryptionKey = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"

// full is a capability that states everything.
var full = program.Capability{
	CPUMillis: 1, MemoryBytes: 1, DiskBytes: 1, FreeStorageBytes: 1, Arch: "amd64", OS: "linux", Tags: []string{"wasm"},
	GPUs: []program.GPU{{Vendor: "v", Model: "m", Count: 1, MemoryBytes: 1}},
}

// busy lets everything happen that leaves something in the state.
func (m *market) busy() {
	m.t.Helper()
	m.appoint("w1", "hot")
	m.must("w1", &escrowtypes.MsgSetPayout{Owner: address("w1"), Payout: address("mallory")})
	m.must("w1", &reputationtypes.MsgSetEncryptionKey{Signer: address("w1"), EncryptionKey: encryptionKey})
	m.vote(&permissionstypes.MsgSetRule{Authority: app.Authority(), Rule: permissionstypes.Rule{
		TypeUrl: sdk.MsgTypeURL(&jobstypes.MsgForkJob{}), Access: permissionstypes.ACCESS_LISTED, Accounts: []string{address("w1")}, Authority: address("root"),
	}})
	params := jobstypes.DefaultParams()
	params.EvaluationRounds = 2
	m.vote(&jobstypes.MsgUpdateParams{Authority: app.Authority(), Params: params})
	m.must("root", &reputationtypes.MsgDropNode{Signer: address("root"), JobId: m.job, Node: address("w4"), Reason: "for the genesis"})

	overturned := m.disputed()
	m.must("admin", &jobstypes.MsgResolveChallenge{
		Signer: address("admin"), RequestId: overturned, Ranking: ranking("w1"), Forged: []string{address("w2")}, Evidence: reference(),
	})
	m.settle(overturned)
	silent := m.request(winnerTakesAll)
	m.accept(silent, "e1", "w1", "w2")
	m.deliver(silent, map[string]float32{"w1": right, "w2": wrong})
	m.until(silent, jobstypes.REQUEST_STATE_REOPENED)
	m.must("e2", acceptance(silent, "e2", program.ROLE_EVALUATOR))
	m.must("e2", &jobstypes.MsgRank{Signer: address("e2"), RequestId: silent, Ranking: ranking("w2"), Evidence: reference()})
	m.must("w1", &jobstypes.MsgChallenge{Signer: address("w1"), RequestId: silent, Evidence: reference()})

	application := m.application(program.ROLE_WORKER, "admin", "mallory")
	application.EncryptionKey, application.Capability = encryptionKey, full
	m.must("mallory", application)
	m.request(workers(1), func(s *jobstypes.RequestSpec) {
		s.RewardFunction = jobstypes.RewardFunction{Kind: jobstypes.REWARD_KIND_WEIGHTS, Weights: []uint64{1}}
		s.MinRating, s.MinChallengeLevels, s.Requirement = 1, 1, full
		s.EvaluatorCandidates, s.WorkerCandidates = []string{address("e1")}, []string{address("w1")}
	})
	m.request(func(s *jobstypes.RequestSpec) {
		s.RewardFunction = jobstypes.RewardFunction{Kind: jobstypes.REWARD_KIND_GEOMETRIC, RatioNumerator: 1, RatioDenominator: 2}
		s.Input = jobstypes.Input{Reference: reference()}
	})
	m.must("e1", &reputationtypes.MsgSetEncryptionKey{Signer: address("e1"), EncryptionKey: encryptionKey})
	encrypted := m.request(workers(1), func(s *jobstypes.RequestSpec) { s.GrantKeys = true })
	m.accept(encrypted, "e1", "w1")
	m.must("client", &jobstypes.MsgGrantKey{
		Signer: address("client"), RequestId: encrypted, Keys: []jobstypes.WrappedKey{{Account: address("w1"), Key: []byte("wrapped")}},
	})
	resigning := m.request(workers(1))
	m.accept(resigning, "e1", "w2")
	m.must("w2", &jobstypes.MsgResign{Signer: address("w2"), RequestId: resigning})
	m.settle(resigning)
	early := m.request()
	m.accept(early, "e1", "w2")
	m.must("w2", &jobstypes.MsgResign{Signer: address("w2"), RequestId: early})
	rejecting := m.request(workers(3))
	m.accept(rejecting, "e1", "w2", "w3")
	m.must("client", &jobstypes.MsgRejectWorker{Signer: address("client"), RequestId: rejecting, Worker: address("w2")})
	m.must("w3", commitment(rejecting, "w3", right))
	m.inSegments()
	m.releases()
	m.stored()
	m.crowd()
}

// stored has a space at two prices, with rules and a folder, that a request needs.
func (m *market) stored() {
	m.t.Helper()
	offer := &storagetypes.MsgRegisterProvider{Signer: address("w3"), Endpoint: "https://store.example.org", Price: 1, CapacityBytes: 1 << 40}
	m.must("w3", offer)
	rule := func(kind storagetypes.AccessKind) storagetypes.AccessRule { return storagetypes.AccessRule{Kind: kind} }
	const hour = 3_600_000
	m.must("client", &storagetypes.MsgReserveSpace{
		Signer: address("client"), Provider: address("w3"), SizeBytes: 1 << 30, DurationMs: 24 * hour, MaxPrice: 1, Read: rule(storagetypes.ACCESS_KIND_PARTICIPANTS),
		Write: storagetypes.AccessRule{Kind: storagetypes.ACCESS_KIND_LISTED, Accounts: []string{address("w1")}},
	})
	offer.Price, offer.Closed = 2, false
	m.must("w3", offer)
	m.must("client", &storagetypes.MsgExtendSpace{Signer: address("client"), Space: 1, DurationMs: hour, MaxPrice: 2})
	m.must("client", &storagetypes.MsgPublishFolder{Signer: address("client"), Space: 1, Digest: reference().Digest, Size_: 3, Chunked: true})
	m.must("client", &storagetypes.MsgReserveSpace{
		Signer: address("client"), Provider: address("w3"), SizeBytes: 1 << 30, DurationMs: hour, MaxPrice: 2,
		Write: storagetypes.AccessRule{Kind: storagetypes.ACCESS_KIND_JOB, JobId: m.job},
	})
	offer.Closed = true
	m.must("w3", offer)
	m.request(func(s *jobstypes.RequestSpec) {
		input := reference()
		input.Space, input.Chunked = 1, true
		s.Input = jobstypes.Input{Reference: input}
	})
}

// releases has one that a builder answers for, of an image that stays between requests, and one of two programs.
func (m *market) releases() {
	m.t.Helper()
	m.vote(&jobstypes.MsgAddBuilder{Signer: app.Authority(), Builder: address("w3"), Name: "builder"})
	attested := released(m.t, registration(m.t).Schema, program.ROLE_WORKER, "1.1.0")
	attested.Program.Kind, attested.Program.ABI, attested.Program.Runtime = program.PROGRAM_KIND_IMAGE, program.ABI_GRPC, ""
	attested.Program.EntryPoint, attested.Program.StatelessSafe = "/worker", true
	attested.ExpiresMs = 1 << 50
	attested.Provenance = &jobstypes.Provenance{
		SourceURL: "https://example.org/roots", SourceCommit: strings.Repeat("a", 40), Recipe: "ain-build.yaml", Target: "worker",
		Toolchain: jobstypes.Digest([]byte("toolchain")), Signature: jobstypes.Signature{Signer: address("w3"), PublicKey: account("w3").Key.PubKey().Bytes()},
	}
	signed, err := account("w3").Key.Sign(jobstypes.ProvenancePAE(attested.Program.Digest, *attested.Provenance))
	require.NoError(m.t, err)
	attested.Provenance.Signature.Signature = signed
	several := released(m.t, registration(m.t).Schema, program.ROLE_EVALUATOR, "1.1.0")
	several.Alternatives = []program.Program{{
		Kind: program.PROGRAM_KIND_IMAGE, ABI: program.ABI_STDIO_PROTO, Digest: jobstypes.Digest([]byte("image")), Size_: 1,
	}}
	for _, spec := range []jobstypes.ReleaseSpec{attested, several} {
		signature, err := account("root").Key.Sign(jobstypes.ReleasePAE(jobstypes.Digest(registration(m.t).Schema), spec))
		require.NoError(m.t, err)
		spec.Signatures[0].Signature = signature
		m.must("root", &jobstypes.MsgPublishRelease{Signer: address("root"), JobId: m.job, Release: spec})
	}
}

// inSegments has a worker publish states of work that is verified by checkpoint, and segments of it drawn.
func (m *market) inSegments() {
	m.t.Helper()
	terms := registration(m.t).Terms
	terms.Verification, terms.Deterministic = jobstypes.VERIFICATION_CHECKPOINT, true
	terms.MaxCheckpoints, terms.Segments = 4, 2
	m.must("root", &jobstypes.MsgUpdateJob{Signer: address("root"), JobId: m.job, Terms: &terms})
	id := m.request(workers(1))
	m.accept(id, "e1", "w2")
	m.must("w2", &jobstypes.MsgPublishCheckpoints{Signer: address("w2"), RequestId: id, Digests: [][]byte{make([]byte, 32)}})
	m.must("w2", commitment(id, "w2", right))
	m.must("w2", opening(id, "w2", right))
	require.NotEmpty(m.t, m.get(id).Draw)
}

// crowd has room of accounts, of a job and of its applicants in use. From then on the time stands still, so that it stays
// in use, and a few blocks have removed what says nothing.
func (m *market) crowd() {
	m.t.Helper()
	params := bandwidthtypes.OpenParams()
	params.BaseBalance, params.PerAin = 1, bandwidthtypes.Room{Bytes: 1 << 40, Gas: 1 << 40}
	m.vote(&bandwidthtypes.MsgUpdateParams{Authority: app.Authority(), Params: params})
	m.BlockTime = 0
	m.must("root", &escrowtypes.MsgSetStake{Owner: address("root"), Amount: sdkmath.NewInt(stake)})
	m.must("root", &bandwidthtypes.MsgAllocateToJob{Signer: address("root"), JobId: m.job, Amount: sdkmath.NewInt(stake / 2)})
	m.must("w1", &reputationtypes.MsgUpdateCapability{Signer: address("w1"), JobId: m.job, Capability: full})
	m.must("client", m.application(program.ROLE_WORKER, "admin", "client"))
	for range 100 {
		m.Block()
	}
}

func reference() *jobstypes.Reference {
	return &jobstypes.Reference{Digest: jobstypes.Digest([]byte("why")), Size_: 3}
}

// A chain on which everything has happened is written to a genesis file, read and written again: byte for byte the same.
// No collection is empty, and most fields have a value, so that nothing is lost unnoticed.
func TestGenesisLosesNothing(t *testing.T) {
	m := newMarket(t, func(msg *jobstypes.MsgRegisterJob) {
		msg.Terms.Requirement = program.Capability{CPUMillis: 1}
		msg.QualificationInput = jobstypes.Input{Inline: float(4)}
		msg.Terms.InvalidLosesBond = true
		msg.Terms.Bond = &jobstypes.Bond{Amount: sdkmath.NewInt(50)}
	})
	m.busy()
	first := m.Export()
	imported := apptest.FromGenesis(t, first)
	imported.BlockTime = 0
	imported.Block()
	second := imported.Export()

	files, err := proto.MergedRegistry()
	require.NoError(t, err)
	all, found := map[string]bool{}, map[string]bool{}
	for _, module := range ownModules {
		before, after := state(t, first.AppState, module), state(t, second.AppState, module)
		if module == "jobs" { // the first block of the new chain has its own time
			before["clock"], after["clock"] = nil, nil
		}
		require.Equal(t, before, after, module)
		descriptor, err := files.FindDescriptorByName(protoreflect.FullName("ain." + module + ".v1.GenesisState"))
		require.NoError(t, err)
		fields(descriptor.(protoreflect.MessageDescriptor), all)
		filled(descriptor.(protoreflect.MessageDescriptor), state(t, first.AppState, module), found)
	}
	for field := range all {
		if strings.Contains(field, ".GenesisState.") {
			require.True(t, found[field] || unfilled[field] != "", "%s is empty in the genesis of a busy chain: have it filled, or say why it cannot be", field)
		}
	}
	t.Logf("%d of %d fields have a value", len(found), len(all))
	require.Greater(t, len(found)*100, len(all)*75, "most fields of what is in the collections have a value")
}

// state is a module's part of a genesis file.
func state(t *testing.T, genesis json.RawMessage, module string) map[string]any {
	t.Helper()
	var modules map[string]map[string]any
	require.NoError(t, json.Unmarshal(genesis, &modules))
	require.NotEmpty(t, modules[module])
	return modules[module]
}
