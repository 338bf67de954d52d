package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/gogoproto/proto"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/storage/types"
)

// told are the events of this module that a step emits.
func (f *fixture) told(step func()) (events []proto.Message) {
	f.t.Helper()
	before := f.ctx
	f.ctx = before.WithEventManager(sdk.NewEventManager())
	step()
	for _, event := range f.ctx.EventManager().ABCIEvents() {
		if message, err := sdk.ParseTypedEvent(event); err == nil && event.Type[:len("ain.storage.")] == "ain.storage." {
			events = append(events, message)
		}
	}
	f.ctx = before
	return events
}

func TestEventsTellWhatBecomesOfASpace(t *testing.T) {
	f := newFixture(t)
	f.fund("alice", ain, 0)
	is := func(step func(), want ...proto.Message) {
		t.Helper()
		require.Equal(t, want, f.told(step))
	}
	send := func(msg sdk.Msg) func() { return func() { f.must(msg) } }
	is(send(offer(price)), &types.EventProviderRegistered{Provider: of("provider"), Endpoint: "https://store.example.org", Price: price, CapacityBytes: 100 * gib})
	f.must(reservation("alice"))
	is(func() { f.wait(day) }, &types.EventProviderPaid{Space: 1, Provider: of("provider"), Amount: "24000"})
	is(func() { require.NoError(t, f.keeper.Need(f.ctx, 1, genesis+2*day+hour)) }, &types.EventSpaceKept{Space: 1, KeepUntilMs: genesis + 2*day + hour})
	is(func() { f.wait(day) }, &types.EventProviderPaid{Space: 1, Provider: of("provider"), Amount: "24000"},
		&types.EventSpaceExpired{Space: 1, KeepUntilMs: genesis + 2*day + hour})
	is(func() { f.wait(hour) }, &types.EventSpaceRemoved{Space: 1})

	f.must(reservation("alice"))
	f.wait(hour)
	is(send(&types.MsgReleaseSpace{Signer: of("alice"), Space: 2}), &types.EventSpaceReleased{Space: 2, ExpiresMs: f.now, Refund: "47000"},
		&types.EventProviderPaid{Space: 2, Provider: of("provider"), Amount: "1000"}, &types.EventSpaceExpired{Space: 2}, &types.EventSpaceRemoved{Space: 2})

	f.must(offer(0)) // nothing is paid, and nobody is told that something was
	f.must(reservation("alice"))
	is(func() { f.wait(2 * day) }, &types.EventSpaceExpired{Space: 3}, &types.EventSpaceRemoved{Space: 3})
}

func TestNeedsThatAreMiscountedAreFound(t *testing.T) {
	f := opened(t)
	require.NoError(t, f.keeper.CheckNeeds(f.ctx, nil))
	require.NoError(t, f.keeper.Need(f.ctx, 1, genesis+hour))
	require.NoError(t, f.keeper.CheckNeeds(f.ctx, map[uint64]uint64{1: 1}))
	require.ErrorContains(t, f.keeper.CheckNeeds(f.ctx, nil), "space 1: counts 1 requests that need it, there are 0")
}
