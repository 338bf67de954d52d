package storage

import (
	"errors"
	"fmt"
)

// Errors of a Store. Test for them with errors.Is: they come wrapped with the
// digest, the sizes or the endpoint concerned.
var (
	// ErrNotFound: the store has no object of that digest.
	ErrNotFound = errors.New("not found in the store")
	// ErrDigestMismatch: bytes do not hash to the digest they were given for.
	ErrDigestMismatch = errors.New("digest mismatch")
	// ErrSizeMismatch: there are fewer or more bytes than were announced.
	ErrSizeMismatch = errors.New("size mismatch")
	// ErrTooLarge: content exceeds the caller's or the store's limit.
	ErrTooLarge = errors.New("too large")
	// ErrDenied: the store refuses our credentials.
	ErrDenied = errors.New("access denied by the store")
	// ErrUnavailable: the store cannot be reached or cannot serve now; trying
	// again later may help. The error is an *UnavailableError.
	ErrUnavailable = errors.New("store unavailable")
)

// UnavailableError says which store could not be used and why.
// errors.Is(err, ErrUnavailable) holds for it.
type UnavailableError struct {
	Endpoint string // base URL or folder, without credentials
	Err      error
}

func (e *UnavailableError) Error() string {
	return fmt.Sprintf("%v: %s: %v (is `aind store` running there, and is the store's address right?)",
		ErrUnavailable, e.Endpoint, e.Err)
}

func (e *UnavailableError) Unwrap() error { return e.Err }

// Is makes errors.Is(err, ErrUnavailable) hold.
func (e *UnavailableError) Is(target error) bool { return target == ErrUnavailable }

func digestMismatch(want, got Digest) error {
	return fmt.Errorf("%w: want %s, content is %s", ErrDigestMismatch, want, got)
}
