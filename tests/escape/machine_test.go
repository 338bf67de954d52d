package escape_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// settings of the machine's kernel that attempts go for.
var settings = []string{
	"/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sys/kernel/domainname", "/proc/sys/kernel/randomize_va_space",
	"/proc/sys/vm/overcommit_memory", "/proc/sys/user/max_user_namespaces", "/proc/irq/default_smp_affinity", "/proc/swaps", "/proc/net/route",
	"/proc/sysvipc/shm", "/proc/sysvipc/sem", "/proc/sysvipc/msg",
}

// machine is what may not have changed when everything is over.
func machine(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, path := range settings {
		content, err := os.ReadFile(path)
		if err != nil {
			content = []byte(err.Error())
		}
		for _, line := range strings.Split(string(content), "\n") {
			if fields := strings.Fields(line); strings.Contains(path, "sysvipc") && len(fields) > 1 {
				line = strings.Join(fields[:2], " ") // key and number; the rest is use
			}
			found[path] += line + "\n"
		}
	}
	interfaces, err := net.Interfaces()
	require.NoError(t, err)
	for _, i := range interfaces {
		if !strings.HasPrefix(i.Name, "veth") { // of other containers
			found["interface "+i.Name] = i.Flags.String()
		}
	}
	devices, err := os.ReadDir("/dev")
	require.NoError(t, err)
	for _, d := range devices {
		found["/dev/"+d.Name()] = d.Type().String()
	}
	return found
}

// clock is how far the machine's clock is from the time that it has run: a clock that was set has moved.
func clock(t *testing.T) time.Duration {
	t.Helper()
	var since unix.Timespec
	require.NoError(t, unix.ClockGettime(unix.CLOCK_BOOTTIME, &since))
	return time.Duration(time.Now().UnixNano() - since.Nano())
}

// unchanged compares the machine with what it was, once the test and all that it started are over.
func unchanged(t *testing.T) {
	t.Helper()
	before, at := machine(t), clock(t)
	t.Cleanup(func() {
		assert.Equal(t, before, machine(t), "the machine is not what it was")
		assert.InDelta(t, at.Seconds(), clock(t).Seconds(), 1, "the machine's clock was set")
		assert.Empty(t, children(t), "processes are left")
	})
}

// children are the processes that this one has.
func children(t *testing.T) (found []string) {
	t.Helper()
	lists, err := filepath.Glob("/proc/self/task/*/children")
	require.NoError(t, err)
	for _, list := range lists {
		content, err := os.ReadFile(list)
		if errors.Is(err, fs.ErrNotExist) {
			continue // a thread that has ended meanwhile: its children are another's
		}
		require.NoError(t, err)
		found = append(found, strings.Fields(string(content))...)
	}
	return found
}

// traces are what is left on the machine of a container: mounts, processes, control groups, or itself.
func (g *gate) traces(t *testing.T) (found []string) {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	require.NoError(t, err)
	groups, err := filepath.Glob("/proc/[0-9]*/cgroup")
	require.NoError(t, err)
	var processes strings.Builder
	for _, path := range groups {
		content, _ := os.ReadFile(path) // a process that has ended meanwhile
		processes.Write(content)
	}
	for _, id := range g.containers() {
		if strings.Contains(string(mounts), id) {
			found = append(found, "mounts of "+id)
		}
		if strings.Contains(processes.String(), id) {
			found = append(found, "processes of "+id)
		}
		if status, _ := g.ask(t, http.MethodGet, "/containers/"+id+"/json", nil); status != http.StatusNotFound {
			found = append(found, fmt.Sprintf("container %s: status %d", id, status))
		}
		for _, pattern := range []string{"/sys/fs/cgroup/*/docker/" + id, "/sys/fs/cgroup/docker/" + id, "/sys/fs/cgroup/system.slice/docker-" + id + ".scope"} {
			left, err := filepath.Glob(pattern)
			require.NoError(t, err)
			found = append(found, left...)
		}
	}
	return found
}

// noTraces holds the end of a world to leaving nothing behind, and what it guarded to being as it was.
func (w *world) noTraces(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		require.NotEmpty(t, w.gate.containers())
		assert.Eventually(t, func() bool { return len(w.gate.traces(t)) == 0 }, 20*time.Second, 100*time.Millisecond, "the engine is still at it")
		assert.Empty(t, w.gate.traces(t))
		status, _ := w.gate.ask(t, http.MethodGet, "/images/"+w.image()+"/json", nil)
		assert.Equal(t, http.StatusNotFound, status, "its image is gone")
		content, err := os.ReadFile(w.order.HostFile)
		require.NoError(t, err)
		assert.Equal(t, "the machine's secret", string(content))
		entries, err := os.ReadDir(w.secrets)
		require.NoError(t, err)
		assert.Len(t, entries, 1, "nothing was put beside it")
	})
}
