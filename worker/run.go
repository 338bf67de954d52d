package worker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/seal"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// run runs the program and keeps its result with the salt of the commitment. A failure of the program, or of its input, is
// an outcome too; only what may go better next time is an error.
func run(ctx context.Context, t *task) error {
	t.setActive(t.request.Id, true)
	defer t.setActive(t.request.Id, false)
	left, err := t.timeToRun(ctx, t.request)
	if err != nil {
		return err
	}
	if left <= 0 {
		t.fail("no time is left to run it")
		return nil
	}
	input, err := t.input(ctx)
	if err != nil || t.rec.Failure != "" || t.rec.Outcome != nil {
		return err
	}
	terms, err := t.Catalog.Terms(ctx, t.request.Spec.JobId, t.request.TermsVersion)
	if err != nil {
		return err
	}
	// Asked for before the run: once there is a result, nothing but the disk may come between it and the journal.
	params, err := t.Catalog.Params(ctx, t.request.ParamsVersion)
	if err != nil {
		return err
	}
	seed, err := terms.SeedOf(t.Network.ChainID(), t.request.Id, t.Owner.String())
	if err != nil {
		return err
	}
	grant, err := daemon.NewGrant(terms.Requirement, t.request.Spec.Requirement)
	if err != nil {
		return err
	}
	call := daemon.Call{
		JobID: t.request.Spec.JobId, ReleaseID: t.request.WorkerRelease, Role: program.ROLE_WORKER,
		RequestID: t.request.Id, Client: t.request.Client, DeadlineMs: daemon.SubmitBy(t.request), Seed: seed, Input: input, Wall: left, Grant: grant, OutFile: t.outputPath(),
		Named: t.request.Spec.Input.Files, Reads: daemon.NamedIn(t.request),
	}
	began := false
	err = t.WithFiles(ctx, t.request, input, t.key, func(files map[string]string) error {
		began, call.Files = true, files
		return t.work(ctx, params, terms, call)
	})
	if err != nil && !began && daemon.IsForGood(err) && (!errors.Is(err, storage.ErrNotFound) || !t.inSpaces() || t.isLate(ctx)) {
		return t.cannotUse(ctx, err)
	}
	return err
}

// work runs the program, once or in segments, and keeps what it gave.
func (t *task) work(ctx context.Context, params jobstypes.Params, terms jobstypes.TermsSpec, call daemon.Call) error {
	if terms.ByCheckpoint() {
		reply, err := t.runSegments(ctx, terms, call)
		if err != nil || reply == nil {
			return err
		}
		return t.keep(params, terms, reply)
	}
	reply, err := t.Programs.Run(ctx, call)
	t.rec.Log = reply.Log
	if daemon.IsProgramFault(err) {
		t.fail(err.Error())
		return nil
	}
	if err != nil {
		return err
	}
	if err := t.keep(params, terms, reply.Output); err != nil || t.rec.Failure != "" {
		return err
	}
	return t.noteOutput(ctx, reply.Output)
}

func (t *task) fail(why string) {
	t.rec.Failure = why
	t.log.Warn("no result", "why", why)
}

// errBadInput says that an input can never be used, whoever reads it when.
var errBadInput = errors.New("bad input")

// input returns the request's message. One that can never be read fails the run, or, where nobody could know that before the contract
// had closed, is answered with nothing.
func (t *task) input(ctx context.Context) ([]byte, error) {
	if t.fetched != nil {
		return *t.fetched, nil
	}
	input, err := t.fetchInput(ctx)
	if errors.Is(err, errBadInput) || errors.Is(err, storage.ErrNotFound) && t.inSpaces() && t.isLate(ctx) {
		return nil, t.cannotUse(ctx, err)
	}
	return input, err
}

// cannotUse ends the work on an input that nobody could use.
func (t *task) cannotUse(ctx context.Context, why error) error {
	if t.request.Spec.WorkersNeedKeys() || t.inSpaces() || t.inChunks() {
		return t.keepNothing(ctx, why)
	}
	t.fail(why.Error())
	return nil
}

// seeInput looks at a request's input before the request is accepted: reads it, or, where it is encrypted, sees that it is there. Its files
// are fetched.
func (t *task) seeInput(ctx context.Context) error {
	if err := t.unlessUnseen(ctx, t.HaveFiles(ctx, t.request)); err != nil {
		return err
	}
	ref := t.request.Spec.Input.Reference
	if !t.request.Spec.WorkersNeedKeys() || ref == nil {
		_, err := t.fetchInput(ctx)
		return t.unlessUnseen(ctx, err)
	}
	from, err := t.Source.At(ctx, ref.Space)
	if err != nil {
		return err
	}
	info, err := from.Stat(ctx, storage.Digest(ref.Digest))
	if err != nil || ref.Chunked {
		return t.unlessUnseen(ctx, err)
	}
	if uint64(info.Size) != ref.Size_ {
		return fmt.Errorf("%w: %s has %d bytes, the reference says %d", errBadInput, ref.Digest, info.Size, ref.Size_)
	}
	return nil
}

