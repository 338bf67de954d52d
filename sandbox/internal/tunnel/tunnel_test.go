package tunnel_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/sandbox/internal/tunnel"
	"github.com/ain-network/aind/sandbox/internal/wire"
)

// pair is two tunnels and the way between them, in order, as one pipe is.
type pair struct {
	near, far *tunnel.Tunnel // near is the container's side
	next      atomic.Uint32
	sent      atomic.Int64 // bytes of data that went from far to near
}

func connect(t *testing.T, far *tunnel.Tunnel, dial func() (net.Conn, error)) *pair {
	t.Helper()
	p := &pair{near: &tunnel.Tunnel{}, far: far}
	there, back := make(chan wire.Frame), make(chan wire.Frame)
	over := make(chan struct{})
	var users sync.WaitGroup
	carry := func(frames chan wire.Frame) func(wire.Kind, any, []byte) error {
		return func(kind wire.Kind, header any, body []byte) error {
			var buf bytes.Buffer
			if err := wire.Write(&buf, kind, header, body); err != nil {
				return err
			}
			f, err := wire.Read(&buf, func() int64 { return 1 << 20 })
			if err != nil {
				return err
			}
			select {
			case frames <- f:
				return nil
			case <-over:
				return net.ErrClosed
			}
		}
	}
	p.near.Send, p.far.Send = carry(there), carry(back)
	take := func(frames chan wire.Frame, side *tunnel.Tunnel) {
		for {
			select {
			case f := <-frames:
				if f.Kind == wire.KindOpen {
					var flow wire.Flow
					assert.NoError(t, f.Decode(&flow))
					s, err := side.Open(flow.Stream)
					if !assert.NoError(t, err) {
						return
					}
					users.Go(func() {
						conn, err := dial()
						if err != nil {
							s.Break(err.Error())
							return
						}
						s.Join(conn)
					})
					continue
				}
				if f.Kind == wire.KindData && side == p.near {
					p.sent.Add(int64(len(f.Body)))
				}
				assert.NoError(t, side.Take(f))
			case <-over:
				return
			}
		}
	}
	users.Go(func() { take(there, p.far) })
	users.Go(func() { take(back, p.near) })
	t.Cleanup(func() {
		p.near.Close()
		p.far.Close()
		close(over)
		users.Wait()
		p.near.Wait()
		p.far.Wait()
	})
	return p
}

// open is a connection of a program's.
func (p *pair) open(t *testing.T) *net.TCPConn {
	t.Helper()
	id := p.next.Add(1)
	s, err := p.near.Open(id)
	require.NoError(t, err)
	require.NoError(t, p.near.Send(wire.KindOpen, wire.Flow{Stream: id}, nil))
	ours, theirs := both(t)
	go s.Join(theirs)
	return ours
}

// both ends of a connection.
func both(t *testing.T) (near, far *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	a, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	b, err := l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { a.Close(); b.Close() })
	return a.(*net.TCPConn), b.(*net.TCPConn)
}

// echoing answers everybody with what he says, once he has said all.
func echoing(t *testing.T) func() (net.Conn, error) {
	t.Helper()
	return served(t, func(conn *net.TCPConn) {
		said, err := io.ReadAll(conn)
		if err == nil {
			_, _ = conn.Write(said)
		}
	})
}

func served(t *testing.T, serve func(*net.TCPConn)) func() (net.Conn, error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn.(*net.TCPConn))
			}()
		}
	}()
	return func() (net.Conn, error) { return net.Dial("tcp", l.Addr().String()) }
}

// Many connections at one time, each with more than may be on its way, and each said to its end before the other side answers.
func TestConnectionsAreCarriedWhole(t *testing.T) {
	p := connect(t, &tunnel.Tunnel{Idle: time.Minute}, echoing(t))
	var all sync.WaitGroup
	for range 8 {
		conn := p.open(t)
		all.Go(func() {
			said := make([]byte, 3*tunnel.Window+17)
			_, _ = rand.Read(said)
			_, err := conn.Write(said)
			assert.NoError(t, err)
			assert.NoError(t, conn.CloseWrite())
			heard, err := io.ReadAll(conn)
			assert.NoError(t, err)
			assert.True(t, bytes.Equal(said, heard), "%d of %d bytes", len(heard), len(said))
		})
	}
	all.Wait()
	p.near.Wait()
	p.far.Wait()
	assert.Zero(t, p.near.Len()+p.far.Len())
	assert.Empty(t, p.far.Note())
}

// A program that does not read holds up nobody, and the daemon keeps no more for it than the window.
func TestWhoDoesNotReadHoldsUpNobody(t *testing.T) {
	flood := served(t, func(conn *net.TCPConn) {
		for buf := make([]byte, 64<<10); ; {
			if _, err := conn.Write(buf); err != nil {
				return
			}
		}
	})
	echo := echoing(t)
	var first atomic.Bool
	p := connect(t, &tunnel.Tunnel{}, func() (net.Conn, error) {
		if first.CompareAndSwap(false, true) {
			return flood()
		}
		return echo()
	})
	slow := p.open(t)
	require.NoError(t, slow.SetReadBuffer(4096))
	_, err := slow.Read(make([]byte, 1)) // it has begun
	require.NoError(t, err)
	// When it stands still, all that moved on is what sockets hold.
	var before int64
	require.Eventually(t, func() bool {
		now := p.sent.Load()
		still := now == before && now >= tunnel.Window
		before = now
		return still
	}, 10*time.Second, 100*time.Millisecond)
	for range 3 {
		conn := p.open(t)
		_, err := conn.Write([]byte("hello"))
		require.NoError(t, err)
		require.NoError(t, conn.CloseWrite())
		heard, err := io.ReadAll(conn)
		require.NoError(t, err)
		require.Equal(t, "hello", string(heard))
	}
	require.NoError(t, slow.Close())
	require.Eventually(t, func() bool { return p.far.Len() == 0 }, 10*time.Second, 10*time.Millisecond, "what it left is closed")
}

