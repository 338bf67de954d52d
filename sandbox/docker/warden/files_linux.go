package warden

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ain-network/aind/sandbox/internal/wire"
)

// sendFiles sends all folders and files below root. What is neither, or more than limit bytes in all, is the program's fault, and returned
// as such.
func sendFiles(w io.Writer, root string, limit int64) (*wire.Done, error) {
	var fault *wire.Done
	left := limit
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return wire.Write(w, wire.KindFile, wire.File{Name: name, Folder: true}, nil)
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			fault = &wire.Done{Status: wire.StatusBadOutput, Message: fmt.Sprintf("%s is neither a file nor a folder (%s)", path, info.Mode().Type())}
			return fs.SkipAll
		}
		if left -= info.Size(); left < 0 {
			fault = &wire.Done{Status: wire.StatusOutput, Message: fmt.Sprintf("more than %d bytes in %s", limit, root)}
			return fs.SkipAll
		}
		return sendFile(w, path, name, info)
	})
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) {
		return &wire.Done{Status: wire.StatusBadOutput, Message: err.Error()}, nil
	}
	return fault, err
}

func sendFile(w io.Writer, path, name string, info fs.FileInfo) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	header := wire.File{Name: name, Executable: info.Mode()&0o100 != 0}
	buf := make([]byte, filePiece)
	for {
		n, err := io.ReadFull(io.LimitReader(f, info.Size()-header.Offset), buf)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		if n > 0 || header.Offset == 0 {
			if err := wire.Write(w, wire.KindFile, header, buf[:n]); err != nil {
				return err
			}
		}
		header.Offset += int64(n)
		if n == 0 || header.Offset >= info.Size() {
			return nil
		}
	}
}
