package daemon

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Journal is a daemon's memory across crashes: a small map from key to JSON value, kept as an append-only file of which
// every line is one change. What Put returned survives kill -9; what PutSync returned survives a power cut too, and the two
// kinds are apart because a flush is the dearest thing a daemon does and most steps can simply be done again.
//
// A line that was cut off by a crash ends the file: it and whatever follows is dropped when the journal is opened, for
// nothing after it was ever acknowledged as synced. One process at a time has it open.
type Journal struct {
	path string
	lock *os.File

	mu      sync.Mutex
	file    *os.File
	values  map[string]json.RawMessage
	lines   int   // in the file, live or not
	written int64 // changes written
	failed  error // a write that failed leaves the file in doubt: nothing more is written

	flushMu sync.Mutex
	flushed int64 // changes known to be on disk
}

// compactAbove is how many dead lines a journal may hold for every live one before it is written anew.
const compactAbove = 4

// ErrJournalClosed is returned by a journal that was closed.
var ErrJournalClosed = errors.New("journal is closed")

// OpenJournal opens or makes the journal in a folder. It errs when another process has it open, and when a line in the
// middle of the file is damaged, which no crash can do.
func OpenJournal(dir string) (*Journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of the journal: %w", err)
	}
	lock, err := lockFile(filepath.Join(dir, "journal.lock"))
	if err != nil {
		return nil, fmt.Errorf("journal in %s is in use: is another daemon running there? (%w)", dir, err)
	}
	j := &Journal{path: filepath.Join(dir, "journal"), lock: lock, values: map[string]json.RawMessage{}}
	if err := j.load(); err != nil {
		lock.Close()
		return nil, err
	}
	if err := j.compact(); err != nil {
		lock.Close()
		return nil, err
	}
	return j, nil
}

// Close flushes and closes the journal. Later writes err with ErrJournalClosed.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if errors.Is(j.failed, ErrJournalClosed) {
		return nil
	}
	j.failed = ErrJournalClosed
	return errors.Join(j.file.Sync(), j.file.Close(), j.lock.Close())
}

// Put sets a key to a value that encoding/json can encode.
func (j *Journal) Put(key string, value any) error {
	_, err := j.write(key, value)
	return err
}

// PutSync is Put, and returns when the change is on disk. Callers at the same moment share a flush.
func (j *Journal) PutSync(key string, value any) error {
	number, err := j.write(key, value)
	if err != nil {
		return err
	}
	return j.flush(number)
}

// Delete removes keys. Removing what is not there is not an error.
func (j *Journal) Delete(keys ...string) error {
	for _, key := range keys {
		j.mu.Lock()
		_, known := j.values[key]
		j.mu.Unlock()
		if !known {
			continue
		}
		if _, err := j.write(key, nil); err != nil {
			return err
		}
	}
	return nil
}

// Get decodes the value of a key and says whether there is one.
func (j *Journal) Get(key string, value any) (bool, error) {
	j.mu.Lock()
	raw, ok := j.values[key]
	j.mu.Unlock()
	if !ok {
		return false, nil
	}
	if err := json.Unmarshal(raw, value); err != nil {
		return false, fmt.Errorf("journal %s, key %s: %w", j.path, key, err)
	}
	return true, nil
}

// Keys lists the keys that start with a prefix, sorted.
func (j *Journal) Keys(prefix string) []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var keys []string
	for key := range j.values {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// write appends a change and returns its number. A nil value removes the key.
func (j *Journal) write(key string, value any) (int64, error) {
	var raw json.RawMessage
	if value != nil {
		var err error
		if raw, err = json.Marshal(value); err != nil {
			return 0, fmt.Errorf("journal key %s: %w", key, err)
		}
	}
	line, err := encodeLine(key, raw)
	if err != nil {
		return 0, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.failed != nil {
		return 0, j.failed
	}
	if _, err := j.file.Write(line); err != nil {
		j.failed = fmt.Errorf("write journal %s: %w (is the disk full?)", j.path, err)
		return 0, j.failed
	}
	j.apply(key, raw)
	j.lines++
	j.written++
	if j.lines > 1024 && j.lines > compactAbove*len(j.values) {
		if err := j.compact(); err != nil {
			j.failed = err
			return 0, err
		}
	}
	return j.written, nil
}

func (j *Journal) apply(key string, raw json.RawMessage) {
	if raw == nil {
		delete(j.values, key)
		return
	}
	j.values[key] = raw
}

// flush returns when change number is on disk. Whoever comes while a flush is under way waits for it, and then finds that
// the next one, made by the first to come, covers everybody who waited.
func (j *Journal) flush(number int64) error {
	j.flushMu.Lock()
	defer j.flushMu.Unlock()
	if j.flushed >= number {
		return nil
	}
	j.mu.Lock()
	file, written, failed := j.file, j.written, j.failed
	j.mu.Unlock()
	if failed != nil {
		return failed
	}
	if err := file.Sync(); err != nil {
		if errors.Is(err, os.ErrClosed) {
			return j.flushedMeanwhile(number)
		}
		return fmt.Errorf("flush journal %s: %w", j.path, err)
	}
	j.flushed = written
	return nil
}

// flushedMeanwhile explains a file that was closed under a flush: either the journal was closed, or it was compacted, and
// the new file was flushed as a whole before it took the old one's place.
func (j *Journal) flushedMeanwhile(number int64) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.failed != nil {
		return j.failed
	}
	j.flushed = max(j.flushed, number)
	return nil
}
