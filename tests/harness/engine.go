package harness

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// NeedEngine skips a test where no Docker engine answers; where real parts are required that is a failure.
func NeedEngine(t testing.TB) {
	t.Helper()
	if said, err := exec.Command("docker", "version").CombinedOutput(); err != nil {
		RequireReal(t, "a Docker engine that answers: "+err.Error()+": "+string(said))
	}
}

// Container is one that the engine has, in whatever state.
type Container struct {
	ID, State string
	Request   uint64 // 0: it is warm, and there for more than one
}

// Containers are those of a node's daemon, whichever life of it made them.
func (n *Node) Containers(t testing.TB) []Container {
	t.Helper()
	instance, err := os.ReadFile(filepath.Join(n.Home, "docker", "instance"))
	if err != nil {
		t.Fatal(err)
	}
	listed, err := exec.Command("docker", "ps", "--all", "--no-trunc", "--filter", "label=network.ain.instance="+string(instance),
		"--format", `{{.ID}} {{.State}} {{.Label "network.ain.request"}}`).Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []Container
	for line := range strings.Lines(string(listed)) {
		fields := strings.Fields(line)
		c := Container{ID: fields[0], State: fields[1]}
		if len(fields) > 2 {
			if c.Request, err = strconv.ParseUint(fields[2], 10, 64); err != nil {
				t.Fatalf("container %q: %s", line, err)
			}
		}
		all = append(all, c)
	}
	return all
}
