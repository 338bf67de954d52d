package console_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"cosmossdk.io/math"
	abci "github.com/cometbft/cometbft/abci/types"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	"github.com/cosmos/gogoproto/proto"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/program"
	bandwidthtypes "github.com/ain-network/aind/x/bandwidth/types"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	permissionstypes "github.com/ain-network/aind/x/permissions/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

// fakeChain is a chain in memory with just enough rules for the verbs: jobs are registered, requests are ranked at once
// and settled when the client accepts. Messages are checked with the module's own rules. All messages are kept.
type fakeChain struct {
	mu       sync.Mutex
	params   jobstypes.Params
	jobs     []jobstypes.Job
	schemas  map[uint64][]byte
	releases []jobstypes.Release
	builders []string
	requests []*jobstypes.QueryRequestResponse
	grants   []jobstypes.Grant
	granted  chan *jobstypes.MsgGrantKey // not nil: each that comes
	// checkpoints by worker; not nil: the job verifies by checkpoint.
	checkpoints map[string]*jobstypes.QueryCheckpointsResponse
	nodes       []reputationtypes.NodeInfo // of every job; nil: one worker
	wallets     map[string]math.Int
	stakes      map[string]math.Int
	rule        permissionstypes.Rule // about any message
	opened      []string              // addresses that got an account
	sent        []sdk.Msg
	providers   []storagetypes.Provider
	spaces      []storagetypes.Space
	// meanwhile happens before the next folder is published.
	meanwhile func()
	// allocated to any job.
	allocated math.Int
	refuse    error // of the next message

	evaluator, worker string
	result            []byte
	workers           uint32
	running           reputationtypes.QueryStatsResponse
	end               func(*jobstypes.QueryRequestResponse) // how requests go, instead of being ranked
}

// address of an account that only a name is known of.
func address(name string) string { return sdk.AccAddress(fmt.Sprintf("%-20s", name)).String() }

func newFakeChain() *fakeChain {
	return &fakeChain{
		params: jobstypes.DefaultParams(), schemas: map[uint64][]byte{}, wallets: map[string]math.Int{}, stakes: map[string]math.Int{}, allocated: math.ZeroInt(),
		rule:      permissionstypes.Rule{Access: permissionstypes.ACCESS_EVERYBODY},
		evaluator: address("evaluator"), worker: address("worker"), workers: 12,
		running: reputationtypes.QueryStatsResponse{Admins: 1, Evaluators: 4, Workers: 120, RunningEvaluators: 3, RunningWorkers: 100},
		result:  []byte{0x0d, 0, 0, 0, 0x40}, // x: 2
	}
}

func (f *fakeChain) ChainID() string { return "fake-1" }
func (f *fakeChain) Close()          {}

func (f *fakeChain) Now(context.Context) (int64, error) { return 1, nil }

func (f *fakeChain) Watch(ctx context.Context, _ ...string) <-chan struct{} {
	wakes := make(chan struct{}, 1)
	wakes <- struct{}{}
	context.AfterFunc(ctx, func() { close(wakes) })
	return wakes
}

func (f *fakeChain) NewInvite(_ context.Context, _ client.Key, jobID uint64, endpoints []string, store string, life time.Duration) (client.Invite, error) {
	return client.Invite{
		ChainID: f.ChainID(), JobID: chain.FormatJobID(jobID), Endpoints: endpoints, Store: store,
		Key: secp256k1.GenPrivKey().Bytes(), ExpiresMs: life.Milliseconds(),
	}, nil
}

// OpenAccount notes for whom.
func (f *fakeChain) OpenAccount(_ context.Context, _ client.Key, address sdk.AccAddress) error {
	f.opened = append(f.opened, address.String())
	return nil
}

