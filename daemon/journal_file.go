package daemon

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/ain-network/aind/storage"
)

// entry is one line of the journal: eight hex digits of the CRC-32C of what follows them, a space, and this as JSON.
type entry struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value,omitempty"` // absent: the key is removed
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const sumLength = len("00000000 ")

func encodeLine(key string, raw json.RawMessage) ([]byte, error) {
	body, err := json.Marshal(entry{Key: key, Value: raw})
	if err != nil {
		return nil, fmt.Errorf("journal key %s: %w", key, err)
	}
	line := fmt.Appendf(make([]byte, 0, sumLength+len(body)+1), "%08x ", crc32.Checksum(body, castagnoli))
	return append(append(line, body...), '\n'), nil
}

func decodeLine(line []byte) (entry, error) {
	if len(line) < sumLength || line[sumLength-1] != ' ' {
		return entry{}, errors.New("no checksum")
	}
	sum, err := strconv.ParseUint(string(line[:sumLength-1]), 16, 32)
	if err != nil {
		return entry{}, errors.New("no checksum")
	}
	body := line[sumLength:]
	if crc32.Checksum(body, castagnoli) != uint32(sum) {
		return entry{}, errors.New("wrong checksum")
	}
	var e entry
	if err := json.Unmarshal(body, &e); err != nil {
		return entry{}, err
	}
	return e, nil
}

// load reads the file. A damaged line is the torn end of a crash if nothing readable follows it, else damage to report.
func (j *Journal) load() error {
	file, err := os.Open(j.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open journal: %w", err)
	}
	defer file.Close()
	reader := bufio.NewReader(file)
	damaged := 0
	for number := 1; ; number++ {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil // a line without its end was never acknowledged
		}
		if err != nil {
			return fmt.Errorf("read journal %s: %w", j.path, err)
		}
		e, err := decodeLine(bytes.TrimSuffix(line, []byte{'\n'}))
		if err != nil {
			damaged = number
			continue
		}
		if damaged != 0 {
			return fmt.Errorf("journal %s, line %d is damaged: restore the file from a backup, or move it away if no request is running",
				j.path, damaged)
		}
		j.apply(e.Key, e.Value)
	}
}

// compact writes the live values to a new file, flushes it, puts it in the old one's place, and goes on writing there.
// The caller holds the lock, or is the only one who knows the journal. Every file is closed before the rename, for some
// systems refuse to rename an open one.
func (j *Journal) compact() error {
	next, err := os.CreateTemp(filepath.Dir(j.path), "journal.*.new")
	if err != nil {
		return fmt.Errorf("compact journal: %w", err)
	}
	if err := errors.Join(j.dump(next), next.Close()); err != nil {
		return errors.Join(fmt.Errorf("compact journal %s: %w", j.path, err), os.Remove(next.Name()))
	}
	if j.file != nil {
		j.file.Close() // its content is in the new file, which is on disk
	}
	if err := os.Rename(next.Name(), j.path); err != nil {
		return fmt.Errorf("compact journal: %w", err)
	}
	if err := storage.SyncDir(filepath.Dir(j.path)); err != nil {
		return err
	}
	if j.file, err = os.OpenFile(j.path, os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
		return fmt.Errorf("open compacted journal: %w", err)
	}
	j.lines = len(j.values)
	return nil
}

func (j *Journal) dump(next *os.File) error {
	writer := bufio.NewWriter(next)
	for key, raw := range j.values {
		line, err := encodeLine(key, raw)
		if err != nil {
			return err
		}
		if _, err := writer.Write(line); err != nil {
			return err
		}
	}
	return errors.Join(writer.Flush(), next.Sync())
}
