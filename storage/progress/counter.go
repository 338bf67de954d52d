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