func (f *fakeChain) Do(_ context.Context, key client.Key, msgs ...sdk.Msg) (*client.Receipt, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse != nil {
		return nil, f.refuse
	}
	receipt := &client.Receipt{Height: 7, Hash: "AB", Events: []abci.Event{}}
	for _, msg := range msgs {
		f.sent = append(f.sent, msg)
		response, err := f.execute(msg)
		if err != nil {
			return nil, err
		}
		packed, err := codectypes.NewAnyWithValue(response)
		if err != nil {
			return nil, err
		}
		receipt.Responses = append(receipt.Responses, packed)
	}
	return receipt, nil
}

func (f *fakeChain) execute(msg sdk.Msg) (proto.Message, error) {
	if publication, ours := msg.(*storagetypes.MsgPublishFolder); ours {
		return f.publishFolder(publication)
	}
	if response, ours := f.keepSpaces(msg); ours {
		return response, nil
	}
	switch m := msg.(type) {
	case *reputationtypes.MsgSetOperator:
		return &reputationtypes.MsgSetOperatorResponse{}, nil
	case *jobstypes.MsgRegisterJob:
		return f.registerJob(m)
	case *jobstypes.MsgPublishRelease:
		f.releases = append(f.releases, jobstypes.Release{Id: uint64(len(f.releases) + 1), JobId: m.JobId, Spec: m.Release})
		return &jobstypes.MsgPublishReleaseResponse{ReleaseId: uint64(len(f.releases))}, nil
	case *jobstypes.MsgForkJob:
		for i, spec := range []jobstypes.ReleaseSpec{f.releases[0].Spec, f.releases[1].Spec} {
			spec.Signatures = []jobstypes.Signature{m.Releases[i].Signature}
			if err := jobstypes.VerifyRelease(f.jobs[0].SchemaDigest, spec, sdk.MustAccAddressFromBech32(m.Signer)); err != nil {
				return nil, err
			}
		}
		return &jobstypes.MsgForkJobResponse{JobId: 2}, nil
	case *jobstypes.MsgUpdateJob:
		return &jobstypes.MsgUpdateJobResponse{TermsVersion: 2}, nil
	case *jobstypes.MsgRevokeRelease:
		return &jobstypes.MsgRevokeReleaseResponse{}, nil
	case *jobstypes.MsgRejectWorker:
		return &jobstypes.MsgRejectWorkerResponse{}, nil
	case *jobstypes.MsgRequestJob:
		return f.requestJob(m)
	case *jobstypes.MsgAcceptResult:
		f.settle(f.requests[m.RequestId-1])
		return &jobstypes.MsgAcceptResultResponse{}, nil
	case *escrowtypes.MsgSetStake:
		f.stakes[m.Owner] = m.Amount
		return &escrowtypes.MsgSetStakeResponse{}, nil
	case *reputationtypes.MsgApplyJob:
		return &reputationtypes.MsgApplyJobResponse{ApplicationId: 5}, nil
	case *reputationtypes.MsgApproveNode:
		return &reputationtypes.MsgApproveNodeResponse{}, nil
	case *reputationtypes.MsgDropNode:
		return &reputationtypes.MsgDropNodeResponse{}, nil
	case *reputationtypes.MsgLeaveJob:
		return &reputationtypes.MsgLeaveJobResponse{}, nil
	case *reputationtypes.MsgRejectApplication:
		return &reputationtypes.MsgRejectApplicationResponse{}, nil
	case *jobstypes.MsgGrantKey:
		if f.granted != nil {
			select {
			case f.granted <- m:
			default:
			}
		}
		for _, key := range m.Keys {
			f.grants = append(f.grants, jobstypes.Grant{RequestId: m.RequestId, Account: key.Account, Key: key.Key, GrantedMs: 4500})
		}
		return &jobstypes.MsgGrantKeyResponse{}, nil
	case *jobstypes.MsgCancelRequest:
		return &jobstypes.MsgCancelRequestResponse{}, nil
	case *bandwidthtypes.MsgAllocateToJob:
		f.allocated = m.Amount
		return &bandwidthtypes.MsgAllocateToJobResponse{}, nil
	case *permissionstypes.MsgSetRule:
		f.rule = m.Rule
		return &permissionstypes.MsgSetRuleResponse{}, nil
	case *govv1.MsgSubmitProposal:
		return &govv1.MsgSubmitProposalResponse{ProposalId: 3}, nil
	case *banktypes.MsgSend:
		return &banktypes.MsgSendResponse{}, nil
	}
	return nil, fmt.Errorf("the fake chain does not know %T", msg)
}

