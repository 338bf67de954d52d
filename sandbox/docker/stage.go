package docker

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// stagedPrefix is how folders of inputs in the state folder begin.
const stagedPrefix = "inputs-"

// removeStaged removes what an earlier process left of inputs.
func removeStaged(stateDir string) error {
	left, err := filepath.Glob(filepath.Join(stateDir, stagedPrefix+"*"))
	for _, dir := range left {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	return err
}

// stage makes inputs readable for the user that programs run as. The mount takes care of everything else: that user needs no way to the
// folder that a file is in.
func (b *Box) stage(inputs map[string]string) (map[string]string, func(), error) {
	staged := map[string]string{}
	dir := ""
	clean := func() {
		if dir != "" {
			_ = os.RemoveAll(dir) // in our own folder, where the next start could do no better
		}
	}
	for name, path := range inputs {
		path, readable, err := inputFile(path)
		if err != nil {
			return nil, clean, fmt.Errorf("input %q: %w", name, err)
		}
		if !readable {
			if dir == "" {
				if dir, err = os.MkdirTemp(b.cfg.StateDir, stagedPrefix); err != nil {
					return nil, clean, fmt.Errorf("inputs: %w", err)
				}
			}
			if path, err = copyReadable(path, filepath.Join(dir, name)); err != nil {
				clean()
				return nil, clean, fmt.Errorf("input %q: %w", name, err)
			}
		}
		staged[name] = path
	}
	return staged, clean, nil
}

func copyReadable(from, to string) (string, error) {
	source, err := os.Open(from)
	if err != nil {
		return "", err
	}
	defer source.Close()
	made, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(made, source)
	return to, errors.Join(err, made.Chmod(0o444), made.Close())
}

// inputFile is the file that an input's path leads to, and whether the user that programs run as may read it.
func inputFile(path string) (file string, readable bool, err error) {
	if file, err = filepath.Abs(path); err != nil {
		return "", false, err
	}
	if file, err = filepath.EvalSymlinks(file); err != nil {
		return "", false, err
	}
	info, err := os.Stat(file)
	if err != nil {
		return "", false, err
	}
	if !info.Mode().IsRegular() {
		return "", false, fmt.Errorf("%s is no regular file", path)
	}
	return file, info.Mode()&0o004 != 0, nil
}

// show puts the inputs of one call into a folder that a container has mounted, read-only. Files that may be read are linked where they can
// be: no byte is copied, and a program cannot write through a mount that is read-only.
func show(dir string, inputs map[string]string) error {
	for name, path := range inputs {
		path, readable, err := inputFile(path)
		if err != nil {
			return fmt.Errorf("input %q: %w", name, err)
		}
		if readable && os.Link(path, filepath.Join(dir, name)) == nil {
			continue
		}
		if _, err := copyReadable(path, filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("input %q: %w", name, err)
		}
	}
	return nil
}

// emptyFolder removes everything in a folder.
func emptyFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, entry := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, entry.Name())))
	}
	return err
}
