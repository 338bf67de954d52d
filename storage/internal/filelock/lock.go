// Package filelock locks files between processes. A lock ends with the process that holds it, however that ends.
package filelock

import "errors"

// ErrLocked: somebody else holds the lock.
var ErrLocked = errors.New("locked by another process")
