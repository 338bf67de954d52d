package types

import (
	"slices"

	"cosmossdk.io/math"
)

// Reserve adds a space to a new chain's state, from a provider that is in it, as its owner's message would reserve it
// at that time. It returns what the hold must have, which is for escrow's genesis to say.
func (g *GenesisState) Reserve(m *MsgReserveSpace, hold uint64, nowMs int64) (cost math.Int, err error) {
	if err := m.Validate(g.Params); err != nil {
		return math.Int{}, err
	}
	i := slices.IndexFunc(g.Providers, func(p Provider) bool { return p.Owner == m.Provider })
	if i < 0 {
		return math.Int{}, ErrUnknownProvider.Wrapf("provider: %s; add it first", m.Provider)
	}
	provider := &g.Providers[i]
	if free := provider.CapacityBytes - provider.ReservedBytes; m.SizeBytes > free {
		return math.Int{}, ErrCapacity.Wrapf("size_bytes: %d; provider %s has %d left", m.SizeBytes, m.Provider, free)
	}
	provider.ReservedBytes += m.SizeBytes
	space := Space{
		Id: g.NextSpaceId, Owner: m.Signer, Provider: m.Provider, SizeBytes: m.SizeBytes, HoldId: hold,
		ReservedMs: nowMs, ExpiresMs: nowMs, Read: m.Read.Normal(), Write: m.Write.Normal(),
	}
	cost = space.Extend(provider.Price, int64(m.DurationMs))
	space.DueMs = space.NextDue(nowMs, g.Params)
	g.Spaces = append(g.Spaces, space)
	g.NextSpaceId++
	return cost, nil
}