func (f *fakeChain) registerJob(m *jobstypes.MsgRegisterJob) (proto.Message, error) {
	if err := m.Validate(f.params); err != nil {
		return nil, err
	}
	if _, err := jobstypes.ParseSchema(m.Schema, f.params.SchemaLimits()); err != nil {
		return nil, err
	}
	id := uint64(len(f.jobs) + 1)
	job := jobstypes.Job{
		Id: id, Root: m.Signer, Name: m.Name, SourceURL: m.SourceURL, SourceCommit: m.SourceCommit, SchemaDigest: jobstypes.Digest(m.Schema),
		TermsVersion: 1, QualificationInput: m.QualificationInput,
	}
	for _, spec := range m.Releases {
		if err := jobstypes.VerifyRelease(job.SchemaDigest, spec, sdk.MustAccAddressFromBech32(m.Signer)); err != nil {
			return nil, err
		}
		f.releases = append(f.releases, jobstypes.Release{Id: uint64(len(f.releases) + 1), JobId: id, Spec: spec})
		if spec.Role == program.ROLE_WORKER {
			job.WorkerRelease = uint64(len(f.releases))
		} else {
			job.EvaluatorRelease = uint64(len(f.releases))
		}
	}
	f.jobs = append(f.jobs, job)
	f.schemas[id] = m.Schema
	return &jobstypes.MsgRegisterJobResponse{JobId: id}, nil
}

func (f *fakeChain) requestJob(m *jobstypes.MsgRequestJob) (proto.Message, error) {
	if err := m.Validate(f.params); err != nil {
		return nil, err
	}
	res := &jobstypes.QueryRequestResponse{
		Request: jobstypes.Request{
			Id: uint64(len(f.requests) + 1), Client: m.Signer, Spec: m.Spec, State: jobstypes.REQUEST_STATE_RANKED,
			Evaluator: f.evaluator, Workers: f.workers, Committed: 2, Revealed: 2,
			Ranking: []jobstypes.RankEntry{{Node: f.worker, Score: 2}, {Node: address("second"), Score: 1}},
		},
		Assignments: []jobstypes.Assignment{
			{Worker: address("second"), Commitment: []byte{1}, Result: &jobstypes.Result{}},
			{Worker: f.worker, Commitment: []byte{1}, Result: &jobstypes.Result{Inline: f.result}},
		},
	}
	if f.end != nil {
		f.end(res)
	}
	f.requests = append(f.requests, res)
	return &jobstypes.MsgRequestJobResponse{RequestId: res.Request.Id}, nil
}

func (f *fakeChain) settle(res *jobstypes.QueryRequestResponse) {
	spec := res.Request.Spec
	res.Request.State, res.Request.Outcome = jobstypes.REQUEST_STATE_SETTLED, jobstypes.OUTCOME_RANKED
	res.Request.Payouts = []jobstypes.Payout{
		{Account: f.worker, Amount: spec.WorkerReward, Reason: jobstypes.ReasonReward},
		{Account: f.evaluator, Amount: spec.EvaluatorReward, Reason: jobstypes.ReasonEvaluation},
		{Account: f.evaluator, Amount: spec.WorkerReward, Reason: jobstypes.ReasonDeposit},
		{Amount: math.NewInt(200_000), Reason: jobstypes.ReasonChainShare},
	}
}

func notFound(what string, id any) error { return status.Errorf(codes.NotFound, "%s %v", what, id) }

