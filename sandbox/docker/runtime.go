package docker

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// RuntimeUse says whether programs run in a stronger runtime than the engine's own: one with a kernel of its own between program and machine.
type RuntimeUse string

// The policies.
const (
	RuntimeOff     RuntimeUse = "off"     // the engine's own
	RuntimePrefer  RuntimeUse = "prefer"  // a stronger one where the engine has it
	RuntimeRequire RuntimeUse = "require" // no program runs without
)

// strongerRuntimes are the names under which gVisor and Kata are known to engines, the first ones first.
var strongerRuntimes = []string{"runsc", "io.containerd.runsc.v1", "kata", "kata-runtime", "io.containerd.kata.v2"}

// StrongerRuntime is the first of an engine's runtimes that is known to be a stronger one; empty: there is none.
func StrongerRuntime(has []string) string {
	i := slices.IndexFunc(strongerRuntimes, func(name string) bool { return slices.Contains(has, name) })
	if i < 0 {
		return ""
	}
	return strongerRuntimes[i]
}

// chooseRuntime finds the runtime that programs run in; empty: the engine's own. missing says, for people, that one was asked for and is
// not there.
func (c Config) chooseRuntime(has []string) (chosen, missing string) {
	if c.RuntimeUse != RuntimePrefer && c.RuntimeUse != RuntimeRequire {
		return "", ""
	}
	if c.Runtime == "" {
		chosen = StrongerRuntime(has)
	} else if slices.Contains(has, c.Runtime) {
		chosen = c.Runtime
	}
	if chosen != "" {
		return chosen, ""
	}
	wanted := c.Runtime
	if wanted == "" {
		wanted = strings.Join(strongerRuntimes, ", ")
	}
	return "", fmt.Sprintf("the engine has no runtime %s, only %s: install gVisor (`runsc install`) or Kata Containers and restart the engine, "+
		"or set sandbox.docker.runtime_class to off", wanted, strings.Join(has, ", "))
}

// namesOf lists the names of an engine's runtimes in order.
func namesOf[T any](runtimes map[string]T) []string { return slices.Sorted(maps.Keys(runtimes)) }

// MissingRuntime says, for people, that an engine with these runtimes lacks the one that is asked for; empty: it does not.
func (c Config) MissingRuntime(has []string) string {
	_, missing := c.chooseRuntime(has)
	return missing
}
