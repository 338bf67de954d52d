package docker

import (
	"context"
	"fmt"
	"time"

	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/sandbox/internal/tunnel"
	"github.com/ain-network/aind/sandbox/internal/wire"
)

const (
	// dialTimeout of a connection to a place.
	dialTimeout = 10 * time.Second
	// maxOpened are the connections that one run may make, one after the other.
	maxOpened = 10_000
)

// relay makes the connections of one run that its program asks for: to the places that the run names, and to nothing else.
type relay struct {
	ways   map[string]sandbox.Way
	most   int
	opened int
	tunnel *tunnel.Tunnel
}

// newRelay is nil for a run that reaches nothing.
func newRelay(n sandbox.Network, send func(kind wire.Kind, header any, body []byte) error) *relay {
	if len(n.Ways) == 0 {
		return nil
	}
	n = n.WithDefaults()
	r := &relay{ways: map[string]sandbox.Way{}, most: n.Connections, tunnel: &tunnel.Tunnel{Send: send, Idle: n.Idle, In: n.SentBytes, Out: n.ReceivedBytes}}
	for _, way := range n.Ways {
		r.ways[way.Place] = way
	}
	return r
}

// take does what a frame says. It never waits, and errs where the container breaks the rules.
func (r *relay) take(f wire.Frame) error {
	if r == nil {
		return fmt.Errorf("%w: a connection, and it may reach nothing", tunnel.ErrRules)
	}
	if f.Kind != wire.KindOpen {
		return r.tunnel.Take(f)
	}
	var flow wire.Flow
	if err := f.Decode(&flow); err != nil {
		return err
	}
	way, known := r.ways[flow.Place]
	if !known {
		return fmt.Errorf("%w: a connection to %.100q, which it may not reach", tunnel.ErrRules, flow.Place)
	}
	if r.tunnel.Len() >= r.most {
		return fmt.Errorf("%w: more than %d connections at one time", tunnel.ErrRules, r.most)
	}
	stream, err := r.tunnel.Open(flow.Stream)
	if err != nil {
		return err
	}
	r.opened++
	if r.opened > maxOpened {
		go stream.Break(fmt.Sprintf("more than %d connections", maxOpened))
		return nil
	}
	go r.connect(stream, way)
	return nil
}

func (r *relay) connect(stream *tunnel.Stream, way sandbox.Way) {
	ctx, cancel := context.WithTimeout(stream.Context(), dialTimeout)
	defer cancel()
	conn, err := way.Dial(ctx)
	if err != nil {
		stream.Break(fmt.Sprintf("no connection to %s: %s", way.Place, err))
		return
	}
	stream.Join(conn)
}

// close ends all connections, and puts into the program's log why the first was broken off, if one was.
func (r *relay) close(result *sandbox.Result, logBytes int64) {
	if r == nil {
		return
	}
	if note := r.tunnel.Note(); note != "" {
		addLog(result, []byte("\n[network: a connection was ended: "+note+"]\n"), logBytes)
	}
	r.tunnel.Close()
}

// waysOf a run, as its warden is told of them.
func waysOf(n sandbox.Network) (ways wire.Ways) {
	for _, way := range n.Ways {
		ways.Doors = append(ways.Doors, wire.Door{Place: way.Place, Variable: way.Variable, Prefix: way.Prefix})
	}
	ways.Connections = n.WithDefaults().Connections
	return ways
}

// urlsOf the places, as variables.
func urlsOf(n sandbox.Network) (env []string) {
	for _, way := range n.Ways {
		if way.URL != "" {
			env = append(env, way.Variable+"_URL="+way.URL)
		}
	}
	return env
}