func (f *fakeChain) Jobs() jobstypes.QueryClient             { return fakeJobs{fakeChain: f} }
func (f *fakeChain) Reputation() reputationtypes.QueryClient { return fakeReputation{fakeChain: f} }
func (f *fakeChain) Escrow() escrowtypes.QueryClient         { return fakeEscrow{fakeChain: f} }
func (f *fakeChain) Bank() banktypes.QueryClient             { return fakeBank{fakeChain: f} }

type fakeJobs struct {
	jobstypes.QueryClient
	*fakeChain
}

func (f fakeJobs) Params(context.Context, *jobstypes.QueryParamsRequest, ...grpc.CallOption) (*jobstypes.QueryParamsResponse, error) {
	return &jobstypes.QueryParamsResponse{Params: jobstypes.VersionedParams{Version: 1, Params: f.params}}, nil
}

func (f fakeJobs) Job(_ context.Context, q *jobstypes.QueryJobRequest, _ ...grpc.CallOption) (*jobstypes.QueryJobResponse, error) {
	if q.JobId == 0 || q.JobId > uint64(len(f.jobs)) {
		return nil, notFound("job", q.JobId)
	}
	return &jobstypes.QueryJobResponse{Job: f.jobs[q.JobId-1]}, nil
}

func (f fakeJobs) Jobs(context.Context, *jobstypes.QueryJobsRequest, ...grpc.CallOption) (*jobstypes.QueryJobsResponse, error) {
	return &jobstypes.QueryJobsResponse{Jobs: f.jobs}, nil
}

func (f fakeJobs) Schema(_ context.Context, q *jobstypes.QuerySchemaRequest, _ ...grpc.CallOption) (*jobstypes.QuerySchemaResponse, error) {
	return &jobstypes.QuerySchemaResponse{Schema: jobstypes.StoredSchema{DescriptorSet: f.schemas[q.JobId]}}, nil
}

func (f fakeJobs) Terms(_ context.Context, q *jobstypes.QueryTermsRequest, _ ...grpc.CallOption) (*jobstypes.QueryTermsResponse, error) {
	terms := jobstypes.TermsSpec{
		MinDeposit: math.ZeroInt(), ChallengeFee: math.ZeroInt(), Requirement: program.Capability{MemoryBytes: 1 << 20},
	}
	if f.checkpoints != nil {
		terms.Verification = jobstypes.VERIFICATION_CHECKPOINT
	}
	return &jobstypes.QueryTermsResponse{Terms: jobstypes.Terms{JobId: q.JobId, Version: 1, Spec: terms}}, nil
}

func (f fakeJobs) Checkpoints(_ context.Context, q *jobstypes.QueryCheckpointsRequest, _ ...grpc.CallOption) (*jobstypes.QueryCheckpointsResponse, error) {
	return f.checkpoints[q.Worker], nil
}

func (f fakeJobs) Release(_ context.Context, q *jobstypes.QueryReleaseRequest, _ ...grpc.CallOption) (*jobstypes.QueryReleaseResponse, error) {
	if q.ReleaseId == 0 || q.ReleaseId > uint64(len(f.releases)) {
		return nil, notFound("release", q.ReleaseId)
	}
	return &jobstypes.QueryReleaseResponse{Release: f.releases[q.ReleaseId-1]}, nil
}

func (f fakeJobs) Builder(_ context.Context, q *jobstypes.QueryBuilderRequest, _ ...grpc.CallOption) (*jobstypes.QueryBuilderResponse, error) {
	if !slices.Contains(f.builders, q.Builder) {
		return nil, status.Errorf(codes.NotFound, "unknown builder %s", q.Builder)
	}
	return &jobstypes.QueryBuilderResponse{Builder: jobstypes.Builder{Address: q.Builder}}, nil
}

func (f fakeJobs) Releases(context.Context, *jobstypes.QueryReleasesRequest, ...grpc.CallOption) (*jobstypes.QueryReleasesResponse, error) {
	return &jobstypes.QueryReleasesResponse{Releases: f.releases}, nil
}

