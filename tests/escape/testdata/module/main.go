// Command module tries what no program may do, and says how far it came. It is compiled to WASM.
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"google.golang.org/protobuf/encoding/protowire"
)

type order struct {
	Attempts                []string
	HostFile, Folder, Cache string
	N                       int64
}

type report struct {
	Reached, Error string
	N              int64
}

var errNothing = errors.New("found nothing")

const outFolder = "/ain/out/"

func main() {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		panic(err)
	}
	var o order
	if err := json.Unmarshal(dataOf(input), &o); err != nil {
		panic(err)
	}
	attempt := attempts[o.Attempts[0]]
	if attempt == nil {
		panic("no such attempt: " + o.Attempts[0])
	}
	var r report
	if r.Reached, err = attempt(o); err != nil {
		r = report{Error: err.Error()}
	}
	text, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	_, _ = os.Stdout.Write(protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), text))
}

// dataOf is the field of the request that holds the order.
func dataOf(input []byte) []byte {
	for len(input) > 0 {
		field, kind, n := protowire.ConsumeTag(input)
		if input = input[n:]; field == 3 {
			data, _ := protowire.ConsumeBytes(input)
			return data
		}
		input = input[protowire.ConsumeFieldValue(field, kind, input):]
	}
	return nil
}

func read(path string) (string, error) {
	content, err := os.ReadFile(path)
	return string(content[:min(len(content), 40)]), err
}

func write(path string) (string, error) {
	return "written", os.WriteFile(path, []byte("x"), 0o600)
}

var sink [][]byte

var attempts = map[string]func(order) (string, error){
	"host-file":   func(o order) (string, error) { return read(o.HostFile) },
	"paths-up":    up,
	"environment": func(order) (string, error) { return read("/proc/self/environ") },
	"maps":        func(order) (string, error) { return read("/proc/self/maps") },
	"host-name":   func(order) (string, error) { return read("/proc/sys/kernel/hostname") },
	"device": func(order) (string, error) {
		f, err := os.Open("/dev/zero")
		if err != nil {
			return "", err
		}
		return "a device", f.Close()
	},
	"list-root": func(order) (string, error) {
		entries, err := os.ReadDir("/")
		if err == nil && len(entries) == 0 {
			err = errNothing
		}
		return "the machine's folders", err
	},
	"write-host":   func(o order) (string, error) { return write(filepath.Join(o.Folder, "new")) },
	"delete-host":  func(o order) (string, error) { return "deleted", os.Remove(filepath.Join(o.Folder, "victim")) },
	"poison-cache": func(o order) (string, error) { return write(filepath.Join(o.Cache, "poison")) },
	"folders":      folders,
	"sockets":      sockets,

	"link-read": func(o order) (string, error) {
		if err := os.Symlink("../secret", outFolder+"link"); err != nil {
			return "", err
		}
		return read(outFolder + "link")
	},
	"planted-read":  func(order) (string, error) { return read(outFolder + "planted") },
	"planted-write": func(order) (string, error) { return write(outFolder + "planted") },
	"planted-link":  func(order) (string, error) { return os.Readlink(outFolder + "planted") },
	"hard-link": func(order) (string, error) {
		if _, err := write(outFolder + "one"); err != nil {
			return "", err
		}
		return "a second name", os.Link(outFolder+"one", outFolder+"two")
	},

	"fill": func(o order) (string, error) {
		for i := range o.N >> 16 {
			if err := os.WriteFile(outFolder+strconv.FormatInt(i, 10), make([]byte, 1<<16), 0o600); err != nil {
				return "", err
			}
		}
		return "filled", nil
	},
	"hole-write": hollow(func(f *os.File, n int64) error { _, err := f.WriteAt([]byte("x"), n); return err }),
	"hole-seek": hollow(func(f *os.File, n int64) error {
		if _, err := f.Seek(n, io.SeekStart); err != nil {
			return err
		}
		_, err := f.Write([]byte("x"))
		return err
	}),
	"hole-truncate": hollow(func(f *os.File, n int64) error { return f.Truncate(n) }),
	"hole-allocate": hollow(func(f *os.File, n int64) error { return errno(fdAllocate(int32(f.Fd()), 0, n)) }),
	"write-again": func(o order) (string, error) {
		for range o.N >> 16 {
			if err := os.WriteFile(outFolder+"same", make([]byte, 1<<16), 0o600); err != nil {
				return "", err
			}
			if err := os.Remove(outFolder + "same"); err != nil {
				return "", err
			}
		}
		return "written and deleted", nil
	},
	"many-files":   many(func(name string) error { _, err := write(name); return err }),
	"many-folders": many(func(name string) error { return os.Mkdir(name, 0o700) }),
	"many-in-turn": many(func(name string) error {
		if _, err := write(name); err != nil {
			return err
		}
		return os.Remove(name)
	}),

	"eat": func(o order) (string, error) {
		for range o.N >> 20 {
			sink = append(sink, bytes.Repeat([]byte{1}, 1<<20))
		}
		return "memory", nil
	},
	"spin": func(o order) (string, error) {
		n := int64(0)
		for range o.N {
			n ^= n<<1 + 1
		}
		return strconv.FormatInt(n, 10), nil
	},
	"flood": func(o order) (string, error) { return strings.Repeat("x", int(o.N)), nil },
	"flood-log": func(o order) (string, error) {
		piece := bytes.Repeat([]byte("l"), 1<<12)
		for range o.N >> 12 {
			if _, err := os.Stderr.Write(piece); err != nil {
				return "", err
			}
		}
		return "logged", nil
	},

	"date": func(order) (string, error) {
		now := time.Now().UTC().Format(time.DateOnly)
		if now == "2022-01-01" {
			return "", fmt.Errorf("%w: it is %s", errNothing, now)
		}
		return now, nil
	},
	"stopwatch": func(order) (string, error) {
		var begin, end int64
		clockTime(1, 1, &begin)
		n := int64(0)
		for range 10_000_000 {
			n ^= n<<1 + 1
		}
		clockTime(1, 1, &end)
		// Time that only counts goes on by one tick a look, whatever was done meanwhile.
		if took := time.Duration(end - begin); took < 100*time.Microsecond {
			return "", fmt.Errorf("%w: %d steps took %s", errNothing, n, took)
		}
		return "milliseconds", nil
	},
	"sleep": func(o order) (string, error) { time.Sleep(time.Duration(o.N)); return "slept", nil },
	"chance": func(order) (string, error) {
		b := make([]byte, 16)
		_, err := rand.Read(b)
		return hex.EncodeToString(b), err
	},
	"input-time": func(order) (string, error) {
		info, err := os.Stat("/ain/in/data")
		if err != nil {
			return "", err
		}
		return stamped(info)
	},
	"output-time": func(order) (string, error) {
		if _, err := write(outFolder + "now"); err != nil {
			return "", err
		}
		info, err := os.Stat(outFolder + "now")
		if err != nil {
			return "", err
		}
		return stamped(info)
	},
}

