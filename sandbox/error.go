package sandbox

import "errors"

// What can go wrong with a program. Test with errors.Is; the message of the wrapping error names the values and the fix.
var (
	ErrTimeout        = errors.New("program ran out of time")
	ErrMemory         = errors.New("program ran out of memory")
	ErrOutputTooLarge = errors.New("program wrote too much output")
	ErrCrashed        = errors.New("program crashed")
	ErrBadOutput      = errors.New("program wrote a reply that does not decode")
	ErrBadProgram     = errors.New("program cannot be run")
	ErrUnsupported    = errors.New("not supported on this node")
)
