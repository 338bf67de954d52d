package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/ain-network/aind/daemon"
)

// unpackChild lays the sandbox's child program, where this build carries it, into the daemon's home and points the config
// to it: whoever has aind alone can run jobs, and the two always fit each other. The name holds the digest, so that an
// upgrade never overwrites what another process runs.
func unpackChild(c *daemon.Config) error {
	if c.Sandbox.Child != "" || len(carriedChild) == 0 {
		return nil
	}
	name := fmt.Sprintf("ain-sandbox-%x", sha256.Sum256(carriedChild))
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	path := filepath.Join(c.Home, "bin", name)
	if err := writeProgram(path, carriedChild); err != nil {
		return fmt.Errorf("unpack the sandbox's child program: %w", err)
	}
	c.Sandbox.Child = path
	return nil
}

// writeProgram leaves either nothing or all of a program, which only its owner may change or run.
func writeProgram(path string, content []byte) error {
	if there, err := os.ReadFile(path); err == nil && bytes.Equal(there, content) {
		return nil
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, "*.partial")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err := errors.Join(err, file.Chmod(0o700), file.Sync(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return os.Rename(file.Name(), path)
}
