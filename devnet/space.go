package devnet

import (
	"context"
	"fmt"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/chain"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

const (
	// storePrice is what a GiB costs for an hour, in uain: a tenth of one each second.
	storePrice = 360

	// storeCapacity is what the provider offers, and spaceBytes what each space may hold. Nothing of it is taken from the disk before
	// it is used.
	storeCapacity = 1 << 40
	spaceBytes    = 16 << 30

	// spaceLife of the spaces that a network begins with. The chain's clock stands while the network does.
	spaceLifeMs = 365 * 24 * 3_600_000
)

// Names of the spaces that are not called as their owner.
const (
	spacePrograms       = "programs"          // of the admin, for the network's jobs
	spaceClientPrograms = "client's programs" // for those that the client registers
	spaceNewcomers      = "newcomers"         // who join the first job write there
	spaceCustom         = "newcomers-custom"  // the same for the job of one's own code
)

// plot is a space that a network begins with.
type plot struct {
	name  string
	owner string // a member
	read  storagetypes.AccessKind
}

// plots are the spaces of a network, in the order of their numbers.
func (c Config) plots() []plot {
	all := []plot{
		{spacePrograms, accountAdmin, storagetypes.ACCESS_KIND_EVERYBODY},
		{spaceClientPrograms, accountClient, storagetypes.ACCESS_KIND_EVERYBODY},
		{spaceNewcomers, accountAdmin, storagetypes.ACCESS_KIND_PARTICIPANTS},
		{spaceCustom, accountAdmin, storagetypes.ACCESS_KIND_PARTICIPANTS},
		{accountClient, accountClient, storagetypes.ACCESS_KIND_PARTICIPANTS},
	}
	for _, m := range c.members() {
		if m.daemon != "" {
			all = append(all, plot{m.name, m.name, storagetypes.ACCESS_KIND_PARTICIPANTS})
		}
	}
	return all
}

// parcelOut registers the provider and reserves every member's space from it, in the states that a new chain begins with. What the
// holds have is returned, too.
func parcelOut(config Config, endpoint string, accounts map[string]string, nowMs int64) (storagetypes.GenesisState, []escrowtypes.Hold, error) {
	state := *storagetypes.DefaultGenesis()
	state.Providers = []storagetypes.Provider{{
		Owner: accounts[accountStore], Endpoint: endpoint, Price: storePrice, CapacityBytes: storeCapacity,
	}}
	var holds []escrowtypes.Hold
	for i, p := range config.plots() {
		number := uint64(i) + storagetypes.FirstSpaceID
		hold := uint64(i) + escrowtypes.FirstHoldID
		cost, err := state.Reserve(&storagetypes.MsgReserveSpace{
			Signer: accounts[p.owner], Provider: accounts[accountStore], SizeBytes: spaceBytes, DurationMs: spaceLifeMs, MaxPrice: storePrice,
			Read: storagetypes.AccessRule{Kind: p.read},
		}, hold, nowMs)
		if err != nil {
			return state, nil, fmt.Errorf("space of %s: %w", p.name, err)
		}
		holds = append(holds, escrowtypes.Hold{Id: hold, Purpose: fmt.Sprintf("space %d", number), Balance: cost})
	}
	return state, holds, nil
}

// worth of holds, in uain.
func worth(holds []escrowtypes.Hold) math.Int {
	sum := math.ZeroInt()
	for _, hold := range holds {
		sum = sum.Add(hold.Balance)
	}
	return sum
}

// spaceOf is the number of a space.
func (n *Network) spaceOf(name string) uint64 { return n.state.Spaces[name] }

// offerStorage tells the chain where the provider is now: ports change between two runs.
func (n *Network) offerStorage(ctx context.Context) error {
	owner := n.state.Accounts[accountStore]
	known, err := n.chain.Storage().Provider(ctx, &storagetypes.QueryProviderRequest{Provider: owner})
	if err != nil {
		return fmt.Errorf("ask for the provider: %w", err)
	}
	offer := known.Provider
	if offer.Endpoint == n.gateway() {
		return nil
	}
	key, err := n.key(accountStore)
	if err != nil {
		return err
	}
	_, err = n.chain.Do(ctx, key, &storagetypes.MsgRegisterProvider{
		Signer: owner, Endpoint: n.gateway(), Price: offer.Price, CapacityBytes: offer.CapacityBytes, Closed: offer.Closed,
	})
	return err
}

// makeRoom lets who joins a job write into a space of the admin's: with an empty wallet nobody reserves one. It does nothing where that
// was done.
func (n *Network) makeRoom(ctx context.Context, space, job string) error {
	id, err := chain.ParseJobID(job)
	if err != nil {
		return fmt.Errorf("%s: %w", statePath(n.config.Home), err)
	}
	known, err := n.chain.Storage().Space(ctx, &storagetypes.QuerySpaceRequest{Space: n.spaceOf(space)})
	if err != nil {
		return fmt.Errorf("ask for the space of %s: %w", space, err)
	}
	if known.Space.Write.Kind == storagetypes.ACCESS_KIND_JOB {
		return nil
	}
	key, err := n.key(accountAdmin)
	if err != nil {
		return err
	}
	_, err = n.chain.Do(ctx, key, &storagetypes.MsgSetAccess{
		Signer: n.state.Accounts[accountAdmin], Space: known.Space.Id, Read: known.Space.Read,
		Write: storagetypes.AccessRule{Kind: storagetypes.ACCESS_KIND_JOB, JobId: id},
	})
	return err
}
