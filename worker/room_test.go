package worker_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/daemon/daemontest"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/storage"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// room is what a test says that is left.
type room struct {
	free daemon.FreeRoom
	err  error
}

func (r room) Left(context.Context) (daemon.FreeRoom, error) { return r.free, r.err }

// log is what a worker has logged.
type log struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// never is a time of the chain that no test reaches.
const never = 1 << 60

// Nothing is accepted whose result could not be handed over: no bond is at risk for a provider that is gone.
func TestNothingIsTakenThatCouldNotBeStored(t *testing.T) {
	whole := daemon.FreeRoom{Bytes: 100 << 20, Reserved: 100 << 20, Write: true, ExpiresMs: never}
	with := func(change func(*daemon.FreeRoom)) room {
		free := whole
		change(&free)
		return room{free: free}
	}
	for name, c := range map[string]struct {
		room room
		need program.Capability
		why  string // empty: it is taken
	}{
		"there is room": {room: room{free: whole}},
		"another's space, which does not say how full it is": {room: with(func(f *daemon.FreeRoom) { f.Untold, f.Bytes = true, 0 })},
		"the provider is gone": {room: room{err: &storage.UnavailableError{Endpoint: "https://store.example.org", Err: context.DeadlineExceeded}},
			why: "its result could not be stored in ain://8: "},
		"the space has expired": {room: with(func(f *daemon.FreeRoom) { f.Write, f.ExpiresMs = false, 1 }),
			why: "ain://8, where its result would go, expired at 1: reserve another"},
		"the space lets it no longer write": {room: with(func(f *daemon.FreeRoom) { f.Write = false }),
			why: "ain://8, where its result would go, does not let this node write: ask its owner, or name a space of your own"},
		"the space expires too soon": {room: with(func(f *daemon.FreeRoom) { f.ExpiresMs = 5 }),
			why: "ain://8 expires at 5, and its result may be due until "},
		"the space is full": {room: with(func(f *daemon.FreeRoom) { f.Bytes = 4<<20 - 1 }),
			why: "its result may not fit into ain://8: 4194303 bytes are left for 1 results, each of up to limits.output, 4194304 (aind storage rm makes room)"},
		"the job wants more than is left": {room: with(func(f *daemon.FreeRoom) { f.Bytes = 50 << 20 }), need: program.Capability{FreeStorageBytes: 60 << 20},
			why: "it needs more than this node has, free storage: 52428800 bytes of 62914560"},
		"the job wants what is left": {room: with(func(f *daemon.FreeRoom) { f.Bytes = 60 << 20 }), need: program.Capability{FreeStorageBytes: 60 << 20}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.machine.Space, s.machine.Room = 8, c.room
			said := &log{}
			s.machine.Log = slog.New(slog.NewTextHandler(said, nil))
			s.start(s.config())
			id := s.request(func(r *jobstypes.Request) { r.Spec.Requirement = c.need })
			if c.why == "" {
				s.settled(id, me)
				return
			}
			daemontest.Eventually(t, "a refusal for the right reason", func() bool { return strings.Contains(said.String(), c.why) })
			require.Never(t, func() bool { _, ok := s.mine(id); return ok }, 50*time.Millisecond, 10*time.Millisecond)
		})
	}
}