func (f fakeJobs) Request(_ context.Context, q *jobstypes.QueryRequestRequest, _ ...grpc.CallOption) (*jobstypes.QueryRequestResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if q.RequestId == 0 || q.RequestId > uint64(len(f.requests)) {
		return nil, notFound("request", q.RequestId)
	}
	copied := *f.requests[q.RequestId-1]
	return &copied, nil
}

func (f fakeJobs) Requests(context.Context, *jobstypes.QueryRequestsRequest, ...grpc.CallOption) (*jobstypes.QueryRequestsResponse, error) {
	res := &jobstypes.QueryRequestsResponse{}
	for _, request := range f.requests {
		res.Requests = append(res.Requests, request.Request)
	}
	return res, nil
}

func (f fakeJobs) Grants(context.Context, *jobstypes.QueryGrantsRequest, ...grpc.CallOption) (*jobstypes.QueryGrantsResponse, error) {
	return &jobstypes.QueryGrantsResponse{Grants: f.grants}, nil
}

type fakeReputation struct {
	reputationtypes.QueryClient
	*fakeChain
}

func (f fakeReputation) Stats(context.Context, *reputationtypes.QueryStatsRequest, ...grpc.CallOption) (*reputationtypes.QueryStatsResponse, error) {
	return &f.running, nil
}

func (f fakeReputation) Profile(_ context.Context, q *reputationtypes.QueryProfileRequest, _ ...grpc.CallOption) (*reputationtypes.QueryProfileResponse, error) {
	return nil, notFound("profile", q.Address)
}

func (f fakeReputation) Nodes(context.Context, *reputationtypes.QueryNodesRequest, ...grpc.CallOption) (*reputationtypes.QueryNodesResponse, error) {
	if f.nodes != nil {
		return &reputationtypes.QueryNodesResponse{Nodes: f.nodes}, nil
	}
	return &reputationtypes.QueryNodesResponse{Nodes: []reputationtypes.NodeInfo{{
		Node: reputationtypes.Node{
			Owner: f.worker, Roles: []program.Role{program.ROLE_WORKER}, Status: reputationtypes.NODE_STATUS_ACTIVE,
		},
		Running: true, SeenMs: 1_700_000_000_000,
	}}}, nil
}

func (f fakeReputation) Score(_ context.Context, q *reputationtypes.QueryScoreRequest, _ ...grpc.CallOption) (*reputationtypes.QueryScoreResponse, error) {
	return &reputationtypes.QueryScoreResponse{Score: reputationtypes.Score{
		JobId: q.JobId, Owner: q.Owner, Accepted: 3, Completed: 2, Valid: 1, Earned: math.NewInt(7),
	}, Rating: 1500}, nil
}

func (f fakeReputation) Applications(context.Context, *reputationtypes.QueryApplicationsRequest, ...grpc.CallOption) (*reputationtypes.QueryApplicationsResponse, error) {
	return &reputationtypes.QueryApplicationsResponse{Applications: []reputationtypes.Application{{
		Id: 5, JobId: 1, Applicant: f.worker, Roles: []program.Role{program.ROLE_WORKER}, ExpiresMs: 1_700_000_000_000,
	}}}, nil
}

func (f *fakeChain) Permissions() permissionstypes.QueryClient { return fakePermissions{fakeChain: f} }

type fakePermissions struct {
	permissionstypes.QueryClient
	*fakeChain
}

func (f fakePermissions) Rule(_ context.Context, q *permissionstypes.QueryRuleRequest, _ ...grpc.CallOption) (*permissionstypes.QueryRuleResponse, error) {
	rule := f.rule
	rule.TypeUrl = q.TypeUrl
	return &permissionstypes.QueryRuleResponse{Rule: rule, Stoppable: true}, nil
}

