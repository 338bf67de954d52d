package warden

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// stopWithin is how long the processes of a container may take to stop.
const stopWithin = time.Second

// signalAll reaches every process of the container but this one.
func signalAll(signal syscall.Signal) { _ = syscall.Kill(-1, signal) }

// rest makes a program that was told to stop ready for its next call: nothing that the last one left in files is there any more. It is
// not ready, and the container ends, where a process goes on, or one is left that the call started, or a file cannot be removed.
func (s *server) rest() (memory int64, ok bool) {
	if !allStopped() {
		return 0, false
	}
	for pid := range processes() {
		if !s.own[pid] {
			return 0, false
		}
	}
	if !empty(ScratchFolder, "") || !empty(OutFolder, "") || !empty(RunFolder, filepath.Base(SocketPath)) {
		return 0, false
	}
	return heldMemory(), true
}

// processes are all of the container that run, or could, but this one.
func processes() map[int]bool {
	found := map[int]bool{}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return found
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err == nil && pid != os.Getpid() && !strings.ContainsRune("ZX", state(filepath.Join("/proc", entry.Name(), "stat"))) {
			found[pid] = true
		}
	}
	return found
}

// allStopped waits until every thread of every process has stopped: the signal takes effect when a thread next looks.
func allStopped() bool {
	for late := time.Now().Add(stopWithin); ; time.Sleep(100 * time.Microsecond) {
		running := false
		for pid := range processes() {
			threads, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/stat")
			for _, thread := range threads {
				running = running || !strings.ContainsRune("TtZX", state(thread))
			}
		}
		if !running || time.Now().After(late) {
			return !running
		}
	}
}

// state of a process or thread, by its file stat: the letter after its name, which is in brackets and may hold others. One that is gone is dead.
func state(file string) rune {
	content, err := os.ReadFile(file)
	if err != nil {
		return 'X'
	}
	line := string(content)
	rest := line[strings.LastIndexByte(line, ')')+1:]
	if len(rest) < 2 {
		return '?'
	}
	return rune(rest[1])
}

// empty removes all that is in a folder but for one name. A folder that is not there is empty.
func empty(folder, but string) bool {
	entries, err := os.ReadDir(folder)
	if os.IsNotExist(err) {
		return true
	}
	if err != nil {
		return false
	}
	for _, entry := range entries {
		if entry.Name() != but && os.RemoveAll(filepath.Join(folder, entry.Name())) != nil {
			return false
		}
	}
	return true
}

// heldMemory is what the container's processes hold that is no file's.
func heldMemory() (bytes int64) {
	for pid := range processes() {
		content, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
		if err != nil {
			continue
		}
		fields := strings.Fields(string(content))
		if len(fields) < 3 {
			continue
		}
		resident, _ := strconv.ParseInt(fields[1], 10, 64)
		shared, _ := strconv.ParseInt(fields[2], 10, 64)
		bytes += (resident - shared) * int64(os.Getpagesize())
	}
	return bytes
}
