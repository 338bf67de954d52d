package chunk

import (
	"fmt"
	"os"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/progress"
)

// Ref is what is needed to fetch content: the digest of the content itself, or of its manifest.
type Ref struct {
	Digest  storage.Digest
	Size    int64 // of the content, in bytes
	Chunked bool  // the digest is that of a manifest
}

// Validate reports the first field that cannot be right.
func (r Ref) Validate() error {
	if err := r.Digest.Validate(); err != nil {
		return err
	}
	if r.Size < 0 {
		return fmt.Errorf("size of %s is %d bytes, want 0 or more", r.Digest, r.Size)
	}
	if r.Chunked && (r.Size < 1 || r.Size > MaxContent) {
		return fmt.Errorf("size of %s is %d bytes, in chunks there are 1 to %d", r.Digest, r.Size, int64(MaxContent))
	}
	return nil
}

const (
	// defaultParallel is how many chunks are under way at once. More than there are cores, for each waits for a disk or a
	// network part of its time.
	defaultParallel = 4
	// held is how many chunks of a stream are in memory at once: 32 MiB of them, so that a small program stays below 64.
	held = 2
	// attempts is how often a chunk is asked for while the store is unavailable.
	attempts = 3
)

// Options of a transfer. The zero value is good.
type Options struct {
	// Parallel is how many chunks are under way at once, 4 when 0. Of a stream it is at most 2, as they are in memory.
	Parallel int
	// Progress is told how far the transfer is.
	Progress progress.Counter
	// AskFirst asks the store whether it has a single object too, as it is always asked about chunks. It saves sending what was
	// sent before, and costs a question where it was not.
	AskFirst bool
	// Again sends what the store says that it has as well, which repairs damaged copies.
	Again bool
	// SpoolDir is where up to Threshold bytes of a stream wait until it is known whether more follow; the system's folder
	// for temporary files when empty.
	SpoolDir string
}

func (o Options) withDefaults() Options {
	if o.Parallel < 1 {
		o.Parallel = defaultParallel
	}
	if o.Progress == nil {
		o.Progress = progress.None{}
	}
	if o.SpoolDir == "" {
		o.SpoolDir = os.TempDir()
	}
	return o
}
