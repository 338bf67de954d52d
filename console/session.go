package console

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/cosmos/cosmos-sdk/types"

	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/local"
	"github.com/ain-network/aind/storage/s3"
	bandwidthtypes "github.com/ain-network/aind/x/bandwidth/types"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	permissionstypes "github.com/ain-network/aind/x/permissions/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

// Chain is what verbs ask of the chain. *client.Client is one.
type Chain interface {
	ChainID() string
	Jobs() jobstypes.QueryClient
	Reputation() reputationtypes.QueryClient
	Escrow() escrowtypes.QueryClient
	Bank() banktypes.QueryClient
	Bandwidth() bandwidthtypes.QueryClient
	Permissions() permissionstypes.QueryClient
	Storage() storagetypes.QueryClient
	Now(ctx context.Context) (int64, error)
	Do(ctx context.Context, key client.Key, msgs ...types.Msg) (*client.Receipt, error)
	Watch(ctx context.Context, filters ...string) <-chan struct{}
	NewInvite(ctx context.Context, admin client.Key, jobID uint64, endpoints []string, store string, life time.Duration) (client.Invite, error)
	OpenAccount(ctx context.Context, giver client.Key, address types.AccAddress) error
	Close()
}

var _ Chain = (*client.Client)(nil)

// Keyring holds the user's keys. *client.Keyring is one.
type Keyring interface {
	Key(name string) (client.Key, error)
	Create(name string) (client.Key, string, error)
	List() ([]client.NamedKey, error)
}

var _ Keyring = (*client.Keyring)(nil)

// Environment is the world around a session.
type Environment struct {
	In       io.Reader
	Out, Err io.Writer
	// IsTerminal: a person reads and answers.
	IsTerminal  bool
	Dial        func(context.Context, client.Config) (Chain, error)
	OpenStore   func(url string) (storage.Store, error)
	OpenSpace   func(ctx context.Context, spaces *daemon.Spaces, id uint64) (Space, error)
	OpenKeyring func(home, backend, passphraseFile string) (Keyring, error)
	// Qualify answers the exam of an application; nil: by running the job's programs on this machine.
	Qualify Examiner
}

// NewEnvironment is the real world.
func NewEnvironment(in io.Reader, out, err io.Writer, isTerminal bool) Environment {
	return Environment{
		In: in, Out: out, Err: err, IsTerminal: isTerminal,
		Dial: func(ctx context.Context, cfg client.Config) (Chain, error) {
			c, err := client.Dial(ctx, cfg)
			if err != nil {
				return nil, err
			}
			return c, nil
		},
		OpenStore: openStore,
		OpenSpace: func(ctx context.Context, spaces *daemon.Spaces, id uint64) (Space, error) {
			return spaces.Space(ctx, id)
		},
		OpenKeyring: func(home, backend, passphraseFile string) (Keyring, error) {
			ring, err := client.OpenKeyring(home, backend, passphraseFile)
			if err != nil {
				return nil, badInput(err)
			}
			return ring, nil
		},
	}
}

// openStore opens the store that a URL names: any S3, or a folder of this machine.
func openStore(url string) (storage.Store, error) {
	if dir, ok := strings.CutPrefix(url, "file://"); ok {
		store, err := local.Open(dir)
		if err != nil {
			return nil, badInputf("store: %w", err)
		}
		return store, nil
	}
	store, err := s3.Open(url)
	if err != nil {
		return nil, badInputf("store: %w", err)
	}
	return store, nil
}

// Session is one user on one network: settings, and the connections that verbs have needed so far.
type Session struct {
	env      Environment
	home     string
	settings client.Settings
	answers  *bufio.Reader // of In
	// interactive: the session outlives a verb, and connects only when told to.
	interactive bool
	// lastJob was registered in this session.
	lastJob uint64

	chain Chain
	store storage.Store
	ring  Keyring
	key   client.Key
	// spaces are opened with the key.
	spaces *daemon.Spaces
}

func newSession(env Environment) *Session {
	return &Session{env: env, answers: bufio.NewReader(env.In)}
}

// Close ends the session's connections.
func (s *Session) Close() {
	if s.chain != nil {
		s.chain.Close()
		s.chain = nil
	}
}

// connect dials the chain of the settings.
func (s *Session) connect(ctx context.Context) error {
	cfg := s.settings.Config()
	if err := cfg.Validate(); err != nil {
		return badInput(err)
	}
	connected, err := s.env.Dial(ctx, cfg)
	if err != nil {
		return err
	}
	s.Close()
	s.chain = connected
	return nil
}

