package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/x/storage/types"
)

func TestReservationIsPaidForInAdvance(t *testing.T) {
	f := opened(t)
	require.EqualValues(t, ain-48_000, f.wallet("alice"))
	require.EqualValues(t, 10*gib, f.reserved())
	owner := types.AccessRule{Kind: types.ACCESS_KIND_OWNER}
	require.Equal(t, types.Space{
		Id: 1, Owner: of("alice"), Provider: of("provider"), SizeBytes: 10 * gib, HoldId: 1, ReservedMs: genesis, ExpiresMs: genesis + 2*day,
		Read: owner, Write: owner, DueMs: genesis + day,
		Terms: []types.Term{{Price: price, FromMs: genesis, UntilMs: genesis + 2*day, Paid: math.ZeroInt()}},
	}, f.space(1))
}

func TestCostIsRoundedUpAndWhatIsEarnedDown(t *testing.T) {
	f := newFixture(t)
	f.provider()
	f.fund("alice", ain, 0)
	r := reservation("alice")
	r.SizeBytes, r.DurationMs = 1<<20+1, 60_001 // 100 * (2^20 + 1) * 60,001 / (2^30 * 3,600,000) is 0.0016
	f.must(r)
	require.EqualValues(t, ain-1, f.wallet("alice"), "nothing is stored for nothing")
	f.wait(60_001)
	require.EqualValues(t, ain, f.wallet("alice"), "the dust is the owner's")
	require.Zero(t, f.wallet("provider"))
	f.gone(1)
}

func TestOperatorPaysFromTheStake(t *testing.T) {
	f := newFixture(t)
	f.provider()
	f.fund("alice", ain, ain)
	f.owners[of("hot")] = address("alice")
	f.must(reservation("hot"))
	require.EqualValues(t, ain, f.wallet("alice"))
	require.EqualValues(t, ain-48_000, f.stake("alice"))
	require.Equal(t, of("alice"), f.space(1).Owner)
	f.must(&types.MsgReleaseSpace{Signer: of("hot"), Space: 1})
	require.EqualValues(t, ain+48_000, f.wallet("alice"), "a refund goes to the wallet")
}

func TestProviderIsPaidEveryInterval(t *testing.T) {
	f := opened(t)
	f.wait(day - 1)
	require.Zero(t, f.wallet("provider"))
	f.wait(1)
	require.EqualValues(t, 24_000, f.wallet("provider"))
	f.wait(day - 1)
	require.EqualValues(t, 24_000, f.wallet("provider"))
	f.wait(1)
	require.EqualValues(t, 48_000, f.wallet("provider"))
	require.Zero(t, f.reserved())
	f.gone(1)
	_, err := f.escrow.Balance(f.ctx, 1)
	require.ErrorContains(t, err, "unknown hold")
}

func TestReleaseGivesBackWhatIsUnused(t *testing.T) {
	f := opened(t)
	f.wait(6 * hour)
	f.must(&types.MsgReleaseSpace{Signer: of("alice"), Space: 1})
	require.EqualValues(t, 6_000, f.wallet("provider"))
	require.EqualValues(t, ain-6_000, f.wallet("alice"))
	require.Zero(t, f.reserved())
	f.gone(1)
	f.refused(&types.MsgReleaseSpace{Signer: of("alice"), Space: 1}, "space 1 was never reserved, or has expired: no such space")
}

func TestExtensionIsAtThePresentPrice(t *testing.T) {
	f := opened(t)
	f.must(offer(3 * price))
	f.wait(6 * hour)
	extension := &types.MsgExtendSpace{Signer: of("alice"), Space: 1, DurationMs: day, MaxPrice: price}
	f.refused(extension, "max_price: 100; provider "+of("provider")+" asks 300 uain per GiB-hour: price is higher")
	extension.MaxPrice = 3 * price
	f.must(extension)
	require.EqualValues(t, 6_000, f.wallet("provider"), "what was earned is paid")
	require.EqualValues(t, ain-48_000-72_000, f.wallet("alice"))
	require.EqualValues(t, genesis+3*day, f.space(1).ExpiresMs)

	f.wait(42 * hour)
	require.EqualValues(t, 48_000, f.wallet("provider"), "the time before has its price")
	f.must(offer(0))
	f.wait(hour)
	f.must(&types.MsgReleaseSpace{Signer: of("alice"), Space: 1})
	require.EqualValues(t, 48_000+3_000, f.wallet("provider"))
	require.EqualValues(t, ain-51_000, f.wallet("alice"))
}

