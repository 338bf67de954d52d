package seal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ain-network/aind/storage"
)

// OpenIdentity reads a node's key from a file, or makes one there, readable by its owner alone. The file is as age-keygen writes
// it: lines that begin with # are comments. Lost, it makes everything unreadable that was sealed to it.
func OpenIdentity(path string) (Key, error) {
	content, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		key, err := NewKey()
		if err != nil {
			return Key{}, err
		}
		text := fmt.Sprintf("# public key: %s\n%s\n", key.Recipient(), key.Secret())
		return key, WriteSecret(path, []byte(text))
	case err != nil:
		return Key{}, err
	}
	var secrets []string
	for line := range strings.Lines(string(content)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			secrets = append(secrets, line)
		}
	}
	if len(secrets) != 1 {
		return Key{}, fmt.Errorf("%w: %s has %d keys, want one line AGE-SECRET-KEY-1…", ErrKey, path, len(secrets))
	}
	key, err := ParseKey(secrets[0])
	if err != nil {
		return Key{}, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

// WriteSecret leaves either nothing new or all of a file, on disk, that its owner alone can read.
func WriteSecret(path string, content []byte) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, filepath.Base(path)+".*.partial") // for its owner alone
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	_, err = file.Write(content)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	return storage.SyncDir(dir)
}