// connected is the chain; a verb of the command line connects to it by itself.
func (s *Session) connected(ctx context.Context) (Chain, error) {
	if s.chain == nil {
		if s.interactive {
			return nil, badInput(ErrNotConnected)
		}
		if err := s.connect(ctx); err != nil {
			return nil, err
		}
	}
	return s.chain, nil
}

// openStore opens the store of the settings: a space, or what a whole network shares.
func (s *Session) openStore(ctx context.Context) (storage.Store, error) {
	if s.store == nil {
		if s.settings.Store == "" {
			return nil, badInput(errors.New("store: none given (name one with --store ain://7 or s3+http://ACCESS:SECRET@host:port/bucket)"))
		}
		id, err := s.storeSpace()
		if err != nil {
			return nil, err
		}
		if id != 0 {
			return s.openSpace(ctx, id)
		}
		store, err := s.env.OpenStore(s.settings.Store)
		if err != nil {
			return nil, err
		}
		s.store = store
	}
	return s.store, nil
}

// storeSpace is the space that the settings name as the store; 0: it is none.
func (s *Session) storeSpace() (uint64, error) {
	id, _, err := daemon.ParseSpaceURL(s.settings.Store)
	if err != nil {
		return 0, badInputf("store: %w", err)
	}
	return id, nil
}

// at opens the store that a reference names.
func (s *Session) at(ctx context.Context, space uint64) (storage.Store, error) {
	if space == 0 {
		return s.openStore(ctx)
	}
	return s.openSpace(ctx, space)
}

func (s *Session) keyring() (Keyring, error) {
	if s.ring == nil {
		ring, err := s.env.OpenKeyring(s.home, s.settings.KeyringBackend, s.settings.PassphraseFile)
		if err != nil {
			return nil, err
		}
		s.ring = ring
	}
	return s.ring, nil
}

// signer is the key that signs: that of --from or of the settings, or the only one there is.
func (s *Session) signer() (client.Key, error) {
	if s.key != nil {
		return s.key, nil
	}
	ring, err := s.keyring()
	if err != nil {
		return nil, err
	}
	name := s.settings.From
	if name == "" {
		if name, err = onlyKey(ring, s.home); err != nil {
			return nil, err
		}
	}
	key, err := ring.Key(name)
	if err != nil {
		return nil, badInputf("from: %w", err)
	}
	s.key = key
	return key, nil
}

func onlyKey(ring Keyring, home string) (string, error) {
	keys, err := ring.List()
	if err != nil {
		return "", err
	}
	switch len(keys) {
	case 0:
		return "", badInputf("from: no key in %s (make one with `aind assignAddress NAME`)", home)
	case 1:
		return keys[0].Name, nil
	}
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = key.Name
	}
	return "", badInputf("from: several keys in %s: choose one of %s with --from", home, strings.Join(names, ", "))
}

// chainAndKey is what every verb that sends begins with.
func (s *Session) chainAndKey(ctx context.Context) (Chain, client.Key, error) {
	key, err := s.signer()
	if err != nil {
		return nil, nil, err
	}
	connected, err := s.connected(ctx)
	return connected, key, err
}

// owner is the account that the signer acts for: itself, unless it is somebody's operator.
func (s *Session) owner(ctx context.Context) (string, error) {
	connected, key, err := s.chainAndKey(ctx)
	if err != nil {
		return "", err
	}
	address := key.Address().String()
	res, err := connected.Reputation().Profile(ctx, &reputationtypes.QueryProfileRequest{Address: address})
	if client.IsNotFound(err) {
		return address, nil
	}
	if err != nil {
		return "", fmt.Errorf("ask for the profile of %s: %w", address, err)
	}
	if res.Profile.Operator == address && res.Profile.Owner != "" {
		return res.Profile.Owner, nil
	}
	return address, nil
}

// ask puts a question to the person at the terminal; no answer is the default.
func (s *Session) ask(question string, yes bool) (bool, error) {
	choice := "[y/N]"
	if yes {
		choice = "[Y/n]"
	}
	if _, err := fmt.Fprintf(s.env.Err, "%s %s ", question, choice); err != nil {
		return false, err
	}
	line, err := s.answers.ReadString('\n')
	if err != nil && line == "" {
		return false, badInputf("no answer to %q (answer on standard input, or choose another --accept)", question)
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "":
		return yes, nil
	case "y", "yes":
		return true, nil
	}
	return false, nil
}
