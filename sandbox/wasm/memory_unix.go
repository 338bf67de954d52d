//go:build unix

package wasm

import "syscall"

// mappedRegion reserves address space at once and turns it into memory page by page, so that growing never copies.
type mappedRegion struct {
	space []byte
	used  uint64
}

func reserve(size uint64) region {
	if size == 0 {
		return &heapRegion{}
	}
	space, err := syscall.Mmap(-1, 0, int(size), syscall.PROT_NONE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		return &heapRegion{} // address space is limited here: slower, not wrong
	}
	return &mappedRegion{space: space}
}

func (m *mappedRegion) grow(size uint64) []byte {
	if size > uint64(len(m.space)) {
		return nil
	}
	if size > m.used {
		// From the start: linear memory grows by 64 KiB, which every page size of our systems divides.
		if err := syscall.Mprotect(m.space[:size], syscall.PROT_READ|syscall.PROT_WRITE); err != nil {
			return nil
		}
		m.used = size
	}
	return m.space[:size:len(m.space)]
}

func (m *mappedRegion) free() {
	if m.space != nil {
		_ = syscall.Munmap(m.space)
		m.space = nil
	}
}
