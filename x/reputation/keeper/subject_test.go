package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ain-network/aind/tests/specification"
	"github.com/ain-network/aind/x/reputation/types"
)

// Which job a message is about, and whether it is an applicant's, decides whose room it takes.
func TestWhatMessagesAreAbout(t *testing.T) {
	f := newFixture(t)
	id := f.apply("alice", otherJob, worker)
	for _, c := range []struct {
		msg     sdk.Msg
		job     uint64
		applies bool
	}{
		{&types.MsgApplyJob{JobId: 7}, 7, true},
		{&types.MsgWithdrawApplication{ApplicationId: id}, otherJob, true},
		{&types.MsgWithdrawApplication{ApplicationId: 99}, 0, true},
		{&types.MsgApproveNode{ApplicationId: id}, otherJob, false},
		{&types.MsgApproveNode{ApplicationId: 99}, 0, false},
		{&types.MsgRejectApplication{ApplicationId: id}, otherJob, false},
		{&types.MsgDropNode{JobId: 7}, 7, false},
		{&types.MsgLeaveJob{JobId: 7}, 7, false},
		{&types.MsgUpdateCapability{JobId: 7}, 7, false},
		{&types.MsgHeartbeat{}, 0, false},
		{&types.MsgSetOperator{}, 0, false},
		{&banktypes.MsgSend{}, 0, false},
	} {
		about, applies, err := f.keeper.JobOf(f.ctx, c.msg)
		require.NoError(t, err)
		require.Equal(t, c.job, about, "%T", c.msg)
		require.Equal(t, c.applies, applies, "%T", c.msg)
	}
}

func TestWhoIsAnActiveNode(t *testing.T) {
	f := newFixture(t)
	alice := f.join("alice", job, worker)
	f.join("gone", job, worker)
	_, err := f.server.LeaveJob(f.ctx, &types.MsgLeaveJob{Signer: address("gone").String(), JobId: job})
	require.NoError(t, err)
	is := func(jobID uint64, owner sdk.AccAddress) bool {
		active, err := f.keeper.IsActiveNode(f.ctx, jobID, owner)
		require.NoError(t, err)
		return active
	}
	require.True(t, is(job, alice))
	require.True(t, is(job, f.root))
	require.False(t, is(otherJob, alice))
	require.False(t, is(job, address("gone")))
	require.False(t, is(unknownJob, alice))
}

func TestEmptyMessagesAreRefused(t *testing.T) {
	f := newFixture(t)
	specification.EmptyMessagesAreRefused(f.ctx, t, f.server)
}
