package server

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"

	_ "github.com/ain-network/aind/chain" // sets the address prefixes
	"github.com/ain-network/aind/storage/gateway"
	"github.com/ain-network/aind/storage/s3"
)

// Defaults of Config.
const (
	DefaultSweepEvery   = time.Minute
	DefaultAuditEvery   = time.Hour
	DefaultGrace        = 24 * time.Hour
	DefaultPerAddress   = 50
	DefaultPerAccount   = 100
	DefaultUploadLife   = 15 * time.Minute
	DefaultDownloadLife = time.Minute
	// What uploads under way may hold of a space.
	DefaultOwnerUploads   = 1024
	DefaultAccountUploads = 128
	DefaultAccountShare   = 50
	// indexFile is the index in Config.Dir.
	indexFile = "index.db"
)

// Config says what a gateway serves.
type Config struct {
	// Dir holds the index. It is made when absent, and belongs to one gateway.
	Dir string
	// Name is what logins are signed for: host or host:port of the address that clients know.
	Name string
	// ChainID of the chain that Ledger asks.
	ChainID string
	// Provider is the account whose spaces are served.
	Provider string
	// Store is the S3 store behind the gateway, whole. Its bucket belongs to this gateway.
	Store *s3.Store
	// Links is the same store by the address that clients reach it at; presigned requests name it. Store when nil.
	Links *s3.Store
	// Ledger asks the chain.
	Ledger gateway.Ledger

	// UploadLife and DownloadLife are for how long presigned requests can be begun.
	UploadLife, DownloadLife time.Duration
	// SweepEvery is between two looks at what has ended, AuditEvery between two looks at all spaces and objects.
	SweepEvery, AuditEvery time.Duration
	// Grace is how long an object that nothing holds, an upload in parts that nobody finishes, and a space that has
	// expired or that the chain does not know are left alone.
	Grace time.Duration
	// PerAddress and PerAccount are requests per second that one client address, and one account, may make on the long
	// run; ten times as many at once.
	PerAddress, PerAccount int
	// OwnerUploads is how many uploads into a space its owner may have under way, AccountUploads how many another account
	// may.
	OwnerUploads, AccountUploads int
	// AccountShare is how much of a space's free room the uploads of one account hold at most that is not the owner, in
	// percent.
	AccountShare int
	// Log of what goes wrong in the background; nil: none.
	Log *slog.Logger
	// Now is the clock, time.Now when nil.
	Now func() time.Time
}

// Validate reports the first field that cannot be right, and what it should be.
func (c Config) Validate() error {
	switch {
	case c.Dir == "":
		return errors.New("dir is empty, give the gateway a folder")
	case c.Name == "":
		return errors.New("name is empty, want the host that clients know the gateway by")
	case c.ChainID == "":
		return errors.New("chain id is empty")
	case c.Store == nil:
		return errors.New("store is missing")
	case c.Ledger == nil:
		return errors.New("ledger is missing")
	}
	if _, err := sdk.AccAddressFromBech32(c.Provider); err != nil {
		return fmt.Errorf("provider %q: want the account that is registered as a provider: %w", c.Provider, err)
	}
	for name, d := range map[string]time.Duration{
		"upload life": c.UploadLife, "download life": c.DownloadLife, "sweep every": c.SweepEvery, "audit every": c.AuditEvery, "grace": c.Grace,
	} {
		if d < 0 || d > 7*24*time.Hour {
			return fmt.Errorf("%s %s: want 0 for the default, or up to a week", name, d)
		}
	}
	if c.PerAddress < 0 || c.PerAccount < 0 {
		return fmt.Errorf("per address %d, per account %d: want 0 for the default, or more requests a second", c.PerAddress, c.PerAccount)
	}
	if c.OwnerUploads < 0 || c.OwnerUploads > maxUploads || c.AccountUploads < 0 || c.AccountUploads > maxUploads {
		return fmt.Errorf("owner uploads %d, account uploads %d: want 0 for the default, or up to %d", c.OwnerUploads, c.AccountUploads, maxUploads)
	}
	if c.AccountShare < 0 || c.AccountShare > 100 {
		return fmt.Errorf("account share %d: want 0 for the default, or 1 to 100 percent", c.AccountShare)
	}
	return nil
}

func (c Config) withDefaults() Config {
	setDefault(&c.UploadLife, DefaultUploadLife)
	setDefault(&c.DownloadLife, DefaultDownloadLife)
	setDefault(&c.SweepEvery, DefaultSweepEvery)
	setDefault(&c.AuditEvery, DefaultAuditEvery)
	setDefault(&c.Grace, DefaultGrace)
	setDefault(&c.PerAddress, DefaultPerAddress)
	setDefault(&c.PerAccount, DefaultPerAccount)
	setDefault(&c.OwnerUploads, DefaultOwnerUploads)
	setDefault(&c.AccountUploads, DefaultAccountUploads)
	setDefault(&c.AccountShare, DefaultAccountShare)
	setDefault(&c.Links, c.Store)
	setDefault(&c.Log, slog.New(slog.DiscardHandler))
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func (c Config) indexPath() string { return filepath.Join(c.Dir, indexFile) }
