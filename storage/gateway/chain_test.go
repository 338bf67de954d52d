package gateway

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/storage"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

// node answers as a node does.
type node struct {
	access   storagetypes.QueryAccessResponse
	space    storagetypes.Space
	err      error // of the module's queries
	clockErr error
	block    time.Time
	nowMs    int64
	asked    *storagetypes.QueryAccessRequest
	clocks   int
}

func (n *node) Access(_ context.Context, in *storagetypes.QueryAccessRequest, _ ...grpc.CallOption) (*storagetypes.QueryAccessResponse, error) {
	n.asked = in
	return &n.access, n.err
}

func (n *node) Space(context.Context, *storagetypes.QuerySpaceRequest, ...grpc.CallOption) (*storagetypes.QuerySpaceResponse, error) {
	return &storagetypes.QuerySpaceResponse{Space: n.space}, n.err
}

func (n *node) Now(context.Context) (int64, error) {
	n.clocks++
	return n.nowMs, n.clockErr
}

func (n *node) LatestBlock(context.Context) (int64, time.Time, error) { return 7, n.block, n.clockErr }

func (n *node) chain() *Chain { return &Chain{spaces: n, clock: n} }

func newNode() *node {
	return &node{
		block: time.Now(), nowMs: 5000,
		access: storagetypes.QueryAccessResponse{
			Read: true, Write: true, Reason: "is listed", ExpiresMs: 9000, KeepUntilMs: 8000, SizeBytes: 100, Owner: "alice", Provider: "prov", Needed: true,
			Acting: "bob", NamedBy: []string{"carol"},
		},
		space: storagetypes.Space{Owner: "alice", Provider: "prov", ExpiresMs: 9000, KeepUntilMs: 8000},
	}
}

func TestChain(t *testing.T) {
	n := newNode()
	c := n.chain()
	d := storage.DigestOf(nil)
	got, err := c.Access(t.Context(), 7, "bob", d)
	require.NoError(t, err)
	require.Equal(t, Access{
		Read: true, Write: true, Reason: "is listed", ExpiresMs: 9000, KeepUntilMs: 8000, Needed: true, SizeBytes: 100, Provider: "prov", NowMs: 5000,
		Acting: "bob", NamedBy: []string{"carol"},
	}, got)
	require.Equal(t, &storagetypes.QueryAccessRequest{Space: 7, Account: "bob", Digest: d.String()}, n.asked)
	space, err := c.Space(t.Context(), 7)
	require.NoError(t, err)
	require.Equal(t, Reservation{Provider: "prov", ExpiresMs: 9000, KeepUntilMs: 8000, NowMs: 5000}, space)
	require.Equal(t, 1, n.clocks, "the clock is asked once a second")

	n.access.Acting = "alice"
	got, err = c.Access(t.Context(), 7, "hand", "")
	require.NoError(t, err)
	require.True(t, got.Own, "an operator's owner is the owner")
}

// A space that is not there is told from a chain that does not answer, or whose node answers with what was.
func TestChainThatCannotBeAsked(t *testing.T) {
	for what, c := range map[string]struct {
		change func(n *node)
		want   error
		words  string
	}{
		"no such space":      {func(n *node) { n.err = &client.QueryError{Code: codes.NotFound} }, ErrNoSpace, ""},
		"another error":      {func(n *node) { n.err = &client.QueryError{Code: codes.Internal, Message: "panicked"} }, ErrLedger, "panicked"},
		"no node":            {func(n *node) { n.clockErr = errors.New("is down") }, ErrLedger, "is down"},
		"a node that lags":   {func(n *node) { n.block = time.Now().Add(-2 * time.Minute) }, ErrLedger, "the node's latest block is 2m0s old"},
		"a node of a minute": {func(n *node) { n.block = time.Now().Add(-61 * time.Second) }, ErrLedger, "old (is it catching up, or has the chain stopped?)"},
	} {
		t.Run(what, func(t *testing.T) {
			n := newNode()
			c.change(n)
			_, err := n.chain().Access(t.Context(), 1, "bob", "")
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, c.words)
			_, err = n.chain().Space(t.Context(), 1)
			require.ErrorIs(t, err, c.want)
		})
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	n := newNode()
	n.clockErr = context.Canceled
	_, err := n.chain().Access(ended, 1, "bob", "")
	require.Equal(t, context.Canceled, err)
}
