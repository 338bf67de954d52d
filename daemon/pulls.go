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
	"strings"
	"sync"
	"time"

	"github.com/ain-network/aind/sandbox/docker"
)

// pullsFile is where a daemon says what it is pulling, for people.
const pullsFile = "pulls.json"

// pullStale is how long what it says holds: a daemon that was killed says nothing any more.
const pullStale = 15 * time.Second

// Pulling is an image on its way from its registry to this machine.
type Pulling struct {
	docker.Pull
	At time.Time // when it was so
}

// pullBoard writes down how far pulls are.
type pullBoard struct {
	path string
	log  *slog.Logger

	mu  sync.Mutex
	now map[string]Pulling // by program
}

// tell implements docker.Config.Progress. People do without where the disk fails: the daemon goes on.
func (b *pullBoard) tell(p docker.Pull) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now[p.Program] = Pulling{Pull: p, At: time.Now()}
	if p.Done {
		delete(b.now, p.Program)
	}
	content, err := json.Marshal(b.now)
	if err == nil {
		err = errors.Join(os.WriteFile(b.path+".new", content, 0o600), os.Rename(b.path+".new", b.path))
	}
	if err != nil {
		b.log.Warn("could not say what is being pulled", "file", b.path, "error", err)
	}
}

// ReadPulls returns what the daemon of a home is pulling right now.
func ReadPulls(home string) ([]Pulling, error) {
	content, err := os.ReadFile(filepath.Join(home, dockerFolder, pullsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("what is being pulled: %w", err)
	}
	var found map[string]Pulling
	if err := json.Unmarshal(content, &found); err != nil {
		return nil, fmt.Errorf("what is being pulled: %s: %w", pullsFile, err)
	}
	var current []Pulling
	for _, p := range found {
		if time.Since(p.At) < pullStale {
			current = append(current, p)
		}
	}
	slices.SortFunc(current, func(a, b Pulling) int { return strings.Compare(a.Program, b.Program) })
	return current, nil
}
