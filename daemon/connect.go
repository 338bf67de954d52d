package daemon

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/release"
)

// badConfig is an error about what the owner wrote.
type badConfig struct{ error }

func (e badConfig) Unwrap() error { return e.error }

// BadInput marks errors about what the user wrote.
func (badConfig) BadInput() {}

// BadConfig marks an error as one about what the owner wrote, for exit codes.
func BadConfig(err error) error {
	if err == nil {
		return nil
	}
	return badConfig{err}
}

// UseInvite fills what the config leaves open from an invite, and has the daemon apply to the invite's job.
func (c *Config) UseInvite(invite client.Invite) error {
	setDefault(&c.ChainID, invite.ChainID)
	setDefault(&c.Store, invite.Store)
	if len(c.Nodes) == 0 {
		c.Nodes = invite.Endpoints
	}
	if len(c.Jobs) == 0 && invite.JobID != "" {
		id, err := chain.ParseJobID(invite.JobID)
		if err != nil {
			return err
		}
		c.Jobs = []JobID{JobID(id)}
	}
	c.Apply = true
	return nil
}

// Connect opens everything outside of a daemon that its config names: keyring, chain, store, program cache, sandbox. A key
// that is not there is made where an invite is given, which is then redeemed for it. The returned function closes it all.
//
// What it finds out, it fills into the config: where the Python runtime is.
func Connect(ctx context.Context, cfg *Config, invite *client.Invite, log *slog.Logger) (World, func(), error) {
	*cfg = cfg.WithDefaults()
	if err := cfg.Validate(); err != nil {
		return World{}, nil, BadConfig(fmt.Errorf("config: %w", err))
	}
	var closers []func()
	closeAll := func() {
		for i := len(closers) - 1; i >= 0; i-- {
			closers[i]()
		}
	}
	world, err := connect(ctx, cfg, invite, log, func(f func()) { closers = append(closers, f) })
	if err != nil {
		closeAll()
		return World{}, nil, err
	}
	return world, closeAll, nil
}

func connect(ctx context.Context, cfg *Config, invite *client.Invite, log *slog.Logger, onClose func(func())) (World, error) {
	key, err := openKey(cfg, invite != nil, log)
	if err != nil {
		return World{}, err
	}
	network, err := client.Dial(ctx, client.Config{ChainID: cfg.ChainID, Endpoints: cfg.Nodes, Logger: log})
	if err != nil {
		return World{}, err
	}
	onClose(network.Close)
	if invite != nil {
		if err := invite.Redeem(ctx, network, key); err != nil {
			return World{}, err
		}
	}
	spaces := &Spaces{Query: network.Storage(), ChainID: network.ChainID(), Key: key, Private: IsPrivate(network.Endpoint())}
	if cfg.SharedStore != "" {
		if _, _, err := OpenStore(ctx, cfg.SharedStore, spaces); err != nil {
			return World{}, err
		}
	}
	store, space, err := OpenStore(ctx, cfg.Store, spaces)
	if err != nil {
		return World{}, err
	}
	read, err := spaces.readBy(ctx, space)
	if err != nil {
		return World{}, err
	}
	cache, err := release.OpenCache(filepath.Join(cfg.Home, "programs"), int64(cfg.ProgramCache))
	if err != nil {
		return World{}, err
	}
	contents, err := release.OpenCache(filepath.Join(cfg.Home, "contents"), int64(cfg.ProgramCache))
	if err != nil {
		return World{}, err
	}
	if err := cfg.EnsurePython(ctx, runtimeStores(ctx, cfg.Jobs, Chain{network}, spaces, store, log), log); err != nil {
		return World{}, err
	}
	runner, err := cfg.OpenSandbox(ctx, log)
	if err != nil {
		return World{}, err
	}
	onClose(func() {
		if err := runner.Close(); err != nil {
			log.Warn("could not close the sandbox", "error", err)
		}
	})
	var room Room
	if space != 0 {
		room = &SpaceRoom{Spaces: spaces, Space: space, Account: key.Address().String()}
	}
	return World{Network: Chain{network}, Key: key, Store: store, Space: space, SpaceRead: read, Room: room, Source: spaces, Cache: cache, Contents: contents, Sandbox: runner, Log: log}, nil
}

// openKey loads the key that the config names. A newcomer's is made, with a passphrase of its own where none was given.
func openKey(cfg *Config, newcomer bool, log *slog.Logger) (client.Key, error) {
	if newcomer && cfg.Key.Backend == "file" && cfg.Key.PassphraseFile == "" {
		path := filepath.Join(cfg.Home, "passphrase")
		if err := makePassphrase(path); err != nil {
			return nil, err
		}
		cfg.Key.PassphraseFile = path
	}
	ring, err := client.OpenKeyring(cfg.Home, cfg.Key.Backend, cfg.Key.PassphraseFile)
	if err != nil {
		return nil, BadConfig(err)
	}
	key, err := ring.Key(cfg.Key.Name)
	if newcomer && errors.Is(err, client.ErrKeyNotFound) {
		// The words are not shown: a daemon's log is no place for them, and its key can be exported from the keyring.
		if key, _, err = ring.Create(cfg.Key.Name); err == nil {
			log.Info("made a key", "name", cfg.Key.Name, "address", key.Address().String(), "folder", cfg.Home)
		}
	}
	if err != nil {
		return nil, BadConfig(err)
	}
	return key, nil
}

// makePassphrase leaves a random passphrase in a file that only its owner can read, unless there is one.
func makePassphrase(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("passphrase file: %w", err)
	}
	secret := make([]byte, 24)
	rand.Read(secret) // never fails
	_, err = fmt.Fprintln(file, hex.EncodeToString(secret))
	return errors.Join(err, file.Sync(), file.Close())
}
