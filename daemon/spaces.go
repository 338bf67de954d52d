package daemon

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/gateway"
	"github.com/ain-network/aind/storage/reference"
	"github.com/ain-network/aind/storage/s3"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

// ParseSpaceURL reads the address of a space, ain://7; false: the text is no such address.
func ParseSpaceURL(text string) (id uint64, isSpace bool, err error) {
	if !reference.Is(text) {
		return 0, false, nil
	}
	place, err := reference.Parse(text)
	if err != nil || !place.IsSpace() {
		return 0, true, fmt.Errorf("%q: want ain:// and a space's number, ain://7", text)
	}
	return place.Space, true, nil
}

// SpaceURL is the address of a space.
func SpaceURL(id uint64) string { return reference.Of(id).String() }

// ErrNoStore says that a reference names no space, and that this node, whose own store is one, knows no other. It is not that the content is
// not there: nobody's work is worth less for it.
var ErrNoStore = errors.New("the reference names no space, and this node's store is one: name the network's with shared_store")

// Source opens what references name: the spaces of the chain, and for 0 the store of a whole network.
type Source interface {
	At(ctx context.Context, space uint64) (storage.Store, error)
}

// Plain is a source whose store has everything: one S3 store for a whole network, or a test's.
type Plain struct{ storage.Store }

// At is the store, whatever the space.
func (p Plain) At(context.Context, uint64) (storage.Store, error) { return p.Store, nil }

// Spaces are the spaces of the chain for one account, which signs logins with its key.
type Spaces struct {
	Query   storagetypes.QueryClient
	ChainID string
	Key     client.Key
	// Shared is the store of a whole network, for references without a space; nil: they cannot be read.
	Shared storage.Store
	// Private: gateways on this machine are used, too. Nothing else leads there, or into its network: whoever offers storage could have us
	// send requests to services of our owner, by its gateway's address or by the links that it gives.
	Private bool
	// CAFile has the certificates of gateways, in place of the system's.
	CAFile string

	mu       sync.Mutex
	gateways map[string]*gateway.Client // by endpoint
	found    map[uint64]spaceFound
}

var _ Source = (*Spaces)(nil)

// spaceFound is where a space was at a time.
type spaceFound struct {
	endpoint string
	at       time.Time
}

// spaceFresh is how long the endpoint of a space is not asked for again.
const spaceFresh = time.Minute

// At opens a space.
func (s *Spaces) At(ctx context.Context, space uint64) (storage.Store, error) {
	if space == 0 {
		if s.Shared == nil {
			return nil, ErrNoStore
		}
		return s.Shared, nil
	}
	return s.Space(ctx, space)
}

// Space opens a space with all that a gateway can do with it.
func (s *Spaces) Space(ctx context.Context, space uint64) (*gateway.Space, error) {
	endpoint, err := s.endpoint(ctx, space)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	known, ok := s.gateways[endpoint]
	if !ok {
		known, err = gateway.NewClient(gateway.Config{
			URL: endpoint, ChainID: s.ChainID, Key: s.Key,
			CarrierConfig: s3.CarrierConfig{PublicOnly: !s.Private || !IsPrivate(endpoint), CAFile: s.CAFile},
		})
		if err != nil {
			return nil, fmt.Errorf("space %d: %w", space, err)
		}
		if s.gateways == nil {
			s.gateways = map[string]*gateway.Client{}
		}
		s.gateways[endpoint] = known
	}
	return known.Space(space), nil
}

// OpenStore opens the store of a config: a space, whose number comes back, or an S3 store. What names no space is read from it.
func OpenStore(ctx context.Context, address string, spaces *Spaces) (store storage.Store, space uint64, err error) {
	id, isSpace, err := ParseSpaceURL(address)
	switch {
	case err != nil:
		return nil, 0, BadConfig(fmt.Errorf("store: %w", err))
	case isSpace:
		if _, err := spaces.Space(ctx, id); err != nil {
			return nil, 0, fmt.Errorf("store: %w", err)
		}
		return homeSpace{spaces: spaces, id: id}, id, nil
	}
	opened, err := s3.Open(address)
	if err != nil {
		return nil, 0, BadConfig(fmt.Errorf("store: %w", err))
	}
	spaces.Shared = opened
	return opened, 0, nil
}

// readBy asks the chain who reads a space; 0 is none.
func (s *Spaces) readBy(ctx context.Context, space uint64) (storagetypes.AccessKind, error) {
	if space == 0 {
		return storagetypes.ACCESS_KIND_UNSPECIFIED, nil
	}
	reserved, err := s.Query.Space(ctx, &storagetypes.QuerySpaceRequest{Space: space})
	if client.IsNotFound(err) {
		return 0, fmt.Errorf("%w: the chain has no space %d, or no longer", storage.ErrNotFound, space)
	}
	if err != nil {
		return 0, fmt.Errorf("ask for space %d: %w", space, err)
	}
	return reserved.Space.Read.Kind, nil
}

// endpoint asks the chain where a space is. One that is gone has nothing that could be read.
func (s *Spaces) endpoint(ctx context.Context, space uint64) (string, error) {
	s.mu.Lock()
	known, ok := s.found[space]
	s.mu.Unlock()
	if ok && time.Since(known.at) < spaceFresh {
		return known.endpoint, nil
	}
	reserved, err := s.Query.Space(ctx, &storagetypes.QuerySpaceRequest{Space: space})
	if client.IsNotFound(err) {
		return "", fmt.Errorf("%w: the chain has no space %d, or no longer", storage.ErrNotFound, space)
	}
	if err != nil {
		return "", fmt.Errorf("ask for space %d: %w", space, err)
	}
	provider, err := s.Query.Provider(ctx, &storagetypes.QueryProviderRequest{Provider: reserved.Space.Provider})
	if err != nil {
		return "", fmt.Errorf("ask for provider %s: %w", reserved.Space.Provider, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.found == nil {
		s.found = map[uint64]spaceFound{}
	}
	s.found[space] = spaceFound{provider.Provider.Endpoint, time.Now()}
	return provider.Provider.Endpoint, nil
}

// IsPrivate says whether a store's address is on this machine: who runs all of a network on one machine uses gateways there.
func IsPrivate(address string) bool {
	u, err := url.Parse(address)
	return err == nil && gateway.Loopback(u.Host)
}
