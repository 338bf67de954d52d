package docker

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/docker/docker/api/types/system"
)

// Findings are what can be known of an engine without running anything in it.
type Findings struct {
	Host          string   `json:"host"`
	Version       string   `json:"version"`
	API           string   `json:"api"`
	Runc          string   `json:"runc,omitempty"` // its version, where the engine tells
	Runtimes      []string `json:"runtimes"`
	Stronger      string   `json:"stronger_runtime,omitempty"`
	CgroupVersion string   `json:"cgroup_version"`
	Kernel        string   `json:"kernel"`
	Seccomp       bool     `json:"seccomp"`
	SwapLimit     bool     `json:"swap_limit"`
	// Unable says why no program is run in it; empty: it is able.
	Unable string `json:"unable,omitempty"`
}

// Inspect asks the engine at a host, empty for the usual one. It errs with ErrEngine where none answers.
func Inspect(ctx context.Context, host string) (Findings, error) {
	engine, err := dialEngine(host)
	if err != nil {
		return Findings{}, err
	}
	defer engine.Close()
	info, err := ask(ctx, engine)
	if err != nil {
		return Findings{}, err
	}
	f := Findings{
		Host: engine.DaemonHost(), Version: info.ServerVersion, API: engine.ClientVersion(), Runtimes: namesOf(info.Runtimes),
		CgroupVersion: info.CgroupVersion, Kernel: info.KernelVersion, Seccomp: hasSeccomp(info), SwapLimit: info.SwapLimit,
	}
	f.Stronger = StrongerRuntime(f.Runtimes)
	if err := able(info); err != nil {
		f.Unable = err.Error()
	}
	version, err := engine.ServerVersion(ctx)
	if err != nil {
		return Findings{}, engineError("ask for its version", err)
	}
	for _, component := range version.Components {
		if component.Name == "runc" {
			f.Runc = component.Version
		}
	}
	return f, nil
}

func hasSeccomp(info system.Info) bool {
	for _, option := range info.SecurityOptions {
		if strings.HasPrefix(option, "name=seccomp") || option == "seccomp" {
			return true
		}
	}
	return false
}

// Weakness is a known flaw of runc that lets a container out.
type Weakness struct {
	Names string
	What  string
	// fixed versions, the lowest first, one for each line of releases.
	fixed []string
}

// weaknesses of runc, by its own security advisories.
var weaknesses = []Weakness{
	{"CVE-2019-5736", "a container can overwrite runc itself", []string{"v1.0.0-rc.7"}},
	{"CVE-2024-21626", "a container can start in a folder of the machine, through a file that runc left open", []string{"v1.1.12"}},
	{
		"CVE-2025-31133, CVE-2025-52565, CVE-2025-52881", "a container can have runc write to files of the machine, through links in place of /dev/null, /dev/console or /proc",
		[]string{"v1.2.8", "v1.3.3", "v1.4.0-rc.3"},
	},
}

// Weaknesses are those that a version of runc has, by its number. Distributions repair old versions under numbers of their own.
func Weaknesses(version string) []Weakness {
	v := semverOf(version)
	if v == "" {
		return nil
	}
	var found []Weakness
	for _, w := range weaknesses {
		if w.in(v) {
			found = append(found, w)
		}
	}
	return found
}

// Fixed versions, for people.
func (w Weakness) Fixed() string {
	return strings.ReplaceAll(strings.Join(w.fixed, ", "), "v", "")
}

func (w Weakness) String() string {
	return fmt.Sprintf("%s: %s", w.Names, w.What)
}

// in tells whether a version has the weakness: it is older than the repair in its line, or than all lines with one.
func (w Weakness) in(v string) bool {
	for _, fixed := range w.fixed {
		if semver.MajorMinor(v) == semver.MajorMinor(fixed) {
			return semver.Compare(v, fixed) < 0
		}
	}
	return semver.Compare(v, w.fixed[0]) < 0
}

var versionPattern = regexp.MustCompile(`^v?(\d+\.\d+\.\d+)(?:[-~]rc\.?(\d+))?`)

// semverOf reads a version as engines and distributions write it, 1.1.5+ds1-1+deb12u1 or 1.0.0-rc93; empty: it is none.
func semverOf(version string) string {
	m := versionPattern.FindStringSubmatch(strings.TrimSpace(version))
	if m == nil {
		return ""
	}
	v := "v" + m[1]
	if m[2] != "" {
		v += "-rc." + m[2]
	}
	return v
}
