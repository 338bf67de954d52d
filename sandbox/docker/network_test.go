package docker_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/sandbox/docker"
	"github.com/ain-network/aind/sandbox/sandboxtest"
)

// place is somewhere on this machine, and how many talk to it.
type place struct {
	net.Listener
	now, all atomic.Int64
}

func openPlace(t *testing.T, serve func(*net.TCPConn)) *place {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &place{Listener: l}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			p.all.Add(1)
			p.now.Add(1)
			go func() {
				defer p.now.Add(-1)
				defer conn.Close()
				serve(conn.(*net.TCPConn))
			}()
		}
	}()
	return p
}

// way leads there.
func (p *place) way(name, variable string) sandbox.Way {
	return sandbox.Way{Place: name, Variable: variable, Dial: func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", p.Addr().String())
	}}
}

// echoes what was said, behind a name, when all was said.
func echoes(name string) func(*net.TCPConn) {
	return func(conn *net.TCPConn) {
		said, err := io.ReadAll(conn)
		if err == nil {
			_, _ = conn.Write(append([]byte(name), said...))
		}
	}
}

// A program reaches what its run names, each by its own address, and has no network all the same.
func TestAProgramReachesWhatItsRunNames(t *testing.T) {
	box, p := sandboxtest.OpenDocker(t, sandboxtest.DockerConfig(t)), sandboxtest.ImageProbe(t)
	chain, store := openPlace(t, echoes("chain ")), openPlace(t, echoes("store "))
	first, second := chain.way("chain", "AIN_CHAIN"), store.way("storage", "AIN_STORAGE")
	second.URL = "https://store.example.org"
	ways := sandbox.Network{Ways: []sandbox.Way{first, second}}
	said := bytes.Repeat([]byte("0123456789abcdef"), 40_000)
	for variable, name := range map[string]string{"AIN_CHAIN": "chain ", "AIN_STORAGE": "store "} {
		run := request(p, sandboxtest.Request{Action: "reach", Path: variable, Data: said, N: 5})
		run.Network = ways
		result, err := box.Run(context.Background(), run)
		require.NoError(t, err)
		reply := sandboxtest.DecodeReply(t, result.Output)
		require.Empty(t, reply.Names)
		require.Equal(t, name+string(said), string(reply.Data))
		require.Empty(t, result.Log)
	}
	run := request(p, sandboxtest.Request{Action: "env"})
	run.Network = ways
	result, err := box.Run(context.Background(), run)
	require.NoError(t, err)
	env := strings.Join(sandboxtest.DecodeReply(t, result.Output).Names, "\n")
	require.Regexp(t, `(?m)^AIN_CHAIN=127\.0\.0\.1:\d+$`, env)
	require.Regexp(t, `(?m)^AIN_STORAGE=127\.0\.0\.1:\d+$`, env)
	require.Contains(t, env, "AIN_STORAGE_URL=https://store.example.org")
	require.NotContains(t, env, "AIN_CHAIN_URL")

	run = request(p, sandboxtest.Request{Action: "dial", Path: chain.Addr().String()})
	run.Network = ways
	result, err = box.Run(context.Background(), run)
	require.NoError(t, err)
	require.Contains(t, sandboxtest.DecodeReply(t, result.Output).Text, "connection refused", "the machine's loopback is not the container's")
}

