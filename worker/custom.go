package worker

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// refusesCustom says why a program that a request names is not run; empty: it is, or the job has its own.
func (w *Worker) refusesCustom(ctx context.Context, request jobstypes.Request) (string, error) {
	requested, err := w.Programs.Requested(ctx, request.WorkerRelease)
	if err != nil || !requested {
		return "", err
	}
	if !w.Config.Policy.CustomCode {
		return "it names a program of its own, and policy.custom_code is off", nil
	}
	terms, err := w.Catalog.Terms(ctx, request.Spec.JobId, request.TermsVersion)
	if err == nil && terms.ByCheckpoint() {
		return "its terms verify by checkpoint, and a program that a request names has no segments", nil
	}
	return "", err
}

// prepareCode has the program that a request names on this machine, verified and ready, before the request is accepted.
func (t *task) prepareCode(ctx context.Context) error {
	requested, err := t.Programs.Requested(ctx, t.request.WorkerRelease)
	if err != nil || !requested {
		return err
	}
	if t.fetched == nil {
		return errors.New("what it names is not to be seen before it is accepted")
	}
	named, err := daemon.ReadTask(*t.fetched)
	if err != nil {
		return err
	}
	left, err := t.Clock.Left(ctx, t.request.DeadlineMs)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, left) // later nobody wants it any more
	defer cancel()
	return t.unlessUnseen(ctx, t.PrepareCode(ctx, t.request, named.Program))
}

// noteOutput remembers what the program left besides its reply, if its request named it: it is stored before the result is revealed.
func (t *task) noteOutput(ctx context.Context, reply []byte) error {
	requested, err := t.Programs.Requested(ctx, t.request.WorkerRelease)
	if err != nil || !requested {
		return err
	}
	var outcome program.TaskOutcome
	if err := outcome.Unmarshal(reply); err != nil {
		return err
	}
	t.rec.Outcome.Output, t.rec.Outcome.OutputSize = outcome.OutputDigest, outcome.OutputSize
	if outcome.OutputDigest != "" {
		t.rec.Outcome.Space = t.Space
	}
	return nil
}

func (t *task) storeOutput(ctx context.Context) error {
	digest, err := storage.ParseDigest(t.rec.Outcome.Output)
	if err != nil {
		return err
	}
	store, err := t.storeAt(ctx, t.rec.Outcome.Space)
	if err != nil {
		return err
	}
	ref := chunk.Ref{Digest: digest}
	if t.rec.Outcome.Space != 0 {
		ref, err = chunk.PutFile(ctx, store, t.outputPath(), chunk.Options{})
	} else {
		_, err = storage.PutFile(ctx, store, t.outputPath(), storage.ExpectDigest(digest))
	}
	if err != nil {
		return err
	}
	t.rec.Outcome.OutputUploaded, t.rec.Outcome.OutputStored, t.rec.Outcome.OutputChunked = true, ref.Digest.String(), ref.Chunked
	t.log.Info("stored the output", "digest", digest, "size", t.rec.Outcome.OutputSize)
	return nil
}

func (t *task) outputPath() string {
	return filepath.Join(t.Config.Home, "results", fmt.Sprintf("%d.out.tar", t.request.Id))
}
