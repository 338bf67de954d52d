package daemon_test

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/daemon/daemontest"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

var (
	me   = daemontest.Address("me")
	root = daemontest.Address("root")
)

// openKit puts the parts of a worker on a machine of its own together.
func openKit(t *testing.T, chain *daemontest.Chain, jobID uint64, change func(*daemon.Config)) *daemon.Kit {
	t.Helper()
	machine := daemontest.NewMachine(t, chain, "me", daemontest.NewStore(t))
	cfg := machine.Config()
	cfg.Jobs, cfg.Apply = []daemon.JobID{daemon.JobID(jobID)}, true
	if change != nil {
		change(&cfg)
	}
	world, _ := machine.World(t)
	ctx, cancel := context.WithCancel(context.Background())
	kit, err := daemon.NewKit(ctx, cfg, world, program.ROLE_WORKER, daemon.WorkerNode, func() {})
	require.NoError(t, err)
	t.Cleanup(func() {
		cancel()
		require.NoError(t, kit.Close())
	})
	return kit
}

// look asks for the kit's jobs until the condition holds.
func look(t *testing.T, kit *daemon.Kit, what string, condition func(jobs []daemon.Job) bool) {
	t.Helper()
	daemontest.Eventually(t, what, func() bool {
		jobs, err := kit.Member.Jobs(t.Context())
		require.NoError(t, err)
		return condition(jobs)
	})
}

func applications(chain *daemontest.Chain) int {
	return chain.Executed(me, &reputationtypes.MsgApplyJob{})
}

func TestApplicantWhoIsRejectedDoesNotInsist(t *testing.T) {
	chain := daemontest.NewChain()
	jobID := chain.AddJob(t, root)
	kit := openKit(t, chain, jobID, nil)
	look(t, kit, "an application", func([]daemon.Job) bool { return applications(chain) == 1 })
	list, err := chain.Connect().Applications(t.Context(), jobID, "", me)
	require.NoError(t, err)
	chain.DoAs(t, root, &reputationtypes.MsgRejectApplication{ApplicationId: list[0].Id, Reason: "not today"})
	require.Never(t, func() bool {
		jobs, err := kit.Member.Jobs(t.Context())
		return err != nil || len(jobs) > 0 || applications(chain) > 1
	}, 200*time.Millisecond, 10*time.Millisecond)
}

func TestWhereNobodyApplies(t *testing.T) {
	for name, c := range map[string]struct {
		config  func(*daemon.Config)
		require program.Capability
	}{
		"without being told to":                {config: func(cfg *daemon.Config) { cfg.Apply = false }},
		"to an admin who is not trusted":       {config: func(cfg *daemon.Config) { cfg.Policy.Admins = []string{me} }},
		"without what the job requires":        {require: program.Capability{Tags: []string{"docker"}}},
		"with less memory than the job's need": {require: program.Capability{MemoryBytes: 1 << 40}},
	} {
		t.Run(name, func(t *testing.T) {
			chain := daemontest.NewChain()
			jobID := chain.AddJob(t, root)
			chain.Require(jobID, c.require)
			kit := openKit(t, chain, jobID, c.config)
			require.Never(t, func() bool {
				_, err := kit.Member.Jobs(t.Context())
				return err != nil || applications(chain) > 0
			}, 150*time.Millisecond, 10*time.Millisecond)
		})
	}
}

func TestHeartbeats(t *testing.T) {
	chain := daemontest.NewChain()
	jobID := chain.AddJob(t, root)
	kit := openKit(t, chain, jobID, nil)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan struct{})
	go func() { kit.Member.Beat(ctx); close(ended) }()
	require.Never(t, func() bool { return chain.Heartbeats(me) > 0 }, 50*time.Millisecond, 10*time.Millisecond, "no node yet")
	chain.AddNode(jobID, me, 0, program.ROLE_WORKER)
	look(t, kit, "the third heartbeat", func([]daemon.Job) bool { return chain.Heartbeats(me) >= 3 })
	cancel()
	<-ended
}

func TestTimeLeftIsTheChains(t *testing.T) {
	chain := daemontest.NewChain()
	connection := chain.Connect()
	clock := daemon.NewClock(connection)
	now, err := clock.Now(t.Context())
	require.NoError(t, err)
	left, err := clock.Left(t.Context(), now+10_000)
	require.NoError(t, err)
	require.InDelta(t, 10_000, left.Milliseconds(), 200)
	chain.Skip(4 * time.Second)
	daemontest.Eventually(t, "another look", func() bool {
		left, err := clock.Left(t.Context(), now+10_000)
		return err == nil && left < 6100*time.Millisecond
	})
	left, err = clock.Left(t.Context(), now)
	require.NoError(t, err)
	require.Negative(t, left)
}

