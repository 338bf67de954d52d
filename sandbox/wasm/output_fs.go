package wasm

import (
	"io"
	"io/fs"

	experimentalsys "github.com/tetratelabs/wazero/experimental/sys"
	"github.com/tetratelabs/wazero/experimental/sysfs"
	"github.com/tetratelabs/wazero/sys"
)

// maxOutputFiles bounds how many files and folders a program may make.
const maxOutputFiles = 1024

// outputFS is the folder that a program may write to. It has no links, hard or symbolic: the engine follows them on the host, out of the
// folder. All that is ever written counts against the quota, also what is deleted again. Before a folder is set it is empty.
type outputFS struct {
	experimentalsys.UnimplementedFS
	dir   experimentalsys.FS // nil: no folder
	quota int64
	files int
}

func (o *outputFS) set(dir string, quota int64) {
	o.dir, o.quota, o.files = nil, quota, 0
	if dir != "" {
		o.dir = sysfs.DirFS(dir)
	}
}

// OpenFile implements sys.FS.
func (o *outputFS) OpenFile(path string, flag experimentalsys.Oflag, perm fs.FileMode) (experimentalsys.File, experimentalsys.Errno) {
	if o.dir == nil {
		if path == "." {
			return (&sysfs.AdaptFS{FS: &inputFS{}}).OpenFile(path, flag, perm) // a folder without files
		}
		return nil, experimentalsys.ENOENT
	}
	if flag&experimentalsys.O_CREAT != 0 {
		if _, errno := o.dir.Lstat(path); errno == experimentalsys.ENOENT {
			if errno := o.count(); errno != 0 {
				return nil, errno
			}
		}
	}
	f, errno := o.dir.OpenFile(path, flag|experimentalsys.O_NOFOLLOW, perm)
	if errno != 0 {
		return nil, errno
	}
	return &outputFile{File: f, fs: o}, 0
}

func (o *outputFS) count() experimentalsys.Errno {
	if o.files >= maxOutputFiles {
		return experimentalsys.EPERM
	}
	o.files++
	return 0
}

// Lstat implements sys.FS.
func (o *outputFS) Lstat(path string) (sys.Stat_t, experimentalsys.Errno) {
	if o.dir == nil {
		return sys.Stat_t{}, experimentalsys.ENOENT
	}
	st, errno := o.dir.Lstat(path)
	return sameEverywhere(st), errno
}

// Stat implements sys.FS. There are no links to follow.
func (o *outputFS) Stat(path string) (sys.Stat_t, experimentalsys.Errno) { return o.Lstat(path) }

// Mkdir implements sys.FS.
func (o *outputFS) Mkdir(path string, perm fs.FileMode) experimentalsys.Errno {
	if o.dir == nil {
		return experimentalsys.ENOENT
	}
	if errno := o.count(); errno != 0 {
		return errno
	}
	return o.dir.Mkdir(path, perm)
}

// Rename implements sys.FS.
func (o *outputFS) Rename(from, to string) experimentalsys.Errno {
	if o.dir == nil {
		return experimentalsys.ENOENT
	}
	return o.dir.Rename(from, to)
}

// Rmdir implements sys.FS.
func (o *outputFS) Rmdir(path string) experimentalsys.Errno {
	if o.dir == nil {
		return experimentalsys.ENOENT
	}
	return o.dir.Rmdir(path)
}

// Unlink implements sys.FS.
func (o *outputFS) Unlink(path string) experimentalsys.Errno {
	if o.dir == nil {
		return experimentalsys.ENOENT
	}
	return o.dir.Unlink(path)
}

// Link, Symlink, Readlink, Chmod and Utimens stay unimplemented: ENOSYS.

type outputFile struct {
	experimentalsys.File
	fs *outputFS
}

func (f *outputFile) take(n int64) experimentalsys.Errno {
	if n > f.fs.quota {
		return experimentalsys.EIO // the engine has no name for "no space left"
	}
	f.fs.quota -= n
	return 0
}

// Write implements sys.File. A write beyond the end makes the gap, too, a part of the file: it counts.
func (f *outputFile) Write(p []byte) (int, experimentalsys.Errno) {
	off, errno := f.File.Seek(0, io.SeekCurrent)
	if errno != 0 {
		return 0, errno
	}
	if errno := f.take(max(int64(len(p)), f.growth(off+int64(len(p))))); errno != 0 {
		return 0, errno
	}
	return f.File.Write(p)
}

// Pwrite implements sys.File.
func (f *outputFile) Pwrite(p []byte, off int64) (int, experimentalsys.Errno) {
	if errno := f.take(max(int64(len(p)), f.growth(off+int64(len(p))))); errno != 0 {
		return 0, errno
	}
	return f.File.Pwrite(p, off)
}

// Truncate implements sys.File.
func (f *outputFile) Truncate(size int64) experimentalsys.Errno {
	if errno := f.take(f.growth(size)); errno != 0 {
		return errno
	}
	return f.File.Truncate(size)
}

// growth is by how much the file is shorter than size.
func (f *outputFile) growth(size int64) int64 {
	st, errno := f.File.Stat()
	if errno != 0 || st.Mode.IsDir() {
		return 0
	}
	return max(size-st.Size, 0)
}

// Stat implements sys.File.
func (f *outputFile) Stat() (sys.Stat_t, experimentalsys.Errno) {
	st, errno := f.File.Stat()
	return sameEverywhere(st), errno
}

// Utimens implements sys.File.
func (f *outputFile) Utimens(int64, int64) experimentalsys.Errno { return experimentalsys.ENOSYS }

// sameEverywhere removes what differs between machines and runs.
func sameEverywhere(st sys.Stat_t) sys.Stat_t {
	st.Dev, st.Atim, st.Mtim, st.Ctim = 0, epoch, epoch, epoch
	return st
}
