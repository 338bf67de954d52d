package daemon

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/storage"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// scripts are the jobs of a chain whose releases have the numbers of their spaces.
type scripts struct {
	JobSource
	jobs  map[uint64]jobstypes.Job
	kinds map[uint64]program.ProgramKind
}

func (s scripts) Job(_ context.Context, id uint64) (jobstypes.Job, error) {
	job, ok := s.jobs[id]
	if !ok {
		return job, fmt.Errorf("no job %d", id)
	}
	return job, nil
}

func (s scripts) Release(_ context.Context, id uint64) (jobstypes.Release, error) {
	kind, ok := s.kinds[id]
	if !ok {
		kind = program.PROGRAM_KIND_SCRIPT
	}
	return jobstypes.Release{Spec: jobstypes.ReleaseSpec{Program: program.Program{Kind: kind, Space: id}}}, nil
}

// numbered is the store of a space.
type numbered struct {
	storage.Store
	space uint64
}

// rooms opens every space but the ninth.
type rooms struct{}

func (rooms) At(_ context.Context, space uint64) (storage.Store, error) {
	if space == 9 {
		return nil, storage.ErrNotFound
	}
	return numbered{space: space}, nil
}

// A newcomer with nothing but the program finds the runtime of scripts in its own store, or beside the scripts of its jobs.
func TestTheRuntimeIsLookedForBesideTheScripts(t *testing.T) {
	chain := scripts{
		jobs: map[uint64]jobstypes.Job{
			1: {WorkerRelease: 3, EvaluatorRelease: 3}, 2: {WorkerRelease: 9, EvaluatorRelease: 4}, 3: {WorkerRelease: 5}, 4: {WorkerRelease: 6, EvaluatorRelease: 7},
		},
		kinds: map[uint64]program.ProgramKind{5: program.PROGRAM_KIND_WASM, 6: program.PROGRAM_KIND_IMAGE},
	}
	var looked []uint64
	for store := range runtimeStores(t.Context(), []JobID{1, 8, 2, 3, 4}, chain, rooms{}, numbered{space: 1}, slog.New(slog.DiscardHandler)) {
		looked = append(looked, store.(numbered).space)
	}
	require.Equal(t, []uint64{1, 3, 4, 7}, looked)
}
