package gateway

import (
	"context"
	"errors"

	"github.com/ain-network/aind/storage"
)

var (
	// ErrNoSpace: the chain has no space of that number.
	ErrNoSpace = errors.New("the chain has no such space")
	// ErrLedger: the chain cannot be asked, or the node that was asked lags behind.
	ErrLedger = errors.New("the chain cannot be asked")
)

// Ledger is what a gateway must know of the chain. Errors are ErrNoSpace and ErrLedger, and the context's.
type Ledger interface {
	// Access says what an account, which may be an operator, may do with content of a space. An empty digest stands for the
	// space as such, and reading it is to list it.
	Access(ctx context.Context, space uint64, account string, digest storage.Digest) (Access, error)
	// Space says whose a space is and until when.
	Space(ctx context.Context, id uint64) (Reservation, error)
}

// Access is what an account may do. Times are milliseconds of the chain clock.
type Access struct {
	Read, Write bool
	// Own says that the account is the space's owner or acts for it.
	Own bool
	// Acting is the account itself, or the owner whose operator it is: what it puts into a space is that one's.
	Acting string
	// NamedBy are those who let the account read what they have named, as one who takes part in their requests: only what
	// they have put into the space themselves. Empty: it may read whoever has put it there.
	NamedBy []string
	// Reason in words, of what may be or of why it may not.
	Reason string
	// ExpiresMs is when the space expires; KeepUntilMs is until when requests need what is in it, 0 for none.
	ExpiresMs, KeepUntilMs int64
	// Needed says that requests need this content, or without a digest anything in the space.
	Needed bool
	// SizeBytes is what is reserved.
	SizeBytes int64
	// Provider is the account that the space is reserved from.
	Provider string
	// NowMs is the chain clock at the answer.
	NowMs int64
}

// Reservation is a space as the chain has it. Times are milliseconds of the chain clock.
type Reservation struct {
	Provider               string
	ExpiresMs, KeepUntilMs int64
	NowMs                  int64
}
