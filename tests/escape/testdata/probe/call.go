package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// called turns the end of a system call into the end of an attempt. Answers to nonsense that only who passed all checks is given count as
// success: they spare the machine what sense would do to it.
func called(what string, errno error, good ...syscall.Errno) (string, error) {
	var no syscall.Errno
	if errno == nil || errors.As(errno, &no) && (no == 0 || slices.Contains(good, no)) {
		return what, nil
	}
	return "", errno
}

func raw(number uintptr, args ...uintptr) error {
	args = append(args, 0, 0, 0, 0, 0, 0)
	_, _, errno := unix.Syscall6(number, args[0], args[1], args[2], args[3], args[4], args[5])
	if errno == 0 {
		return nil
	}
	return errno
}

func text(s string) uintptr {
	p, err := unix.BytePtrFromString(s)
	if err != nil {
		panic(err)
	}
	return uintptr(unsafe.Pointer(p))
}

const here = ^uintptr(99) // AT_FDCWD

// child is started with new namespaces.
func child(attributes *syscall.SysProcAttr) error {
	cmd := exec.Command(self, "nothing")
	cmd.SysProcAttr = attributes
	return cmd.Run()
}

var _ = add(map[string]func(order) (string, error){
	"unshare-user": func(order) (string, error) {
		return called("a user namespace", child(&syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWUSER}))
	},
	"clone-user": func(order) (string, error) {
		return called("a user namespace", child(&syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER | unix.CLONE_NEWNET}))
	},
	"clone3": func(order) (string, error) {
		return called("the call", raw(unix.SYS_CLONE3), unix.EINVAL)
	},
	"io-uring": func(order) (string, error) {
		params := make([]byte, 120)
		return called("a ring", raw(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&params[0]))))
	},
	"userfaultfd": func(order) (string, error) {
		return called("a descriptor", raw(unix.SYS_USERFAULTFD, 1))
	},
	"add-key": func(order) (string, error) {
		_, err := unix.AddKey("user", "ain", []byte("x"), unix.KEY_SPEC_PROCESS_KEYRING)
		return called("a key", err)
	},
	"keyctl": func(order) (string, error) {
		_, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_SESSION_KEYRING, false)
		return called("the session's keys", err)
	},
	"request-key": func(order) (string, error) {
		_, err := unix.RequestKey("user", "ain-nothing", "", 0)
		return called("the keys", err, unix.ENOKEY, unix.ENOENT)
	},
	"memfd-exec": func(order) (string, error) {
		fd, err := unix.MemfdCreate("x", 0)
		if err != nil {
			return "", err
		}
		f := os.NewFile(uintptr(fd), "x")
		content, err := os.ReadFile(self)
		if err == nil {
			_, err = f.Write(content)
		}
		if err != nil {
			return "", err
		}
		return called("ran it", exec.Command(fmt.Sprintf("/proc/self/fd/%d", fd), "nothing").Run())
	},
	"memfd-secret": func(order) (string, error) { return called("memory", raw(unix.SYS_MEMFD_SECRET)) },
	"vmsplice": func(order) (string, error) {
		r, w, err := os.Pipe()
		if err != nil {
			return "", err
		}
		defer r.Close()
		page := make([]byte, 16)
		iov := unix.Iovec{Base: &page[0], Len: 16}
		return called("pages in a pipe", raw(unix.SYS_VMSPLICE, w.Fd(), uintptr(unsafe.Pointer(&iov)), 1))
	},
	"kcmp": func(order) (string, error) {
		pid := uintptr(os.Getpid())
		return called("a comparison", raw(unix.SYS_KCMP, pid, pid, 1))
	},
	"personality": func(order) (string, error) {
		return called("fixed addresses", raw(unix.SYS_PERSONALITY, 0x0040000))
	},
	"modify-ldt": func(order) (string, error) {
		buf := make([]byte, 64)
		return called("the table", raw(unix.SYS_MODIFY_LDT, 0, uintptr(unsafe.Pointer(&buf[0])), 64))
	},
	"32-bit": func(order) (string, error) {
		err := exec.Command("/i386").Run()
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() == 42 {
			err = nil
		}
		return called("32 bit calls", err)
	},
	"fanotify": func(order) (string, error) {
		_, err := unix.FanotifyInit(unix.FAN_CLASS_NOTIF|unix.FAN_REPORT_FID, 0)
		return called("a watch", err)
	},
	"semget":        func(order) (string, error) { return called("a set", raw(unix.SYS_SEMGET, 0, 1, 0o600)) },
	"msgget":        func(order) (string, error) { return called("a queue", raw(unix.SYS_MSGGET, 0, 0o600)) },
	"set-mempolicy": func(order) (string, error) { return called("a policy", raw(unix.SYS_SET_MEMPOLICY)) },
	"move-pages":    func(order) (string, error) { return called("the call", raw(unix.SYS_MOVE_PAGES)) },
	"perf": func(order) (string, error) {
		attr := unix.PerfEventAttr{Type: unix.PERF_TYPE_SOFTWARE, Size: unix.PERF_ATTR_SIZE_VER0, Config: unix.PERF_COUNT_SW_TASK_CLOCK, Bits: unix.PerfBitExcludeKernel}
		_, err := unix.PerfEventOpen(&attr, 0, -1, -1, 0)
		return called("a counter", err)
	},
	"ptrace-me": func(order) (string, error) { return called("traced", raw(unix.SYS_PTRACE)) },
	"handle": func(order) (string, error) {
		_, _, err := unix.NameToHandleAt(unix.AT_FDCWD, "/ain/warden", 0)
		return called("a handle", err)
	},
	"quota": func(order) (string, error) { return called("the call", raw(unix.SYS_QUOTACTL, 0x80000100)) },
	"kernel-log": func(order) (string, error) {
		_, err := unix.Klogctl(10, nil)
		return called("the kernel's log", err)
	},
	"bpf": func(order) (string, error) {
		attr := struct{ kind, key, value, entries, flags uint32 }{2, 4, 4, 1, 0}
		return called("a map", raw(unix.SYS_BPF, 0, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr)))
	},
	"vsock": func(order) (string, error) { return socket(unix.AF_VSOCK, unix.SOCK_STREAM, 0) },
	"packet": func(order) (string, error) {
		return socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	},
	"raw-socket": func(order) (string, error) { return socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP) },
})