func TestExtensionAtTheSamePriceJoins(t *testing.T) {
	f := opened(t)
	f.must(&types.MsgExtendSpace{Signer: of("alice"), Space: 1, DurationMs: hour, MaxPrice: price})
	require.Len(t, f.space(1).Terms, 1)
	require.EqualValues(t, ain-49_000, f.wallet("alice"))
}

func TestExtensionsThatAreRefused(t *testing.T) {
	f := opened(t)
	f.setParams(func(p *types.Params) { p.MaxTerms, p.MaxDurationMs = 2, 10*day })
	extension := func(ms uint64) *types.MsgExtendSpace {
		return &types.MsgExtendSpace{Signer: of("alice"), Space: 1, DurationMs: ms, MaxPrice: 10 * price}
	}
	f.refused(extension(0), "duration_ms: 0 is not between 1 and 691200000; a space is paid for 864000000 ms ahead at most: limit")
	f.refused(extension(8*day+1), "duration_ms: 691200001 is not between 1 and 691200000; a space is paid for 864000000 ms ahead at most: limit")
	stranger := extension(hour)
	stranger.Signer = of("bob")
	f.refused(stranger, "space 1 is that of "+of("alice")+", not of "+of("bob")+": not the owner of the space")

	f.must(offer(2 * price))
	f.must(extension(hour))
	f.must(offer(3 * price))
	f.refused(extension(hour), "space 1 is paid for at 2 prices already; wait until 1700172800000: limit")
	closed := offer(2 * price)
	closed.Closed = true
	f.must(closed)
	f.refused(extension(hour), "provider "+of("provider")+" takes no reservations and no extensions; choose another: provider is closed")
	f.must(offer(2 * price))
	f.must(extension(8*day - hour))
	f.wait(11 * day)
	f.refused(extension(1), "space 1 was never reserved, or has expired: no such space")
}

func TestReservationsThatAreRefused(t *testing.T) {
	f := newFixture(t)
	f.refused(reservation("alice"), "provider: "+of("provider")+"; list the providers there are: unknown provider")
	f.provider()
	f.fund("alice", ain, 0)
	f.setParams(func(p *types.Params) { p.MaxSpacesPerOwner = 2 })
	for _, c := range []struct {
		change func(*types.MsgReserveSpace)
		words  string
	}{
		{func(m *types.MsgReserveSpace) { m.SizeBytes = 1<<20 - 1 }, "size_bytes: 1048575 is not between 1048576 and 17592186044416: limit"},
		{func(m *types.MsgReserveSpace) { m.SizeBytes = 1<<44 + 1 }, "size_bytes: 17592186044417 is not between 1048576 and 17592186044416: limit"},
		{func(m *types.MsgReserveSpace) { m.DurationMs = 59_999 }, "duration_ms: 59999 is not between 60000 and 31536000000: limit"},
		{func(m *types.MsgReserveSpace) { m.DurationMs = 365*day + 1 }, "duration_ms: 31536000001 is not between 60000 and 31536000000: limit"},
		{func(m *types.MsgReserveSpace) { m.MaxPrice-- }, "max_price: 99; provider " + of("provider") + " asks 100 uain per GiB-hour: price is higher"},
		{func(m *types.MsgReserveSpace) { m.SizeBytes = 100*gib + 1 }, "size_bytes: 107374182401; provider " + of("provider") + " has 107374182400 left: capacity"},
		{func(m *types.MsgReserveSpace) { m.Read = types.AccessRule{Kind: types.ACCESS_KIND_JOB, JobId: 9} }, "job_id: 0x9; list the jobs there are: unknown job"},
	} {
		m := reservation("alice")
		c.change(m)
		f.refused(m, c.words)
	}
	_, err := f.send(reservation("bob"))
	require.ErrorContains(t, err, "insufficient funds")
	f.must(reservation("alice"))
	f.must(reservation("alice"))
	f.refused(reservation("alice"), "owner "+of("alice")+" has 2 spaces of at most 2; extend one, or release one: limit")
}

func TestPayoutsGoOnInTheNextBlock(t *testing.T) {
	f := opened(t)
	f.must(reservation("alice"))
	f.must(reservation("alice"))
	f.setParams(func(p *types.Params) { p.SweepSpaces = 2 })
	f.wait(3 * day)
	require.EqualValues(t, 96_000, f.wallet("provider"))
	f.wait(0)
	require.EqualValues(t, 144_000, f.wallet("provider"))
	require.Zero(t, f.reserved())
}

func TestSpaceOfAProviderWithoutAPriceCostsNothing(t *testing.T) {
	f := newFixture(t)
	f.must(offer(0))
	f.must(reservation("alice"))
	require.EqualValues(t, genesis+2*day, f.space(1).DueMs, "there is nothing to pay out before")
	f.wait(2 * day)
	f.gone(1)
}
