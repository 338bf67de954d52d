// Package progress tells people how far a transfer is.
package progress

// Counter is told how a transfer goes, in bytes. Its methods may be called concurrently and do not block.
type Counter interface {
	// Expect says that so many more are to come.
	Expect(bytes int64)
	// Move says that so many were moved; fewer than none when they have to be moved again.
	Move(bytes int64)
	// Skip says that so many need not be moved, since they are where they are to go.
	Skip(bytes int64)
}

// None hears nothing.
type None struct{}

var _ Counter = None{}

// Expect implements Counter.
func (None) Expect(int64) {}

// Move implements Counter.
func (None) Move(int64) {}

// Skip implements Counter.
func (None) Skip(int64) {}

// FileCounter is a Counter that is told of files, too, where a transfer has several.
type FileCounter interface {
	Counter
	// Files says that so many are to come.
	Files(n int)
	// FileDone says that one of them is there.
	FileDone()
}

// announced is a counter for the parts of a transfer whose size was told as a whole.
type announced struct{ Counter }

// Expect implements Counter.
func (announced) Expect(int64) {}

// OfFiles tells a counter of a transfer of so many files, and of so many bytes unless that is unknown, below 0. It returns the counter for
// the parts, and what is to be called when a file is there.
func OfFiles(c Counter, files int, bytes int64) (parts Counter, done func()) {
	if c == nil {
		c = None{}
	}
	done = func() {}
	if counter, ok := c.(FileCounter); ok {
		counter.Files(files)
		done = counter.FileDone
	}
	if bytes < 0 {
		return c, done
	}
	c.Expect(bytes)
	return announced{c}, done
}