func stamped(info os.FileInfo) (string, error) {
	if at := info.ModTime().UTC().Format(time.DateOnly); at != "2022-01-01" {
		return at, nil
	}
	return "", errNothing
}

func hollow(grow func(f *os.File, n int64) error) func(order) (string, error) {
	return func(o order) (string, error) {
		f, err := os.Create(outFolder + "hollow")
		if err != nil {
			return "", err
		}
		return "grown", errors.Join(grow(f, o.N), f.Close())
	}
}

func many(make func(string) error) func(order) (string, error) {
	return func(o order) (string, error) {
		for i := range o.N {
			if err := make(outFolder + strconv.FormatInt(i, 10)); err != nil {
				return "", err
			}
		}
		return "made", nil
	}
}

// The interface itself, without what Go makes of paths.

//go:wasmimport wasi_snapshot_preview1 path_open
func pathOpen(folder, follow int32, path *byte, size int32, create int32, rights, inherited int64, flags int32, fd *int32) int32

//go:wasmimport wasi_snapshot_preview1 fd_prestat_dir_name
func prestatName(fd int32, path *byte, size int32) int32

//go:wasmimport wasi_snapshot_preview1 fd_prestat_get
func prestat(fd int32, found *[2]int32) int32

//go:wasmimport wasi_snapshot_preview1 fd_fdstat_get
func fdStat(fd int32, found *[24]byte) int32

//go:wasmimport wasi_snapshot_preview1 clock_time_get
func clockTime(id int32, precision int64, now *int64) int32

//go:wasmimport wasi_snapshot_preview1 fd_allocate
func fdAllocate(fd int32, offset, size int64) int32

func errno(n int32) error {
	if n == 0 {
		return nil
	}
	return fmt.Errorf("errno %d", n)
}

// up tries every way up from every open folder.
func up(o order) (string, error) {
	var last error
	for fd := int32(3); fd < 10; fd++ {
		for ups := range 12 {
			path := strings.Repeat("../", ups) + strings.TrimPrefix(o.HostFile, "/")
			var opened int32
			last = errno(pathOpen(fd, 1, unsafe.StringData(path), int32(len(path)), 0, 2, 0, 0, &opened))
			runtime.KeepAlive(path)
			if last == nil {
				return path, nil
			}
		}
	}
	return "", last
}

// folders looks for open folders besides its own two.
func folders(order) (string, error) {
	for fd := int32(3); fd < 64; fd++ {
		var found [2]int32
		if prestat(fd, &found) != 0 {
			continue
		}
		name := make([]byte, found[1])
		if prestatName(fd, unsafe.SliceData(name), found[1]) == 0 && string(name) != "/ain/in" && string(name) != "/ain/out" {
			return string(name), nil
		}
	}
	return "", errNothing
}

func sockets(order) (string, error) {
	for fd := int32(0); fd < 64; fd++ {
		var found [24]byte
		if fdStat(fd, &found) == 0 && (found[0] == 5 || found[0] == 6) {
			return fmt.Sprint("descriptor ", fd), nil
		}
	}
	return "", errNothing
}
