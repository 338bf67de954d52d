package daemon

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/storage/s3"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// Place is somewhere outside that an owner lets programs reach.
type Place string

// The places. There are no others: a program names none by an address.
const (
	PlaceChain   Place = "chain"
	PlaceStorage Place = "storage"
)

// placeOf says what a release's word for a place means.
var placeOf = map[program.Network]Place{program.NETWORK_CHAIN: PlaceChain, program.NETWORK_STORAGE: PlaceStorage}

// networkTag is, before a place, the software of a node whose owner lets programs reach it.
const networkTag = "network-"

// Variables in which a program finds the addresses of the places.
const (
	envChain   = "AIN_CHAIN"
	envStorage = "AIN_STORAGE"
)

// NetworkLimits bound what one run may do with the places that it reaches.
type NetworkLimits struct {
	// Connections at one time. 0: 8.
	Connections int `yaml:"connections"`
	// Sent and Received by the program, in one run. 0: 64 MiB and 1 GiB.
	Sent     Bytes `yaml:"sent"`
	Received Bytes `yaml:"received"`
	// Idle is how long a connection may be silent. 0: 1 min.
	Idle Duration `yaml:"idle"`
}

func (s SandboxConfig) validateNetwork() error {
	for i, place := range s.Network {
		switch {
		case place != PlaceChain && place != PlaceStorage:
			return fmt.Errorf("sandbox.network %q: use %s or %s", place, PlaceChain, PlaceStorage)
		case slices.Contains(s.Network[:i], place):
			return fmt.Errorf("sandbox.network names %s twice", place)
		case !s.Docker.used() || !s.runs(sandbox.KindImage):
			return fmt.Errorf("sandbox.network names %s, and no images are run, which alone can reach anything: say %s or %s in sandbox.docker.use",
				place, DockerPrefer, DockerRequire)
		}
	}
	limits := s.NetworkLimits
	if limits.Connections < 0 || limits.Connections > sandbox.MaxConnections {
		return fmt.Errorf("sandbox.network_limits.connections %d: use 1 to %d", limits.Connections, sandbox.MaxConnections)
	}
	if limits.Idle < 0 || limits.Idle > 0 && limits.Idle.Std() < 10*time.Millisecond {
		return fmt.Errorf("sandbox.network_limits.idle %s: use at least 10ms", limits.Idle.Std())
	}
	return nil
}

// withholds says which place a program wants to reach that the owner does not let it; empty: none.
func (s SandboxConfig) withholds(one program.Program) string {
	for _, asked := range one.Network {
		if place, known := placeOf[asked]; !known || !slices.Contains(s.Network, place) {
			return fmt.Sprintf("it wants to reach %s, which sandbox.network does not name", placeName(asked))
		}
	}
	return ""
}

func placeName(asked program.Network) string {
	if place, known := placeOf[asked]; known {
		return string(place)
	}
	return asked.String()
}

// namesOf the places that a program of a release wants to reach.
func namesOf(one program.Program) (names []string) {
	for _, asked := range one.Network {
		names = append(names, placeName(asked))
	}
	return names
}

// withholdsAll says why none of a release's programs may have what it wants to reach; empty: one may.
func (p *Programs) withholdsAll(all []program.Program) (why string) {
	for _, one := range all {
		missing := p.Places.config.withholds(one)
		if missing == "" {
			return ""
		}
		if why == "" {
			why = missing
		}
	}
	return why
}

// Places are the ways to all that the owner lets programs reach.
type Places struct {
	config SandboxConfig
	ways   map[Place]sandbox.Way
	chain  *chainWay // nil: not allowed
	spaces *storeWay // nil: not allowed, or the store is one address
}

// newPlaces opens the ways that the config allows. Where the store is a space, the way to it leads to what the source opens.
func newPlaces(c Config, source Source) (*Places, error) {
	p := &Places{config: c.Sandbox, ways: map[Place]sandbox.Way{}}
	if slices.Contains(c.Sandbox.Network, PlaceChain) {
		p.chain = openChainWay(c.Nodes)
		p.ways[PlaceChain] = sandbox.Way{Place: string(PlaceChain), Variable: envChain, Prefix: "http://", Dial: p.chain.dial}
	}
	_, isSpace, err := ParseSpaceURL(c.Store)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if slices.Contains(c.Sandbox.Network, PlaceStorage) && isSpace {
		p.spaces = openStoreWay(source)
		p.ways[PlaceStorage] = sandbox.Way{Place: string(PlaceStorage), Variable: envStorage, Prefix: "http://"}
	} else if slices.Contains(c.Sandbox.Network, PlaceStorage) {
		store, err := s3.ParseURL(c.Store)
		if err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
		p.ways[PlaceStorage] = wayToStore(store)
	}
	return p, nil
}

// wayToStore carries plain bytes to the store's endpoint. Whoever speaks there brings his own right to, such as a URL that somebody signed.
func wayToStore(store s3.Config) sandbox.Way {
	scheme, port := "http", "80"
	if store.Secure {
		scheme, port = "https", "443"
	}
	address := store.Endpoint
	if _, _, err := net.SplitHostPort(address); err != nil {
		address = net.JoinHostPort(strings.Trim(address, "[]"), port)
	}
	return sandbox.Way{
		Place: string(PlaceStorage), Variable: envStorage, URL: scheme + "://" + store.Endpoint,
		Dial: func(ctx context.Context) (net.Conn, error) { return new(net.Dialer).DialContext(ctx, "tcp", address) },
	}
}

// networkOf is what a run of a prepared program reaches: what its release wants to, all of which the owner allows. Of spaces it reads what its
// request names.
func (p *Places) networkOf(names []string, named []jobstypes.Reference) sandbox.Network {
	limits := p.config.NetworkLimits
	n := sandbox.Network{
		Connections: limits.Connections, SentBytes: int64(limits.Sent), ReceivedBytes: int64(limits.Received), Idle: limits.Idle.Std(),
	}
	for _, name := range names {
		if way, ok := p.ways[Place(name)]; ok {
			if way.Dial == nil {
				way.Dial = p.spaces.dialFor(named)
			}
			n.Ways = append(n.Ways, way)
		}
	}
	return n
}

func (p *Places) close() {
	if p.chain != nil {
		p.chain.close()
	}
	if p.spaces != nil {
		p.spaces.close()
	}
}

// reaches is for people.
func (s SandboxConfig) reaches() string {
	if len(s.Network) == 0 {
		return "none: no program reaches anything outside"
	}
	var names []string
	for _, place := range s.Network {
		names = append(names, string(place))
	}
	return strings.Join(names, ", ") + ": for images whose release asks for it"
}