func TestLoop(t *testing.T) {
	var passes, fail atomic.Int64
	loop := daemon.NewLoop(time.Hour, daemontest.Log(t), func(context.Context) (time.Duration, error) {
		passes.Add(1)
		if fail.Load() > 0 {
			fail.Add(-1)
			return 0, errors.New("chain is away")
		}
		return 0, nil
	})
	wake := make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { loop.Run(ctx, wake); close(ended) }()
	reaches := func(n int64) {
		t.Helper()
		daemontest.Eventually(t, "another pass", func() bool { return passes.Load() == n })
	}
	reaches(1) // at start
	wake <- struct{}{}
	reaches(2) // by an event
	loop.Nudge()
	reaches(3) // by what was done here
	fail.Store(1)
	loop.Nudge()
	reaches(5) // again after a failure
	close(wake)
	reaches(6)
	loop.Nudge()
	reaches(7) // without events
	cancel()
	<-ended
}

func TestProgramsThatFailAreLeftAlone(t *testing.T) {
	chain := daemontest.NewChain()
	jobID := chain.AddJob(t, root)
	kit := openKit(t, chain, jobID, nil)
	job, err := kit.Catalog.Job(t.Context(), jobID)
	require.NoError(t, err)
	box := kit.Sandbox.(*daemontest.Sandbox)
	call := daemon.Call{JobID: jobID, ReleaseID: job.WorkerRelease, Role: program.ROLE_WORKER, Input: daemontest.Question(1)}

	_, err = kit.Programs.Run(t.Context(), call)
	require.NoError(t, err)
	typical, err := kit.Programs.Typical(job.WorkerRelease)
	require.NoError(t, err)
	require.Positive(t, typical)

	box.Use(daemontest.WorkerProgram, func(context.Context, sandbox.Run) ([]byte, error) { return nil, errors.New("the disk is full") })
	_, err = kit.Programs.Run(t.Context(), call)
	require.False(t, daemon.IsProgramFault(err))
	why, err := kit.Programs.Resting(job.WorkerRelease)
	require.NoError(t, err)
	require.Empty(t, why, "that is not the program's fault")

	box.Use(daemontest.WorkerProgram, daemontest.Fail)
	_, err = kit.Programs.Run(t.Context(), call)
	require.True(t, daemon.IsProgramFault(err))
	why, err = kit.Programs.Resting(job.WorkerRelease)
	require.NoError(t, err)
	require.Contains(t, why, "failed 1 times in a row")
}

func TestContentIsTakenOnlyAsAnnounced(t *testing.T) {
	store := daemontest.NewStore(t)
	info, err := storage.PutBytes(t.Context(), store, []byte("content"))
	require.NoError(t, err)
	reference := func(digest string, size uint64) jobstypes.Input {
		return jobstypes.Input{Reference: &jobstypes.Reference{Digest: digest, Size_: size}}
	}
	read := func(input jobstypes.Input) error {
		_, err := daemon.ReadInput(t.Context(), daemon.Plain{Store: store}, input, 100)
		return err
	}
	require.NoError(t, read(jobstypes.Input{Inline: []byte("inline")}))
	require.NoError(t, read(reference(info.Digest.String(), 7)))
	require.ErrorIs(t, read(reference(info.Digest.String(), 8)), storage.ErrSizeMismatch)
	require.ErrorIs(t, read(reference(info.Digest.String(), 101)), storage.ErrTooLarge)
	require.ErrorIs(t, read(reference(daemontest.WorkerProgram, 7)), storage.ErrNotFound)
	require.Error(t, read(reference("sha256:short", 7)))
	chunked := reference(info.Digest.String(), 7)
	chunked.Reference.Chunked = true
	require.ErrorIs(t, read(chunked), chunk.ErrManifest)
}

// What is large lies in chunks, each of them checked.
func TestContentInChunks(t *testing.T) {
	store := daemontest.NewStore(t)
	content := bytes.Repeat([]byte("0123456789abcdef"), 5<<20)
	ref, err := chunk.Put(t.Context(), store, bytes.NewReader(content), int64(len(content)), chunk.Options{})
	require.NoError(t, err)
	require.True(t, ref.Chunked)
	read := func(size uint64, limit int64) ([]byte, error) {
		return daemon.ReadInput(t.Context(), daemon.Plain{Store: store}, jobstypes.Input{
			Reference: &jobstypes.Reference{Digest: ref.Digest.String(), Size_: size, Chunked: true},
		}, limit)
	}
	got, err := read(uint64(len(content)), 1<<30)
	require.NoError(t, err)
	require.True(t, bytes.Equal(content, got))
	_, err = read(uint64(len(content))+1, 1<<30)
	require.ErrorIs(t, err, storage.ErrSizeMismatch)
	_, err = read(uint64(len(content)), int64(len(content))-1)
	require.ErrorIs(t, err, storage.ErrTooLarge)
}

// A node whose store is a space does not take content of another store for content that is not there: nobody's work is worth less for it.
func TestContentOfAStoreThatThisNodeDoesNotKnow(t *testing.T) {
	spaces := &daemon.Spaces{}
	_, err := daemon.ReadInput(t.Context(), spaces, jobstypes.Input{Reference: &jobstypes.Reference{Digest: daemontest.WorkerProgram, Size_: 1}}, 100)
	require.ErrorIs(t, err, daemon.ErrNoStore)
	require.False(t, daemon.IsForGood(err))
}
