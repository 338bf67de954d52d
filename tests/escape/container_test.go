package escape_test

// root is what a container's root with all rights would need; each of the three is enough to keep it away.
var root = []string{"seccomp", "capabilities", "user"}

const (
	notPermitted = "operation not permitted"
	denied       = "permission denied"
	readOnly     = "read-only file system"
	nothing      = "found nothing"
	noFile       = "no such file or directory"
)

// inContainers are the attempts that share a container: each runs in a process of its own.
var inContainers = []attempt{
	// Files.
	{name: "host-file", tried: "read a file of the machine", stops: []string{"no files of machine"}, told: noFile},
	{name: "write-image", tried: "write a new file into the image", stops: []string{"read-only image"}, told: readOnly},
	{name: "change-image", tried: "change a file of the image", stops: []string{"read-only image"}, told: readOnly},
	{name: "other-users-file", tried: "read a file of root's in the image", stops: []string{"user"}, told: denied},
	{name: "write-input", tried: "change an input, which is a file of the machine", stops: []string{"read-only mounts"}, told: readOnly},
	{name: "chmod-warden", tried: "change the warden, which is a file of the machine", stops: []string{"read-only mounts", "user"}, told: readOnly},
	{name: "exec-scratch", tried: "run what was written to /tmp", stops: []string{"noexec"}, told: denied},
	{name: "exec-output", tried: "run what was written to /ain/out", stops: []string{"noexec"}, told: denied},
	{name: "map-scratch", tried: "map what was written as code", stops: []string{"noexec"}, told: notPermitted},
	{name: "memfd-exec", tried: "run a file that exists in memory only", stops: []string{"seccomp"}, told: notPermitted},
	{name: "holes", tried: "make a file of a terabyte of holes", stops: []string{"largest file"}, told: "file too large"},
	{name: "handle", tried: "learn the number of a file of the machine", stops: []string{"seccomp"}, told: notPermitted},
	{name: "open-by-handle", tried: "open a file of the machine by its number (Shocker)", stops: root, told: notPermitted},
	{name: "shared-memory", tried: "write to /dev/shm", stops: []string{"no shared memory file"}, told: noFile},
	{name: "chown", tried: "give a file away", stops: []string{"capabilities", "user"}, told: notPermitted},

	// Devices.
	{name: "mknod-char", tried: "make a device file of the kernel's log, and open it",
		stops: []string{"seccomp", "capabilities", "user", "nodev", "list of devices"}, told: notPermitted},
	{name: "kmsg", tried: "open /dev/kmsg", stops: []string{"no devices"}, also: []string{"capabilities", "user"}, told: noFile},
	{name: "fuse", tried: "open /dev/fuse", stops: []string{"no devices"}, also: []string{"user", "capabilities"}, told: noFile},
	{name: "tun", tried: "open /dev/net/tun", stops: []string{"no devices"}, also: []string{"user", "capabilities"}, told: noFile},

	// Privileges.
	{name: "setuid-program", tried: "become root by a setuid program of the image", stops: []string{"no new privileges"}, told: "it runs as 65532"},
	{name: "file-capability", tried: "gain capabilities by a program of the image that has them", stops: []string{"no new privileges", "capabilities"},
		told: notPermitted},
	{name: "setuid", tried: "become another user", stops: []string{"capabilities", "user"}, told: notPermitted},
	{name: "setgroups", tried: "join or leave groups", stops: []string{"capabilities", "user"}, told: notPermitted},
	{name: "nice", tried: "raise its priority", stops: []string{"capabilities", "user"}, told: denied},
	{name: "io-nice", tried: "raise its priority with disks", stops: []string{"capabilities", "user"}, told: notPermitted},
	{name: "more-files", tried: "raise its limit of open files", stops: []string{"open files"}, told: notPermitted},
	{name: "core-dump", tried: "raise its limit of core dumps", stops: []string{"core dumps"}, told: notPermitted},
	{name: "lock-memory", tried: "lock memory", stops: []string{"locked memory"}, told: "cannot allocate memory"},

	// Namespaces and mounts.
	{name: "unshare-user", tried: "make a user namespace (unshare)", stops: []string{"seccomp"}, told: notPermitted},
	{name: "clone-user", tried: "make a user namespace (clone)", stops: []string{"seccomp"}, told: notPermitted},
	{name: "clone3", tried: "start a process by clone3, whose flags no filter can see", stops: []string{"seccomp"}, told: "function not implemented"},
	{name: "unshare-mounts", tried: "make a mount namespace", stops: root, told: notPermitted},
	{name: "unshare-net", tried: "make a network namespace", stops: root, told: notPermitted},
	{name: "setns", tried: "enter a namespace", stops: root, told: notPermitted},
	{name: "mount-tmpfs", tried: "mount memory", stops: root, told: notPermitted},
	{name: "mount-proc", tried: "mount /proc anew, without its masks", stops: root, told: notPermitted},
	{name: "mount-cgroup2", tried: "mount the control groups (CVE-2022-0492)", stops: root, told: notPermitted},
	{name: "remount-root", tried: "mount the image writable", stops: root, told: notPermitted},
	{name: "mount-setattr", tried: "take noexec from /tmp", stops: root, told: notPermitted},
	{name: "unmask", tried: "unmount a mask of /proc", stops: root, told: notPermitted},
	{name: "fsopen", tried: "open a file system", stops: root, told: notPermitted},
	{name: "open-tree", tried: "copy the tree of mounts", stops: root, told: notPermitted},
	{name: "chroot", tried: "change the root folder", stops: root, told: notPermitted},
	{name: "pivot-root", tried: "swap the root folder", stops: root, told: notPermitted},
	{name: "control-group", tried: "learn the name of its control group on the machine", stops: []string{"own control group"}, told: nothing},

	// System calls.
	{name: "io-uring", tried: "make an io_uring", stops: []string{"seccomp"}, told: notPermitted},
	{name: "userfaultfd", tried: "handle page faults", stops: []string{"seccomp"}, told: notPermitted},
	{name: "bpf", tried: "make a BPF map", stops: []string{"seccomp"}, also: []string{"capabilities", "user"}, told: notPermitted},
	{name: "perf", tried: "count events of the processor", stops: []string{"seccomp"}, also: []string{"capabilities", "user"}, told: notPermitted},
	{name: "add-key", tried: "add a key to the kernel's", stops: []string{"seccomp"}, told: notPermitted},
	{name: "keyctl", tried: "look at the session's keys", stops: []string{"seccomp"}, told: notPermitted},
	{name: "request-key", tried: "ask for a key", stops: []string{"seccomp"}, told: notPermitted},
	{name: "memfd-secret", tried: "hide memory from the kernel", stops: []string{"seccomp"}, told: notPermitted},
	{name: "vmsplice", tried: "put pages of memory into a pipe", stops: []string{"seccomp"}, told: notPermitted},
	{name: "kcmp", tried: "compare what the kernel holds for processes", stops: []string{"seccomp"}, told: notPermitted},
	{name: "personality", tried: "turn off random addresses", stops: []string{"seccomp"}, told: notPermitted},
	{name: "modify-ldt", tried: "read the table of segments", stops: []string{"seccomp"}, told: notPermitted},
	{name: "32-bit", tried: "call the kernel by its 32 bit table", stops: []string{"seccomp"}, told: "bad system call"},
	{name: "fanotify", tried: "watch a file system", stops: []string{"seccomp"}, told: notPermitted},
	{name: "set-mempolicy", tried: "say where memory lies", stops: []string{"seccomp"}, told: notPermitted},
	{name: "move-pages", tried: "move pages of memory", stops: []string{"seccomp"}, told: notPermitted},
	{name: "quota", tried: "call for quotas of disks", stops: []string{"seccomp"}, told: notPermitted},
	{name: "kernel-log", tried: "read the kernel's log", stops: []string{"seccomp"}, also: []string{"capabilities", "user"}, told: notPermitted},
	{name: "acct", tried: "account for the machine's processes", stops: root, told: notPermitted},
	{name: "swapon", tried: "add swap space", stops: root, told: notPermitted},
	{name: "clock", tried: "set the machine's clock", stops: root, told: notPermitted},
	{name: "reboot", tried: "call for a reboot", stops: root, told: notPermitted},
	{name: "sethostname", tried: "rename the container", stops: root, told: notPermitted},

	// What the kernel shows.
	{name: "masked-timers", tried: "read /proc/timer_list", stops: []string{"masked files", "user"}, told: nothing},
	{name: "masked-keys", tried: "read /proc/keys", stops: []string{"masked files"}, told: nothing},
	{name: "masked-firmware", tried: "list /sys/firmware", stops: []string{"masked files"}, told: nothing},
	{name: "core-pattern", tried: "open /proc/sys/kernel/core_pattern to have the kernel run a program",
		stops: []string{"read-only kernel", "user"}, told: denied},
	{name: "irq", tried: "open /proc/irq for writing", stops: []string{"read-only kernel", "user"}, told: denied},
	{name: "overcommit", tried: "open /proc/sys/vm for writing", stops: []string{"read-only kernel", "user"}, told: denied},
	{name: "servers", tried: "learn whom the machine asks for names", stops: []string{"own names of servers"}, told: nothing},
	{name: "host-name", tried: "learn the machine's name", stops: []string{"own name"}, told: nothing},

	// IPC.
	{name: "semget", tried: "make System V semaphores", stops: []string{"seccomp"}, told: notPermitted},
	{name: "msgget", tried: "make a System V queue", stops: []string{"seccomp"}, told: notPermitted},
	{name: "machines-shm", tried: "open shared memory of the machine's", stops: []string{"seccomp", "own IPC"}, told: notPermitted},
	{name: "queue", tried: "make a POSIX queue", stops: []string{"seccomp", "queues"}, told: notPermitted},

	// Other processes.
	{name: "warden-memory", tried: "write to the warden's memory", stops: []string{"hidden warden"}, told: denied},
	{name: "warden-environment", tried: "read the warden's environment", stops: []string{"hidden warden"}, told: denied},
	{name: "warden-maps", tried: "learn the warden's addresses", stops: []string{"hidden warden"}, told: denied},
	{name: "warden-program", tried: "open the warden's program (CVE-2019-5736)", stops: []string{"hidden warden"}, told: denied},
	{name: "warden-files", tried: "open the warden's way to the daemon", stops: []string{"hidden warden"}, told: denied},
	{name: "warden-folder", tried: "go through the warden's working folder (CVE-2024-21626)", stops: []string{"hidden warden"}, told: denied},
	{name: "trace-warden", tried: "trace the warden", stops: []string{"seccomp", "hidden warden"}, told: notPermitted},
	{name: "read-warden", tried: "read the warden's memory by process_vm_readv", stops: []string{"seccomp", "hidden warden"}, told: notPermitted},
	{name: "take-wardens-file", tried: "take an open file of the warden's (pidfd_getfd)", stops: []string{"seccomp", "hidden warden"}, told: notPermitted},
	{name: "ptrace-me", tried: "be traced by its parent", stops: []string{"seccomp"}, told: notPermitted},
	{name: "leaked-files", tried: "find open files that were left to it (CVE-2024-21626)", stops: []string{"closed files"}, told: nothing},
	{name: "others-process", tried: "see a process of somebody else's with the same user", stops: []string{"own processes"}, told: nothing},
	{name: "signal-other", tried: "kill a process of somebody else's with the same user", stops: []string{"own processes"}, told: nothing},

	// Network.
	{name: "tcp", tried: "connect to a port of the machine's loopback", stops: []string{"own network"}, told: "connection refused"},
	{name: "udp", tried: "be answered by a UDP port of the machine", stops: []string{"own network"}, told: "connection refused"},
	{name: "abstract", tried: "connect to an abstract socket of the machine's", stops: []string{"own network"}, told: "connection refused"},
	{name: "outside", tried: "find a way to another machine", stops: []string{"own network"}, told: "network is unreachable"},
	{name: "serve", tried: "serve a port of the machine's", stops: []string{"own network"}, told: "i/o timeout"},
	{name: "interfaces", tried: "see the machine's network interfaces", stops: []string{"own network"}, told: nothing},
	{name: "connections", tried: "see the machine's connections", stops: []string{"own network"}, told: nothing},
	{name: "engine", tried: "talk to the engine", stops: []string{"no socket of engine", "user"}, told: noFile},
	{name: "raw-socket", tried: "open a raw socket", stops: []string{"capabilities", "user"}, told: notPermitted},
	{name: "packet", tried: "open a packet socket", stops: root, told: notPermitted},
	{name: "vsock", tried: "open a socket to the machine's hypervisor", stops: []string{"seccomp"}, told: notPermitted},
	{name: "loopback-down", tried: "change a network interface", stops: []string{"capabilities", "user"}, told: notPermitted},
}
