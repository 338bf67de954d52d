package wasm

import (
	"github.com/tetratelabs/wazero/experimental"
)

// memory gives an instance its linear memory: as much as the limit allows, and not a page more. The limit may be set after the
// instance started, because an interpreter starts before its run is known.
type memory struct {
	limit   uint64
	peak    uint64
	refused bool // the program asked for more than the limit
}

// unlimited is what 32-bit addresses reach, less the page whose end they cannot name.
const unlimited = 4<<30 - 64<<10

var _ experimental.MemoryAllocator = (*memory)(nil)

// Allocate implements experimental.MemoryAllocator.
func (m *memory) Allocate(_, most uint64) experimental.LinearMemory {
	return &linearMemory{owner: m, region: reserve(min(most, m.limit))}
}

// region is address space that becomes memory as it grows.
type region interface {
	grow(size uint64) []byte // nil when the machine has no more
	free()
}

type linearMemory struct {
	owner  *memory
	region region
}

// Reallocate implements experimental.LinearMemory.
func (l *linearMemory) Reallocate(size uint64) []byte {
	if size > l.owner.limit {
		l.owner.refused = true
		return nil
	}
	mem := l.region.grow(size)
	if mem == nil {
		l.owner.refused = true
		return nil
	}
	l.owner.peak = max(l.owner.peak, size)
	return mem
}

// Free implements experimental.LinearMemory.
func (l *linearMemory) Free() { l.region.free() }

// heapRegion is ordinary Go memory, for systems where address space cannot be reserved. Growing copies.
type heapRegion struct{ buf []byte }

func (h *heapRegion) grow(size uint64) []byte {
	if size > uint64(cap(h.buf)) {
		grown := make([]byte, size, size+size/4)
		copy(grown, h.buf)
		h.buf = grown
	}
	h.buf = h.buf[:size]
	return h.buf
}

func (h *heapRegion) free() { h.buf = nil }
