// Package tunnel carries connections over the frames that a sandbox and a container's first process exchange, so that a program in a container
// without a network reaches the few places that its run names.
//
// The container's side opens streams, the daemon's side dials. From then on both do the same. Each may have Window bytes on their way to the
// other on each stream, and more when the other has passed them on: so neither keeps more than that for a reader who is slow, and a
// stream that stands still holds up no other. Whoever is done with a stream says Reset, once; before Shut it means that it was broken off.
//
// The other side is not trusted: Take errs on what breaks these rules, and never waits.
package tunnel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/ain-network/aind/sandbox/internal/wire"
)

const (
	// Window is how much may be on its way on one stream, in one direction.
	Window = 128 << 10
	// piece is how much of it goes into one frame.
	piece = 32 << 10
)

// ErrRules says that the other side broke the rules.
var ErrRules = errors.New("tunnel")

// Tunnel is one side of all connections of a run.
type Tunnel struct {
	// Send writes a frame to the other side. It may block.
	Send func(kind wire.Kind, header any, body []byte) error
	// Idle is how long a stream may be silent; 0: for ever.
	Idle time.Duration
	// In and Out bound the bytes that come from and go to the other side; 0: no limit.
	In, Out int64
	// Ended is called once for each stream that the other side is done with. It must not block.
	Ended func(id uint32)

	mu      sync.Mutex
	streams map[uint32]*Stream
	closed  bool
	in, out int64
	note    string
	open    sync.WaitGroup
}

// Open makes a stream, which keeps what comes on it until it is joined to a connection. It ends by Join or Break, one of which has to be called.
func (t *Tunnel) Open(id uint32) (*Stream, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, net.ErrClosed
	}
	if t.streams == nil {
		t.streams = map[uint32]*Stream{}
	}
	if t.streams[id] != nil {
		return nil, fmt.Errorf("%w: stream %d is open already", ErrRules, id)
	}
	s := &Stream{tunnel: t, id: id, credit: Window, touched: time.Now()}
	s.change = sync.NewCond(&t.mu)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if t.Idle > 0 {
		s.timer = time.AfterFunc(t.Idle, s.checkIdle)
	}
	t.streams[id] = s
	t.open.Add(1)
	return s, nil
}

// Len is how many streams are open.
func (t *Tunnel) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.streams)
}

// Note is why the first stream was broken off here; empty: none was.
func (t *Tunnel) Note() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.note
}

// Take does what a frame of the other side says. What is about a stream that is gone comes too late and is nothing.
func (t *Tunnel) Take(f wire.Frame) error {
	var flow wire.Flow
	if err := f.Decode(&flow); err != nil {
		return fmt.Errorf("%w: %w", ErrRules, err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.streams[flow.Stream]
	if f.Kind == wire.KindReset && t.Ended != nil {
		defer t.Ended(flow.Stream)
	}
	if s == nil {
		return nil
	}
	defer s.change.Broadcast()
	switch f.Kind {
	case wire.KindData:
		return s.takeData(f.Body)
	case wire.KindCredit:
		if flow.Bytes < 0 || flow.Bytes > Window-s.credit {
			return fmt.Errorf("%w: credit for %d bytes that were not sent", ErrRules, flow.Bytes)
		}
		s.credit += flow.Bytes
	case wire.KindShut:
		s.shut = true
	case wire.KindReset:
		s.gone = true
		switch {
		case !s.shut:
			s.breakOff("")
		case s.passed:
			s.conn.Close() // nobody hears what it says
		}
	default:
		return fmt.Errorf("%w: frame of kind %d", ErrRules, f.Kind)
	}
	return nil
}

// Close breaks off all streams; nothing is sent afterwards but what was being sent. Wait returns when that is over.
func (t *Tunnel) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for _, s := range t.streams {
		s.breakOff("")
		s.change.Broadcast()
	}
}

// Wait returns when no stream is open and nothing is being sent.
func (t *Tunnel) Wait() { t.open.Wait() }

// send writes a frame unless the tunnel is closed.
func (t *Tunnel) send(kind wire.Kind, flow wire.Flow, body []byte) error {
	t.mu.Lock()
	closed := t.closed
	t.mu.Unlock()
	if closed {
		return net.ErrClosed
	}
	return t.Send(kind, flow, body)
}
