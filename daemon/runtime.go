package daemon

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/sandbox/python"
	"github.com/ain-network/aind/storage"
)

// runtimeLimit is more than the Python runtime has.
const runtimeLimit = 64 << 20

// EnsurePython finds the runtime of scripts: where the config says, where it was installed, or in one of the stores, where it lies
// under its digest if anybody who registers scripts put it there. Where it is nowhere the node offers no scripts. It errs
// where a store cannot say.
func (c *Config) EnsurePython(ctx context.Context, stores iter.Seq[storage.Store], log *slog.Logger) error {
	if c.Sandbox.Python == "" {
		c.Sandbox.Python = FindPython()
	}
	if c.Sandbox.Python != "" {
		return nil
	}
	path := filepath.Join(c.Home, "runtimes", python.RuntimeName)
	if python.Verify(path) == nil {
		c.Sandbox.Python = path
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	for store := range stores {
		_, err := storage.Fetch(ctx, store, storage.Digest(python.RuntimeDigest), path, runtimeLimit)
		if err == nil {
			c.Sandbox.Python = path
			return nil
		}
		if !errors.Is(err, storage.ErrNotFound) {
			return fmt.Errorf("fetch the Python runtime: %w", err)
		}
	}
	log.Warn("no Python runtime here or in the store: no scripts are run (name one with sandbox.python)")
	return nil
}

// runtimeStores are where a node looks for the runtime of scripts: its own store, and the spaces that the scripts of its jobs are in.
func runtimeStores(ctx context.Context, jobs []JobID, chain JobSource, from Source, own storage.Store, log *slog.Logger) iter.Seq[storage.Store] {
	return func(yield func(storage.Store) bool) {
		if !yield(own) {
			return
		}
		seen := map[uint64]bool{0: true} // what names no space is in our own, or out of reach
		for _, jobID := range jobs {
			spaces, err := scriptSpaces(ctx, uint64(jobID), chain)
			if err != nil {
				log.Warn("cannot say where the scripts of a job are", "job", jobID, "error", err)
				continue
			}
			for _, space := range spaces {
				if seen[space] {
					continue
				}
				seen[space] = true
				store, err := from.At(ctx, space)
				if err != nil {
					log.Warn("cannot look for the Python runtime beside a job's scripts", "job", jobID, "space", space, "error", err)
					continue
				}
				if !yield(store) {
					return
				}
			}
		}
	}
}

// scriptSpaces are the spaces of a job's scripts, in which whoever registered them put their runtime, too.
func scriptSpaces(ctx context.Context, jobID uint64, chain JobSource) ([]uint64, error) {
	job, err := chain.Job(ctx, jobID)
	if err != nil {
		return nil, err
	}
	var spaces []uint64
	for _, id := range []uint64{job.WorkerRelease, job.EvaluatorRelease} {
		if id == 0 {
			continue
		}
		published, err := chain.Release(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, one := range published.Spec.Programs() {
			if one.Kind == program.PROGRAM_KIND_SCRIPT {
				spaces = append(spaces, one.Space)
			}
		}
	}
	return spaces, nil
}
