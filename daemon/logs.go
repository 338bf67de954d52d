package daemon

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/ain-network/aind/storage"
)

// logsFolder of the home holds the newest logs of programs.
const logsFolder = "logs"

// LogRef names what a program said during a run: its content, and who asks finds it in the logs folder.
type LogRef struct {
	Digest string `json:"digest"`
	Size   int64  `json:"size,string"`
}

// Logs keeps what programs said, one file a run, up to a number of bytes. The oldest go first.
type Logs struct {
	Dir string
	Max int64

	mu sync.Mutex
}

// KeptLog is a file of the logs folder.
type KeptLog struct {
	LogRef
	Path string `json:"path"`
}

// keep writes a log down. A run without a word has none.
func (l *Logs) keep(requestID uint64, content []byte) (*LogRef, error) {
	if len(content) == 0 {
		return nil, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	ref := &LogRef{Digest: storage.DigestOf(content).String(), Size: int64(len(content))}
	if err := os.MkdirAll(l.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("keep log: %w", err)
	}
	name := fmt.Sprintf("%d-%s.log", requestID, strings.TrimPrefix(ref.Digest, "sha256:"))
	if err := os.WriteFile(filepath.Join(l.Dir, name), content, 0o600); err != nil {
		return nil, fmt.Errorf("keep log: %w", err)
	}
	return ref, l.prune(name)
}

// prune removes the oldest logs beyond the limit, but never the one that was just written.
func (l *Logs) prune(fresh string) error {
	entries, err := os.ReadDir(l.Dir)
	if err != nil {
		return fmt.Errorf("keep log: %w", err)
	}
	var files []fs.FileInfo
	var total int64
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			return fmt.Errorf("keep log: %w", err)
		}
		files, total = append(files, info), total+info.Size()
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int {
		return cmp.Or(a.ModTime().Compare(b.ModTime()), strings.Compare(a.Name(), b.Name()))
	})
	for _, file := range files {
		if total <= l.Max {
			return nil
		}
		if file.Name() == fresh {
			continue
		}
		if err := os.Remove(filepath.Join(l.Dir, file.Name())); err != nil {
			return fmt.Errorf("keep log: %w", err)
		}
		total -= file.Size()
	}
	return nil
}

// ReadLogs lists the logs that the daemon of a home keeps of a request.
func ReadLogs(home string, requestID uint64) ([]KeptLog, error) {
	dir := filepath.Join(home, logsFolder)
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("logs: %w", err)
	}
	var found []KeptLog
	for _, entry := range entries {
		hex, ours := strings.CutPrefix(strings.TrimSuffix(entry.Name(), ".log"), strconv.FormatUint(requestID, 10)+"-")
		digest, err := storage.ParseDigest("sha256:" + hex)
		if !ours || err != nil {
			continue
		}
		info, err := entry.Info()
		if err != nil {
			return nil, fmt.Errorf("logs: %w", err)
		}
		found = append(found, KeptLog{LogRef{digest.String(), info.Size()}, filepath.Join(dir, entry.Name())})
	}
	return found, nil
}
