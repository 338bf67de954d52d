package warden

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// usage is what the container has used, as its control group says, or the process table where that shows none.
type usage struct {
	cpu   int64 // nanoseconds
	peak  int64 // bytes
	kills int64 // processes ended for want of memory
}

const groups = "/sys/fs/cgroup"

func readUsage() usage {
	var u usage
	if cpu, ok := readValue(groups+"/cpu.stat", "usage_usec"); ok { // version 2
		u.cpu = cpu * 1000
		u.peak, _ = readValue(groups+"/memory.peak", "")
		u.kills, _ = readValue(groups+"/memory.events", "oom_kill")
	} else {
		u.cpu, _ = readValue(groups+"/cpuacct/cpuacct.usage", "")
		u.peak, _ = readValue(groups+"/memory/memory.max_usage_in_bytes", "")
		u.kills, _ = readValue(groups+"/memory/memory.oom_control", "oom_kill")
	}
	var ended syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &ended); err == nil {
		if u.cpu == 0 {
			u.cpu = ended.Utime.Nano() + ended.Stime.Nano()
		}
		if u.peak == 0 {
			u.peak = ended.Maxrss << 10
		}
	}
	return u
}

// readValue reads the number after a key at the beginning of a line, or the file's only one for no key.
func readValue(path, key string) (int64, bool) {
	content, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(content)) {
		fields := strings.Fields(line)
		if len(fields) == 0 || key != "" && (len(fields) < 2 || fields[0] != key) {
			continue
		}
		n, err := strconv.ParseInt(fields[len(fields)-1], 10, 64)
		return n, err == nil
	}
	return 0, false
}
