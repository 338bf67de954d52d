package console

import (
	"errors"
	"fmt"
)

// Errors of verbs.
var (
	// ErrNoResult: the request ended without a ranked result. What became of the coins was printed.
	ErrNoResult = errors.New("no result")
	// ErrNotConnected: the console was asked for something before it was connected.
	ErrNotConnected = errors.New("not connected (type: connect AIN)")
)

// inputError is about what the user wrote: nothing was sent.
type inputError struct{ error }

func (e inputError) Unwrap() error { return e.error }

// BadInput tells the command line which exit code it is.
func (inputError) BadInput() {}

func badInput(err error) error {
	if err == nil {
		return nil
	}
	return inputError{err}
}

func badInputf(format string, args ...any) error {
	for i, arg := range args {
		if err, ok := arg.(error); ok {
			args[i] = message{err}
		}
	}
	return inputError{fmt.Errorf(format, args...)}
}

// message is an error that fmt shows by its message alone: the SDK's own add the place in its source.
type message struct{ err error }

func (m message) Error() string { return m.err.Error() }
func (m message) Unwrap() error { return m.err }
