package types

import (
	"fmt"
	"slices"
)

// validateSpaces checks that a request has on its list the spaces of what it names, each once.
func (g GenesisState) validateSpaces() error {
	assignments := make(map[uint64][]Assignment, len(g.Requests))
	for _, a := range g.Assignments {
		assignments[a.RequestId] = append(assignments[a.RequestId], a)
	}
	for _, r := range g.Requests {
		var named []uint64
		for _, content := range r.InSpaces(assignments[r.Id]) {
			named = append(named, content.Space)
		}
		slices.Sort(named)
		listed := slices.Sorted(slices.Values(r.Spaces))
		named = slices.Compact(named)
		if !slices.Equal(named, listed) {
			return fmt.Errorf("genesis: request %d: spaces %v are listed, %v are named", r.Id, listed, named)
		}
	}
	return nil
}
