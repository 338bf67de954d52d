package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/cosmos/gogoproto/proto"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/tests/harness"
	bandwidthtypes "github.com/ain-network/aind/x/bandwidth/types"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	permissionstypes "github.com/ain-network/aind/x/permissions/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

// question is one query, put by gRPC, by REST and on the command line. In a URL an enum is a number: the SDK's gateway knows
// no names.
type question struct {
	rpc         string // as in the proto file: package.Service/Method
	ask, answer proto.Message
	rest        string
	command     string
}

// createValidator is the message that a new network has a rule about.
const createValidator = "/cosmos.staking.v1beta1.MsgCreateValidator"

// questions about a network in which an account is what it is called in the test.
func questions(s market) []question {
	job, open := s.job, s.open
	return []question{
		{rpc: "ain.escrow.v1.Query/Account", ask: &escrowtypes.QueryAccountRequest{Owner: s.worker}, answer: &escrowtypes.QueryAccountResponse{},
			rest: "/ain/escrow/v1/accounts/" + s.worker, command: "escrow account " + s.worker},
		{rpc: "ain.escrow.v1.Query/Accounts", ask: &escrowtypes.QueryAccountsRequest{}, answer: &escrowtypes.QueryAccountsResponse{},
			rest: "/ain/escrow/v1/accounts", command: "escrow accounts"},
		{rpc: "ain.escrow.v1.Query/Hold", ask: &escrowtypes.QueryHoldRequest{Id: s.hold}, answer: &escrowtypes.QueryHoldResponse{},
			rest: fmt.Sprintf("/ain/escrow/v1/holds/%d", s.hold), command: fmt.Sprintf("escrow hold %d", s.hold)},
		{rpc: "ain.escrow.v1.Query/Holds", ask: &escrowtypes.QueryHoldsRequest{}, answer: &escrowtypes.QueryHoldsResponse{},
			rest: "/ain/escrow/v1/holds", command: "escrow holds"},
		{rpc: "ain.escrow.v1.Query/Books", ask: &escrowtypes.QueryBooksRequest{}, answer: &escrowtypes.QueryBooksResponse{},
			rest: "/ain/escrow/v1/books", command: "escrow books"},

		{rpc: "ain.reputation.v1.Query/Params", ask: &reputationtypes.QueryParamsRequest{}, answer: &reputationtypes.QueryParamsResponse{},
			rest: "/ain/reputation/v1/params", command: "reputation params"},
		{rpc: "ain.reputation.v1.Query/Tree", ask: &reputationtypes.QueryTreeRequest{JobId: 1}, answer: &reputationtypes.QueryTreeResponse{},
			rest: "/ain/reputation/v1/trees/1", command: "reputation tree 1"},
		{rpc: "ain.reputation.v1.Query/Stats", ask: &reputationtypes.QueryStatsRequest{JobId: 1}, answer: &reputationtypes.QueryStatsResponse{},
			rest: "/ain/reputation/v1/trees/1/stats", command: "reputation stats 1"},
		{rpc: "ain.reputation.v1.Query/Node", ask: &reputationtypes.QueryNodeRequest{JobId: 1, Owner: s.worker}, answer: &reputationtypes.QueryNodeResponse{},
			rest: "/ain/reputation/v1/trees/1/nodes/" + s.worker, command: "reputation node 1 " + s.worker},
		{rpc: "ain.reputation.v1.Query/Nodes", ask: &reputationtypes.QueryNodesRequest{JobId: 1, Role: program.ROLE_WORKER, RunningOnly: true},
			answer: &reputationtypes.QueryNodesResponse{}, rest: fmt.Sprintf("/ain/reputation/v1/nodes?job_id=1&role=%d&running_only=true", program.ROLE_WORKER),
			command: "reputation nodes --job-id 1 --role worker --running-only"},
		{rpc: "ain.reputation.v1.Query/Memberships", ask: &reputationtypes.QueryMembershipsRequest{Owner: s.worker},
			answer: &reputationtypes.QueryMembershipsResponse{}, rest: "/ain/reputation/v1/memberships/" + s.worker, command: "reputation memberships " + s.worker},
		{rpc: "ain.reputation.v1.Query/Application", ask: &reputationtypes.QueryApplicationRequest{Id: s.application},
			answer: &reputationtypes.QueryApplicationResponse{}, rest: fmt.Sprintf("/ain/reputation/v1/applications/%d", s.application),
			command: fmt.Sprintf("reputation application %d", s.application)},
		{rpc: "ain.reputation.v1.Query/Applications", ask: &reputationtypes.QueryApplicationsRequest{JobId: job},
			answer: &reputationtypes.QueryApplicationsResponse{}, rest: fmt.Sprintf("/ain/reputation/v1/applications?job_id=%d", job),
			command: fmt.Sprintf("reputation applications --job-id %d", job)},
		{rpc: "ain.reputation.v1.Query/Profile", ask: &reputationtypes.QueryProfileRequest{Address: s.keyed}, answer: &reputationtypes.QueryProfileResponse{},
			rest: "/ain/reputation/v1/profiles/" + s.keyed, command: "reputation profile " + s.keyed},
		{rpc: "ain.reputation.v1.Query/Score", ask: &reputationtypes.QueryScoreRequest{JobId: 1, Owner: s.worker}, answer: &reputationtypes.QueryScoreResponse{},
			rest: "/ain/reputation/v1/scores/1/" + s.worker, command: "reputation score 1 " + s.worker},
		{rpc: "ain.reputation.v1.Query/Scores", ask: &reputationtypes.QueryScoresRequest{JobId: 1}, answer: &reputationtypes.QueryScoresResponse{},
			rest: "/ain/reputation/v1/scores/1", command: "reputation scores 1"},

		{rpc: "ain.permissions.v1.Query/Rule", ask: &permissionstypes.QueryRuleRequest{TypeUrl: createValidator}, answer: &permissionstypes.QueryRuleResponse{},
			rest: "/ain/permissions/v1/rules" + createValidator, command: "permissions rule " + createValidator},
		{rpc: "ain.permissions.v1.Query/Rules", ask: &permissionstypes.QueryRulesRequest{}, answer: &permissionstypes.QueryRulesResponse{},
			rest: "/ain/permissions/v1/rules", command: "permissions rules"},
		{rpc: "ain.permissions.v1.Query/Allowed", ask: &permissionstypes.QueryAllowedRequest{Account: s.worker, TypeUrl: createValidator},
			answer: &permissionstypes.QueryAllowedResponse{}, rest: "/ain/permissions/v1/allowed/" + s.worker + createValidator,
			command: "permissions allowed " + s.worker + " " + createValidator},
		{rpc: "ain.bandwidth.v1.Query/Params", ask: &bandwidthtypes.QueryParamsRequest{}, answer: &bandwidthtypes.QueryParamsResponse{},
			rest: "/ain/bandwidth/v1/params", command: "bandwidth params"},
		{rpc: "ain.bandwidth.v1.Query/Room", ask: &bandwidthtypes.QueryRoomRequest{Account: s.worker}, answer: &bandwidthtypes.QueryRoomResponse{},
			rest: "/ain/bandwidth/v1/rooms/" + s.worker, command: "bandwidth room " + s.worker},
		{rpc: "ain.bandwidth.v1.Query/JobRoom", ask: &bandwidthtypes.QueryJobRoomRequest{JobId: 1, Account: s.worker},
			answer: &bandwidthtypes.QueryJobRoomResponse{}, rest: "/ain/bandwidth/v1/jobs/1?account=" + s.worker, command: "bandwidth job-room 1 " + s.worker},

		{rpc: "ain.storage.v1.Query/Params", ask: &storagetypes.QueryParamsRequest{}, answer: &storagetypes.QueryParamsResponse{},
			rest: "/ain/storage/v1/params", command: "storage params"},
		{rpc: "ain.storage.v1.Query/Provider", ask: &storagetypes.QueryProviderRequest{Provider: s.keyed}, answer: &storagetypes.QueryProviderResponse{},
			rest: "/ain/storage/v1/providers/" + s.keyed, command: "storage provider " + s.keyed},
		{rpc: "ain.storage.v1.Query/Providers", ask: &storagetypes.QueryProvidersRequest{}, answer: &storagetypes.QueryProvidersResponse{},
			rest: "/ain/storage/v1/providers", command: "storage providers"},
		{rpc: "ain.storage.v1.Query/Space", ask: &storagetypes.QuerySpaceRequest{Space: s.space}, answer: &storagetypes.QuerySpaceResponse{},
			rest: fmt.Sprintf("/ain/storage/v1/spaces/%d", s.space), command: fmt.Sprintf("storage space %d", s.space)},
		{rpc: "ain.storage.v1.Query/Spaces", ask: &storagetypes.QuerySpacesRequest{Owner: s.keyed}, answer: &storagetypes.QuerySpacesResponse{},
			rest: "/ain/storage/v1/spaces?owner=" + s.keyed, command: "storage spaces --owner " + s.keyed},
		{rpc: "ain.storage.v1.Query/Access", ask: &storagetypes.QueryAccessRequest{Space: s.space, Account: s.worker}, answer: &storagetypes.QueryAccessResponse{},
			rest: fmt.Sprintf("/ain/storage/v1/spaces/%d/access/%s", s.space, s.worker), command: fmt.Sprintf("storage access %d %s", s.space, s.worker)},

		{rpc: "ain.jobs.v1.Query/Params", ask: &jobstypes.QueryParamsRequest{}, answer: &jobstypes.QueryParamsResponse{},
			rest: "/ain/jobs/v1/params", command: "jobs params"},
		{rpc: "ain.jobs.v1.Query/Clock", ask: &jobstypes.QueryClockRequest{}, answer: &jobstypes.QueryClockResponse{},
			rest: "/ain/jobs/v1/clock", command: "jobs clock"},
		{rpc: "ain.jobs.v1.Query/Job", ask: &jobstypes.QueryJobRequest{JobId: 1}, answer: &jobstypes.QueryJobResponse{},
			rest: "/ain/jobs/v1/jobs/1", command: "jobs job 1"},
		{rpc: "ain.jobs.v1.Query/Jobs", ask: &jobstypes.QueryJobsRequest{Root: s.keyed}, answer: &jobstypes.QueryJobsResponse{},
			rest: "/ain/jobs/v1/jobs?root=" + s.keyed, command: "jobs jobs --root " + s.keyed},
		{rpc: "ain.jobs.v1.Query/Schema", ask: &jobstypes.QuerySchemaRequest{JobId: 1}, answer: &jobstypes.QuerySchemaResponse{},
			rest: "/ain/jobs/v1/jobs/1/schema", command: "jobs schema 1"},
		{rpc: "ain.jobs.v1.Query/Terms", ask: &jobstypes.QueryTermsRequest{JobId: 1}, answer: &jobstypes.QueryTermsResponse{},
			rest: "/ain/jobs/v1/jobs/1/terms", command: "jobs terms 1"},
		{rpc: "ain.jobs.v1.Query/Release", ask: &jobstypes.QueryReleaseRequest{ReleaseId: 2}, answer: &jobstypes.QueryReleaseResponse{},
			rest: "/ain/jobs/v1/releases/2", command: "jobs release 2"},
		{rpc: "ain.jobs.v1.Query/Releases", ask: &jobstypes.QueryReleasesRequest{JobId: 1, Role: program.ROLE_WORKER}, answer: &jobstypes.QueryReleasesResponse{},
			rest: fmt.Sprintf("/ain/jobs/v1/jobs/1/releases?role=%d", program.ROLE_WORKER), command: "jobs releases 1 --role worker"},
		{rpc: "ain.jobs.v1.Query/Builder", ask: &jobstypes.QueryBuilderRequest{Builder: s.worker}, answer: &jobstypes.QueryBuilderResponse{},
			rest: "/ain/jobs/v1/builders/" + s.worker, command: "jobs builder " + s.worker},
		{rpc: "ain.jobs.v1.Query/Builders", ask: &jobstypes.QueryBuildersRequest{}, answer: &jobstypes.QueryBuildersResponse{},
			rest: "/ain/jobs/v1/builders", command: "jobs builders"},
		{rpc: "ain.jobs.v1.Query/Request", ask: &jobstypes.QueryRequestRequest{RequestId: s.ranked}, answer: &jobstypes.QueryRequestResponse{},
			rest: fmt.Sprintf("/ain/jobs/v1/requests/%d", s.ranked), command: fmt.Sprintf("jobs request %d", s.ranked)},
		{rpc: "ain.jobs.v1.Query/Grants", ask: &jobstypes.QueryGrantsRequest{RequestId: s.encrypted}, answer: &jobstypes.QueryGrantsResponse{},
			rest: fmt.Sprintf("/ain/jobs/v1/requests/%d/grants", s.encrypted), command: fmt.Sprintf("jobs grants %d", s.encrypted)},
		{rpc: "ain.jobs.v1.Query/Checkpoints", ask: &jobstypes.QueryCheckpointsRequest{RequestId: s.ranked, Worker: s.worker},
			answer: &jobstypes.QueryCheckpointsResponse{}, rest: fmt.Sprintf("/ain/jobs/v1/requests/%d/checkpoints/%s", s.ranked, s.worker),
			command: fmt.Sprintf("jobs checkpoints %d %s", s.ranked, s.worker)},
		{rpc: "ain.jobs.v1.Query/Requests", ask: &jobstypes.QueryRequestsRequest{JobId: job, State: jobstypes.REQUEST_STATE_OPEN, Client: s.client},
			answer: &jobstypes.QueryRequestsResponse{}, rest: fmt.Sprintf("/ain/jobs/v1/requests?job_id=%d&state=%d&client=%s", job, jobstypes.REQUEST_STATE_OPEN, s.client),
			command: fmt.Sprintf("jobs requests --job-id %d --state open --client %s", job, s.client)},
		{rpc: "ain.jobs.v1.Query/Openings", ask: &jobstypes.QueryOpeningsRequest{JobId: job, Role: program.ROLE_EVALUATOR},
			answer: &jobstypes.QueryOpeningsResponse{}, rest: fmt.Sprintf("/ain/jobs/v1/jobs/%d/openings?role=%d", job, program.ROLE_EVALUATOR),
			command: fmt.Sprintf("jobs openings %d evaluator", job)},
		{rpc: "ain.jobs.v1.Query/Assignments", ask: &jobstypes.QueryAssignmentsRequest{Node: s.worker}, answer: &jobstypes.QueryAssignmentsResponse{},
			rest: "/ain/jobs/v1/assignments/" + s.worker, command: "jobs assignments " + s.worker},
		{rpc: "ain.jobs.v1.Query/Request", ask: &jobstypes.QueryRequestRequest{RequestId: open}, answer: &jobstypes.QueryRequestResponse{},
			rest: fmt.Sprintf("/ain/jobs/v1/requests/%d", open), command: fmt.Sprintf("jobs request %d", open)},
	}
}

