package keeper_test

import (
	"fmt"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ain-network/aind/x/storage/types"
)

// market is several providers and owners, and beside them what each space's payments must come to.
type market struct {
	*fixture
	r      *rapid.T
	prices map[string]uint64
	spaces []*held
}

// held is a space, and the requests that need it.
type held struct {
	account
	id              uint64
	owner, provider string
	needs           int
}

func (h *held) expires() int64 { return h.spans[len(h.spans)-1].until }

var (
	providers = []string{"cheap", "dear", "free"}
	owners    = []string{"alice", "bob", "carol"}
)

const purse = int64(1) << 56

// Whatever many owners reserve from many providers, whose prices change, extend, need and give back, in whatever order: each provider
// has what it earned, to the coin, the owners have the rest, and nothing is reserved when all is over.
func TestEveryCoinOfAMarketIsAccountedFor(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m := &market{fixture: newFixture(t), r: r, prices: map[string]uint64{}}
		m.setParams(func(p *types.Params) {
			p.MaxTerms, p.PayoutIntervalMs = 100, uint64(rapid.Int64Range(1000, 3*day).Draw(r, "interval"))
			p.SweepSpaces = uint32(rapid.IntRange(1, 3).Draw(r, "sweep"))
		})
		for _, name := range owners {
			m.fund(name, purse, 0)
		}
		for _, name := range providers {
			m.offers(name, false)
		}
		steps := []func(){m.reserves, m.reserves, m.extends, m.extends, m.passes, m.passes, m.needs, m.needs, m.releases, m.changes}
		for range rapid.IntRange(1, 30).Draw(r, "steps") {
			rapid.SampledFrom(steps).Draw(r, "step")()
			m.balance()
		}
		for _, h := range m.spaces {
			for ; h.needs > 0; h.needs-- {
				require.NoError(t, m.keeper.Done(m.ctx, h.id))
			}
			m.wait(max(0, h.expires()-m.now))
		}
		for range m.spaces { // a block looks at few of them
			m.wait(0)
		}
		m.settled()
	})
}

func (m *market) offers(name string, closed bool) {
	price := rapid.Uint64Range(0, 5000).Draw(m.r, "price")
	if name == "free" {
		price = 0
	}
	m.prices[name] = price
	m.must(&types.MsgRegisterProvider{Signer: of(name), Endpoint: "https://" + name + ".example.org", Price: price, CapacityBytes: 1 << 50, Closed: closed})
}

func (m *market) changes() {
	name := rapid.SampledFrom(providers).Draw(m.r, "provider")
	m.offers(name, rapid.IntRange(0, 4).Draw(m.r, "closes") == 0)
}

func (m *market) closed(name string) bool {
	answer, err := m.query.Provider(m.ctx, &types.QueryProviderRequest{Provider: of(name)})
	require.NoError(m.t, err)
	return answer.Provider.Closed
}

func (m *market) reserves() {
	h := &held{owner: rapid.SampledFrom(owners).Draw(m.r, "owner"), provider: rapid.SampledFrom(providers).Draw(m.r, "provider")}
	h.size = rapid.Uint64Range(1<<20, 20*gib).Draw(m.r, "size")
	price, ms := m.prices[h.provider], rapid.Int64Range(60_000, 5*day).Draw(m.r, "duration")
	answer, err := m.send(&types.MsgReserveSpace{
		Signer: of(h.owner), Provider: of(h.provider), SizeBytes: h.size, DurationMs: uint64(ms), MaxPrice: price,
	})
	if m.closed(h.provider) {
		require.ErrorIs(m.t, err, types.ErrClosed)
		return
	}
	require.NoError(m.t, err)
	h.id = answer.(*types.MsgReserveSpaceResponse).Space
	h.spans = []span{{price, m.now, m.now + ms}}
	m.spaces = append(m.spaces, h)
}

