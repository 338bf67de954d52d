package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// alone are attempts that take a container for themselves. They reply how much they got of N, and what ended them before.
var alone map[string]func(order) (int64, error)

// Set here, because some start this program again.
func init() {
	alone = map[string]func(order) (int64, error){
		"eat":           func(o order) (int64, error) { return eaten(o.N) },
		"eat-shared":    func(o order) (int64, error) { return eatenShared(o.N) },
		"eat-scratch":   func(o order) (int64, error) { return filled("/tmp", o.N, 1<<20) },
		"eat-child":     func(o order) (int64, error) { return o.N, again("eat", o.N) },
		"fill-scratch":  func(o order) (int64, error) { return filled("/tmp", o.N, 256<<10) },
		"fill-output":   func(o order) (int64, error) { return filled("/ain/out", o.N, 256<<10) },
		"files-scratch": func(o order) (int64, error) { return filled("/tmp", o.N, 0) },
		"files-output":  func(o order) (int64, error) { return filled("/ain/out", o.N, 0) },
		"processes":     func(o order) (int64, error) { return processes(o.N) },
		"threads":       func(o order) (int64, error) { return o.N, again("threads", o.N) },
		"descriptors":   func(o order) (int64, error) { return descriptors(o.N) },
		"burn":          func(o order) (int64, error) { return burnt(time.Duration(o.N)) },
		"flood":         func(o order) (int64, error) { return o.N, nil },
		"flood-log": func(o order) (int64, error) {
			n, err := os.Stderr.Write(bytes.Repeat([]byte("log "), int(o.N/4)))
			return int64(n), err
		},
		"overtime": func(o order) (int64, error) {
			signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGALRM)
			return spun(time.Duration(o.N)), nil
		},
		"overtime-children": func(o order) (int64, error) {
			cmd, err := left()
			if err != nil {
				return 0, err
			}
			return spun(time.Duration(o.N)), cmd.Process.Kill()
		},
		"leave-behind": func(order) (int64, error) {
			_, err := left()
			return 0, err
		},
		"link-out":      func(order) (int64, error) { return 0, os.Symlink("/proc/self/environ", "/ain/out/link") },
		"hollow-output": hollow,
	}
	attempts["eat"] = func(o order) (string, error) { _, err := eaten(o.N); return "memory", err }
}

var sink [][]byte

func eaten(n int64) (int64, error) {
	for range n >> 20 {
		sink = append(sink, bytes.Repeat([]byte{1}, 1<<20))
	}
	return n, nil
}

func eatenShared(n int64) (int64, error) {
	memory, err := unix.Mmap(-1, 0, int(n), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANON)
	if err != nil {
		return 0, err
	}
	for i := 0; i < len(memory); i += 4096 {
		memory[i] = 1
	}
	return n, nil
}

// filled writes n bytes in pieces, or n files for pieces of nothing.
func filled(folder string, n int64, piece int) (done int64, err error) {
	content := make([]byte, piece)
	step := int64(max(piece, 1))
	for ; done < n; done += step {
		if err := os.WriteFile(filepath.Join(folder, strconv.FormatInt(done, 10)), content, 0o600); err != nil {
			return done, err
		}
	}
	return done, nil
}

// hollow makes files that are long and take no room.
func hollow(o order) (int64, error) {
	const files = 8
	for i := range files {
		f, err := os.Create(filepath.Join("/ain/out", strconv.Itoa(i)))
		if err == nil {
			err = f.Truncate(o.N / files)
		}
		if err != nil {
			return 0, err
		}
	}
	return o.N, nil
}

// again runs an attempt in another process, which may die of it.
func again(name string, n int64) error {
	cmd := exec.Command(self, "attempt", name)
	cmd.Stdin = strings.NewReader(fmt.Sprintf(`{"N":%d}`, n))
	out, err := cmd.CombinedOutput()
	if err == nil && !bytes.Contains(out, []byte(`"Error":""`)) {
		err = errNothing
	}
	if err != nil {
		return fmt.Errorf("%w: %.100s", err, out)
	}
	return nil
}

// left starts a process that goes on by itself.
func left() (*exec.Cmd, error) {
	cmd := exec.Command(self, "sleep")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Stdout = os.Stderr
	return cmd, cmd.Start()
}

func processes(n int64) (int64, error) {
	for done := range n {
		pid, _, errno := syscall.RawSyscall(syscall.SYS_FORK, 0, 0, 0)
		if errno != 0 {
			return done, errno
		}
		for pid == 0 {
			_, _, _ = syscall.RawSyscall(syscall.SYS_PAUSE, 0, 0, 0)
		}
	}
	return n, nil
}

var _ = add(map[string]func(order) (string, error){
	"threads": func(o order) (string, error) {
		var up sync.WaitGroup
		for range o.N {
			up.Add(1)
			go func() {
				runtime.LockOSThread()
				up.Done()
				select {}
			}()
		}
		up.Wait()
		return "threads", nil
	},
})

func descriptors(n int64) (int64, error) {
	for done := range n {
		if _, err := unix.Open("/", unix.O_RDONLY, 0); err != nil {
			return done, err
		}
	}
	return n, nil
}

// burnt uses every processor for a while, and returns the time of processors that it got.
func burnt(wall time.Duration) (int64, error) {
	for range runtime.NumCPU() {
		go spun(wall)
	}
	spun(wall)
	var used unix.Rusage
	err := unix.Getrusage(unix.RUSAGE_SELF, &used)
	return used.Utime.Nano() + used.Stime.Nano(), err
}

func spun(wall time.Duration) (n int64) {
	for begin := time.Now(); time.Since(begin) < wall; {
		n++
	}
	return n
}
