package measure

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit in which Linux counts the CPU time of processes, on every architecture that Go knows.
const tick = 10 * time.Millisecond

// usage is what /proc says of a process.
type usage struct {
	parent int
	own    time.Duration // of the process and its threads, user and system
	waited time.Duration // of its children that have ended
}

// CPU is the CPU time that a process has used so far, without its children, in steps of 10 ms.
func CPU(pid int) (time.Duration, error) {
	u, err := readUsage(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return u.own, err
}

// TreeCPU is the CPU time that a process has used so far, together with everything that it has started, running or ended.
func TreeCPU(pid int) (time.Duration, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	all := map[int]usage{}
	for _, path := range paths {
		id, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			return 0, err
		}
		if u, err := readUsage(path); err == nil { // it may have ended meanwhile
			all[id] = u
		}
	}
	if _, ok := all[pid]; !ok {
		return 0, fmt.Errorf("cpu time of process %d: it has ended, or this system has no /proc", pid)
	}
	sum := time.Duration(0)
	for id, u := range all {
		if descends(all, id, pid) {
			sum += u.own + u.waited
		}
	}
	return sum, nil
}

func descends(all map[int]usage, id, from int) bool {
	for ; id > 1; id = all[id].parent {
		if id == from {
			return true
		}
	}
	return false
}

func readUsage(path string) (usage, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return usage{}, fmt.Errorf("cpu time: %w", err)
	}
	// The name of the program stands in parentheses and may hold anything, so fields are counted after it.
	_, rest, _ := strings.Cut(string(text[strings.LastIndexByte(string(text), ')')+1:]), " ")
	fields := strings.Fields(rest)
	if len(fields) < 15 {
		return usage{}, fmt.Errorf("cpu time: %s has %d fields", path, len(fields))
	}
	var numbers [5]int64
	for i, field := range []int{1, 11, 12, 13, 14} { // parent, user and system time, and both of ended children
		if numbers[i], err = strconv.ParseInt(fields[field], 10, 64); err != nil {
			return usage{}, fmt.Errorf("cpu time: %s: %w", path, err)
		}
	}
	return usage{
		parent: int(numbers[0]),
		own:    time.Duration(numbers[1]+numbers[2]) * tick,
		waited: time.Duration(numbers[3]+numbers[4]) * tick,
	}, nil
}