func socket(family, kind, protocol int) (string, error) {
	_, err := unix.Socket(family, kind, protocol)
	return called("a socket", err)
}

// What root with all capabilities may do.
var _ = add(map[string]func(order) (string, error){
	"mount-tmpfs":   func(order) (string, error) { return mounted("tmpfs") },
	"mount-proc":    func(order) (string, error) { return mounted("proc") },
	"mount-cgroup2": func(order) (string, error) { return mounted("cgroup2") },
	"remount-root": func(order) (string, error) {
		if err := unix.Mount("", "/", "", unix.MS_REMOUNT|unix.MS_BIND, ""); err != nil {
			return "", err
		}
		return called("wrote to the image", os.WriteFile("/new", nil, 0o600))
	},
	"mount-setattr": func(order) (string, error) {
		attr := unix.MountAttr{Attr_clr: unix.MOUNT_ATTR_NOEXEC}
		return called("a mount changed", unix.MountSetattr(unix.AT_FDCWD, "/tmp", 0, &attr))
	},
	"unmask": func(order) (string, error) {
		if err := unix.Unmount("/proc/timer_list", unix.MNT_DETACH); err != nil {
			return "", err
		}
		return read("/proc/timer_list")
	},
	"fsopen": func(order) (string, error) { return called("a file system", raw(unix.SYS_FSOPEN, text("tmpfs"), 0)) },
	"open-tree": func(order) (string, error) {
		return called("a copy of the tree", raw(unix.SYS_OPEN_TREE, here, text("/"), 1))
	},
	"chroot": func(order) (string, error) { return called("another root", unix.Chroot("/world")) },
	"pivot-root": func(order) (string, error) {
		return called("the call", unix.PivotRoot("/", "/"), unix.EINVAL, unix.EBUSY)
	},
	"setns": func(order) (string, error) {
		f, err := os.Open("/proc/self/ns/uts")
		if err != nil {
			return "", err
		}
		return called("a namespace", unix.Setns(int(f.Fd()), unix.CLONE_NEWUTS))
	},
	"unshare-mounts": func(order) (string, error) {
		runtime.LockOSThread()
		return called("mounts of its own", unix.Unshare(unix.CLONE_NEWNS))
	},
	"unshare-net": func(order) (string, error) {
		runtime.LockOSThread()
		return called("a network of its own", unix.Unshare(unix.CLONE_NEWNET))
	},
	"sethostname": func(order) (string, error) { return called("another name", unix.Sethostname([]byte("x"))) },
	"open-by-handle": func(order) (string, error) {
		handle, _, err := unix.NameToHandleAt(unix.AT_FDCWD, "/ain/warden", 0)
		if err != nil {
			return "", err
		}
		mount, err := os.Open("/ain/warden")
		if err != nil {
			return "", err
		}
		_, err = unix.OpenByHandleAt(int(mount.Fd()), handle, unix.O_RDONLY)
		return called("a file by its number", err)
	},
	"acct": func(order) (string, error) { return called("the call", unix.Acct("/none"), unix.ENOENT) },
	"swapon": func(order) (string, error) {
		return called("the call", raw(unix.SYS_SWAPON, text("/none"), 0), unix.ENOENT)
	},
	"clock": func(order) (string, error) {
		_, err := unix.Adjtimex(&unix.Timex{Modes: unix.ADJ_SETOFFSET})
		return called("the machine's clock", err)
	},
	"reboot": func(order) (string, error) {
		return called("the call", unix.Reboot(unix.LINUX_REBOOT_CMD_CAD_OFF), unix.EINVAL)
	},
	"mknod-char": func(order) (string, error) { return device("/tmp/char", 1, 11) },
	"loopback-down": func(order) (string, error) {
		s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
		if err != nil {
			return "", err
		}
		request, err := unix.NewIfreq("lo")
		if err != nil {
			return "", err
		}
		request.SetUint16(0)
		return called("an interface changed", raw(unix.SYS_IOCTL, uintptr(s), unix.SIOCSIFFLAGS, uintptr(unsafe.Pointer(request))))
	},
	"nice":       func(order) (string, error) { return called("priority", unix.Setpriority(unix.PRIO_PROCESS, 0, -10)) },
	"io-nice":    func(order) (string, error) { return called("priority", raw(unix.SYS_IOPRIO_SET, 1, 0, 1<<13)) },
	"setgroups":  func(order) (string, error) { return called("other groups", raw(unix.SYS_SETGROUPS, 0, 0)) },
	"setuid":     func(order) (string, error) { return called("another user", raw(unix.SYS_SETRESUID, 1234, 1234, 1234)) },
	"chown":      func(order) (string, error) { return owned() },
	"more-files": func(order) (string, error) { return raised(unix.RLIMIT_NOFILE, 2048) },
})

func mounted(kind string) (string, error) {
	target := "/tmp/" + kind
	if err := os.MkdirAll(target, 0o700); err != nil {
		return "", err
	}
	return called("a mount", unix.Mount("none", target, kind, 0, ""))
}

func device(path string, major, minor uint32) (string, error) {
	_ = os.Remove(path)
	if err := unix.Mknod(path, unix.S_IFCHR|0o666, int(unix.Mkdev(major, minor))); err != nil {
		return "", err
	}
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK, 0)
	if err == nil {
		unix.Close(fd)
	}
	return called("a device opened", err)
}

func owned() (string, error) {
	f, err := os.CreateTemp("/tmp", "owned")
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name())
	return called("a file given away", os.Chown(f.Name(), 1234, 1234))
}

func raised(which int, to uint64) (string, error) {
	return called("a higher limit", unix.Setrlimit(which, &unix.Rlimit{Cur: to, Max: to}))
}

// effective capabilities, in hex.
func effective() string {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err.Error()
	}
	_, rest, _ := strings.Cut(string(status), "CapEff:")
	return strings.TrimLeft(strings.Fields(rest)[0], "0")
}
