package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// secret is what one call leaves for the next.
const secret = "left by another"

// What a call may leave, besides files.
var (
	remembered string
	ticks      atomic.Int64
)

const (
	leftSocket = "@left"
	leftKey    = 0x61696e // of shared memory
)

// leftFiles are where files may be left.
var leftFiles = map[string]string{"tmp": "/tmp/left", "out": "/ain/out/left", "run": "/ain/run/left", "shm-file": "/dev/shm/left"}

var errNothing = errors.New("found nothing")

// leave leaves something of this call.
func leave(kind string) error {
	if path := leftFiles[kind]; path != "" {
		return os.WriteFile(path, []byte(secret), 0o600)
	}
	switch kind {
	case "memory":
		remembered = secret
	case "process", "socket":
		child := exec.Command("/proc/self/exe", "stay", secret)
		out, err := child.StdoutPipe()
		if err != nil {
			return err
		}
		if err := child.Start(); err != nil {
			return err
		}
		_, err = out.Read(make([]byte, 1)) // it listens
		return err
	case "shm":
		segment, err := unix.SysvShmGet(leftKey, 4096, unix.IPC_CREAT|0o600)
		if err != nil {
			return err
		}
		content, err := unix.SysvShmAttach(segment, 0, 0)
		if err == nil {
			copy(content, secret)
		}
		return err
	case "time":
		go func() {
			for tick := time.NewTicker(time.Millisecond); ; <-tick.C {
				ticks.Add(1)
			}
		}()
	}
	return nil
}

// find looks for what an earlier call left.
func find(kind string) (string, error) {
	if path := leftFiles[kind]; path != "" {
		content, err := os.ReadFile(path)
		return string(content), err
	}
	switch kind {
	case "memory":
		if remembered != "" {
			return remembered, nil
		}
	case "process":
		files, err := os.ReadDir("/proc")
		if err != nil {
			return "", err
		}
		for _, file := range files {
			line, err := os.ReadFile("/proc/" + file.Name() + "/cmdline")
			if words := bytes.Split(line, []byte{0}); err == nil && len(words) > 2 && string(words[1]) == "stay" {
				return string(words[2]), nil
			}
		}
	case "socket":
		conn, err := net.Dial("unix", leftSocket)
		if err != nil {
			return "", err
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
			return "", err
		}
		content, err := io.ReadAll(conn)
		return string(content), err
	case "shm":
		segment, err := unix.SysvShmGet(leftKey, 4096, 0o600)
		if err != nil {
			return "", err
		}
		content, err := unix.SysvShmAttach(segment, 0, 0)
		if err != nil {
			return "", err
		}
		return strings.TrimRight(string(content), "\x00"), nil
	case "time": // how far it came since
		if n := ticks.Load(); n > 100 {
			return fmt.Sprint(n), nil
		}
	}
	return "", errNothing
}

// stay tells everybody who asks, and ends with nobody.
func stay(text string) {
	listener, err := net.Listen("unix", leftSocket)
	if err != nil {
		os.Exit(1)
	}
	fmt.Print(".")
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		_, _ = io.WriteString(conn, text)
		_ = conn.Close()
	}
}
