package daemon

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/storage"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// ErrNotDrawn says that it is not decided yet which segments are run again: the next block does that.
var ErrNotDrawn = errors.New("segments are not drawn yet")

// CheckSegments runs the drawn segments of each worker again, where the job verifies by checkpoint, and keeps of the material
// the workers whose states are there and follow from each other. Whoever judges checks the same ones. It takes at most wall, of
// which each segment and the judging afterwards may have an equal part: a state that keeps the program busy for ever is no
// valid one.
func (k *Kit) CheckSegments(ctx context.Context, request jobstypes.Request, m Material, wall time.Duration, patience bool, log *slog.Logger) (Material, error) {
	terms, err := k.Catalog.Terms(ctx, request.Spec.JobId, request.TermsVersion)
	if err != nil || !terms.ByCheckpoint() {
		return m, err
	}
	if len(request.Draw) == 0 {
		return Material{}, ErrNotDrawn
	}
	dir, err := os.MkdirTemp(k.Config.Home, "check-")
	if err != nil {
		return Material{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // what is left is removed at the next start
	defer k.Programs.GPUs.GiveBack(request.Id)
	grant, err := NewGrant(terms.Requirement, request.Spec.Requirement)
	if err != nil {
		return Material{}, err
	}
	var checks []check
	total := 1 // the judging
	for i, reply := range m.Replies {
		c := check{kit: k, request: request, grant: grant, input: m.Input, reply: reply, worker: m.Workers[i], dir: dir, patience: patience, log: log.With("node", reply.Node)}
		if c.checkpoints, err = k.Network.Checkpoints(ctx, request.Id, reply.Node); err != nil {
			return Material{}, err
		}
		if c.drawn, err = request.DrawnOf(terms, c.checkpoints); err != nil {
			return Material{}, err
		}
		if c.seed, err = terms.SeedOf(k.Network.ChainID(), request.Id, reply.Node); err != nil {
			return Material{}, err
		}
		total += len(c.drawn)
		checks = append(checks, c)
	}
	kept := Material{Input: m.Input, EvaluatorInput: m.EvaluatorInput, key: m.key}
	until := time.Now().Add(wall)
	err = k.withFiles(ctx, request, request.WorkerRelease, m, func(files map[string]string) error {
		for _, c := range checks {
			c.files = files
			right, err := c.run(ctx, until, &total)
			if err != nil {
				return err
			}
			if right {
				kept.Replies, kept.Workers = append(kept.Replies, c.reply), append(kept.Workers, c.worker)
			}
		}
		return nil
	})
	return kept, err
}

// check is that of one worker's segments.
type check struct {
	kit         *Kit
	request     jobstypes.Request
	grant       Grant
	input       []byte
	files       map[string]string // of the request
	reply       jobstypes.WorkerReply
	worker      jobstypes.Assignment
	checkpoints jobstypes.Checkpoints
	drawn       []uint32
	seed        [32]byte
	dir         string
	patience    bool
	log         *slog.Logger
}

// run tells whether all drawn segments of a worker are what its program does. It errs where trying again may help.
func (c check) run(ctx context.Context, until time.Time, total *int) (right bool, err error) {
	c.log.Info("running drawn segments again", "segments", c.drawn, "checkpoints", len(c.checkpoints.Digests))
	for i, place := range c.drawn {
		why, err := c.segment(ctx, place, time.Until(until)/time.Duration(*total))
		*total--
		if err != nil {
			return false, err
		}
		if why != "" {
			c.log.Warn("work is invalid", "segment", place, "why", why)
			*total -= len(c.drawn) - i - 1
			return false, nil
		}
	}
	c.log.Info("drawn segments are right", "segments", c.drawn)
	return true, nil
}

// segment runs one segment again and says what is wrong with it; empty: nothing.
func (c check) segment(ctx context.Context, place uint32, wall time.Duration) (why string, err error) {
	if wall <= 0 {
		return "", errors.New("no time is left to run segments again")
	}
	s := Segment{Place: place, Out: filepath.Join(c.dir, "out")}
	if place > 0 {
		s.State = filepath.Join(c.dir, "state")
		if why, err := c.fetch(ctx, c.checkpoints.Digests[place-1], s.State); why != "" || err != nil {
			return why, err
		}
	}
	left, err := c.kit.Programs.RunSegment(ctx, Call{
		JobID: c.request.Spec.JobId, ReleaseID: c.request.WorkerRelease, Role: program.ROLE_WORKER,
		RequestID: c.request.Id, Client: c.request.Client, DeadlineMs: SubmitBy(c.request), Seed: c.seed, Input: c.input, Wall: wall, Grant: c.grant,
		Files: c.files, Reads: NamedIn(c.request),
	}, s)
	switch {
	case IsProgramFault(err):
		return fmt.Sprintf("the program fails in it: %s", err), nil
	case err != nil:
		return "", fmt.Errorf("run segment %d of %s again: %w", place, c.reply.Node, err)
	}
	return c.compare(place, left), nil
}

// compare says what differs between what a worker claims of a segment and what it really leaves.
func (c check) compare(place uint32, left Left) string {
	isLast := int(place) == len(c.checkpoints.Digests)
	switch {
	case isLast && left.State != "":
		return "the program has not finished after it"
	case isLast && !bytes.Equal(left.Reply, c.reply.Reply):
		return "the program gives another result"
	case isLast:
		return ""
	case left.State == "":
		return "the program has finished after it"
	case left.Digest.Hex() != hex.EncodeToString(c.checkpoints.Digests[place]):
		return "the program leaves another state"
	}
	return ""
}

// fetch gets a published state, verified by its digest. One that is not there is no state; where the store does not answer
// and there is time, trying again may help.
func (c check) fetch(ctx context.Context, digest []byte, path string) (why string, err error) {
	named, err := storage.ParseDigest("sha256:" + hex.EncodeToString(digest))
	if err != nil {
		return "", err
	}
	from, err := c.kit.Source.At(ctx, c.checkpoints.Space)
	if err == nil {
		_, err = storage.Fetch(ctx, from, named, path, int64(c.kit.Config.Limits.Disk))
	}
	switch {
	case err == nil:
		return "", nil
	case ctx.Err() != nil || !isLost(err) && c.patience:
		return "", fmt.Errorf("state %s of %s: %w", named, c.reply.Node, err)
	}
	return fmt.Sprintf("the state that it begins with: %s", err), nil
}

// SubmitBy is the end of submissions, in milliseconds of the chain clock, as the workers' programs are told it. Where workers need keys
// it is later than that as long as not all have theirs.
func SubmitBy(request jobstypes.Request) int64 {
	return max(request.StartedMs, request.GrantedMs) + int64(request.Spec.TimeLimitMs)
}

// removeChecks removes what a crash has left of segments that were run again.
func removeChecks(home string) error {
	leftovers, err := filepath.Glob(filepath.Join(home, "check-*"))
	for _, dir := range leftovers {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	return err
}
