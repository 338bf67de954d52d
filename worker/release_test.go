package worker_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/daemon/daemontest"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/storage"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// builtBy gives the job's release a builder's word.
func (s *scene) builtBy(builder string) {
	s.chain.Release(s.job, s.chain.WorkerRelease(s.job), func(r *jobstypes.Release) {
		r.Spec.Provenance = &jobstypes.Provenance{Signature: jobstypes.Signature{Signer: builder}}
	})
}

// TestOwnersPolicyOnReleases: what the policy refuses is neither run nor accepted by.
func TestOwnersPolicyOnReleases(t *testing.T) {
	builder, other := daemontest.Address("builder"), daemontest.Address("other")
	attested := func(builders ...string) daemon.Policy {
		return daemon.Policy{Releases: daemon.ReleasesAttested, Builders: builders}
	}
	listed := func(digest string) daemon.Policy {
		return daemon.Policy{Releases: daemon.ReleasesListed, Programs: []string{digest}}
	}
	for name, c := range map[string]struct {
		policy daemon.Policy
		scene  func(s *scene)
		taken  bool
		why    string
	}{
		"any, of nobody's build":                   {policy: daemon.Policy{Releases: daemon.ReleasesAny}, taken: true},
		"attested, of nobody's build":              {policy: attested(), why: "nobody says what it was built from"},
		"attested, by one whom nobody trusts":      {policy: attested(), scene: func(s *scene) { s.builtBy(builder) }, why: "is not one of the chain's"},
		"attested, by one of the chain's builders": {policy: attested(), scene: func(s *scene) { s.builtBy(builder); s.chain.Trust(builder, true) }, taken: true},
		"attested, by one whom the owner names":    {policy: attested(builder), scene: func(s *scene) { s.builtBy(builder) }, taken: true},
		"attested, by one of the chain's whom the owner does not name": {
			policy: attested(other), scene: func(s *scene) { s.builtBy(builder); s.chain.Trust(builder, true) }, why: "policy.builders does not name",
		},
		"listed":     {policy: listed(daemontest.WorkerProgram), taken: true},
		"not listed": {policy: listed(daemontest.EvaluatorProgram), why: "policy.programs does not name"},
		"revoked": {
			scene: func(s *scene) {
				s.chain.Release(s.job, s.chain.WorkerRelease(s.job), func(r *jobstypes.Release) { r.Revoked = true })
			},
			why: "revoked by the job's admin",
		},
		"expired": {
			scene: func(s *scene) {
				s.chain.Release(s.job, s.chain.WorkerRelease(s.job), func(r *jobstypes.Release) { r.Spec.ExpiresMs = 1 })
			},
			why: "has expired",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			if c.scene != nil {
				c.scene(s)
			}
			cfg := s.config()
			cfg.Policy = c.policy
			s.start(cfg)
			id := s.request(nil)
			if c.taken {
				s.settled(id, me)
				return
			}
			require.Never(t, func() bool { _, ok := s.mine(id); return ok }, 150*time.Millisecond, 10*time.Millisecond)
			require.Empty(t, s.machine.Sandbox.Runs(daemontest.WorkerProgram), "nor is it run")
			daemontest.Eventually(t, "it says why", func() bool {
				states, err := daemon.ReadPrograms(s.machine.Home, s.job)
				return err == nil && len(states) == 1 && states[0].State == daemon.StateRefused && strings.Contains(states[0].Why, c.why)
			})
		})
	}
}

// A program that would run for a minute is killed as soon as its release is revoked, and not started again.
func TestAProgramStopsWhenItsReleaseIsRevoked(t *testing.T) {
	s := newScene(t)
	stopped := make(chan time.Time, 1)
	s.machine.Sandbox.Use(daemontest.WorkerProgram, func(ctx context.Context, _ sandbox.Run) ([]byte, error) {
		select {
		case <-ctx.Done():
		case <-time.After(time.Minute):
		}
		stopped <- time.Now()
		return nil, ctx.Err()
	})
	s.start(s.config())
	id := s.request(nil)
	daemontest.Eventually(t, "it runs", func() bool { now, _ := s.machine.Sandbox.Running(); return now == 1 })
	revoked := time.Now()
	s.chain.Release(s.job, s.chain.WorkerRelease(s.job), func(r *jobstypes.Release) { r.Revoked = true })
	select {
	case at := <-stopped:
		require.Less(t, at.Sub(revoked), 10*time.Second)
	case <-time.After(30 * time.Second):
		t.Fatal("it runs on")
	}
	require.Never(t, func() bool { return len(s.machine.Sandbox.Runs(daemontest.WorkerProgram)) > 1 }, 200*time.Millisecond, 20*time.Millisecond)
	a, ok := s.mine(id)
	require.True(t, ok)
	require.False(t, a.HasCommitted())
}

// Requests keep the release that they were made with: what runs goes on, and what comes next has the newest.
func TestNewRequestsGetTheNewRelease(t *testing.T) {
	s := newScene(t)
	newer := "sha256:" + strings.Repeat("33", 32)
	s.machine.Sandbox.Use(newer, daemontest.Double)
	s.machine.Sandbox.Use(daemontest.WorkerProgram, slowly(600*time.Millisecond))
	s.start(s.config())
	first := s.request(nil)
	daemontest.Eventually(t, "the old one runs", func() bool { now, _ := s.machine.Sandbox.Running(); return now == 1 })
	release := s.chain.Publish(s.job, newer)
	second := s.request(nil)
	s.settled(second, me)
	s.settled(first, me)
	require.Len(t, s.machine.Sandbox.Runs(daemontest.WorkerProgram), 1)
	require.Len(t, s.machine.Sandbox.Runs(newer), 1)
	daemontest.Eventually(t, "both are on the board", func() bool {
		states, err := daemon.ReadPrograms(s.machine.Home, s.job)
		return err == nil && len(states) == 2 && states[0].ReleaseID == release && states[0].Version == "1.1.0" && states[0].State == daemon.StateReady
	})
}

// slowStore is one of which an image of a gigabyte does not come in time.
type slowStore struct{ arrived chan struct{} }

func (s slowStore) Fetch(ctx context.Context, _ storage.Store, _ jobstypes.ReleaseSpec, one program.Program, _ string, _ sdk.AccAddress) (string, error) {
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case <-s.arrived:
		return "/programs/" + one.Digest, nil
	}
}

// A cold image and a limit of three seconds: nothing is accepted, and nothing is lost, while it is on its way.
func TestAColdImageCostsNothing(t *testing.T) {
	s := newScene(t)
	slow := slowStore{make(chan struct{})}
	s.machine.Cache = slow
	s.chain.Release(s.job, s.chain.WorkerRelease(s.job), func(r *jobstypes.Release) { r.Spec.Program.Size_ = 1 << 30 })
	s.start(s.config())
	id := s.request(func(r *jobstypes.Request) { r.Spec.TimeLimitMs = 3_000 })
	daemontest.Eventually(t, "it is being fetched", func() bool {
		states, err := daemon.ReadPrograms(s.machine.Home, s.job)
		return err == nil && len(states) == 1 && states[0].State == daemon.StatePreparing
	})
	require.Never(t, func() bool { _, ok := s.mine(id); return ok }, 200*time.Millisecond, 10*time.Millisecond)
	_, free := s.chain.Money(me)
	require.EqualValues(t, stake, free, "no bond was pledged")
	require.Zero(t, s.chain.Executed(me, &jobstypes.MsgAcceptJob{}))

	close(slow.arrived)
	s.settled(s.request(nil), me)
}