// market is a network in which there is an answer to every question.
type market struct {
	worker, client string
	keyed          string // an account that stated an encryption key, is the root of a job, and offers storage
	job            uint64 // a job that nobody serves
	open           uint64 // a request of it
	encrypted      uint64 // another of it, a worker of which was granted a key
	hold           uint64 // what that request holds
	application    uint64 // to it
	ranked         uint64 // a request of the first job that is ranked and not settled
	space          uint64 // that the root has reserved from itself
	height         int64  // at which all of this was so
}

func openMarket(t *testing.T, n *harness.Network) market {
	t.Helper()
	m := market{worker: n.Account(t, "worker"), client: n.Account(t, "client")}
	root := n.NewNode(t, "admin", "10", "")
	m.keyed = root.Address
	root.Tx(t, "reputation", "set-encryption-key", "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p")
	root.Tx(t, "storage", "register-provider", "https://store.example.org", "100", "1099511627776")
	harness.Eventually(t, "the provider is there", harness.Patience, func() error {
		var provider struct{}
		return n.Get("/ain/storage/v1/providers/"+m.keyed, &provider)
	})
	root.Tx(t, "storage", "reserve-space", root.Address, "1073741824", "86400000", "100", "--read", `{"kind":"ACCESS_KIND_EVERYBODY"}`)
	var rule struct{ Message string }
	n.ClientJSON(t, &rule, "setRule", "AddBuilder", "listed", "--add", root.Address, "--from", "treasury")
	root.Tx(t, "jobs", "add-builder", m.worker, "--name", "build server")
	job := n.Register(t, root, harness.CalculateRoot(t), "--open", "10m", "--hiring", "30s", "--grant", "10m")
	m.job = jobNumber(t, job)
	m.open = n.Order(t, job, "{y: 4}", "time_limit: 3000")
	request, err := n.Request(m.open)
	require.NoError(t, err)
	m.hold, err = strconv.ParseUint(request.HoldID, 10, 64)
	require.NoError(t, err)
	var applied struct {
		Application uint64 `json:"application,string"`
	}
	n.ClientJSON(t, &applied, "applyJob", job)
	m.application = applied.Application

	worker, evaluator := n.NewNode(t, "worker", "50", "30"), n.NewNode(t, "evaluator", "50", "30")
	for _, node := range []*harness.Node{worker, evaluator} {
		var approved struct{ Approved bool }
		node.JSON(t, &applied, "applyJob", job, "--role", node.Role)
		root.JSON(t, &approved, "approveNode", strconv.FormatUint(applied.Application, 10))
	}
	m.encrypted = grantByHand(t, n, root, worker, evaluator, job, "{y: 4}")

	m.ranked = n.Order(t, n.Job(), "{y: 4}", "time_limit: 3000")
	n.AwaitRequest(t, m.ranked, "is ranked", harness.Patience, func(r harness.Request) bool { return r.State == "REQUEST_STATE_RANKED" })
	harness.Eventually(t, "the key is stated", harness.Patience, func() error {
		var profile struct{}
		return n.Get("/ain/reputation/v1/profiles/"+m.keyed, &profile)
	})
	harness.Eventually(t, "the builder is named", harness.Patience, func() error {
		var builder struct{}
		return n.Get("/ain/jobs/v1/builders/"+m.worker, &builder)
	})
	harness.Eventually(t, "the space is reserved", harness.Patience, func() error {
		var reserved struct {
			Spaces []struct {
				ID uint64 `json:"id,string"`
			}
		}
		if err := n.Get("/ain/storage/v1/spaces?owner="+m.keyed, &reserved); err != nil {
			return err
		}
		if len(reserved.Spaces) == 0 {
			return errors.New("there is no space yet")
		}
		m.space = reserved.Spaces[0].ID
		return nil
	})
	m.height, err = n.Height()
	require.NoError(t, err)
	var places struct{ Places []struct{} }
	// The node tells of a height a moment before its state can be asked for.
	harness.Eventually(t, "the height can be asked about", harness.Patience, func() error {
		return n.GetAt(m.height, "/ain/jobs/v1/assignments/"+m.worker, &places)
	})
	require.NotEmpty(t, places.Places, "the ranking was settled before it could be looked at")
	return m
}