// any space that was ever reserved.
func (m *market) any() *held {
	if len(m.spaces) == 0 {
		return nil
	}
	return rapid.SampledFrom(m.spaces).Draw(m.r, "space")
}

func (m *market) extends() {
	h := m.any()
	if h == nil {
		return
	}
	ms := rapid.Int64Range(1, 3*day).Draw(m.r, "ms")
	_, err := m.send(&types.MsgExtendSpace{Signer: of(h.owner), Space: h.id, DurationMs: uint64(ms), MaxPrice: m.prices[h.provider]})
	if m.now >= h.expires() || m.closed(h.provider) {
		require.Error(m.t, err)
		return
	}
	require.NoError(m.t, err)
	h.extended(m.prices[h.provider], ms)
}

func (m *market) passes() { m.wait(rapid.Int64Range(0, 2*day).Draw(m.r, "ms")) }

// needs has a request begin or end that needs a space. None begins with one that has expired.
func (m *market) needs() {
	h := m.any()
	if h == nil {
		return
	}
	if h.needs > 0 && rapid.Bool().Draw(m.r, "ends") {
		h.needs--
		require.NoError(m.t, m.keeper.Done(m.ctx, h.id))
		return
	}
	if m.now < h.expires() {
		h.needs++
		require.NoError(m.t, m.keeper.Need(m.ctx, h.id, m.now+rapid.Int64Range(0, 3*day).Draw(m.r, "until")))
	}
}

func (m *market) releases() {
	h := m.any()
	if h == nil {
		return
	}
	ends := m.now
	if m.now < h.expires() {
		ends = min(max(ends, m.space(h.id).KeepUntilMs), h.expires())
	}
	_, err := m.send(&types.MsgReleaseSpace{Signer: of(h.owner), Space: h.id})
	if m.now >= h.expires() {
		require.Error(m.t, err)
		return
	}
	require.NoError(m.t, err)
	for i := range h.spans {
		h.spans[i].until = max(min(h.spans[i].until, ends), h.spans[i].from)
	}
	if last := len(h.spans) - 1; h.spans[last].until > ends { // a span that had not begun
		h.spans[last].from, h.spans[last].until = ends, ends
	}
}

// balance holds that no coin is made or lost, and that no provider has more than it has earned.
func (m *market) balance() {
	sum := int64(0)
	for _, name := range append(append([]string{}, providers...), owners...) {
		sum += m.wallet(name)
	}
	for _, h := range m.spaces {
		answer, err := m.query.Space(m.ctx, &types.QuerySpaceRequest{Space: h.id})
		if err != nil {
			continue // swept, or about to be, which the books of the escrow count
		}
		sum += answer.Space.Unpaid().Int64()
	}
	require.LessOrEqual(m.t, sum, purse*int64(len(owners)))
	for _, name := range providers {
		require.LessOrEqual(m.t, big.NewInt(m.wallet(name)).Cmp(m.earned(name)), 0, "%s has more than it earned", name)
	}
}

// earned by a provider with all its spaces.
func (m *market) earned(provider string) *big.Int {
	sum := new(big.Int)
	for _, h := range m.spaces {
		if h.provider == provider {
			sum.Add(sum, h.account.earned(m.now))
		}
	}
	return sum
}

func (m *market) settled() {
	sum := int64(0)
	for _, name := range providers {
		require.Zero(m.t, m.earned(name).Cmp(big.NewInt(m.wallet(name))), "%s has %d, and earned %s", name, m.wallet(name), m.earned(name))
		answer, err := m.query.Provider(m.ctx, &types.QueryProviderRequest{Provider: of(name)})
		require.NoError(m.t, err)
		require.Zero(m.t, answer.Provider.ReservedBytes, fmt.Sprint("of ", name))
		sum += m.wallet(name)
	}
	for _, name := range owners {
		sum += m.wallet(name)
	}
	require.Equal(m.t, purse*int64(len(owners)), sum, "the owners have the rest")
}
