// Package measure says under which conditions a figure was taken, what processes used, and how samples spread. Figures
// without these are worth nothing to whoever takes them again elsewhere.
//
// What the machine says of itself is trusted. Where it says nothing (there is no /proc outside Linux) the field is left
// out, and what is measured by it fails.
package measure

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Conditions that a figure was taken under.
type Conditions struct {
	CPU    string `json:"cpu,omitempty"`
	Cores  int    `json:"cores"`
	Kernel string `json:"kernel,omitempty"`
	System string `json:"system"`
	Go     string `json:"go"`
	// Commit of the source; Modified: with changes that are in no commit.
	Commit   string `json:"commit,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	// Load is the machine's load average of the last minute before the measurement. A figure taken at 1 or more tells
	// about the machine's other work as well.
	Load float64 `json:"load_before"`
	Time string  `json:"time"`
}

// Observe looks at the machine. Call it before the first load.
func Observe(ctx context.Context) Conditions {
	c := Conditions{
		CPU: cpuModel(), Cores: runtime.NumCPU(), System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(),
		Kernel: firstWord("/proc/sys/kernel/osrelease"), Time: time.Now().UTC().Format(time.RFC3339),
	}
	c.Load, _ = strconv.ParseFloat(firstWord("/proc/loadavg"), 64) // without /proc it is 0
	c.Commit = git(ctx, "rev-parse", "--short=12", "HEAD")
	c.Modified = git(ctx, "status", "--porcelain", "--untracked-files=no") != ""
	return c
}

// IsBusy says that something else was running.
func (c Conditions) IsBusy() bool { return c.Load >= 1 }

func cpuModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func firstWord(path string) string {
	text, err := os.ReadFile(path)
	if words := strings.Fields(string(text)); err == nil && len(words) > 0 {
		return words[0]
	}
	return ""
}

// git returns nothing where there is no git or no checkout: a figure may be taken from a released source.
func git(ctx context.Context, args ...string) string {
	out, err := exec.CommandContext(ctx, "git", append([]string{"--no-optional-locks"}, args...)...).Output()
	if err != nil {
		return ""
	}
	return string(bytes.TrimSpace(out))
}
