package daemon_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/daemon/daemontest"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/gateway"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

// room is what a test says that is left.
type room struct {
	mu   sync.Mutex
	free daemon.FreeRoom
	err  error
}

func (r *room) Left(context.Context) (daemon.FreeRoom, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.free, r.err
}

func (r *room) set(free daemon.FreeRoom) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.free = free
}

// A worker states what its space has left when there is less than it has stated, or a good deal more, and what else it has stated stays.
func TestFreeStorageIsStatedAsItIs(t *testing.T) {
	chain := daemontest.NewChain()
	jobID := chain.AddJob(t, root)
	own := &room{free: daemon.FreeRoom{Bytes: 800, Reserved: 800, Write: true}}
	machine := daemontest.NewMachine(t, chain, "me", daemontest.NewStore(t))
	machine.Room = own
	cfg := machine.Config()
	cfg.Jobs = []daemon.JobID{daemon.JobID(jobID)}
	world, _ := machine.World(t)
	ctx, cancel := context.WithCancel(t.Context())
	kit, err := daemon.NewKit(ctx, cfg, world, program.ROLE_WORKER, daemon.WorkerNode, func() {})
	require.NoError(t, err)
	chain.AddNode(jobID, me, 0, program.ROLE_WORKER)
	chain.DoAs(t, me, &reputationtypes.MsgUpdateCapability{Signer: me, JobId: jobID, Capability: program.Capability{MemoryBytes: 7}})
	ended := make(chan struct{})
	go func() { kit.Member.Beat(ctx); close(ended) }()
	t.Cleanup(func() {
		cancel()
		<-ended
		require.NoError(t, kit.Close())
	})
	for _, c := range []struct {
		free   int64
		states uint64
	}{{800, 800}, {799, 700}, {710, 700}, {610, 600}, {750, 600}, {800, 800}, {50, 0}, {0, 0}} {
		own.set(daemon.FreeRoom{Bytes: c.free, Reserved: 800, Write: true})
		before := chain.Heartbeats(me)
		look(t, kit, "two signs of life", func([]daemon.Job) bool { return chain.Heartbeats(me) >= before+2 })
		nodes, err := chain.Connect().Memberships(t.Context(), me)
		require.NoError(t, err)
		require.Equal(t, program.Capability{MemoryBytes: 7, FreeStorageBytes: c.states}, nodes[0].Node.Capability, "%d are left", c.free)
	}
}

// provided is a chain that knows one space and its provider.
type provided struct {
	storagetypes.QueryClient
	mu       sync.Mutex
	endpoint string
	access   storagetypes.QueryAccessResponse
	gone     bool
}

func (p *provided) Space(context.Context, *storagetypes.QuerySpaceRequest, ...grpc.CallOption) (*storagetypes.QuerySpaceResponse, error) {
	return &storagetypes.QuerySpaceResponse{Space: storagetypes.Space{Id: 7, Provider: "provider"}}, nil
}

func (p *provided) Provider(context.Context, *storagetypes.QueryProviderRequest, ...grpc.CallOption) (*storagetypes.QueryProviderResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return &storagetypes.QueryProviderResponse{Provider: storagetypes.Provider{Endpoint: p.endpoint}}, nil
}

func (p *provided) Access(context.Context, *storagetypes.QueryAccessRequest, ...grpc.CallOption) (*storagetypes.QueryAccessResponse, error) {
	if p.gone {
		return nil, status.Error(codes.NotFound, "no such space")
	}
	return &p.access, nil
}