func (f *fakeChain) Bandwidth() bandwidthtypes.QueryClient { return fakeBandwidth{fakeChain: f} }

type fakeBandwidth struct {
	bandwidthtypes.QueryClient
	*fakeChain
}

// used is a room of which half is in use.
var used = bandwidthtypes.State{
	Full: bandwidthtypes.Room{Bytes: 2_000, Gas: 4_000_000}, Used: bandwidthtypes.Room{Bytes: 1_000, Gas: 2_000_000}, FreeMs: 1_700_000_000_000,
}

func (f fakeBandwidth) Room(_ context.Context, q *bandwidthtypes.QueryRoomRequest, _ ...grpc.CallOption) (*bandwidthtypes.QueryRoomResponse, error) {
	return &bandwidthtypes.QueryRoomResponse{
		Owner: q.Account, State: used, Stake: math.NewInt(5_000_000), Allocated: f.allocated, Bound: math.NewInt(1_500_000),
	}, nil
}

func (f fakeBandwidth) JobRoom(_ context.Context, q *bandwidthtypes.QueryJobRoomRequest, _ ...grpc.CallOption) (*bandwidthtypes.QueryJobRoomResponse, error) {
	res := &bandwidthtypes.QueryJobRoomResponse{Root: f.jobs[0].Root, State: used, Allocated: f.allocated, Bound: math.ZeroInt()}
	if q.Account == f.worker {
		res.Share, res.IsNode = &bandwidthtypes.State{Full: bandwidthtypes.Room{Bytes: 7, Gas: 8}}, true
	}
	return res, nil
}

type fakeEscrow struct {
	escrowtypes.QueryClient
	*fakeChain
}

func (f fakeEscrow) Account(_ context.Context, q *escrowtypes.QueryAccountRequest, _ ...grpc.CallOption) (*escrowtypes.QueryAccountResponse, error) {
	stake, ok := f.stakes[q.Owner]
	if !ok {
		return nil, notFound("account", q.Owner)
	}
	return &escrowtypes.QueryAccountResponse{Account: escrowtypes.Account{Owner: q.Owner, Stake: stake}}, nil
}

type fakeBank struct {
	banktypes.QueryClient
	*fakeChain
}

func (f fakeBank) SpendableBalanceByDenom(_ context.Context, q *banktypes.QuerySpendableBalanceByDenomRequest, _ ...grpc.CallOption) (*banktypes.QuerySpendableBalanceByDenomResponse, error) {
	wallet, ok := f.wallets[q.Address]
	if !ok {
		wallet = math.ZeroInt()
	}
	coin := sdk.NewCoin(q.Denom, wallet)
	return &banktypes.QuerySpendableBalanceByDenomResponse{Balance: &coin}, nil
}

// fakeKeyring keeps keys in memory.
type fakeKeyring map[string]client.Key

func (f fakeKeyring) Key(name string) (client.Key, error) {
	key, ok := f[name]
	if !ok {
		return nil, fmt.Errorf("%w: %q", client.ErrKeyNotFound, name)
	}
	return key, nil
}

func (f fakeKeyring) Create(name string) (client.Key, string, error) {
	if _, ok := f[name]; ok {
		return nil, "", fmt.Errorf("key %q exists already", name)
	}
	f[name] = client.NewKey(secp256k1.GenPrivKeyFromSecret([]byte(name)))
	return f[name], "some words", nil
}

func (f fakeKeyring) List() ([]client.NamedKey, error) {
	var keys []client.NamedKey
	for name, key := range f {
		keys = append(keys, client.NamedKey{Name: name, Address: key.Address()})
	}
	return keys, nil
}

func (f *fakeChain) Storage() storagetypes.QueryClient { return fakeStorage{fakeChain: f} }

// fakeStorage has a provider, and the spaces that were reserved.
type fakeStorage struct {
	storagetypes.QueryClient
	*fakeChain
}