func TestBoundsBreakConnectionsOff(t *testing.T) {
	answer := func(n int) func(t *testing.T) func() (net.Conn, error) {
		return func(t *testing.T) func() (net.Conn, error) {
			return served(t, func(conn *net.TCPConn) {
				_, _ = conn.Write(make([]byte, n))
				_, _ = io.Copy(io.Discard, conn)
			})
		}
	}
	for name, c := range map[string]struct {
		far   *tunnel.Tunnel
		serve func(t *testing.T) func() (net.Conn, error)
		say   int
		note  string
	}{
		"too much sent":     {&tunnel.Tunnel{In: 1000}, echoing, 1001, "more than 1000 bytes sent"},
		"too much received": {&tunnel.Tunnel{Out: 1000}, answer(1001), 1, "more than 1000 bytes received"},
		"silent":            {&tunnel.Tunnel{Idle: 50 * time.Millisecond}, answer(0), 1, "a connection was silent for 50ms"},
		"nobody there": {&tunnel.Tunnel{}, func(*testing.T) func() (net.Conn, error) {
			return func() (net.Conn, error) { return nil, errors.New("it is down") }
		}, 1, "it is down"},
	} {
		t.Run(name, func(t *testing.T) {
			p := connect(t, c.far, c.serve(t))
			conn := p.open(t)
			_, err := conn.Write(make([]byte, c.say))
			require.NoError(t, err)
			require.NoError(t, conn.SetReadDeadline(time.Now().Add(20*time.Second)))
			_, err = io.Copy(io.Discard, conn)
			require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "it was not broken off")
			require.Eventually(t, func() bool { return p.far.Len() == 0 && p.near.Len() == 0 }, 10*time.Second, 5*time.Millisecond)
			require.Equal(t, c.note, p.far.Note())
		})
	}
}

func TestCloseBreaksOffWhatIsOpen(t *testing.T) {
	closed := make(chan struct{}, 3)
	p := connect(t, &tunnel.Tunnel{}, served(t, func(conn *net.TCPConn) {
		_, _ = io.Copy(io.Discard, conn)
		closed <- struct{}{}
	}))
	for range 3 {
		_, err := p.open(t).Write([]byte("x"))
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool { return p.far.Len() == 3 }, 10*time.Second, 5*time.Millisecond)
	p.far.Close()
	p.far.Wait()
	for range 3 {
		<-closed
	}
	require.Zero(t, p.far.Len())
	_, err := p.far.Open(99)
	require.ErrorIs(t, err, net.ErrClosed)
}

// The container's side is a stranger's.
func TestRulesAreKept(t *testing.T) {
	frame := func(kind wire.Kind, flow any, body int) wire.Frame {
		var buf bytes.Buffer
		require.NoError(t, wire.Write(&buf, kind, flow, make([]byte, body)))
		f, err := wire.Read(&buf, func() int64 { return 1 << 30 })
		require.NoError(t, err)
		return f
	}
	one := wire.Flow{Stream: 1}
	for name, c := range map[string]struct {
		frames []wire.Frame
		says   string
	}{
		"more than the window":            {[]wire.Frame{frame(wire.KindData, one, tunnel.Window), frame(wire.KindData, one, 1)}, "more on stream 1 than there is room for"},
		"one frame beyond the window":     {[]wire.Frame{frame(wire.KindData, one, tunnel.Window+1)}, "more on stream 1 than there is room for"},
		"an empty frame":                  {[]wire.Frame{frame(wire.KindData, one, 0)}, "more on stream 1 than there is room for"},
		"data after the end":              {[]wire.Frame{frame(wire.KindShut, one, 0), frame(wire.KindData, one, 1)}, "more on stream 1 than there is room for"},
		"credit for nothing":              {[]wire.Frame{frame(wire.KindCredit, wire.Flow{Stream: 1, Bytes: 1}, 0)}, "credit for 1 bytes that were not sent"},
		"credit that takes back":          {[]wire.Frame{frame(wire.KindCredit, wire.Flow{Stream: 1, Bytes: -1}, 0)}, "credit for -1 bytes that were not sent"},
		"a header that is none":           {[]wire.Frame{{Kind: wire.KindData, Header: []byte("{")}}, "unexpected end of JSON input"},
		"a frame that is no connection's": {[]wire.Frame{frame(wire.KindDone, one, 0)}, "frame of kind 6"},
	} {
		t.Run(name, func(t *testing.T) {
			side := tunnel.Tunnel{Send: func(wire.Kind, any, []byte) error { return nil }}
			s, err := side.Open(1)
			require.NoError(t, err)
			defer s.Break("")
			_, err = side.Open(1)
			require.ErrorIs(t, err, tunnel.ErrRules)
			for i, f := range c.frames {
				err = side.Take(f)
				if i < len(c.frames)-1 {
					require.NoError(t, err)
				}
			}
			require.ErrorIs(t, err, tunnel.ErrRules)
			require.ErrorContains(t, err, c.says)
			require.NoError(t, side.Take(frame(wire.KindData, wire.Flow{Stream: 2}, 10)), "a stream that is gone")
		})
	}
}
