package wasm

import (
	"bytes"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// maxPrepareMemory bounds what loading and compiling a program may take.
const maxPrepareMemory = 4 << 30

// confine gives up, for good, what this process never needs. It has not run anything of a stranger yet. The parent has already tied this
// process's life to its own.
func confine() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no new privileges: %w", err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("core limit: %w", err)
	}
	return limitMemory(maxPrepareMemory)
}

// limitMemory lets this process take extra bytes of private memory beyond what it has now. It covers what the engine itself allocates
// for a program (tables, stacks), which the limit on linear memory does not.
func limitMemory(extra int64) error {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return fmt.Errorf("memory in use: %w", err)
	}
	_, rest, ok := bytes.Cut(status, []byte("VmData:"))
	fields := bytes.Fields(rest)
	if !ok || len(fields) == 0 {
		return fmt.Errorf("memory in use: no VmData in /proc/self/status")
	}
	kib, err := strconv.ParseInt(string(fields[0]), 10, 64)
	if err != nil {
		return fmt.Errorf("memory in use: %w", err)
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_DATA, &limit); err != nil {
		return fmt.Errorf("data limit: %w", err)
	}
	limit.Cur = min(uint64(kib<<10+extra), limit.Max)
	if err := unix.Setrlimit(unix.RLIMIT_DATA, &limit); err != nil {
		return fmt.Errorf("data limit: %w", err)
	}
	return nil
}
