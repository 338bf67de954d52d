package worker_test

import (
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/daemon/daemontest"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/storage"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

func TestARunGetsWhatItsJobAndItsRequestAskFor(t *testing.T) {
	s := newScene(t)
	s.chain.Require(s.job, program.Capability{MemoryBytes: 64 << 20, CPUMillis: 300})
	s.start(s.config())
	id := s.request(func(r *jobstypes.Request) {
		r.Spec.Requirement = program.Capability{MemoryBytes: 96 << 20, DiskBytes: 1}
	})
	s.settled(id, me)
	runs := s.machine.Sandbox.Runs(daemontest.WorkerProgram)
	require.NotEmpty(t, runs)
	require.Equal(t, daemontest.Key("client").Address().String(), runs[len(runs)-1].Tenant)
	limits := runs[len(runs)-1].Limits
	require.EqualValues(t, 96<<20, limits.MemoryBytes, "more than the terms, less than the owner's 512 MiB")
	require.EqualValues(t, 300, limits.CPUMillis)
	require.EqualValues(t, 64<<20, limits.DiskBytes, "the owner's: the terms say nothing, and the request cannot starve it")
}

func TestWhatAProgramSaysIsKeptWithItsResult(t *testing.T) {
	s := newScene(t)
	s.machine.Sandbox.Say("half way through")
	r := s.start(s.config())
	id := s.request(nil)
	s.reaches(id, jobstypes.REQUEST_STATE_EVALUATING)
	var rec struct {
		Log *daemon.LogRef `json:"log"`
	}
	found, err := r.Journal.Get("request/"+strconv.FormatUint(id, 10), &rec)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, &daemon.LogRef{Digest: storage.DigestOf([]byte("half way through")).String(), Size: 16}, rec.Log)

	s.settled(id, me)
	s.nothingLeft(r)
	kept, err := daemon.ReadLogs(s.machine.Home, id)
	require.NoError(t, err)
	require.Len(t, kept, 1, "beyond the request's end")
	require.Equal(t, *rec.Log, kept[0].LogRef)
	content, err := os.ReadFile(kept[0].Path)
	require.NoError(t, err)
	require.Equal(t, "half way through", string(content))

	s.machine.Sandbox.Use(daemontest.WorkerProgram, daemontest.Fail)
	s.machine.Sandbox.Say("and no further")
	failed := s.request(nil)
	daemontest.Eventually(t, "the log of a run that failed", func() bool {
		kept, err := daemon.ReadLogs(s.machine.Home, failed)
		require.NoError(t, err)
		return len(kept) == 1 && kept[0].Size == 14
	})
}
