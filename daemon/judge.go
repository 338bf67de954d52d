package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/storage/seal"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// parallelFetches of one request's results.
const parallelFetches = 4

// Material is what a request is judged by: its input and the replies of the workers that revealed a valid one. Whoever
// judges, evaluator or resolver, gathers the same from the same chain and store.
type Material struct {
	Input   []byte
	Replies []jobstypes.WorkerReply
	// Workers are the places of those that replied, in the order of Replies. Where results are sealed, each has what it sealed for a result:
	// two seals of the same differ.
	Workers []jobstypes.Assignment
	// EvaluatorInput is for whoever judges alone; nil: there is none.
	EvaluatorInput []byte

	key *seal.Key // opens the request's files; nil: they are not sealed
}

// ErrInputUnusable says that a request's input is none that anybody could work on: it does not decode, or is not there, or
// not what its digest says.
var ErrInputUnusable = errors.New("input unusable")

// Gather collects a request's material. A result that is not there, is not what was committed to or does not decode is left
// out, which makes it invalid. A store that does not answer is an error if patience says that there is time to ask again;
// else its results, too, are left out. An input that cannot be had is an error too, and ErrInputUnusable when there is no
// time to ask again.
func (k *Kit) Gather(ctx context.Context, request jobstypes.Request, assignments []jobstypes.Assignment, patience bool, log *slog.Logger) (Material, error) {
	job, err := k.Catalog.Job(ctx, request.Spec.JobId)
	if err != nil {
		return Material{}, err
	}
	keys, err := k.judgeKeys(ctx, request)
	if err != nil {
		return Material{}, err
	}
	m := Material{key: keys.Data}
	if m.EvaluatorInput, err = k.gatherEvaluatorInput(ctx, request, keys); err == nil {
		m.Input, err = OpenInput(ctx, k.Source, request.Spec.Input, int64(k.Config.Limits.Input), keys.Data)
	}
	if err == nil {
		err = k.HaveFiles(ctx, request)
	}
	switch {
	case errors.Is(err, seal.ErrSealed):
		return Material{}, fmt.Errorf("%w: %w", ErrInputUnusable, err)
	case err != nil && IsForGood(err) && !errors.Is(err, storage.ErrTooLarge) && !patience:
		return Material{}, fmt.Errorf("%w: %w", ErrInputUnusable, err)
	case err != nil:
		return Material{}, fmt.Errorf("input: %w", err)
	}
	if err := job.Schema.DecodeRequest(m.Input); err != nil {
		return Material{}, fmt.Errorf("%w: %s", ErrInputUnusable, err.Error()) // with %w the SDK's errors print where in its source they arose
	}
	replies := make([]*jobstypes.WorkerReply, len(assignments))
	group, fetching := errgroup.WithContext(ctx)
	group.SetLimit(parallelFetches)
	for i, assignment := range assignments {
		if assignment.RevealedMs == 0 || assignment.Result == nil {
			continue
		}
		group.Go(func() error {
			reply, err := k.fetchReply(fetching, job.Schema, assignment, keys.Data, patience, log)
			replies[i] = reply
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return Material{}, err
	}
	for i, reply := range replies {
		if reply != nil {
			if keys.Data != nil {
				assignments[i].Result = &jobstypes.Result{Inline: reply.Reply, Files: assignments[i].Result.Files}
			}
			m.Replies, m.Workers = append(m.Replies, *reply), append(m.Workers, assignments[i])
		}
	}
	return m, nil
}

// fetchReply returns a worker's reply; nil if it is invalid. It errs only where trying again may help and there is time for
// it.
func (k *Kit) fetchReply(
	ctx context.Context, schema Schema, a jobstypes.Assignment, key *seal.Key, patience bool, log *slog.Logger,
) (*jobstypes.WorkerReply, error) {
	content, err := OpenResult(ctx, k.Source, *a.Result, int64(k.Config.Limits.Output), key)
	if err != nil && ctx.Err() != nil {
		return nil, err
	}
	if err != nil && !isLost(err) && patience {
		return nil, fmt.Errorf("result of %s: %w", a.Worker, err)
	}
	if err == nil {
		err = schema.DecodeReply(content)
	}
	if err != nil {
		log.Warn("result is invalid", "node", a.Worker, "error", err)
		return nil, nil
	}
	return &jobstypes.WorkerReply{Node: a.Worker, Reply: content}, nil
}

// IsForGood tells whether fetching again would end in the same way. Workers store a result before they reveal it.
func IsForGood(err error) bool {
	for _, lasting := range []error{storage.ErrNotFound, storage.ErrDigestMismatch, storage.ErrSizeMismatch, storage.ErrTooLarge, seal.ErrSealed, chunk.ErrManifest} {
		if errors.Is(err, lasting) {
			return true
		}
	}
	return false
}

// isLost tells whether what a worker has made cannot be judged, now or later: waiting for it would only make the judge silent. One that puts it
// into a store of its choice has itself to thank: what a job keeps in spaces is answered into spaces.
func isLost(err error) bool { return IsForGood(err) || errors.Is(err, ErrNoStore) }

// ErrRanking says that the evaluator program gave something that is no ranking.
var ErrRanking = errors.New("the program's ranking")

// Repeat runs the worker program again, where it is deterministic, and keeps of the material what it really gives: the
// replies that differ are not the program's. It takes at most wall.
func (k *Kit) Repeat(ctx context.Context, request jobstypes.Request, m Material, wall time.Duration, log *slog.Logger) (Material, error) {
	terms, err := k.Catalog.Terms(ctx, request.Spec.JobId, request.TermsVersion)
	if err != nil || !terms.Deterministic {
		return m, err
	}
	grant, err := NewGrant(terms.Requirement, request.Spec.Requirement)
	if err != nil {
		return Material{}, err
	}
	kept := Material{Input: m.Input, EvaluatorInput: m.EvaluatorInput, key: m.key}
	given := map[[32]byte][]byte{}
	until := time.Now().Add(wall)
	for i, reply := range m.Replies {
		seed, err := terms.SeedOf(k.Network.ChainID(), request.Id, reply.Node)
		if err != nil {
			return Material{}, err
		}
		if _, known := given[seed]; !known {
			var repeated Reply
			err := k.withFiles(ctx, request, request.WorkerRelease, m, func(files map[string]string) (err error) {
				repeated, err = k.Programs.Run(ctx, Call{
					JobID: request.Spec.JobId, ReleaseID: request.WorkerRelease, Role: program.ROLE_WORKER,
					RequestID: request.Id, Client: request.Client, DeadlineMs: SubmitBy(request), Seed: seed, Input: m.Input, Wall: time.Until(until),
					Grant: grant, Files: files, Named: request.Spec.Input.Files, Reads: NamedIn(request),
				})
				return err
			})
			if err != nil {
				return Material{}, fmt.Errorf("repeat the work of %s: %w", reply.Node, err)
			}
			given[seed] = repeated.Output
		}
		if !bytes.Equal(given[seed], reply.Reply) {
			log.Warn("result is not what the program gives", "node", reply.Node)
			continue
		}
		kept.Replies, kept.Workers = append(kept.Replies, reply), append(kept.Workers, m.Workers[i])
	}
	return kept, nil
}

// Judge runs the request's evaluator program on its material, for at most wall. Where nothing valid was gathered nobody is
// ranked, and there is nothing to ask the program. Its seed is the request's, so that whoever judges repeats the same run.
func (k *Kit) Judge(ctx context.Context, request jobstypes.Request, m Material, wall time.Duration, log *slog.Logger) ([]jobstypes.RankEntry, error) {
	entries := []jobstypes.RankEntry{}
	if len(m.Replies) == 0 {
		return entries, nil
	}
	terms, err := k.Catalog.Terms(ctx, request.Spec.JobId, request.TermsVersion)
	if err != nil {
		return nil, err
	}
	if terms.ByExecution() {
		return jobstypes.Majority(m.Workers, request.Workers), nil
	}
	job, err := k.Catalog.Job(ctx, request.Spec.JobId)
	if err != nil {
		return nil, err
	}
	said, err := k.ask(ctx, job, request, m, Call{
		JobID: request.Spec.JobId, ReleaseID: request.EvaluatorRelease, Role: program.ROLE_EVALUATOR,
		RequestID: request.Id, Client: request.Client, DeadlineMs: request.DeadlineMs,
		Seed: jobstypes.Seed(k.Network.ChainID(), request.Id, nil), Wall: wall, Reads: NamedIn(request),
	})
	if err != nil {
		return nil, err
	}
	ranked, err := job.Schema.ParseRanking(said, terms.Metrics)
	if err != nil {
		return nil, k.blame(ctx, request, fmt.Errorf("%w: %w", ErrRanking, err))
	}
	// Nodes that have no reply are left out: the chain refuses those.
	for _, r := range ranked {
		if !slices.ContainsFunc(m.Replies, func(w jobstypes.WorkerReply) bool { return w.Node == r.Node }) {
			log.Warn("the program ranked a node that has no result", "node", r.Node)
			continue
		}
		entries = append(entries, jobstypes.RankEntry(r))
	}
	return entries, nil
}

// ask runs the program that judges on the material: the job's, or the one that the request names for it.
func (k *Kit) ask(ctx context.Context, job Job, request jobstypes.Request, m Material, call Call) ([]byte, error) {
	requested, err := k.Programs.Requested(ctx, call.ReleaseID)
	if err != nil {
		return nil, err
	}
	if requested {
		needed, err := k.Needed(ctx, request)
		if err != nil {
			return nil, err
		}
		call.Input, call.Grant.GPUs = m.Input, needed.GPUs
		var said []byte
		err = k.withFiles(ctx, request, call.ReleaseID, m, func(files map[string]string) (err error) {
			call.Files, call.Named = files, request.Spec.Input.Files
			said, err = k.Programs.runCheck(ctx, call, checking{schema: job.Schema, replies: m.Replies, workers: m.Workers})
			return err
		})
		return said, k.blame(ctx, request, err)
	}
	if call.Input, err = job.Schema.BuildEvaluatorInput(m.Input, m.Replies); err != nil {
		return nil, fmt.Errorf("put request and replies together: %w", err)
	}
	var reply Reply
	err = k.withFiles(ctx, request, call.ReleaseID, m, func(files map[string]string) error {
		return k.withEvaluatorInput(m.EvaluatorInput, files, func(files map[string]string) error {
			call.Files = files
			reply, err = k.Programs.Run(ctx, call)
			return err
		})
	})
	return reply.Output, err
}

// blame says whose fault it is that there is no ranking. A check program that fails is its client's own: the request cannot be judged by anybody, and
// the evaluator, who would otherwise be silent, says so.
func (k *Kit) blame(ctx context.Context, request jobstypes.Request, fault error) error {
	if !IsProgramFault(fault) && !errors.Is(fault, ErrRanking) {
		return fault
	}
	requested, err := k.Programs.Requested(ctx, request.EvaluatorRelease)
	if err != nil {
		return errors.Join(fault, err)
	}
	if requested {
		return fmt.Errorf("%w: the program that it names to check results: %w", ErrInputUnusable, fault)
	}
	return fault
}
