package tunnel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/ain-network/aind/sandbox/internal/wire"
)

// Stream is one connection. Its fields are the tunnel's lock's.
type Stream struct {
	tunnel *Tunnel
	id     uint32
	change *sync.Cond
	ctx    context.Context // ends with the stream
	cancel context.CancelFunc
	timer  *time.Timer // of its idleness

	conn    net.Conn // nil: not joined yet
	queue   []byte   // came, and was not passed on
	waiting int64    // bytes of it, and of what is being passed on
	credit  int64    // that may be sent
	shut    bool     // nothing more comes
	passed  bool     // and all of it was passed on
	gone    bool     // nobody listens any more
	broken  bool
	touched time.Time
}

// Context ends with the stream.
func (s *Stream) Context() context.Context { return s.ctx }

// Join passes bytes between the stream and a connection, which it closes, and returns when both have nothing more to say, or one was broken off.
func (s *Stream) Join(conn net.Conn) {
	s.tunnel.mu.Lock()
	s.conn = conn
	if s.broken {
		conn.Close()
	}
	s.tunnel.mu.Unlock()
	var inward sync.WaitGroup
	inward.Go(s.pass)
	s.collect()
	inward.Wait()
	s.end()
}

// Break ends a stream that is not joined, and tells the other side.
func (s *Stream) Break(why string) {
	s.tunnel.mu.Lock()
	s.breakOff(why)
	s.tunnel.mu.Unlock()
	s.end()
}

// breakOff ends a stream. The tunnel is locked.
func (s *Stream) breakOff(why string) {
	if s.broken {
		return
	}
	s.broken = true
	if s.tunnel.note == "" {
		s.tunnel.note = why
	}
	s.cancel()
	if s.conn != nil {
		if tcp, ok := s.conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // who is at its end sees that something is missing
		}
		s.conn.Close()
	}
	s.change.Broadcast()
}

// end forgets the stream and says so.
func (s *Stream) end() {
	s.cancel()
	if s.timer != nil {
		s.timer.Stop()
	}
	if s.conn != nil {
		s.conn.Close()
	}
	s.tunnel.mu.Lock()
	delete(s.tunnel.streams, s.id)
	s.tunnel.mu.Unlock()
	_ = s.tunnel.send(wire.KindReset, wire.Flow{Stream: s.id}, nil) // who does not hear it has ended
	s.tunnel.open.Done()
}

// checkIdle breaks off a stream that was silent for too long, or looks again later.
func (s *Stream) checkIdle() {
	s.tunnel.mu.Lock()
	defer s.tunnel.mu.Unlock()
	if s.tunnel.streams[s.id] != s {
		return // it has ended meanwhile
	}
	if left := s.tunnel.Idle - time.Since(s.touched); left > 0 {
		s.timer.Reset(left)
		return
	}
	s.breakOff(fmt.Sprintf("a connection was silent for %s", s.tunnel.Idle))
}

// takeData keeps what came. The tunnel is locked.
func (s *Stream) takeData(body []byte) error {
	if len(body) == 0 || s.waiting+int64(len(body)) > Window || s.shut {
		return fmt.Errorf("%w: more on stream %d than there is room for", ErrRules, s.id)
	}
	t := s.tunnel
	if t.in += int64(len(body)); t.In > 0 && t.in > t.In {
		s.breakOff(fmt.Sprintf("more than %d bytes sent", t.In))
		return nil
	}
	if s.broken {
		return nil
	}
	s.queue, s.waiting, s.touched = append(s.queue, body...), s.waiting+int64(len(body)), time.Now()
	return nil
}

// pass gives to the connection what comes on the stream.
func (s *Stream) pass() {
	for {
		body, ok := s.next()
		if !ok {
			break
		}
		_, err := s.conn.Write(body)
		s.tunnel.mu.Lock()
		s.waiting -= int64(len(body))
		s.touched = time.Now()
		if err != nil {
			s.breakOff("")
		}
		s.tunnel.mu.Unlock()
		if err != nil || s.tunnel.send(wire.KindCredit, wire.Flow{Stream: s.id, Bytes: int64(len(body))}, nil) != nil {
			return
		}
	}
	s.tunnel.mu.Lock()
	defer s.tunnel.mu.Unlock()
	s.passed = true
	half, can := s.conn.(interface{ CloseWrite() error })
	if can && !s.gone && !s.broken {
		_ = half.CloseWrite() // the other direction goes on
		return
	}
	s.conn.Close()
}

// next waits for what comes next. ok: there is something.
func (s *Stream) next() (body []byte, ok bool) {
	s.tunnel.mu.Lock()
	defer s.tunnel.mu.Unlock()
	for len(s.queue) == 0 && !s.shut && !s.broken {
		s.change.Wait()
	}
	if s.broken || len(s.queue) == 0 {
		return nil, false
	}
	body = slices.Clone(s.queue[:min(len(s.queue), piece)])
	s.queue = slices.Delete(s.queue, 0, len(body))
	return body, true
}

// collect sends what the connection says.
func (s *Stream) collect() {
	buf := make([]byte, piece)
	for {
		room := s.room()
		if room == 0 {
			return
		}
		n, err := s.conn.Read(buf[:min(room, piece)])
		if n > 0 && !s.sent(n) {
			return
		}
		if n > 0 && s.tunnel.send(wire.KindData, wire.Flow{Stream: s.id}, buf[:n]) != nil {
			return
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			_ = s.tunnel.send(wire.KindShut, wire.Flow{Stream: s.id}, nil)
			return
		default:
			s.tunnel.mu.Lock()
			if !s.passed || !s.gone { // else it was closed because both sides are done
				s.breakOff("")
			}
			s.tunnel.mu.Unlock()
			return
		}
	}
}

// room waits until something may be sent. 0: nothing will be any more.
func (s *Stream) room() int64 {
	s.tunnel.mu.Lock()
	defer s.tunnel.mu.Unlock()
	for s.credit == 0 && !s.broken && !s.gone {
		s.change.Wait()
	}
	if s.broken || s.gone && s.credit == 0 {
		return 0
	}
	return s.credit
}

// sent counts what goes out. ok: it may.
func (s *Stream) sent(n int) (ok bool) {
	t := s.tunnel
	t.mu.Lock()
	defer t.mu.Unlock()
	s.credit -= int64(n)
	s.touched = time.Now()
	if t.out += int64(n); t.Out > 0 && t.out > t.Out {
		s.breakOff(fmt.Sprintf("more than %d bytes received", t.Out))
	}
	return !s.broken
}
