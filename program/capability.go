package program

import (
	"fmt"
	"slices"
)

// Lacks says what c lacks of requirement r, in words for people; it is empty if
// c covers r. In a requirement zero and empty mean "any".
func (c Capability) Lacks(r Capability) string {
	switch {
	case c.CPUMillis < r.CPUMillis:
		return fmt.Sprintf("cpu: %d millicores of %d", c.CPUMillis, r.CPUMillis)
	case c.MemoryBytes < r.MemoryBytes:
		return fmt.Sprintf("memory: %d bytes of %d", c.MemoryBytes, r.MemoryBytes)
	case c.DiskBytes < r.DiskBytes:
		return fmt.Sprintf("disk: %d bytes of %d", c.DiskBytes, r.DiskBytes)
	case c.FreeStorageBytes < r.FreeStorageBytes:
		return fmt.Sprintf("free storage: %d bytes of %d", c.FreeStorageBytes, r.FreeStorageBytes)
	case r.Arch != "" && c.Arch != r.Arch:
		return fmt.Sprintf("arch: %q instead of %q", c.Arch, r.Arch)
	case r.OS != "" && c.OS != r.OS:
		return fmt.Sprintf("os: %q instead of %q", c.OS, r.OS)
	}
	for _, tag := range r.Tags {
		if !slices.Contains(c.Tags, tag) {
			return fmt.Sprintf("software: no %q", tag)
		}
	}
	return lacksGPU(c.GPUs, r.GPUs)
}

// lacksGPU matches each required kind of GPU on its own: the sum over the kinds
// offered that fit must reach the count asked.
func lacksGPU(offered, required []GPU) string {
	for _, want := range required {
		var have uint64
		for _, gpu := range offered {
			fits := (want.Vendor == "" || gpu.Vendor == want.Vendor) &&
				(want.Model == "" || gpu.Model == want.Model) &&
				gpu.MemoryBytes >= want.MemoryBytes
			if fits {
				have += uint64(gpu.Count)
			}
		}
		if have < uint64(want.Count) {
			return fmt.Sprintf("gpu: %d of %d %s %s with %d bytes", have, want.Count, want.Vendor, want.Model, want.MemoryBytes)
		}
	}
	return ""
}
