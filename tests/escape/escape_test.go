package escape_test

import (
	"slices"
	"testing"
)

func TestContainers(t *testing.T) {
	w := newWorld(t)
	for _, a := range inContainers {
		t.Run(a.name, func(t *testing.T) {
			a.hold(t, func(t *testing.T, a attempt, off []string) outcome {
				r, ok := w.together(t, off)[a.name]
				if !ok {
					t.Fatalf("the probe knows no attempt %q", a.name)
				}
				return outcome{reached: r.Reached, told: r.Error, n: r.N}
			})
		})
	}
	for _, a := range slices.Concat(inContainersAlone, inReach) {
		t.Run(a.name, func(t *testing.T) { a.hold(t, w.byItself) })
	}
	for _, a := range inWarm {
		t.Run(a.name, func(t *testing.T) { a.hold(t, w.visit) })
	}
}
