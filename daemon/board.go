package daemon

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/ain-network/aind/program"
)

// programsFile is where a daemon says what it can run, for people.
const programsFile = "programs.json"

// States of a release on a machine.
const (
	StatePreparing = "preparing" // it is being fetched and verified
	StateReady     = "ready"
	StateFailed    = "failed"  // to be tried again
	StateRefused   = "refused" // by the owner's policy, or because it is revoked or expired
)

// ProgramState is how far a release is on a machine.
type ProgramState struct {
	JobID, ReleaseID uint64
	Role             program.Role
	Version          string
	State            string
	Why              string // of one that failed or is refused
	At               time.Time
}

// programBoard writes down how far releases are. People do without where the disk fails: the daemon goes on.
type programBoard struct {
	path string
	log  *slog.Logger

	mu  sync.Mutex
	now map[uint64]ProgramState
}

// openBoard begins anew: what an earlier process could run is not ready in this one.
func openBoard(home string, log *slog.Logger) *programBoard {
	b := &programBoard{path: filepath.Join(home, programsFile), log: log, now: map[uint64]ProgramState{}}
	if err := os.Remove(b.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Warn("could not remove what the last process said of its programs", "file", b.path, "error", err)
	}
	return b
}

func (b *programBoard) tell(s ProgramState) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if before := b.now[s.ReleaseID]; before.State == s.State && before.Why == s.Why {
		return
	}
	s.At = time.Now()
	b.now[s.ReleaseID] = s
	content, err := json.Marshal(b.now)
	if err == nil {
		err = errors.Join(os.WriteFile(b.path+".new", content, 0o600), os.Rename(b.path+".new", b.path))
	}
	if err != nil {
		b.log.Warn("could not say what can be run", "file", b.path, "error", err)
	}
}

// ReadPrograms returns what the daemon of a home has said of a job's releases, the newest first.
func ReadPrograms(home string, jobID uint64) ([]ProgramState, error) {
	content, err := os.ReadFile(filepath.Join(home, programsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("what can be run: %w", err)
	}
	var all map[uint64]ProgramState
	if err := json.Unmarshal(content, &all); err != nil {
		return nil, fmt.Errorf("what can be run: %s: %w", programsFile, err)
	}
	var found []ProgramState
	for _, s := range all {
		if s.JobID == jobID {
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b ProgramState) int { return int(b.ReleaseID) - int(a.ReleaseID) })
	return found, nil
}
