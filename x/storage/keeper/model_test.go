package keeper_test

import (
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ain-network/aind/x/storage/types"
)

// span is a price, and the time that was paid for at it.
type span struct {
	price       uint64
	from, until int64
}

// account is what a space's payments must be, said a second time: it adds up from the beginning, in fractions.
type account struct {
	size  uint64
	spans []span
}

// units of price for size bytes in ms milliseconds, in parts of a GiB-hour.
func units(size, price uint64, ms int64) *big.Int {
	n := new(big.Int).SetUint64(size)
	n.Mul(n, new(big.Int).SetUint64(price))
	return n.Mul(n, big.NewInt(ms))
}

// earned by the provider until now.
func (a account) earned(now int64) *big.Int {
	sum := new(big.Int)
	for _, s := range a.spans {
		if now > s.from {
			sum.Add(sum, new(big.Int).Quo(units(a.size, s.price, min(now, s.until)-s.from), big.NewInt(gib*hour)))
		}
	}
	return sum
}

// extended at a price: a span of the same price becomes longer.
func (a *account) extended(price uint64, ms int64) {
	last := &a.spans[len(a.spans)-1]
	if last.price == price {
		last.until += ms
		return
	}
	a.spans = append(a.spans, span{price, last.until, last.until + ms})
}

// Whatever is reserved, extended and released at whatever time: the provider has what it earned, to the coin, and the
// owner has all the rest.
func TestMoneyIsWhatAPlainModelSays(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		const purse = int64(1) << 60
		f := newFixture(t)
		f.setParams(func(p *types.Params) {
			p.MaxTerms, p.PayoutIntervalMs = 100, uint64(rapid.Int64Range(1000, 3*day).Draw(r, "interval"))
		})
		f.fund("alice", purse, 0)
		prices := rapid.Uint64Range(0, 5000)
		current := prices.Draw(r, "price")
		f.must(offer(current))
		m := reservation("alice")
		m.MaxPrice = current
		m.SizeBytes = rapid.Uint64Range(1<<20, 20*gib).Draw(r, "size")
		m.DurationMs = uint64(rapid.Int64Range(60_000, 5*day).Draw(r, "duration"))
		f.must(m)
		model := account{size: m.SizeBytes, spans: []span{{current, f.now, f.now + int64(m.DurationMs)}}}
		expires := func() int64 { return model.spans[len(model.spans)-1].until }

		for range rapid.IntRange(0, 12).Draw(r, "steps") {
			switch rapid.SampledFrom([]string{"wait", "price", "extend"}).Draw(r, "step") {
			case "wait":
				f.wait(rapid.Int64Range(0, 2*day).Draw(r, "ms"))
			case "price":
				current = prices.Draw(r, "price")
				f.must(offer(current))
			case "extend":
				ms := rapid.Int64Range(1, 3*day).Draw(r, "ms")
				_, err := f.send(&types.MsgExtendSpace{Signer: of("alice"), Space: 1, DurationMs: uint64(ms), MaxPrice: current})
				if f.now >= expires() {
					require.ErrorIs(t, err, types.ErrUnknownSpace)
					break
				}
				require.NoError(t, err)
				model.extended(current, ms)
				require.Zero(t, model.earned(f.now).Cmp(big.NewInt(f.wallet("provider"))), "an extension pays what was earned")
			}
			earned := model.earned(f.now)
			require.LessOrEqual(t, big.NewInt(f.wallet("provider")).Cmp(earned), 0, "never more than is earned")
		}
		if f.now < expires() && rapid.Bool().Draw(r, "release") {
			f.must(&types.MsgReleaseSpace{Signer: of("alice"), Space: 1})
			for i := range model.spans {
				model.spans[i].until = max(min(model.spans[i].until, f.now), model.spans[i].from)
			}
		}
		f.wait(max(0, expires()-f.now))
		require.Zero(t, f.reserved())
		require.Zero(t, model.earned(f.now).Cmp(big.NewInt(f.wallet("provider"))), "the provider has what it earned")
		require.EqualValues(t, purse, f.wallet("provider")+f.wallet("alice"), "and the owner the rest")
	})
}