func (f fakeStorage) Providers(context.Context, *storagetypes.QueryProvidersRequest, ...grpc.CallOption) (*storagetypes.QueryProvidersResponse, error) {
	return &storagetypes.QueryProvidersResponse{Providers: f.providers}, nil
}

func (f fakeStorage) Provider(_ context.Context, q *storagetypes.QueryProviderRequest, _ ...grpc.CallOption) (*storagetypes.QueryProviderResponse, error) {
	for _, p := range f.providers {
		if p.Owner == q.Provider {
			return &storagetypes.QueryProviderResponse{Provider: p}, nil
		}
	}
	return nil, notFound("provider", q.Provider)
}

func (f fakeStorage) Space(_ context.Context, q *storagetypes.QuerySpaceRequest, _ ...grpc.CallOption) (*storagetypes.QuerySpaceResponse, error) {
	if q.Space == 0 || q.Space > uint64(len(f.spaces)) {
		return nil, notFound("space", q.Space)
	}
	return &storagetypes.QuerySpaceResponse{Space: f.spaces[q.Space-1]}, nil
}

func (f fakeStorage) Spaces(_ context.Context, q *storagetypes.QuerySpacesRequest, _ ...grpc.CallOption) (*storagetypes.QuerySpacesResponse, error) {
	res := &storagetypes.QuerySpacesResponse{}
	for _, space := range f.spaces {
		if q.Owner == "" || q.Owner == space.Owner {
			res.Spaces = append(res.Spaces, space)
		}
	}
	return res, nil
}

// keepSpaces executes what is sent about storage.
func (f *fakeChain) keepSpaces(msg sdk.Msg) (proto.Message, bool) {
	const now = 1_700_000_000_000
	switch m := msg.(type) {
	case *storagetypes.MsgRegisterProvider:
		f.providers = append(f.providers, storagetypes.Provider{
			Owner: m.Signer, Endpoint: m.Endpoint, Price: m.Price, CapacityBytes: m.CapacityBytes, Closed: m.Closed,
		})
		return &storagetypes.MsgRegisterProviderResponse{}, true
	case *storagetypes.MsgReserveSpace:
		id := uint64(len(f.spaces) + 1)
		space := storagetypes.Space{
			Id: id, Owner: m.Signer, Provider: m.Provider, SizeBytes: m.SizeBytes, ReservedMs: now, ExpiresMs: now, Read: m.Read, Write: m.Write,
		}
		space.Extend(m.MaxPrice, int64(m.DurationMs))
		f.spaces = append(f.spaces, space)
		return &storagetypes.MsgReserveSpaceResponse{Space: id}, true
	case *storagetypes.MsgExtendSpace:
		f.spaces[m.Space-1].Extend(m.MaxPrice, int64(m.DurationMs))
		return &storagetypes.MsgExtendSpaceResponse{}, true
	case *storagetypes.MsgSetAccess:
		f.spaces[m.Space-1].Read, f.spaces[m.Space-1].Write = m.Read, m.Write
		return &storagetypes.MsgSetAccessResponse{}, true
	case *storagetypes.MsgReleaseSpace:
		return &storagetypes.MsgReleaseSpaceResponse{}, true
	}
	return nil, false
}

func (f *fakeChain) publishFolder(m *storagetypes.MsgPublishFolder) (proto.Message, error) {
	if happens := f.meanwhile; happens != nil {
		f.meanwhile = nil
		f.mu.Unlock()
		happens()
		f.mu.Lock()
	}
	folder := &f.spaces[m.Space-1].Folder
	if m.Replaces != folder.Version {
		return nil, storagetypes.ErrReplaced.Wrapf("replaces: version %d; that of space %d is %d", m.Replaces, m.Space, folder.Version)
	}
	*folder = storagetypes.Folder{Digest: m.Digest, Size_: m.Size_, Chunked: m.Chunked, Version: m.Replaces + 1}
	return &storagetypes.MsgPublishFolderResponse{Version: folder.Version}, nil
}