// isLate tells whether less than half of the time to work is left: what is not there by now will hardly come.
func (t *task) isLate(ctx context.Context) bool {
	left, err := t.timeToRun(ctx, t.request)
	return err == nil && left < time.Duration(t.request.Spec.TimeLimitMs)*time.Millisecond/2
}

// inSpaces tells whether what the request names may be for its participants alone.
func (t *task) inSpaces() bool { return daemon.InSpaces(t.request) }

// inChunks tells whether a file lies in chunks, which are fetched when the work begins.
func (t *task) inChunks() bool {
	return slices.ContainsFunc(t.request.Spec.Input.Files, func(f jobstypes.NamedReference) bool { return f.Reference.Chunked })
}

// unlessUnseen passes over content that is not to be seen yet, unless that could cost the bond: a gateway says neither that it is there nor
// that it is not.
func (t *task) unlessUnseen(ctx context.Context, err error) error {
	if !t.inSpaces() || !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	atRisk, err := t.risksBond(ctx, t.request)
	if err == nil && atRisk {
		return errors.New(unseenAtRisk)
	}
	return err
}

// keepNothing answers an input that cannot be had or opened, or is no message of the job, although the contract has closed. To resign would
// cost the bond, which the client would get: so everybody answers with an empty message, and whoever judges, with a key of its own, sees
// that the input is unusable.
func (t *task) keepNothing(ctx context.Context, why error) error {
	t.log.Warn("the input cannot be used, so the answer is an empty message", "why", why)
	params, err := t.Catalog.Params(ctx, t.request.ParamsVersion)
	if err != nil {
		return err
	}
	terms, err := t.Catalog.Terms(ctx, t.request.Spec.JobId, t.request.TermsVersion)
	if err != nil {
		return err
	}
	t.key = nil
	return t.keep(params, terms, nil)
}

// fetchInput reads the request's message and keeps it for the run.
func (t *task) fetchInput(ctx context.Context) ([]byte, error) {
	if err := t.fetchKey(ctx); err != nil {
		return nil, err
	}
	input, err := daemon.OpenInput(ctx, t.Source, t.request.Spec.Input, int64(t.Config.Limits.Input), t.key)
	switch {
	case errors.Is(err, storage.ErrTooLarge) || errors.Is(err, storage.ErrSizeMismatch) || errors.Is(err, storage.ErrDigestMismatch) ||
		errors.Is(err, seal.ErrSealed):
		return nil, fmt.Errorf("%w: %w", errBadInput, err)
	case err != nil:
		return nil, fmt.Errorf("input: %w", err)
	}
	job, err := t.Catalog.Job(ctx, t.request.Spec.JobId)
	if err != nil {
		return nil, err
	}
	if err := job.Schema.DecodeRequest(input); err != nil {
		return nil, fmt.Errorf("%w: %s", errBadInput, err.Error()) // with %w the SDK's errors print where in its source they arose
	}
	t.fetched = &input
	return input, nil
}

// fetchKey has the key that the request's client granted us, if its data is encrypted.
func (t *task) fetchKey(ctx context.Context) error {
	if !t.request.Spec.WorkersNeedKeys() {
		return nil
	}
	keys, err := t.Keys(ctx, t.request)
	if errors.Is(err, seal.ErrKey) {
		return fmt.Errorf("%w: %w", errBadInput, err)
	}
	t.key = keys.Data
	return err
}

// keep puts a reply into the record, or, where it is too large for the chain, into the results folder. It leaves the
// machine when reveals begin, not before.
func (t *task) keep(params jobstypes.Params, terms jobstypes.TermsSpec, reply []byte) error {
	kept := &outcome{Inline: reply, Open: terms.OpenResults}
	if t.key != nil {
		sealed, err := t.key.Seal(reply)
		if err != nil {
			return fmt.Errorf("seal the result: %w", err)
		}
		reply = sealed
	}
	if t.key != nil || len(reply) > int(params.MaxInlineBytes) {
		if uint64(len(reply)) > params.MaxReferenceBytes {
			t.fail(fmt.Sprintf("the result has %d bytes, the chain takes at most %d", len(reply), params.MaxReferenceBytes))
			return nil
		}
		kept = &outcome{Digest: storage.DigestOf(reply).String(), Size: uint64(len(reply)), Space: t.Space, Open: terms.OpenResults}
		if err := writeFile(t.resultPath(), reply); err != nil {
			return fmt.Errorf("keep result: %w", err)
		}
	}
	t.rec.Salt = make([]byte, jobstypes.SaltSize)
	rand.Read(t.rec.Salt) // never fails
	t.rec.Outcome = kept
	return nil
}

func (t *task) resultPath() string {
	return filepath.Join(t.Config.Home, "results", fmt.Sprintf("%d.reply", t.request.Id))
}

// writeFile leaves either nothing or all of a file, on disk.
func writeFile(path string, content []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, filepath.Base(path)+".*.partial")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	return storage.SyncDir(dir)
}
