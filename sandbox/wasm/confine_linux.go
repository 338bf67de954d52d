package wasm

import (
	"bytes"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// confine gives up, for good, what this process never needs. It has not run anything of a stranger yet. The parent has already tied this
// process's life to its own.
func confine() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no new privileges: %w", err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("core limit: %w", err)
	}
	return limitMemory(prepareMemory)
}

// limitMemory lets this process take extra bytes of address space beyond what it has now. It covers what the engine itself allocates for
// a program (tables, stacks), which the limit on linear memory does not. The limit on address space is the one that holds: the data limit
// lets pass what the Go runtime does, which is to reserve first and to make writable later.
func limitMemory(extra int64) error {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return fmt.Errorf("memory in use: %w", err)
	}
	_, rest, ok := bytes.Cut(status, []byte("VmSize:"))
	fields := bytes.Fields(rest)
	if !ok || len(fields) == 0 {
		return fmt.Errorf("memory in use: no VmSize in /proc/self/status")
	}
	kib, err := strconv.ParseInt(string(fields[0]), 10, 64)
	if err != nil {
		return fmt.Errorf("memory in use: %w", err)
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_AS, &limit); err != nil {
		return fmt.Errorf("memory limit: %w", err)
	}
	limit.Cur = min(uint64(kib<<10+extra), limit.Max)
	if err := unix.Setrlimit(unix.RLIMIT_AS, &limit); err != nil {
		return fmt.Errorf("memory limit: %w", err)
	}
	return nil
}
