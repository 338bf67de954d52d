package keeper_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/storage/types"
)

// gas is what a message takes, without what it takes to hold the state against the invariants afterwards.
func (f *fixture) gas(msg sdk.Msg) uint64 {
	f.t.Helper()
	before := f.ctx
	defer func() { f.ctx = before }()
	metered := func(step func()) uint64 {
		meter := storetypes.NewInfiniteGasMeter()
		f.ctx = before.WithGasMeter(meter)
		step()
		return meter.GasConsumed()
	}
	both := metered(func() { f.must(msg) })
	return both - metered(f.check)
}

// Clients give the messages of this module 700,000 beside their bytes (client/gas.go), and registering a provider 150,000: twice what they
// take at the most, with as many spaces, terms and accounts as the params allow.
func TestMessagesTakeHalfOfWhatClientsGive(t *testing.T) {
	f := newFixture(t)
	f.fund("alice", 1<<40, 0)
	took := map[string]uint64{}
	took["RegisterProvider"] = f.gas(offer(price))
	for i := range 99 {
		m := reservation("alice")
		m.SizeBytes = 1 << 20
		require.LessOrEqual(t, f.gas(m), uint64(350_000), "space %d", i+1)
	}
	listed := types.AccessRule{Kind: types.ACCESS_KIND_LISTED}
	for i := range 100 {
		listed.Accounts = append(listed.Accounts, of(fmt.Sprint("account ", i)))
	}
	m := reservation("alice")
	m.SizeBytes, m.Read, m.Write = 1<<20, listed, listed
	took["ReserveSpace"] = f.gas(m)
	for i := range 7 {
		f.must(offer(uint64(price + i%2)))
		f.now += hour
		took["ExtendSpace"] = f.gas(&types.MsgExtendSpace{Signer: of("alice"), Space: 100, DurationMs: day, MaxPrice: price + 1})
	}
	require.Len(t, f.space(100).Terms, 7)
	took["SetAccess"] = f.gas(&types.MsgSetAccess{Signer: of("alice"), Space: 100, Read: listed, Write: listed})
	took["PublishFolder"] = f.gas(&types.MsgPublishFolder{Signer: of("alice"), Space: 100, Digest: "sha256:" + strings.Repeat("ab", 32)})
	require.NoError(t, f.keeper.Need(f.ctx, 100, f.now+hour))
	took["ReleaseSpace"] = f.gas(&types.MsgReleaseSpace{Signer: of("alice"), Space: 100})
	for name, gas := range took {
		most := uint64(350_000)
		if name == "RegisterProvider" {
			most = 75_000
		}
		t.Logf("%s takes %d", name, gas)
		assert.LessOrEqual(t, gas, most, name)
	}
}
