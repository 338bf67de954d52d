package types

import (
	"fmt"
	"slices"
)

// validateSpaces checks that a request has on its list the spaces that it needs, each once.
func (g GenesisState) validateSpaces() error {
	assignments := make(map[uint64][]Assignment, len(g.Requests))
	for _, a := range g.Assignments {
		assignments[a.RequestId] = append(assignments[a.RequestId], a)
	}
	checkpoints := map[uint64][]Checkpoints{}
	for _, c := range g.Checkpoints {
		checkpoints[c.RequestId] = append(checkpoints[c.RequestId], c)
	}
	for _, r := range g.Requests {
		named := r.NamedSpaces(assignments[r.Id], checkpoints[r.Id])
		listed := slices.Sorted(slices.Values(r.Spaces))
		if !slices.Equal(named, listed) {
			return fmt.Errorf("genesis: request %d: spaces %v are listed, %v are named", r.Id, listed, named)
		}
	}
	return nil
}
