package warden

import (
	"fmt"
	"io"
	"net"
	"slices"
	"sync"

	"github.com/ain-network/aind/sandbox/internal/tunnel"
	"github.com/ain-network/aind/sandbox/internal/wire"
)

// doors are addresses in the container. Whoever connects to one is connected, by way of the daemon, to the place that it leads to.
type doors struct {
	w    io.Writer // to the daemon
	most int       // connections at one time

	mu      sync.Mutex
	change  *sync.Cond
	leading map[net.Listener]string // to which place
	last    uint32                  // stream
	tunnel  *tunnel.Tunnel          // nil: they are closed
	open    map[uint32]bool         // streams that the daemon is not done with
}

func newDoors(w io.Writer) *doors {
	d := &doors{w: w, leading: map[net.Listener]string{}}
	d.change = sync.NewCond(&d.mu)
	return d
}

// build makes the doors, which are closed yet, and returns the variables that name them.
func (d *doors) build(ways wire.Ways) (env []string, err error) {
	d.most = ways.Connections
	for _, door := range ways.Doors {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("way to %s: %w", door.Place, err)
		}
		d.leading[l] = door.Place
		env = append(env, door.Variable+"="+door.Prefix+l.Addr().String())
	}
	for l, place := range d.leading {
		go d.serve(l, place)
	}
	return env, nil
}

// unlock lets connections through until lock.
func (d *doors) unlock() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.leading) == 0 {
		return
	}
	d.open = map[uint32]bool{}
	d.tunnel = &tunnel.Tunnel{
		Ended: d.ended, // with the tunnel's lock: d's is never held when the tunnel's is taken
		Send:  func(kind wire.Kind, header any, body []byte) error { return wire.Write(d.w, kind, header, body) },
	}
}

// lock breaks off all connections, and returns when nothing more is said of any.
func (d *doors) lock() {
	d.mu.Lock()
	t := d.tunnel
	d.tunnel = nil
	d.change.Broadcast()
	d.mu.Unlock()
	if t != nil {
		t.Close()
		t.Wait()
	}
}

// take does what the daemon says of a connection.
func (d *doors) take(f wire.Frame) {
	d.mu.Lock()
	t := d.tunnel
	d.mu.Unlock()
	if t != nil {
		_ = t.Take(f) // the daemon keeps the rules; what is late is for a tunnel that is closed
	}
}

func (d *doors) ended(id uint32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.open, id)
	d.change.Broadcast()
}

// serve passes on who comes to a door.
func (d *doors) serve(l net.Listener, place string) {
	defer l.Close()
	for {
		conn, err := l.Accept()
		if err != nil {
			return // the machine has no open file left
		}
		id, t := d.enter()
		if t == nil {
			conn.Close()
			continue
		}
		s, err := t.Open(id)
		if err != nil {
			conn.Close()
			continue
		}
		if wire.Write(d.w, wire.KindOpen, wire.Flow{Stream: id, Place: place}, nil) != nil {
			return // the daemon is gone
		}
		go s.Join(conn)
	}
}

// enter waits until there is room for one more. It is nil where the doors are closed.
func (d *doors) enter() (uint32, *tunnel.Tunnel) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.tunnel
	for t != nil && d.tunnel == t && len(d.open) >= d.most {
		d.change.Wait()
	}
	if t == nil || d.tunnel != t {
		return 0, nil
	}
	d.last++
	d.open[d.last] = true
	return d.last, t
}

// leads says whether a frame is about a connection.
func leads(f wire.Frame) bool {
	return slices.Contains([]wire.Kind{wire.KindData, wire.KindCredit, wire.KindShut, wire.KindReset}, f.Kind)
}
