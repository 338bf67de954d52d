package worker

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/storage"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// States are published when so many wait, when the segments that made them took so long, and when the work is done.
const (
	publishAfter = 16
	publishEvery = 10 * time.Second
)

// runSegments calls the program again and again until it leaves no state, and returns its reply; nil: there will be none, or
// not now. Each state is on disk and in the journal before the next call begins, so that a crash costs one segment.
func (t *task) runSegments(ctx context.Context, terms jobstypes.TermsSpec, call daemon.Call) ([]byte, error) {
	for {
		if err := t.publishInTime(ctx); err != nil {
			return nil, err
		}
		left, err := t.timeToRun(ctx, t.request)
		if err != nil {
			return nil, err
		}
		if left <= 0 {
			t.fail("no time is left for the next segment")
			return nil, nil
		}
		call.Wall = left
		var reply []byte
		err = t.Journal.Do(daemon.WorkerSegment, recordKey(t.request.Id), &t.rec, func() (err error) {
			reply, err = t.runSegment(ctx, terms, call)
			return err
		})
		if err != nil || reply != nil || t.rec.Failure != "" {
			return reply, err
		}
	}
}

// runSegment runs the next segment. It returns the program's reply, never nil, where that was the last one.
func (t *task) runSegment(ctx context.Context, terms jobstypes.TermsSpec, call daemon.Call) ([]byte, error) {
	s := daemon.Segment{Place: uint32(len(t.rec.States)), Out: filepath.Join(t.stateDir(), "out"), Earlier: t.rec.took()}
	if s.Place > 0 {
		s.State = t.statePath(len(t.rec.States) - 1)
		if _, err := os.Stat(s.State); errors.Is(err, os.ErrNotExist) {
			t.fail(fmt.Sprintf("%s is missing, with which segment %d begins: was it moved or removed?", s.State, s.Place))
			return nil, nil
		}
	}
	left, err := t.Programs.RunSegment(ctx, call, s)
	if left.Log != nil {
		t.rec.Log = left.Log
	}
	switch {
	case daemon.IsProgramFault(err):
		t.fail(fmt.Sprintf("segment %d: %s", s.Place, err))
		return nil, nil
	case err != nil:
		return nil, err
	case left.State == "":
		return append([]byte{}, left.Reply...), nil
	case s.Place >= terms.MaxCheckpoints:
		t.fail(fmt.Sprintf("the program leaves more than the %d states that the job allows", terms.MaxCheckpoints))
		return nil, nil
	case t.rec.StatesBytes+left.Size > int64(t.Config.Limits.States):
		t.fail(fmt.Sprintf("segment %d: the states have %d bytes together, limits.states is %d", s.Place, t.rec.StatesBytes+left.Size, t.Config.Limits.States))
		return nil, nil
	}
	digest, err := hex.DecodeString(left.Digest.Hex())
	if err != nil {
		return nil, err
	}
	if err := t.keepState(left.State, int(s.Place)); err != nil {
		return nil, fmt.Errorf("keep the state of segment %d: %w", s.Place, err)
	}
	t.rec.States = append(t.rec.States, digest)
	t.rec.StatesBytes += left.Size
	t.rec.TookMs += left.Wall.Milliseconds()
	t.rec.UnpublishedMs += left.Wall.Milliseconds()
	t.log.Info("ran a segment", "segment", s.Place, "digest", left.Digest, "wall", left.Wall)
	return nil, nil
}

// keepState moves a state to where the next segment finds it, whole and on disk.
func (t *task) keepState(from string, place int) error {
	file, err := os.Open(from)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(from, t.statePath(place)); err != nil {
		return err
	}
	return storage.SyncDir(t.stateDir())
}

