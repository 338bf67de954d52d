package wasm

import (
	"io"
	"io/fs"
	"os"
	"slices"
	"time"
)

// inputFS shows named host files as one read-only folder. Names come from the parent; a program can reach nothing but these files.
type inputFS struct{ files map[string]string }

// Open implements fs.FS.
func (i *inputFS) Open(name string) (fs.File, error) {
	if name == "." {
		return &inputDir{fs: i}, nil
	}
	path, ok := i.files[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &inputFile{File: f, info: inputInfo{name: name, size: info.Size()}}, nil
}

type inputFile struct {
	*os.File
	info inputInfo
}

// Stat hides the host's times and numbers: they differ from machine to machine.
func (f *inputFile) Stat() (fs.FileInfo, error) { return f.info, nil }

type inputDir struct {
	fs   *inputFS
	read int
}

func (d *inputDir) Stat() (fs.FileInfo, error) { return inputInfo{name: ".", dir: true}, nil }
func (d *inputDir) Close() error               { return nil }
func (d *inputDir) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: ".", Err: fs.ErrInvalid}
}

// ReadDir implements fs.ReadDirFile.
func (d *inputDir) ReadDir(n int) ([]fs.DirEntry, error) {
	names := make([]string, 0, len(d.fs.files))
	for name := range d.fs.files {
		names = append(names, name)
	}
	slices.Sort(names)
	names = names[min(d.read, len(names)):]
	if n > 0 {
		if len(names) == 0 {
			return nil, io.EOF
		}
		names = names[:min(n, len(names))]
	}
	d.read += len(names)
	entries := make([]fs.DirEntry, len(names))
	for i, name := range names {
		info := inputInfo{name: name}
		if host, err := os.Stat(d.fs.files[name]); err == nil {
			info.size = host.Size()
		}
		entries[i] = fs.FileInfoToDirEntry(info)
	}
	return entries, nil
}

type inputInfo struct {
	name string
	size int64
	dir  bool
}

func (i inputInfo) Name() string       { return i.name }
func (i inputInfo) Size() int64        { return i.size }
func (i inputInfo) IsDir() bool        { return i.dir }
func (i inputInfo) ModTime() time.Time { return time.Unix(0, epoch) }
func (i inputInfo) Sys() any           { return nil }
func (i inputInfo) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o555
	}
	return 0o444
}