func TestAProgramReachesNothingThatItsRunDoesNotName(t *testing.T) {
	box, p := sandboxtest.OpenDocker(t, sandboxtest.DockerConfig(t)), sandboxtest.ImageProbe(t)
	result, err := box.Run(context.Background(), request(p, sandboxtest.Request{Action: "env"}))
	require.NoError(t, err)
	require.NotContains(t, strings.Join(sandboxtest.DecodeReply(t, result.Output).Names, "\n"), "AIN_STORAGE")

	store := openPlace(t, echoes(""))
	for name, run := range map[string]sandbox.Run{
		"a way that nobody dials":   {Program: p, Network: sandbox.Network{Ways: []sandbox.Way{{Place: "chain", Variable: "AIN_CHAIN"}}}},
		"a way without a variable":  {Program: p, Network: sandbox.Network{Ways: []sandbox.Way{store.way("storage", "")}}},
		"too many connections":      {Program: p, Network: sandbox.Network{Connections: 257}},
		"less than no connections":  {Program: p, Network: sandbox.Network{Connections: -1}},
		"less than no time":         {Program: p, Network: sandbox.Network{Idle: -1}},
		"less than no bytes sent":   {Program: p, Network: sandbox.Network{SentBytes: -1}},
		"less than none to receive": {Program: p, Network: sandbox.Network{ReceivedBytes: -1}},
	} {
		run.Input = sandboxtest.Request{Action: "echo"}.Encode()
		_, err := box.Run(context.Background(), run)
		require.ErrorContains(t, err, "network: ", name)
	}
	require.Zero(t, store.all.Load())
}

// What one run may do is bounded, and its log says what was too much.
func TestConnectionsHaveBounds(t *testing.T) {
	box, p := sandboxtest.OpenDocker(t, sandboxtest.DockerConfig(t)), sandboxtest.ImageProbe(t)
	sink := func(conn *net.TCPConn) { _, _ = io.Copy(io.Discard, conn) }
	source := func(conn *net.TCPConn) {
		for buf := make([]byte, 64<<10); ; {
			if _, err := conn.Write(buf); err != nil {
				return
			}
		}
	}
	for name, c := range map[string]struct {
		serve   func(*net.TCPConn)
		network sandbox.Network
		action  string
		n       int64
		log     string
		most    int64 // bytes that got through
	}{
		"sent":     {sink, sandbox.Network{SentBytes: 1 << 20}, "pour", 64 << 20, "more than 1048576 bytes sent", 16 << 20},
		"received": {source, sandbox.Network{ReceivedBytes: 1 << 20}, "drink", 0, "more than 1048576 bytes received", 1 << 20},
		"idle":     {sink, sandbox.Network{Idle: 200 * time.Millisecond}, "drink", 0, "a connection was silent for 200ms", 0},
	} {
		t.Run(name, func(t *testing.T) {
			there := openPlace(t, c.serve)
			run := request(p, sandboxtest.Request{Action: c.action, Path: "AIN_STORAGE", N: c.n})
			run.Network = c.network
			run.Network.Ways = []sandbox.Way{there.way("storage", "AIN_STORAGE")}
			result, err := box.Run(context.Background(), run)
			require.NoError(t, err)
			reply := sandboxtest.DecodeReply(t, result.Output)
			assert.NotEmpty(t, reply.Text)
			assert.LessOrEqual(t, reply.N, c.most)
			assert.Contains(t, string(result.Log), "[network: a connection was ended: "+c.log+"]")
		})
	}
	there := openPlace(t, echoes(""))
	run := request(p, sandboxtest.Request{Action: "reach", Path: "AIN_STORAGE", Data: []byte("hello"), N: 40})
	way, made := counted(there.way("storage", "AIN_STORAGE"))
	run.Network = sandbox.Network{Connections: 3, Ways: []sandbox.Way{way}}
	result, err := box.Run(context.Background(), run)
	require.NoError(t, err)
	assert.Empty(t, sandboxtest.DecodeReply(t, result.Output).Names, "who comes when all are in use waits")
	assert.Equal(t, int64(40), there.all.Load())
	assert.LessOrEqual(t, made.most.Load(), int64(3))
}

// tally counts the connections that the daemon holds: whoever is at their other end hears of their end later.
type tally struct {
	now, most atomic.Int64
	making    sync.Mutex
}

func counted(way sandbox.Way) (sandbox.Way, *tally) {
	h, connect := new(tally), way.Dial
	way.Dial = func(ctx context.Context) (net.Conn, error) {
		h.making.Lock()
		defer h.making.Unlock()
		h.most.Store(max(h.most.Load(), h.now.Add(1)))
		conn, err := connect(ctx)
		if err != nil {
			h.now.Add(-1)
			return nil, err
		}
		return &heldConn{TCPConn: conn.(*net.TCPConn), over: sync.OnceFunc(func() { h.now.Add(-1) })}, nil
	}
	return way, h
}

