package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ain-network/aind/x/jobs/types"
)

// Which job and which request a message is about decides whose room it takes.
func TestWhatMessagesAreAbout(t *testing.T) {
	f, job := newMarket(t)
	f.request(job)
	id := f.request(job)
	type about struct{ job, request uint64 }
	for _, c := range []struct {
		msg  sdk.Msg
		want about
	}{
		{&types.MsgPublishRelease{JobId: 7}, about{job: 7}},
		{&types.MsgUpdateJob{JobId: 7}, about{job: 7}},
		{&types.MsgRevokeRelease{ReleaseId: 1}, about{job: job}},
		{&types.MsgRevokeRelease{ReleaseId: 99}, about{}},
		{&types.MsgRequestJob{Spec: types.RequestSpec{JobId: 7}}, about{job: 7}},
		{&types.MsgCancelRequest{RequestId: id}, about{job, id}},
		{&types.MsgAcceptJob{RequestId: id}, about{job, id}},
		{&types.MsgResign{RequestId: id}, about{job, id}},
		{&types.MsgRejectWorker{RequestId: id}, about{job, id}},
		{&types.MsgGrantKey{RequestId: id}, about{job, id}},
		{&types.MsgPublishCheckpoints{RequestId: id}, about{job, id}},
		{&types.MsgSubmitResult{RequestId: id}, about{job, id}},
		{&types.MsgRevealResult{RequestId: id}, about{job, id}},
		{&types.MsgRank{RequestId: id}, about{job, id}},
		{&types.MsgAcceptResult{RequestId: id}, about{job, id}},
		{&types.MsgChallenge{RequestId: id}, about{job, id}},
		{&types.MsgResolveChallenge{RequestId: id}, about{job, id}},
		{&types.MsgRank{RequestId: 99}, about{}},
		{&types.MsgForkJob{JobId: job}, about{}},
		{&types.MsgRegisterJob{}, about{}},
		{&types.MsgUpdateParams{}, about{}},
		{&banktypes.MsgSend{}, about{}},
	} {
		gotJob, gotRequest, err := f.keeper.JobOf(f.ctx, c.msg)
		require.NoError(t, err)
		require.Equal(t, c.want, about{gotJob, gotRequest}, "%T", c.msg)
	}
}

func TestWhoHasAPlaceAndIsARoot(t *testing.T) {
	f, job := newMarket(t)
	first, second := f.request(job), f.request(job)
	f.accept(first, "e1", "w1")
	for _, c := range []struct {
		name    string
		request uint64
		want    bool
	}{{"e1", first, true}, {"w1", first, true}, {"w2", first, false}, {"w1", second, false}, {"client", first, false}, {"w1", 0, false}} {
		has, err := f.keeper.HasPlace(f.ctx, c.request, f.address(c.name))
		require.NoError(t, err)
		require.Equal(t, c.want, has, "%s, request %d", c.name, c.request)
	}
	root, err := f.keeper.Root(f.ctx, job)
	require.NoError(t, err)
	stored, err := f.query.Job(f.ctx, &types.QueryJobRequest{JobId: job})
	require.NoError(t, err)
	require.Equal(t, stored.Job.Root, root.String())
	none, err := f.keeper.Root(f.ctx, 99)
	require.NoError(t, err)
	require.Nil(t, none)
}
