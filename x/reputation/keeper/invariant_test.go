package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/x/reputation/types"
)

func TestStateThatIsWrongIsFound(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(f *fixture) error
		says  string
	}{
		{"an application is not counted", func(f *fixture) error {
			return f.keeper.SetPending(f.ctx, f.root, 1)
		}, "2 applications wait, 1 are counted"},
		{"an application is counted twice", func(f *fixture) error {
			return f.keeper.SetPending(f.ctx, f.root, 3)
		}, "2 applications wait, 3 are counted"},
		{"an admin that nobody asks has a count", func(f *fixture) error {
			return f.keeper.SetPending(f.ctx, address("nobody"), 1)
		}, "2 applications wait, 3 are counted"},
		{"a node has no status", func(f *fixture) error {
			node := f.node(job, address("w")).Node
			node.Status = 0
			return f.keeper.SetNode(f.ctx, address("w"), node)
		}, "status: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			f.join("w", job, worker)
			f.apply("alice", job, worker)
			f.apply("bob", job, worker)
			require.NoError(t, f.keeper.CheckState(f.ctx))
			good := f.ctx
			f.ctx, _ = f.ctx.CacheContext()
			require.NoError(t, c.spoil(f))
			err := f.keeper.CheckState(f.ctx)
			require.ErrorIs(t, err, types.ErrInvalidGenesis)
			require.ErrorContains(t, err, c.says)
			f.ctx = good
		})
	}
}

// Who withdraws makes room for one other, not for more.
func TestWithdrawalMakesRoomForOne(t *testing.T) {
	f := newFixture(t)
	f.setParams(func(p *types.Params) { p.MaxApplicationsPerAdmin = 3 })
	ids := map[string]uint64{}
	for _, name := range []string{"a", "b", "c"} {
		ids[name] = f.apply(name, job, worker)
	}
	full := func() {
		t.Helper()
		_, err := f.server.ApplyJob(f.ctx, application(address("late"), job, worker))
		require.ErrorIs(t, err, types.ErrTooManyApplications)
		require.ErrorContains(t, err, "has 3 undecided applications of at most 3")
	}
	full()
	_, err := f.server.WithdrawApplication(f.ctx, &types.MsgWithdrawApplication{Signer: address("b").String(), ApplicationId: ids["b"]})
	require.NoError(t, err)
	ids["d"] = f.apply("d", job, worker)
	full()
	for _, name := range []string{"a", "c", "d"} {
		f.approve(ids[name])
	}
	counts, err := f.keeper.Pending(f.ctx)
	require.NoError(t, err)
	require.Empty(t, counts, "nothing is kept of an admin for whom nothing waits")
}
