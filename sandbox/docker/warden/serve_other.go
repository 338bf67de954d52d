//go:build !linux

package warden

import (
	"errors"
	"io"
)

// Serve errs: containers run Linux.
func Serve(io.Reader, io.Writer) error { return errors.New("the warden runs in Linux containers only") }
