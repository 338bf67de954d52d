package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

func pointer[T any](p *T) uintptr { return uintptr(unsafe.Pointer(p)) }

// The warden is the first process of the container.
var _ = add(map[string]func(order) (string, error){
	"warden-memory":      func(order) (string, error) { return openFor("/proc/1/mem") },
	"warden-environment": func(order) (string, error) { return read("/proc/1/environ") },
	"warden-maps":        func(order) (string, error) { return read("/proc/1/maps") },
	"warden-program":     func(order) (string, error) { return read("/proc/1/exe") },
	"warden-files":       func(order) (string, error) { return openFor("/proc/1/fd/1") },
	"warden-root":        func(order) (string, error) { return listed("/proc/1/root", "") },
	"warden-folder":      func(order) (string, error) { return listed("/proc/1/cwd", "") },
	"warden-limits": func(order) (string, error) {
		return called("its limits", unix.Prlimit(1, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 16, Max: 1024}, nil))
	},
	"trace-warden": func(order) (string, error) {
		const seize = 0x4206
		return called("traced", raw(unix.SYS_PTRACE, seize, 1))
	},
	"read-warden": func(order) (string, error) {
		// Nothing is read, but whether it may be is asked first.
		var local byte
		iov, remote := unix.Iovec{Base: &local, Len: 1}, unix.RemoteIovec{Base: 0x1000, Len: 1}
		return called("its memory", raw(unix.SYS_PROCESS_VM_READV, 1, pointer(&iov), 1, pointer(&remote), 1), unix.EFAULT)
	},
	"take-wardens-file": func(order) (string, error) {
		fd, err := unix.PidfdOpen(1, 0)
		if err != nil {
			return "", err
		}
		_, err = unix.PidfdGetfd(fd, 1, 0)
		return called("its way to the daemon", err)
	},
	"leaked-files": func(order) (string, error) {
		for fd := uintptr(3); fd < 1024; fd++ {
			// What this process has opened itself is closed when it starts another.
			flags, err := unix.FcntlInt(fd, unix.F_GETFD, 0)
			if err == nil && flags&unix.FD_CLOEXEC == 0 {
				return os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
			}
		}
		return "", errNothing
	},
	"others-process": func(o order) (string, error) {
		_, line, err := foreign(o.Mark)
		return line, err
	},
	"signal-other": func(o order) (string, error) {
		pid, _, err := foreign(o.Mark)
		if err != nil {
			return "", err
		}
		return called("a signal", unix.Kill(pid, unix.SIGKILL))
	},
	"machines-shm": func(o order) (string, error) {
		return called("a segment", raw(unix.SYS_SHMGET, uintptr(o.SHM), 0, 0))
	},
})

// foreign finds a process that is not ours.
func foreign(mark string) (pid int, line string, err error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0, "", err
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		content, err := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		if words := bytes.Split(content, []byte{0}); err == nil && len(words) > 2 && string(words[1]) == "sleep" && string(words[2]) == mark {
			return pid, string(bytes.ReplaceAll(content, []byte{0}, []byte{' '})), nil
		}
	}
	return 0, "", errNothing
}

// The network, and what the machine offers on it.
var _ = add(map[string]func(order) (string, error){
	"tcp":      func(o order) (string, error) { return answered("tcp", o.TCP) },
	"udp":      func(o order) (string, error) { return answered("udp", o.UDP) },
	"abstract": func(o order) (string, error) { return answered("unix", o.Abstract) },
	"engine": func(o order) (string, error) {
		c, err := net.Dial("unix", o.Socket)
		if err != nil {
			return "", err
		}
		defer c.Close()
		fmt.Fprint(c, "GET /_ping HTTP/1.0\r\n\r\n")
		return heard(c)
	},
	"outside": func(order) (string, error) {
		// No packet is sent: to connect a datagram socket is to ask for a way.
		c, err := net.Dial("udp", "192.0.2.200:9")
		if err != nil {
			return "", err
		}
		return c.LocalAddr().String(), c.Close()
	},
	"interfaces": func(order) (string, error) {
		all, err := net.Interfaces()
		if err != nil {
			return "", err
		}
		for _, i := range all {
			if i.Flags&net.FlagLoopback == 0 {
				return i.Name, nil
			}
		}
		return "", errNothing
	},
	"serve": func(o order) (string, error) {
		l, err := net.Listen("tcp", o.Listen)
		if err != nil {
			return "", err
		}
		defer l.Close()
		if err := l.(*net.TCPListener).SetDeadline(time.Now().Add(time.Second)); err != nil {
			return "", err
		}
		c, err := l.Accept()
		if err != nil {
			return "", err
		}
		defer c.Close()
		return heard(c)
	},
	"connections": func(o order) (string, error) {
		// What the machine listens on.
		table, err := os.ReadFile("/proc/net/tcp")
		if err != nil {
			return "", err
		}
		_, port, _ := net.SplitHostPort(o.TCP)
		number, err := strconv.Atoi(port)
		if err == nil && !strings.Contains(string(table), fmt.Sprintf(":%04X ", number)) {
			err = errNothing
		}
		return called("the machine's connections", err)
	},
})

// answered says something to a process of the machine, and waits for its answer.
func answered(network, address string) (string, error) {
	c, err := net.DialTimeout(network, address, time.Second)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if _, err := c.Write([]byte("hello")); err != nil {
		return "", err
	}
	return heard(c)
}

func heard(c net.Conn) (string, error) {
	if err := c.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return "", err
	}
	buf := make([]byte, 12)
	n, err := c.Read(buf)
	if n > 0 {
		return string(buf[:n]), nil
	}
	return "", err
}