// serveGateway is a gateway that lets everybody in, and answers what it is told.
func serveGateway(t *testing.T, answers map[string]any) *httptest.Server {
	t.Helper()
	var server *httptest.Server
	answers["/v1/login"] = gateway.LoginAnswer{Token: "token", ExpiresMs: time.Now().Add(time.Hour).UnixMilli()}
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := answers[r.URL.Path]
		if r.URL.Path == "/v1/nonce" {
			name, ends := strings.TrimPrefix(server.URL, "http://"), time.Now().Add(time.Minute).UnixMilli()
			answer = gateway.NonceAnswer{ChainID: daemontest.ChainID, Gateway: name, Nonce: "nonce", ExpiresMs: ends,
				Text: gateway.LoginText(daemontest.ChainID, name, "nonce", ends)}
		}
		if refusal, is := answer.(*gateway.Error); is {
			w.WriteHeader(refusal.Status())
		}
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

func newSpaces(query *provided) *daemon.Spaces {
	return &daemon.Spaces{Query: query, ChainID: daemontest.ChainID, Key: client.GenerateKey(), Private: true}
}

func TestWhatASpaceHasLeft(t *testing.T) {
	const usage = "/v1/spaces/7/usage"
	nothing := gateway.Errorf(gateway.CodeNotFound, "there is no such content here, or you may not read it")
	whole := storagetypes.QueryAccessResponse{Read: true, Write: true, SizeBytes: 100, ExpiresMs: 9}
	others := storagetypes.QueryAccessResponse{Write: true, SizeBytes: 100, ExpiresMs: 9}
	for name, c := range map[string]struct {
		access storagetypes.QueryAccessResponse
		gone   bool
		usage  any
		want   daemon.FreeRoom
		err    error
	}{
		"stored and under way do not count":         {access: whole, usage: gateway.Usage{Reserved: 100, Stored: 30, Pending: 20}, want: daemon.FreeRoom{Bytes: 50, Reserved: 100, Write: true, ExpiresMs: 9}},
		"more than there is":                        {access: whole, usage: gateway.Usage{Reserved: 100, Stored: 130}, want: daemon.FreeRoom{Reserved: 100, Write: true, ExpiresMs: 9}},
		"another's, which does not say":             {access: others, usage: nothing, want: daemon.FreeRoom{Untold: true, Reserved: 100, Write: true, ExpiresMs: 9}},
		"one's own that the gateway does not serve": {access: whole, usage: nothing, err: storage.ErrNotFound},
		"a gateway whose chain is away":             {access: others, usage: gateway.Errorf(gateway.CodeInternal, "it failed"), err: storage.ErrUnavailable},
		"one that the chain does not know":          {gone: true, err: storage.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			query := &provided{access: c.access, gone: c.gone, endpoint: serveGateway(t, map[string]any{usage: c.usage}).URL}
			r := &daemon.SpaceRoom{Spaces: newSpaces(query), Space: 7, Account: me}
			for range 2 { // the second is remembered
				got, err := r.Left(t.Context())
				require.ErrorIs(t, err, c.err)
				require.Equal(t, c.want, got)
			}
		})
	}
}

// A provider that moves takes its spaces along: who stores there finds it again.
func TestAStoreFollowsItsProvider(t *testing.T) {
	d := storage.DigestOf(nil)
	answers := map[string]any{"/v1/spaces/7/stat": gateway.StatAnswer{Size: 5}}
	before, after := serveGateway(t, answers), serveGateway(t, map[string]any{"/v1/spaces/7/stat": gateway.StatAnswer{Size: 6}})
	query := &provided{endpoint: before.URL}
	store, id, err := daemon.OpenStore(t.Context(), "ain://7", newSpaces(query))
	require.NoError(t, err)
	require.EqualValues(t, 7, id)
	info, err := store.Stat(t.Context(), d)
	require.NoError(t, err)
	require.EqualValues(t, 5, info.Size)
	before.Close()
	_, err = store.Stat(t.Context(), d)
	require.ErrorIs(t, err, storage.ErrUnavailable)
	require.ErrorContains(t, err, before.URL)
	query.mu.Lock()
	query.endpoint = after.URL
	query.mu.Unlock()
	info, err = store.Stat(t.Context(), d)
	require.NoError(t, err)
	require.EqualValues(t, 6, info.Size)
}
