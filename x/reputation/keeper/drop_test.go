package keeper_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/gogoproto/proto"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/reputation/types"
)

func (f *fixture) drop(ctx sdk.Context, signer, node sdk.AccAddress) error {
	_, err := f.server.DropNode(ctx, &types.MsgDropNode{Signer: signer.String(), JobId: job, Node: node.String(), Reason: "too slow"})
	return err
}

func (f *fixture) leave(ctx sdk.Context, signer sdk.AccAddress) error {
	_, err := f.server.LeaveJob(ctx, &types.MsgLeaveJob{Signer: signer.String(), JobId: job})
	return err
}

func TestDropNode(t *testing.T) {
	f := newFixture(t)
	alice := f.join("alice", job, worker)
	f.join("alice", otherJob, worker)
	f.pass(time.Second)

	events := f.events(func(ctx sdk.Context) { require.NoError(t, f.drop(ctx, f.root, alice)) })

	require.Equal(t, []proto.Message{&types.EventNodeDropped{
		JobId: job, Node: alice.String(), Admin: f.root.String(), Reason: "too slow", Parent: f.root.String(),
	}}, events)
	node := f.node(job, alice)
	require.Equal(t, types.NODE_STATUS_DROPPED, node.Node.Status)
	require.Equal(t, f.ctx.BlockTime().UnixMilli(), node.Node.EndedMs)
	require.Equal(t, f.root.String(), node.Node.Parent, "it keeps its pointer")
	require.False(t, node.Running)
	require.ErrorIs(t, f.keeper.Eligible(f.ctx, job, alice, worker, program.Capability{}), types.ErrNodeNotActive)
	require.NoError(t, f.keeper.Eligible(f.ctx, otherJob, alice, worker, program.Capability{}), "other jobs are not touched")
	f.refused(func(ctx sdk.Context) error { return f.drop(ctx, f.root, alice) }, types.ErrNodeNotActive, "NODE_STATUS_DROPPED")
}

func TestDropNodeIsRefused(t *testing.T) {
	f := newFixture(t)
	alice, bob := f.join("alice", job, worker), f.join("bob", job, worker)
	f.refused(func(ctx sdk.Context) error { return f.drop(ctx, bob, alice) }, types.ErrNotAdmin, bob.String())
	f.refused(func(ctx sdk.Context) error { return f.drop(ctx, address("stranger"), alice) }, types.ErrNotNode, address("stranger").String())
	f.refused(func(ctx sdk.Context) error { return f.drop(ctx, f.root, address("stranger")) }, types.ErrNotNode, "apply first")
	f.refused(func(ctx sdk.Context) error { return f.drop(ctx, f.root, f.root) }, types.ErrRoot, "cannot be dropped")
	f.refused(func(ctx sdk.Context) error {
		_, err := f.server.DropNode(ctx, &types.MsgDropNode{Signer: f.root.String(), JobId: job, Node: "alice"})
		return err
	}, types.ErrInvalidAddress, "node")
	f.refused(func(ctx sdk.Context) error {
		_, err := f.server.DropNode(ctx, &types.MsgDropNode{Signer: f.root.String(), JobId: unknownJob, Node: alice.String()})
		return err
	}, types.ErrUnknownJob, "job 0x63")
	f.refused(func(ctx sdk.Context) error {
		_, err := f.server.DropNode(ctx, &types.MsgDropNode{
			Signer: f.root.String(), JobId: job, Node: alice.String(), Reason: strings.Repeat("x", 257),
		})
		return err
	}, types.ErrInvalidReason, "257")
}

// TestWhoMayDrop is on a chain root - a - b - c - d in which b was dropped.
func TestWhoMayDrop(t *testing.T) {
	for _, tt := range []struct {
		admin, node string
		err         error
	}{
		{"c", "d", nil},
		{"a", "d", nil},
		{"root", "d", nil},
		{"b", "c", types.ErrNotAdmin},
		{"d", "c", types.ErrNotAdmin},
		{"c", "c", types.ErrNotAdmin},
	} {
		t.Run(tt.admin+" drops "+tt.node, func(t *testing.T) {
			f := newEmptyFixture(t)
			deepTree(f)
			err := f.drop(f.ctx, address(tt.admin), address(tt.node))
			require.ErrorIs(t, err, tt.err)
		})
	}
}

func TestDropsAreLimitedPerAdminAndWindow(t *testing.T) {
	f := newFixture(t)
	f.setParams(func(p *types.Params) { p.DropsPerWindow = 1 })
	alice, bob := f.join("alice", job, worker), f.join("bob", job, worker)
	require.NoError(t, f.drop(f.ctx, f.root, alice))
	f.refused(func(ctx sdk.Context) error { return f.drop(ctx, f.root, bob) }, types.ErrDropLimit, "the next passes at block time")
	params, err := f.keeper.Params(f.ctx)
	require.NoError(t, err)
	f.pass(time.Duration(params.ApprovalWindowMs) * time.Millisecond)
	require.NoError(t, f.drop(f.ctx, f.root, bob))
}

func TestADroppedNodeMayApplyAgainAfterACoolDown(t *testing.T) {
	f := newFixture(t)
	alice := f.join("alice", job, worker, evaluator)
	require.NoError(t, f.drop(f.ctx, f.root, alice))
	params, err := f.keeper.Params(f.ctx)
	require.NoError(t, err)
	apply := func(ctx sdk.Context) error {
		_, err := f.server.ApplyJob(ctx, application(alice, job, worker))
		return err
	}
	f.pass(time.Duration(params.CoolDownMs)*time.Millisecond - time.Millisecond)
	f.refused(apply, types.ErrCoolDown, "it may apply again at block time")
	f.pass(time.Millisecond)
	f.join("alice", job, worker)
	node := f.node(job, alice).Node
	require.Equal(t, types.NODE_STATUS_ACTIVE, node.Status)
	require.Equal(t, []program.Role{worker}, node.Roles, "only what it applied for now")
	require.Equal(t, f.ctx.BlockTime().UnixMilli(), node.JoinedMs)
	require.Zero(t, node.EndedMs)
}

func TestLeaveJob(t *testing.T) {
	f := newFixture(t)
	alice := f.join("alice", job, worker)
	f.setOperator("alice", "hot")
	events := f.events(func(ctx sdk.Context) { require.NoError(t, f.leave(ctx, address("hot"))) })
	require.Equal(t, []proto.Message{&types.EventNodeLeft{JobId: job, Node: alice.String()}}, events)
	require.Equal(t, types.NODE_STATUS_LEFT, f.node(job, alice).Node.Status)
	f.refused(func(ctx sdk.Context) error { return f.leave(ctx, alice) }, types.ErrNodeNotActive, "NODE_STATUS_LEFT")
	f.refused(func(ctx sdk.Context) error { return f.leave(ctx, f.root) }, types.ErrRoot, "cannot leave")
	f.refused(func(ctx sdk.Context) error { return f.leave(ctx, address("stranger")) }, types.ErrNotNode, "apply first")
	f.join("alice", job, worker) // at once
}

// TestADroppedAdminDecidesNothing: what was addressed to it expires.
func TestADroppedAdminDecidesNothing(t *testing.T) {
	f := newEmptyFixture(t)
	deepTree(f)
	f.refused(func(ctx sdk.Context) error { return f.drop(ctx, address("b"), address("d")) }, types.ErrNotAdmin, address("b").String())
	ancestors, err := f.keeper.Ancestors(f.ctx, job, address("d"), 3)
	require.NoError(t, err)
	require.NotContains(t, ancestors, address("b"))
}