// TestQueries puts every query of our modules by gRPC, by REST and on the command line, at one height: the answers are the
// same, and are not empty.
func TestQueries(t *testing.T) {
	n := network(t)
	m := openMarket(t, n)
	asked := map[string]bool{}
	for _, q := range questions(m) {
		asked[q.rpc] = true
		t.Run(strings.NewReplacer("ain.", "", ".v1.Query/", " ").Replace(q.rpc), func(t *testing.T) {
			byREST := restAnswer(t, n, m.height, q)
			require.NotEmpty(t, byREST)
			require.Equal(t, byREST, grpcAnswer(t, n, m.height, q), "gRPC")
			require.Equal(t, byREST, commandAnswer(t, n, m.height, q), "command line")
		})
	}
	for _, service := range []string{
		"ain.escrow.v1.Query", "ain.reputation.v1.Query", "ain.bandwidth.v1.Query", "ain.jobs.v1.Query", "ain.permissions.v1.Query",
		"ain.storage.v1.Query",
	} {
		found, err := proto.HybridResolver.FindDescriptorByName(protoreflect.FullName(service))
		require.NoError(t, err)
		methods := found.(protoreflect.ServiceDescriptor).Methods()
		for i := range methods.Len() {
			name := service + "/" + string(methods.Get(i).Name())
			require.True(t, asked[name], "nobody asks %s", name)
		}
	}
}

