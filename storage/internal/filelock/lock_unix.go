//go:build unix

package filelock

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Try takes an exclusive lock on f, until f is closed. It returns ErrLocked when another open file has one.
func Try(f *os.File) error { return flock(f, unix.LOCK_EX|unix.LOCK_NB) }

// Wait is Try that waits until nobody else has a lock.
func Wait(f *os.File) error { return flock(f, unix.LOCK_EX) }

// Share takes a lock on f that any number may hold at once, until f is closed. It returns ErrLocked when another open
// file has an exclusive one.
func Share(f *os.File) error { return flock(f, unix.LOCK_SH|unix.LOCK_NB) }

func flock(f *os.File, how int) error {
	for {
		err := unix.Flock(int(f.Fd()), how)
		switch {
		case errors.Is(err, unix.EWOULDBLOCK):
			return ErrLocked
		case !errors.Is(err, unix.EINTR): // a signal is no reason
			return err
		}
	}
}
