package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/seal"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

// Network is all that a daemon asks of the chain, and how it sends to it. Chain is one.
type Network interface {
	Sender
	ChainClock
	JobSource
	MemberChain
	Owner(ctx context.Context, signer string) (string, error)
	Request(ctx context.Context, requestID uint64) (*jobstypes.Request, []jobstypes.Assignment, error)
	Checkpoints(ctx context.Context, requestID uint64, worker string) (jobstypes.Checkpoints, error)
	Openings(ctx context.Context, jobID uint64, role program.Role) ([]jobstypes.Request, error)
	Places(ctx context.Context, owner string) ([]jobstypes.Place, error)
	Stake(ctx context.Context, owner string) (math.Int, error)
	// Rating in a job, in Elo points.
	Rating(ctx context.Context, jobID uint64, owner string) (int64, error)
	ChainID() string
	// Watch wakes its reader when an event matches a filter, and after every reconnect; it is closed when ctx ends.
	Watch(ctx context.Context, filters ...string) <-chan struct{}
	// Grant is the wrapped key that a request's client granted an account; nil: none.
	Grant(ctx context.Context, requestID uint64, account string) ([]byte, error)
}

var _ Network = Chain{}

// World is what a daemon finds outside of itself.
type World struct {
	Network Network
	Key     client.Key
	// Store is where this node stores: a space, or what a whole network shares. Space is the number of the space; 0: it is none.
	Store storage.Store
	Space uint64
	// SpaceRead is who reads the space; ACCESS_KIND_UNSPECIFIED: it is not known.
	SpaceRead storagetypes.AccessKind
	// Room says what the space has left; nil: as much as it takes.
	Room Room
	// Source opens what references name; nil: the store has everything.
	Source Source
	Cache  ReleaseCache
	// Contents keeps what requests name.
	Contents ContentCache
	Sandbox  sandbox.Sandbox
	Log      *slog.Logger
}

// Kit is a daemon's parts, put together.
type Kit struct {
	World
	Config   Config
	Signer   string         // address of Key
	Owner    sdk.AccAddress // whom the signer acts for
	Identity seal.Key       // opens what clients grant this machine
	Journal  *Journal
	Outbox   *Outbox
	Catalog  *Catalog
	Programs *Programs
	Examiner *Examiner
	Member   *Member
	Clock    *Clock
}

// NewKit opens the journal and puts a daemon's parts together. Sending lasts as long as ctx; then Close. Changed is called
// whenever something was done in the background that the chain should be asked about; it must not block.
func NewKit(ctx context.Context, cfg Config, world World, role program.Role, steps NodeSteps, changed func()) (*Kit, error) {
	cfg = cfg.WithDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	// A result goes into its space before it is committed to: who can list the space there, could copy it.
	if kind := world.SpaceRead; role == program.ROLE_WORKER && (kind == storagetypes.ACCESS_KIND_EVERYBODY || kind == storagetypes.ACCESS_KIND_JOB) {
		return nil, BadConfig(fmt.Errorf("store: space %d is read by others, who could copy results before they are revealed: "+
			"have participants read it, `aind storage grants %d --read participants`", world.Space, world.Space))
	}
	if world.Source == nil {
		world.Source = Plain{world.Store}
	}
	k := &Kit{World: world, Config: cfg, Signer: world.Key.Address().String()}
	owner, err := world.Network.Owner(ctx, k.Signer)
	if err != nil {
		return nil, err
	}
	if k.Owner, err = sdk.AccAddressFromBech32(owner); err != nil {
		return nil, fmt.Errorf("owner of %s: %w", k.Signer, err)
	}
	if k.Identity, err = openIdentity(cfg); err != nil {
		return nil, err
	}
	if err := removeChecks(cfg.Home); err != nil {
		return nil, err
	}
	if k.Journal, err = OpenJournal(filepath.Join(cfg.Home, "journal")); err != nil {
		return nil, err
	}
	if k.Outbox, err = NewOutbox(ctx, world.Network, world.Key, k.Journal, world.Log); err != nil {
		return nil, errors.Join(err, k.Journal.Close())
	}
	k.Catalog = NewCatalog(world.Network)
	k.Clock = NewClock(world.Network)
	tasks := filepath.Join(cfg.Home, tasksFolder)
	if err := os.RemoveAll(tasks); err != nil { // what a crash left
		return nil, errors.Join(err, k.Journal.Close())
	}
	places, err := newPlaces(cfg, world.Source)
	if err != nil {
		return nil, errors.Join(err, k.Journal.Close())
	}
	k.Programs = &Programs{
		Places: places,
		Custom: cfg.Policy.CustomCode, Contents: world.Contents, Tasks: tasks,
		Step: steps.Prepare, Journal: k.Journal, Catalog: k.Catalog, Source: world.Source, Cache: world.Cache,
		Sandbox: world.Sandbox, Limits: cfg.Limits, Log: world.Log, Prepared: changed,
		Logs: &Logs{Dir: filepath.Join(cfg.Home, logsFolder), Max: int64(cfg.Limits.Logs)}, GPUs: &GPUs{Devices: cfg.Sandbox.Docker.devices},
		Policy: cfg.Policy, Clock: k.Clock, Board: openBoard(cfg.Home, world.Log),
	}
	k.Examiner = &Examiner{
		ChainID: world.Network.ChainID(), Catalog: k.Catalog, Programs: k.Programs, Source: world.Source, Limits: cfg.Limits,
	}
	k.Member = &Member{
		Role: role, Steps: steps, Config: cfg, Signer: k.Signer, Owner: k.Owner, Chain: world.Network, Catalog: k.Catalog,
		Examiner: k.Examiner, Journal: k.Journal, Outbox: k.Outbox, Log: world.Log, Changed: changed, EncryptionKey: k.Identity.Recipient(),
		Room:   world.Room,
		joined: make(chan struct{}, 1),
	}
	return k, nil
}

// Close waits for everything in the background, after the context given to NewKit has ended, and closes the journal.
func (k *Kit) Close() error {
	k.Member.Wait()
	k.Programs.Wait()
	k.Outbox.Wait()
	k.Programs.Places.close()
	return k.Journal.Close()
}
