package daemon

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ain-network/aind/storage"
)

// packFolder writes what is in a folder to a tar file with neither owner nor time, sorted by name: equal contents give equal bytes. It says what
// the file is; nothing where the folder is empty, and no file is left then. It is written beside the folder, which the next start clears, first.
func packFolder(folder, file string) (info storage.Info, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) == 0 {
		return info, err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return info, err
	}
	made, err := os.CreateTemp(filepath.Dir(folder), "packed-*")
	if err != nil {
		return info, err
	}
	err = writeFolder(made, folder)
	if err == nil {
		_, err = made.Seek(0, io.SeekStart)
	}
	if err == nil {
		info, err = storage.DigestReader(made)
	}
	if err := errors.Join(err, made.Sync(), made.Close()); err != nil {
		return info, errors.Join(err, os.Remove(made.Name()))
	}
	if err := os.Rename(made.Name(), file); err != nil {
		return info, err
	}
	return info, storage.SyncDir(filepath.Dir(file))
}

func writeFolder(to io.Writer, folder string) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	w := tar.NewWriter(to)
	err = fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		header := &tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755, ModTime: time.Unix(0, 0)}
		switch {
		case info.IsDir():
			return w.WriteHeader(header)
		case !info.Mode().IsRegular():
			return fmt.Errorf("/ain/out/%s is neither a file nor a folder", name)
		}
		header.Typeflag, header.Name, header.Size, header.Mode = tar.TypeReg, name, info.Size(), 0o644
		if info.Mode()&0o100 != 0 {
			header.Mode = 0o755
		}
		if err := w.WriteHeader(header); err != nil {
			return err
		}
		content, err := root.Open(name)
		if err != nil {
			return err
		}
		_, err = io.Copy(w, content)
		return errors.Join(err, content.Close())
	})
	return errors.Join(err, w.Close())
}
