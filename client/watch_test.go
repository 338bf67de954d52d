package client_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/client"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// swallower is a proxy that can go silent: it keeps every connection open and forwards nothing, like a dead path behind
// an address translation.
type swallower struct {
	listener net.Listener
	target   string
	silent   atomic.Bool
	accepted atomic.Int64
	open     sync.WaitGroup
	ctx      context.Context
}

func newSwallower(t *testing.T, target string) *swallower {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	p := &swallower{listener: listener, target: strings.TrimPrefix(target, "http://"), ctx: ctx}
	p.open.Go(p.accept)
	t.Cleanup(func() { cancel(); _ = listener.Close(); p.open.Wait() })
	return p
}

func (p *swallower) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.accepted.Add(1)
		var dialer net.Dialer
		other, err := dialer.DialContext(p.ctx, "tcp", p.target)
		if err != nil {
			_ = conn.Close()
			continue
		}
		context.AfterFunc(p.ctx, func() { _ = conn.Close(); _ = other.Close() })
		p.open.Go(func() { p.forward(conn, other) })
		p.open.Go(func() { p.forward(other, conn) })
	}
}

func (p *swallower) forward(from, to net.Conn) {
	buffer := make([]byte, 4096)
	born := p.silent.Load()
	for {
		n, err := from.Read(buffer)
		if err != nil {
			if errors.Is(err, io.EOF) && !p.silent.Load() {
				_ = to.Close()
			}
			return
		}
		// A connection that was open when the path died stays dead.
		if p.silent.Load() || born {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func woken(t *testing.T, wakes <-chan struct{}, why string) {
	t.Helper()
	select {
	case _, ok := <-wakes:
		require.True(t, ok, why)
	case <-time.After(patience):
		t.Fatal("not woken: " + why)
	}
}

func TestWatchWakes(t *testing.T) {
	n := newFakeNode(t)
	c, _ := dial(t, n)
	ctx, cancel := context.WithCancel(t.Context())
	wakes := c.Watch(ctx, client.NewBlock)
	woken(t, wakes, "the subscription stands")
	n.block()
	woken(t, wakes, "a block was made")
	for range 5 {
		n.block()
	}
	woken(t, wakes, "blocks were made")

	n.hangUp()
	woken(t, wakes, "it is connected again")
	n.block()
	woken(t, wakes, "a block was made after the reconnect")

	n.restart()
	woken(t, wakes, "the node is back")
	n.block()
	woken(t, wakes, "a block was made after the restart")

	cancel()
	until(t, "closed", func() bool {
		select {
		case _, ok := <-wakes:
			return !ok
		default:
			return false
		}
	})
}

func TestWatchNoticesAPathThatSwallowsPackets(t *testing.T) {
	client.HurryPings(t, 50*time.Millisecond, 200*time.Millisecond)
	n := newFakeNode(t)
	proxy := newSwallower(t, n.server.URL)
	c, err := client.Dial(t.Context(), client.Config{Endpoints: []string{"http://" + proxy.listener.Addr().String()}})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	wakes := c.Watch(t.Context(), client.NewBlock)
	woken(t, wakes, "the subscription stands")

	proxy.silent.Store(true)
	before := proxy.accepted.Load()
	until(t, "dialled again", func() bool { return proxy.accepted.Load() > before })
	proxy.silent.Store(false)
	woken(t, wakes, "it is connected again")
	n.block()
	woken(t, wakes, "a block was made")
}

func TestWatchUsesAsManyConnectionsAsItsFiltersNeed(t *testing.T) {
	n := newFakeNode(t)
	c, _ := dial(t, n)
	var filters []string
	for range 12 {
		filters = append(filters, client.NewBlock)
	}
	wakes := c.Watch(t.Context(), filters...)
	until(t, "all subscribed", func() bool { return n.subscribers() == 12 })
	woken(t, wakes, "subscribed")
}

func TestCloseEndsWatching(t *testing.T) {
	n := newFakeNode(t)
	c, _ := dial(t, n)
	wakes := c.Watch(context.Background())
	woken(t, wakes, "subscribed")
	c.Close()
	for range wakes {
	}
	until(t, "hung up", func() bool { return n.subscribers() == 0 })
}

func TestFilters(t *testing.T) {
	event := &jobstypes.EventJobAccepted{}
	require.Equal(t, `tm.event='Tx' AND ain.jobs.v1.EventJobAccepted.job_id='"1"' AND ain.jobs.v1.EventJobAccepted.node='"ain1"'`,
		client.OnTx(event, "job_id", "1", "node", "ain1"))
	require.Equal(t, `tm.event='Tx' AND ain.jobs.v1.EventJobAccepted.msg_index EXISTS`, client.OnTx(event))
	require.Equal(t, `tm.event='NewBlockEvents' AND ain.jobs.v1.EventJobAccepted.mode EXISTS`, client.OnBlock(event))
}
