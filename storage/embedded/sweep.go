package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/versity/versitygw/backend/posix"
)

// sweeper removes what unfinished uploads leave behind. S3 leaves that to
// lifecycle rules, which the gateway does not have.
type sweeper struct {
	root    string // one folder per bucket
	sidecar string // the same for attributes, or ""
	maxIdle time.Duration
	log     func(msg string, err error)
}

const (
	// completing ends the name of an upload's folder while its parts are being
	// put together: <upload id>.<etag>.inprogress.
	completing = ".inprogress"
	// replacing is part of the name an object's file has while it replaces
	// another: .<object>.sgwtmp.<number>.
	replacing = ".sgwtmp."
)

// run removes abandoned uploads until ctx ends.
func (s *sweeper) run(ctx context.Context) {
	ticker := time.NewTicker(max(s.maxIdle/4, time.Second))
	defer ticker.Stop()
	for {
		if err := s.abandoned(time.Now()); err != nil {
			s.log("remove abandoned uploads", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// afterCrash clears away what uploads under way leave when the process is
// killed. Only before serving: it takes everything unfinished to be dead, but for
// uploads in parts, which their clients may go on with.
func (s *sweeper) afterCrash() error {
	buckets, err := s.buckets()
	if err != nil {
		return err
	}
	var errs []error
	for _, bucket := range buckets {
		errs = append(errs, removeFiles(filepath.Join(bucket, posix.MetaTmpDir), func(string) bool { return true }))
		spaces, err := subfolders(filepath.Join(bucket, filepath.FromSlash(spacesPrefix)))
		errs = append(errs, err)
		for _, shelf := range append(spaces, bucket) {
			errs = append(errs, removeFiles(filepath.Join(shelf, filepath.FromSlash(keyPrefix)), func(name string) bool {
				return strings.HasPrefix(name, ".") && strings.Contains(name, replacing)
			}))
		}
		uploadsOf, err := subfolders(filepath.Join(bucket, posix.MetaTmpMultipartDir))
		errs = append(errs, err)
		for _, object := range uploadsOf {
			errs = append(errs,
				removeFiles(object, func(string) bool { return true }), // parts on their way
				s.reopen(object))
		}
	}
	return errors.Join(errs...)
}

// reopen gives uploads whose completion was interrupted their old name back, so
// that their clients can complete them again.
func (s *sweeper) reopen(object string) error {
	uploads, err := subfolders(object)
	if err != nil {
		return err
	}
	for _, upload := range uploads {
		name := filepath.Base(upload)
		if !strings.HasSuffix(name, completing) {
			continue
		}
		id, _, _ := strings.Cut(name, ".")
		for _, path := range s.withSidecar(upload) {
			err := os.Rename(path, filepath.Join(filepath.Dir(path), id))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// abandoned removes uploads in parts that have been at rest for too long.
func (s *sweeper) abandoned(now time.Time) error {
	buckets, err := s.buckets()
	if err != nil {
		return err
	}
	var errs []error
	for _, bucket := range buckets {
		objects, err := subfolders(filepath.Join(bucket, posix.MetaTmpMultipartDir))
		errs = append(errs, err)
		for _, object := range objects {
			errs = append(errs, s.abandonedOf(object, now))
		}
	}
	return errors.Join(errs...)
}

func (s *sweeper) abandonedOf(object string, now time.Time) error {
	uploads, err := subfolders(object)
	if err != nil {
		return err
	}
	for _, upload := range uploads {
		last, err := lastChange(upload)
		if err != nil {
			return err
		}
		if now.Sub(last) < s.maxIdle {
			continue
		}
		for _, path := range s.withSidecar(upload) {
			if err := os.RemoveAll(path); err != nil {
				return fmt.Errorf("remove abandoned upload: %w", err)
			}
		}
	}
	for _, path := range s.withSidecar(object) {
		_ = os.Remove(path) // fails while the object has other uploads, as it should
	}
	return nil
}

// withSidecar returns path and the folder of its attributes, if they have one.
func (s *sweeper) withSidecar(path string) []string {
	if s.sidecar == "" {
		return []string{path}
	}
	rel, err := filepath.Rel(s.root, path)
	if err != nil {
		return []string{path}
	}
	return []string{path, filepath.Join(s.sidecar, rel)}
}

func (s *sweeper) buckets() ([]string, error) { return subfolders(s.root) }

// subfolders returns the paths of the folders in dir, none when it is absent.
func subfolders(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var folders []string
	for _, e := range entries {
		if e.IsDir() {
			folders = append(folders, filepath.Join(dir, e.Name()))
		}
	}
	return folders, nil
}

// removeFiles removes the plain files in dir whose name matches.
func removeFiles(dir string, match func(name string) bool) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || !match(e.Name()) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// lastChange returns when a folder or a file in it last changed.
func lastChange(dir string) (time.Time, error) {
	var last time.Time
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // completed or aborted meanwhile
		}
		if err != nil {
			return err
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if info.ModTime().After(last) {
			last = info.ModTime()
		}
		return nil
	})
	return last, err
}
