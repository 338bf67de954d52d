package harness

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Proxy stands between a daemon and something that it talks to.
type Proxy struct {
	listener net.Listener
	target   string
	passed   atomic.Int64 // bytes towards the target
	swallow  atomic.Bool
	slow     atomic.Bool

	mu    sync.Mutex
	open  []net.Conn
	pumps sync.WaitGroup
}

// StartProxy listens on a port of its own and passes everything on to the target, host:port. It ends with the test.
func StartProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{listener: listener, target: target}
	p.pumps.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

// Address is host:port of the proxy.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Passed is how many bytes went to the target.
func (p *Proxy) Passed() int64 { return p.passed.Load() }

// Slow has bytes towards the target trickle.
func (p *Proxy) Slow(slow bool) { p.slow.Store(slow) }

// Swallow has everything vanish that is sent from now on, in both directions, while all connections stay open: nobody is
// told. New connections are accepted and hear nothing. Connections that were open when the swallowing began stay dead after
// it ended, as behind a router that has forgotten them.
func (p *Proxy) Swallow(swallow bool) { p.swallow.Store(swallow) }

func (p *Proxy) accept() {
	for {
		from, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.keep(from)
		to, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = from.Close()
			continue
		}
		p.keep(to)
		line := &line{}
		p.pumps.Go(func() { p.pump(line, to, from, &p.passed) })
		p.pumps.Go(func() { p.pump(line, from, to, new(atomic.Int64)) })
	}
}

// line is one connection through the proxy.
type line struct{ dead atomic.Bool }

func (p *Proxy) pump(l *line, to, from net.Conn, passed *atomic.Int64) {
	buffer := make([]byte, 4<<10)
	for {
		n, err := from.Read(buffer)
		if p.swallow.Load() {
			l.dead.Store(true)
		}
		if l.dead.Load() {
			if err != nil {
				return
			}
			continue
		}
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				_ = from.Close()
				return
			}
			if passed.Add(int64(n)); passed == &p.passed && p.slow.Load() {
				<-time.After(10 * time.Millisecond)
			}
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				if tcp, ok := to.(*net.TCPConn); ok {
					_ = tcp.CloseWrite()
				}
				return
			}
			_ = to.Close()
			return
		}
	}
}

func (p *Proxy) keep(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = append(p.open, conn)
}

func (p *Proxy) close() {
	_ = p.listener.Close()
	p.mu.Lock()
	for _, conn := range p.open {
		_ = conn.Close()
	}
	p.mu.Unlock()
	p.pumps.Wait()
}
