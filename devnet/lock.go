package devnet

import (
	"fmt"
	"os"
	"path/filepath"
)

// lockName marks a folder as a devnet's, and is locked while one runs.
const lockName = "devnet.lock"

// takeLock makes sure that one devnet at a time runs in a folder. Close the file to give it back.
func takeLock(home string) (*os.File, error) {
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, fmt.Errorf("home: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(home, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("home: %w", err)
	}
	if err := tryLock(file); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("a devnet is running in %s already: stop it, or name another folder with --home", home)
	}
	return file, nil
}
