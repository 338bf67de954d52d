package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/storage"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// Segment is one call of a program that runs in segments.
type Segment struct {
	// Place of the segment, from 0.
	Place uint32
	// State is the file that the call before left; empty for the first.
	State string
	// Out is a folder of this call's own; what was in it is removed.
	Out string
	// Earlier is what the calls before took: what is remembered of the program is the whole work.
	Earlier time.Duration
}

// Left is what a segment left: a state, where the program has not finished, or its reply.
type Left struct {
	// State is a file in the segment's folder; empty: the program has finished.
	State  string
	Digest storage.Digest // of the state
	Size   int64          // of the state, in bytes
	Reply  []byte
	Wall   time.Duration
	Log    *LogRef // nil: it said nothing
}

// RunSegment calls a release's program for one segment of its work. What it replies counts where it leaves no state. The
// work obeys the caller's Wall, each segment the owner's limits.
func (p *Programs) RunSegment(ctx context.Context, call Call, s Segment) (Left, error) {
	prepared, err := p.runnable(ctx, call)
	if err != nil {
		return Left{}, err
	}
	if err := os.RemoveAll(s.Out); err != nil {
		return Left{}, err
	}
	if err := os.MkdirAll(s.Out, 0o700); err != nil {
		return Left{}, err
	}
	result, log, err := p.execute(ctx, prepared, call, &s)
	left := Left{}
	if err == nil {
		left, err = leftBehind(s.Out, result, int64(p.Limits.Disk))
	}
	left.Log = log
	if err == nil && left.State != "" {
		return left, nil
	}
	p.GPUs.GiveBack(call.holder()) // between segments they stay
	if result != nil {
		result.Wall += s.Earlier
	}
	return left, errors.Join(err, p.remember(call.ReleaseID, result, err))
}

// show lets a run see its segment.
func (s Segment) show(run *sandbox.Run) {
	run.Env[sandbox.EnvSegment] = strconv.FormatUint(uint64(s.Place), 10)
	run.OutDir = s.Out
	if s.State != "" {
		run.Inputs = maps.Clone(run.Inputs)
		if run.Inputs == nil {
			run.Inputs = map[string]string{}
		}
		run.Inputs[jobstypes.StateName] = s.State
	}
}

// leftBehind finds what a segment left in its folder.
func leftBehind(out string, result *sandbox.Result, limit int64) (Left, error) {
	left := Left{Wall: result.Wall}
	state := filepath.Join(out, jobstypes.StateName)
	info, err := os.Lstat(state)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		left.Reply = result.Output
		return left, nil
	case err != nil:
		return left, err
	case !info.Mode().IsRegular():
		return left, fmt.Errorf("%w: /ain/out/%s is no file: leave the state in one", sandbox.ErrBadOutput, jobstypes.StateName)
	case info.Size() > limit:
		return left, fmt.Errorf("%w: the state has %d bytes of at most %d", sandbox.ErrOutputTooLarge, info.Size(), limit)
	}
	file, err := os.Open(state)
	if err != nil {
		return left, err
	}
	content, err := storage.DigestReader(file)
	if err := errors.Join(err, file.Close()); err != nil {
		return left, err
	}
	left.State, left.Digest, left.Size = state, content.Digest, content.Size
	return left, nil
}
