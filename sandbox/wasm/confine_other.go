//go:build !linux

package wasm

// confine has nothing to give up where the system offers no such thing; the engine's own bounds stay.
func confine() error { return nil }

// limitMemory leaves the limit to the engine, which bounds linear memory only.
func limitMemory(int64) error { return nil }
