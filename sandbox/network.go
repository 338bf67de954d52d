package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// Network is what a run may reach outside, and how much of it. Zero bounds take their defaults.
//
// The program has no network. It connects to addresses in its own container, and what it says there is carried to the places that Ways name, by
// connections that the caller makes.
type Network struct {
	Ways []Way
	// Connections at one time; default 8.
	Connections int
	// SentBytes and ReceivedBytes by the program, in one run; default 64 MiB and 1 GiB.
	SentBytes, ReceivedBytes int64
	// Idle is how long a connection may be silent; default 1 minute.
	Idle time.Duration
}

// Way is one place that a program may reach.
type Way struct {
	// Place is its name, for people.
	Place string
	// Variable in which the program finds the address to connect to, host:port, behind Prefix.
	Variable, Prefix string
	// URL by which others know the place; if set the program finds it in the variable with _URL after its name.
	URL string
	// Dial makes a connection to the place, and to nothing else.
	Dial func(context.Context) (net.Conn, error)
}

// The bounds of a run that says nothing about them.
const (
	DefaultConnections   = 8
	DefaultSentBytes     = 64 << 20
	DefaultReceivedBytes = 1 << 30
	DefaultIdle          = time.Minute
)

// MaxConnections is more than a container has open files for.
const MaxConnections = 256

// WithDefaults fills in what is zero.
func (n Network) WithDefaults() Network {
	if n.Connections == 0 {
		n.Connections = DefaultConnections
	}
	if n.SentBytes == 0 {
		n.SentBytes = DefaultSentBytes
	}
	if n.ReceivedBytes == 0 {
		n.ReceivedBytes = DefaultReceivedBytes
	}
	if n.Idle == 0 {
		n.Idle = DefaultIdle
	}
	return n
}

func (n Network) validate(kind Kind) error {
	if len(n.Ways) > 0 && kind != KindImage {
		return fmt.Errorf("%w: a program of kind %q that reaches %s: only images can reach anything", ErrUnsupported, kind, n.Ways[0].Place)
	}
	if n.Connections < 0 || n.SentBytes < 0 || n.ReceivedBytes < 0 || n.Idle < 0 {
		return errors.New("network: no bound may be negative")
	}
	if n.Connections > MaxConnections {
		return fmt.Errorf("network: %d connections: at most %d", n.Connections, MaxConnections)
	}
	for _, way := range n.Ways {
		if way.Variable == "" || way.Dial == nil {
			return fmt.Errorf("network: way to %q: it has no variable, or nobody dials it", way.Place)
		}
	}
	return nil
}
