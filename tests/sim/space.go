package sim

import (
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

// Rows of what becomes of spaces. All must happen.
const (
	spaceExtended = "a space that was extended"
	spaceReleased = "a space that was released early"
	spaceExpired  = "a space that expired"
	spaceNeeded   = "a space that requests needed"
)

var spaceRows = []string{spaceExtended, spaceReleased, spaceExpired, spaceNeeded}

// spaces follows them from block to block.
type spaces struct {
	seen map[uint64]storagetypes.Space
	rows map[string]int
}

func newSpaces() *spaces {
	return &spaces{seen: map[uint64]storagetypes.Space{}, rows: map[string]int{}}
}

// block compares the spaces there are with those of the block before. now is the chain clock.
func (s *spaces) block(list []storagetypes.Space, now int64) {
	there := map[uint64]storagetypes.Space{}
	for _, space := range list {
		there[space.Id] = space
		before, ok := s.seen[space.Id]
		if space.Needs > before.Needs {
			s.rows[spaceNeeded]++
		}
		switch {
		case ok && space.ExpiresMs > before.ExpiresMs:
			s.rows[spaceExtended]++
		case ok && space.ExpiresMs < before.ExpiresMs:
			s.rows[spaceReleased]++
		}
	}
	for id, before := range s.seen {
		if _, ok := there[id]; ok {
			continue
		}
		if before.ExpiresMs > now {
			s.rows[spaceReleased]++
		} else {
			s.rows[spaceExpired]++
		}
	}
	s.seen = there
}
