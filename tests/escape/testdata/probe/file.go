package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// read looks into a file. An empty one is as good as none: that is how the engine masks them.
func read(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	buf := make([]byte, 4096)
	n, err := f.Read(buf)
	if n > 0 {
		return string(buf[:min(n, 60)]), nil
	}
	return "", fmt.Errorf("%w in %s: %v", errNothing, path, err)
}

// openFor opens a file for writing, and writes nothing.
func openFor(path string) (string, error) {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return "", err
	}
	return "open for writing", f.Close()
}

var _ = add(map[string]func(order) (string, error){
	"host-file": func(o order) (string, error) { return read(o.HostFile) },
	"write-image": func(order) (string, error) {
		return called("a new file", os.WriteFile("/world/new", []byte("x"), 0o600))
	},
	"change-image": func(order) (string, error) {
		return called("a file changed", os.WriteFile("/world/file", []byte("changed"), 0o600))
	},
	"other-users-file": func(order) (string, error) { return read("/secret") },
	"write-input": func(order) (string, error) {
		return called("an input changed", os.WriteFile("/ain/in/data", []byte("changed"), 0o600))
	},
	"chmod-warden":    func(order) (string, error) { return called("the warden changed", os.Chmod("/ain/warden", 0o755)) },
	"exec-scratch":    func(order) (string, error) { return copied("/tmp") },
	"exec-output":     func(order) (string, error) { return copied("/ain/out") },
	"map-scratch":     func(order) (string, error) { return mapped("/tmp/code") },
	"shared-memory":   func(order) (string, error) { return called("a file", os.WriteFile("/dev/shm/x", []byte("x"), 0o600)) },
	"masked-timers":   func(order) (string, error) { return read("/proc/timer_list") },
	"masked-keys":     func(order) (string, error) { return read("/proc/keys") },
	"masked-firmware": func(order) (string, error) { return listed("/sys/firmware", "") },
	"core-pattern":    func(order) (string, error) { return openFor("/proc/sys/kernel/core_pattern") },
	"irq":             func(order) (string, error) { return openFor("/proc/irq/default_smp_affinity") },
	"overcommit":      func(order) (string, error) { return openFor("/proc/sys/vm/overcommit_memory") },
	"kmsg": func(order) (string, error) {
		fd, err := unix.Open("/dev/kmsg", unix.O_RDONLY|unix.O_NONBLOCK, 0)
		if err == nil {
			unix.Close(fd)
		}
		return called("the kernel's log", err)
	},
	"fuse": func(order) (string, error) { return openFor("/dev/fuse") },
	"tun":  func(order) (string, error) { return openFor("/dev/net/tun") },
	"setuid-program": func(order) (string, error) {
		out, err := exec.Command("/setuid", "root").Output()
		if err == nil && !strings.HasPrefix(string(out), "0 ") {
			err = fmt.Errorf("it runs as %s", out)
		}
		return called("root", err)
	},
	"file-capability": func(order) (string, error) {
		out, err := exec.Command("/capable", "root").Output()
		if err == nil && strings.HasSuffix(string(out), " ") {
			err = fmt.Errorf("it runs without any: %s", out)
		}
		return called("capabilities "+string(out), err)
	},
	"control-group": func(order) (string, error) {
		groups, err := os.ReadFile("/proc/self/cgroup")
		if err != nil {
			return "", err
		}
		for line := range strings.Lines(string(groups)) {
			if path := strings.TrimSpace(line[strings.LastIndex(line, ":")+1:]); len(path) > 1 {
				return path, nil
			}
		}
		return "", errNothing
	},
	"servers": func(order) (string, error) {
		servers, err := os.ReadFile("/etc/resolv.conf")
		if err != nil {
			return "", err
		}
		for line := range strings.Lines(string(servers)) {
			if fields := strings.Fields(line); len(fields) == 2 && fields[0] == "nameserver" && fields[1] != "127.0.0.1" {
				return fields[1], nil
			}
		}
		return "", errNothing
	},
	"host-name": func(o order) (string, error) {
		name, err := os.Hostname()
		if err == nil && name != o.Host {
			err = fmt.Errorf("%w: it is called %s", errNothing, name)
		}
		return called(name, err)
	},
	"core-dump":   func(order) (string, error) { return raised(unix.RLIMIT_CORE, 1<<20) },
	"lock-memory": func(order) (string, error) { return locked(1 << 20) },
	"holes": func(order) (string, error) {
		f, err := os.Create("/tmp/holes")
		if err != nil {
			return "", err
		}
		defer os.Remove(f.Name())
		return called("a file of a terabyte", f.Truncate(1<<40))
	},
	"queue": func(order) (string, error) {
		attr := [8]int64{0, 10, 1024}
		return called("a queue", raw(unix.SYS_MQ_OPEN, text("ain"), unix.O_CREAT|unix.O_RDWR, 0o600, pointer(&attr)))
	},
})

// copied runs a copy of this program from a folder that can be written.
func copied(folder string) (string, error) {
	content, err := os.ReadFile(self)
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "copy")
	defer os.Remove(path)
	if err := os.WriteFile(path, content, 0o755); err != nil {
		return "", err
	}
	return called("ran it", exec.Command(path, "nothing").Run())
}

// mapped maps what was written as code.
func mapped(path string) (string, error) {
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer os.Remove(path)
	if err := f.Truncate(4096); err != nil {
		return "", err
	}
	_, err = unix.Mmap(int(f.Fd()), 0, 4096, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE)
	return called("code", err)
}

func locked(size int) (string, error) {
	memory, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return "", err
	}
	return called("memory that is never swapped", unix.Mlock(memory))
}

// listed looks for an entry of a folder; "": any.
func listed(folder, name string) (string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		if name == "" || e.Name() == name {
			return e.Name(), nil
		}
	}
	return "", fmt.Errorf("%w in %s", errNothing, folder)
}
