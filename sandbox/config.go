package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

// childName is the program that children run.
const childName = "ain-sandbox"

// Config says where a sandbox finds its parts and how many processes it may keep.
type Config struct {
	// CacheDir keeps compiled code. It may be shared by the processes of one user, and must be writable by nobody else: what lies in
	// it is executed.
	CacheDir string
	// PythonRuntime is the path of the runtime for scripts (package python); empty on a node that runs none.
	PythonRuntime string
	// ChildPath is the path of the program ain-sandbox; empty to look beside this executable, then in PATH.
	ChildPath string
	// MaxChildren bounds the child processes, busy and warm together; default the number of CPUs, at least 2.
	MaxChildren int
	// IdleTimeout is how long a warm child waits for its next run; default 5 minutes.
	IdleTimeout time.Duration
	// PrepareTimeout bounds the verifying, compiling and starting of one program; default 2 minutes.
	PrepareTimeout time.Duration
}

// Validate names the first field that cannot be right.
func (c Config) Validate() error {
	switch {
	case c.CacheDir == "":
		return errors.New("sandbox config: CacheDir is empty: name a folder that only this user can write to")
	case c.MaxChildren < 0:
		return fmt.Errorf("sandbox config: MaxChildren %d is negative", c.MaxChildren)
	case c.IdleTimeout < 0:
		return fmt.Errorf("sandbox config: IdleTimeout %s is negative", c.IdleTimeout)
	case c.PrepareTimeout < 0:
		return fmt.Errorf("sandbox config: PrepareTimeout %s is negative", c.PrepareTimeout)
	}
	return nil
}

// resolved fills in defaults, makes paths absolute and makes the cache folder.
func (c Config) resolved() (Config, error) {
	if err := c.Validate(); err != nil {
		return c, err
	}
	if c.MaxChildren == 0 {
		c.MaxChildren = max(2, runtime.NumCPU())
	}
	if c.IdleTimeout == 0 {
		c.IdleTimeout = 5 * time.Minute
	}
	if c.PrepareTimeout == 0 {
		c.PrepareTimeout = 2 * time.Minute
	}
	var err error
	if c.CacheDir, err = filepath.Abs(c.CacheDir); err != nil {
		return c, fmt.Errorf("sandbox cache folder: %w", err)
	}
	if err := os.MkdirAll(c.CacheDir, 0o700); err != nil {
		return c, fmt.Errorf("sandbox cache folder: %w", err)
	}
	if c.PythonRuntime != "" {
		if c.PythonRuntime, err = filepath.Abs(c.PythonRuntime); err != nil {
			return c, fmt.Errorf("python runtime: %w", err)
		}
	}
	c.ChildPath, err = FindChild(c.ChildPath)
	return c, err
}

// FindChild returns the path of the child program: the configured one, or for an empty path the one beside this executable, or in PATH.
func FindChild(configured string) (string, error) {
	if configured != "" {
		path, err := filepath.Abs(configured)
		if err == nil {
			_, err = os.Stat(path)
		}
		if err != nil {
			return "", fmt.Errorf("sandbox child program: %w: build it with go build ./cmd/%s", err, childName)
		}
		return path, nil
	}
	name := childName
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if self, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(self); err == nil {
			self = real
		}
		beside := filepath.Join(filepath.Dir(self), name)
		if _, err := os.Stat(beside); err == nil {
			return beside, nil
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("sandbox child program %s is neither beside this executable nor in PATH: install it there", name)
	}
	return filepath.Abs(path)
}
