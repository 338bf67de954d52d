package daemontest

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/release"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/local"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// Key is the key of a name, always the same.
func Key(name string) client.Key {
	secret := sha256.Sum256([]byte(name))
	return client.NewKey(&secp256k1.PrivKey{Key: secret[:]})
}

// Address of a name's key.
func Address(name string) string { return Key(name).Address().String() }

// DoAs has an owner that is no daemon send a message that has to be executed.
func (c *Chain) DoAs(t testing.TB, signer string, msg sdk.Msg) {
	t.Helper()
	require.NoError(t, c.TryAs(signer, msg))
}

// TryAs is DoAs for a message that may be refused.
func (c *Chain) TryAs(signer string, msg sdk.Msg) error {
	tx, err := c.build(signer, []sdk.Msg{msg})
	if err != nil {
		return err
	}
	err = c.execute(tx)
	c.wake()
	return err
}

// Machine is a computer that daemons are started on: what survives their crashes.
type Machine struct {
	Name  string
	Home  string
	Store storage.Store
	// Source opens spaces, Space is the number of the store's; nil and 0: the store has everything.
	Source  daemon.Source
	Space   uint64
	Room    daemon.Room
	Log     *slog.Logger // nil: the test's
	Sandbox *Sandbox
	Chain   *Chain
	// Cache of releases; nil: one that takes every release as verified.
	Cache daemon.ReleaseCache
}

// NewMachine returns a machine with an empty disk. Its store may be shared with others.
func NewMachine(t testing.TB, chain *Chain, name string, store storage.Store) *Machine {
	t.Helper()
	return &Machine{Name: name, Home: t.TempDir(), Store: store, Sandbox: NewSandbox(), Chain: chain}
}

// NewStore returns an empty store.
func NewStore(t testing.TB) storage.Store {
	t.Helper()
	store, err := local.Open(filepath.Join(t.TempDir(), "store"))
	require.NoError(t, err)
	return store
}

// Config that lets a daemon on the machine work quickly.
func (m *Machine) Config() daemon.Config {
	return daemon.Config{
		Home: m.Home, Nodes: []string{"http://127.0.0.1:1"}, Store: "s3+http://key:secretsecretsecret@127.0.0.1:1/ain",
		Key: daemon.KeyConfig{Name: m.Name, Backend: "test"}, Poll: daemon.Duration(20 * time.Millisecond),
		Margin: daemon.Duration(50 * time.Millisecond), MaxRuns: 2,
	}
}

// World is what a daemon finds on the machine, over a connection of its own.
func (m *Machine) World(t testing.TB) (daemon.World, *Connection) {
	connection := m.Chain.Connect()
	contents, err := release.OpenCache(filepath.Join(m.Home, "contents"), 1<<20)
	require.NoError(t, err)
	log := m.Log
	if log == nil {
		log = Log(t)
	}
	return daemon.World{
		Network: connection, Key: Key(m.Name), Store: m.Store, Source: m.Source, Space: m.Space, Room: m.Room, Cache: m.cache(), Contents: contents, Sandbox: m.Sandbox, Log: log,
	}, connection
}

func (m *Machine) cache() daemon.ReleaseCache {
	if m.Cache != nil {
		return m.Cache
	}
	return cache{}
}

// cache takes every release as verified: package release tests the real one.
type cache struct{}

func (cache) Fetch(_ context.Context, _ storage.Store, _ jobstypes.ReleaseSpec, one program.Program, _ string, _ sdk.AccAddress) (string, error) {
	return "/programs/" + one.Digest, nil
}

// Log writes to the test's log.
func Log(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Eventually waits for a condition, and fails the test when it does not come about within 15 seconds.
func Eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, 15*time.Second, 5*time.Millisecond, what)
}