// publishInTime publishes while the program has not finished, once enough waits and the contract has closed. A request that
// is over, or has no place for us any more, is not worked on.
func (t *task) publishInTime(ctx context.Context) error {
	waiting := len(t.rec.States) - t.rec.Published
	if waiting == 0 || waiting < publishAfter && t.rec.UnpublishedMs < publishEvery.Milliseconds() {
		return nil
	}
	request, assignments, err := t.Network.Request(ctx, t.request.Id)
	if err != nil {
		return err
	}
	if request == nil || request.State != jobstypes.REQUEST_STATE_RUNNING {
		return daemon.ErrLater
	}
	for _, a := range assignments {
		if a.Worker == t.Owner.String() && !a.Resigned {
			if t.request = *request; request.ClosedMs == 0 {
				return nil
			}
			return t.Journal.Do(daemon.WorkerPublish, recordKey(t.request.Id), &t.rec, func() error { return publish(ctx, t) })
		}
	}
	return daemon.ErrLater
}

// publish publishes the digests that the chain does not have. What it has is asked for and not remembered: a crash may have
// hidden it.
func publish(ctx context.Context, t *task) error {
	published, err := t.Network.Checkpoints(ctx, t.request.Id, t.Owner.String())
	if err != nil {
		return err
	}
	first := len(published.Digests)
	for i, digest := range published.Digests {
		if i >= len(t.rec.States) || !bytes.Equal(digest, t.rec.States[i]) {
			t.fail(fmt.Sprintf("checkpoint %d on the chain is none of the journal's: was it moved or removed?", i))
			return nil
		}
	}
	if t.rec.Published = first; first == len(t.rec.States) {
		t.rec.UnpublishedMs, t.rec.StatesSpace = 0, published.Space
		return nil
	}
	if t.rec.StatesSpace = t.Space; first > 0 {
		t.rec.StatesSpace = published.Space // all lie in one
	}
	digests := t.rec.States[first:]
	err = t.Outbox.Do(ctx, daemon.WorkerPublish, publishKey(t.request.Id, first), &jobstypes.MsgPublishCheckpoints{
		Signer: t.Signer, RequestId: t.request.Id, First: uint32(first), Digests: digests, Space: t.rec.StatesSpace,
	})
	if err != nil {
		return err
	}
	t.rec.Published, t.rec.UnpublishedMs = len(t.rec.States), 0
	t.log.Info("published checkpoints", "first", first, "digests", len(digests))
	return nil
}

// publishKey names the message that publishes from a place on. While one is on its way nothing is added to what it holds: no
// segment runs before its fate is known.
func publishKey(requestID uint64, first int) string {
	return messageKey(requestID, daemon.WorkerPublish) + "/" + strconv.Itoa(first)
}

// storeStates stores the states with which drawn segments begin, and no others: nobody needs them.
func (t *task) storeStates(ctx context.Context) error {
	terms, err := t.Catalog.Terms(ctx, t.request.Spec.JobId, t.request.TermsVersion)
	if err != nil {
		return err
	}
	drawn, err := t.request.DrawnOf(terms, jobstypes.Checkpoints{Worker: t.Owner.String(), Digests: t.rec.States})
	if err != nil {
		return err
	}
	store, err := t.storeAt(ctx, t.rec.StatesSpace)
	if err != nil {
		return err
	}
	for _, segment := range drawn {
		if segment == 0 {
			continue
		}
		digest, err := storage.ParseDigest("sha256:" + hex.EncodeToString(t.rec.States[segment-1]))
		if err != nil {
			return err
		}
		if _, err := storage.PutFile(ctx, store, t.statePath(int(segment-1)), storage.ExpectDigest(digest)); err != nil {
			return fmt.Errorf("store the state that segment %d begins with: %w", segment, err)
		}
	}
	t.rec.StatesStored = true
	t.log.Info("stored the states that drawn segments begin with", "segments", drawn)
	return nil
}

func (t *task) stateDir() string {
	return filepath.Join(t.Config.Home, "states", strconv.FormatUint(t.request.Id, 10))
}

func (t *task) statePath(place int) string { return filepath.Join(t.stateDir(), strconv.Itoa(place)) }

// forgetStates removes what the segments left, on disk and on its way.
func (t *task) forgetStates() error {
	for first := range len(t.rec.States) {
		if err := t.Outbox.Forget(publishKey(t.request.Id, first)); err != nil {
			return err
		}
	}
	return os.RemoveAll(t.stateDir())
}