type heldConn struct {
	*net.TCPConn
	over func()
}

func (c *heldConn) Close() error {
	c.over()
	return c.TCPConn.Close()
}

func TestAPlaceThatIsDownIsTold(t *testing.T) {
	box, p := sandboxtest.OpenDocker(t, sandboxtest.DockerConfig(t)), sandboxtest.ImageProbe(t)
	run := request(p, sandboxtest.Request{Action: "reach", Path: "AIN_CHAIN"})
	run.Network.Ways = []sandbox.Way{{Place: "chain", Variable: "AIN_CHAIN", Dial: func(context.Context) (net.Conn, error) {
		return nil, errors.New("the node is down")
	}}}
	result, err := box.Run(context.Background(), run)
	require.NoError(t, err)
	require.Contains(t, string(result.Log), "[network: a connection was ended: no connection to chain: the node is down]")
}

// A program that asks for more than it reads costs the daemon no more than what may be on its way.
func TestAProgramThatDoesNotReadTakesNoMemory(t *testing.T) {
	box, p := sandboxtest.OpenDocker(t, sandboxtest.DockerConfig(t)), sandboxtest.ImageProbe(t)
	var sent atomic.Int64
	there := openPlace(t, func(conn *net.TCPConn) {
		for buf := make([]byte, 64<<10); ; {
			n, err := conn.Write(buf)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	})
	var before, during runtime.MemStats
	runtime.ReadMemStats(&before)
	run := request(p, sandboxtest.Request{Action: "hold", Path: "AIN_STORAGE", N: int64(time.Hour)})
	run.Limits.WallTime = 3 * time.Second
	run.Network.Ways = []sandbox.Way{there.way("storage", "AIN_STORAGE")}
	began := time.Now()
	_, err := box.Run(context.Background(), run)
	require.ErrorIs(t, err, sandbox.ErrTimeout)
	require.Less(t, time.Since(began), 20*time.Second)
	runtime.ReadMemStats(&during)
	require.Less(t, during.HeapAlloc, before.HeapAlloc+32<<20)
	require.Positive(t, sent.Load())
	require.Less(t, sent.Load(), int64(32<<20), "sockets hold something, too")
	require.Eventually(t, func() bool { return there.now.Load() == 0 }, 10*time.Second, 10*time.Millisecond, "its connections end with it")
}

// Each call of a program that stays has its own connections: what one left open is no use to the next.
func TestConnectionsEndWithTheirCall(t *testing.T) {
	s := openServing(t, func(c *docker.Config) { c.Warm.Uses = 10 })
	there := openPlace(t, func(conn *net.TCPConn) { _, _ = io.Copy(conn, conn) })
	reaching := func(path, said string) func(*sandbox.Run, *sandboxtest.Request) {
		return func(run *sandbox.Run, request *sandboxtest.Request) {
			request.Path, request.Data = path, []byte(said)
			run.Network.Ways = []sandbox.Way{there.way("storage", "AIN_STORAGE")}
		}
	}
	who := s.answer(t, "client", "who", reaching("", ""))
	for range 3 {
		reply := s.answer(t, "client", "reach", reaching("AIN_STORAGE", "hello"))
		require.Equal(t, "hello", string(reply.Data))
		require.Empty(t, reply.Names)
	}
	s.answer(t, "client", "hold", reaching("AIN_STORAGE", "kept"))
	require.Eventually(t, func() bool { return there.now.Load() == 0 }, 10*time.Second, 10*time.Millisecond)
	held := s.answer(t, "client", "held", reaching("", "again"))
	require.Len(t, held.Names, 1)
	require.NotEqual(t, "<nil>", held.Names[0])
	again := s.answer(t, "client", "who", reaching("", ""))
	require.Equal(t, who.Text, again.Text, "it is the same process")
	other, _ := s.who(t, "client")
	require.NotEqual(t, who.Text, other, "one that may reach more serves no call that may reach less")
}