func restAnswer(t *testing.T, n *harness.Network, height int64, q question) any {
	t.Helper()
	var answer any
	require.NoError(t, n.GetAt(height, q.rest, &answer))
	return plain(answer)
}

func grpcAnswer(t *testing.T, n *harness.Network, height int64, q question) any {
	t.Helper()
	registry := codectypes.NewInterfaceRegistry()
	connection, err := grpc.NewClient(n.GRPC(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(codec.NewProtoCodec(registry).GRPCCodec())))
	require.NoError(t, err)
	defer func() { require.NoError(t, connection.Close()) }()
	ctx := metadata.AppendToOutgoingContext(t.Context(), "x-cosmos-block-height", strconv.FormatInt(height, 10))
	require.NoError(t, connection.Invoke(ctx, "/"+q.rpc, q.ask, q.answer))
	text, err := codec.ProtoMarshalJSON(q.answer, registry)
	require.NoError(t, err)
	return decoded(t, string(text))
}

func commandAnswer(t *testing.T, n *harness.Network, height int64, q question) any {
	t.Helper()
	args := append([]string{"query"}, strings.Fields(q.command)...)
	result := n.Client(t, append(args, "--height", strconv.FormatInt(height, 10), "--output", "json")...)
	require.Zero(t, result.Code, result.String())
	return decoded(t, result.Out)
}

func decoded(t *testing.T, text string) any {
	t.Helper()
	var answer any
	require.NoError(t, json.Unmarshal([]byte(text), &answer), text)
	return plain(answer)
}

// plain leaves out what has its default value: whether that is printed is a matter of taste. Nothing but defaults is nil.
func plain(value any) any {
	switch v := value.(type) {
	case map[string]any:
		kept := map[string]any{}
		for name, field := range v {
			if field = plain(field); field != nil {
				kept[name] = field
			}
		}
		if len(kept) > 0 {
			return kept
		}
		return nil
	case []any:
		kept := make([]any, len(v))
		for i := range v {
			kept[i] = plain(v[i])
		}
		if len(kept) > 0 {
			return kept
		}
		return nil
	case string:
		if v == "" || v == "0" || strings.HasSuffix(v, "_UNSPECIFIED") {
			return nil
		}
	case float64:
		if v == 0 {
			return nil
		}
	case bool:
		if !v {
			return nil
		}
	}
	return value
}
