package keeper_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/gogoproto/proto"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/reputation/types"
)

func TestApproveNode(t *testing.T) {
	f := newFixture(t)
	id := f.apply("alice", job, worker)
	alice := address("alice").String()

	events := f.events(func(ctx sdk.Context) {
		_, err := f.server.ApproveNode(ctx, &types.MsgApproveNode{Signer: f.root.String(), ApplicationId: id})
		require.NoError(t, err)
	})

	require.Equal(t, []proto.Message{&types.EventNodeApproved{
		ApplicationId: id, JobId: job, Node: alice, Parent: f.root.String(), Roles: []program.Role{worker},
	}}, events)
	require.Equal(t, types.NodeInfo{
		Node: types.Node{
			JobId: job, Owner: alice, Roles: []program.Role{worker}, Parent: f.root.String(), Status: types.NODE_STATUS_ACTIVE,
			Capability: application(address("alice"), job, worker).Capability, JoinedMs: f.ctx.BlockTime().UnixMilli(),
		},
		SeenMs: f.ctx.BlockTime().UnixMilli(), Running: true,
	}, f.node(job, address("alice")))
	_, err := f.query.Application(f.ctx, &types.QueryApplicationRequest{Id: id})
	require.Error(t, err, "a decided application is gone")
}

func TestApprovingGivesANodeMoreRoles(t *testing.T) {
	f := newFixture(t)
	alice := f.join("alice", job, worker)
	joined := f.node(job, alice).Node.JoinedMs
	f.pass(time.Second)

	msg := application(alice, job, evaluator)
	msg.Capability.CPUMillis = 9000
	response, err := f.server.ApplyJob(f.ctx, msg)
	require.NoError(t, err)
	f.approve(response.ApplicationId)

	node := f.node(job, alice).Node
	require.Equal(t, []program.Role{evaluator, worker}, node.Roles)
	require.EqualValues(t, 9000, node.Capability.CPUMillis)
	require.Equal(t, joined, node.JoinedMs)
}

func TestTheRootMayWorkToo(t *testing.T) {
	f := newFixture(t)

	f.join("root", job, worker)

	node := f.node(job, f.root).Node
	require.Equal(t, []program.Role{admin, worker}, node.Roles)
	require.Empty(t, node.Parent, "it stays the root")
}

func TestAnApplicationCountsAsTheNewNodesSignOfLife(t *testing.T) {
	f := newFixture(t)
	applied := f.ctx.BlockTime().UnixMilli()
	id := f.apply("alice", job, worker)
	f.pass(2 * time.Minute)

	f.approve(id)

	info := f.node(job, address("alice"))
	require.Equal(t, applied, info.SeenMs)
	require.False(t, info.Running, "it has not been seen for two minutes")
}

func TestApproveRefused(t *testing.T) {
	approve := func(f *fixture, name string, id uint64) func(ctx sdk.Context) error {
		return func(ctx sdk.Context) error {
			_, err := f.server.ApproveNode(ctx, &types.MsgApproveNode{Signer: address(name).String(), ApplicationId: id})
			return err
		}
	}
	t.Run("by the applicant", func(t *testing.T) {
		f := newFixture(t)
		f.refused(approve(f, "alice", f.apply("alice", job, worker)), types.ErrNotAdmin, "is addressed to")
	})
	t.Run("of an application that was never filed", func(t *testing.T) {
		f := newFixture(t)
		f.refused(approve(f, "root", 99), types.ErrUnknownApplication, "application 99")
	})
	t.Run("of an applicant that was dropped since", func(t *testing.T) {
		f := newFixture(t)
		alice := f.join("alice", job, worker)
		id := f.apply("alice", job, evaluator)
		require.NoError(t, f.drop(f.ctx, f.root, alice))
		f.refused(approve(f, "root", id), types.ErrCoolDown, "it may apply again at block time")
	})
	t.Run("of an applicant that has become an operator", func(t *testing.T) {
		f := newFixture(t)
		id := f.apply("alice", job, worker)
		f.setOperator("bob", "alice")
		f.refused(approve(f, "root", id), types.ErrInvalidOperator, "cannot be a node itself")
	})
}

func TestAnOperatorDecidesForItsAdmin(t *testing.T) {
	f := newFixture(t)
	f.setOperator("root", "hot")
	id := f.apply("alice", job, worker)

	_, err := f.server.ApproveNode(f.ctx, &types.MsgApproveNode{Signer: address("hot").String(), ApplicationId: id})

	require.NoError(t, err)
	require.Equal(t, f.root.String(), f.node(job, address("alice")).Node.Parent)
}

func TestApprovalsAreLimitedByWindow(t *testing.T) {
	f := newFixture(t)
	f.setParams(func(p *types.Params) { p.ApprovalsPerWindow, p.ApprovalWindowMs = 2, 10_000 })
	began := f.ctx.BlockTime()
	f.join("a", job, worker)
	f.pass(4 * time.Second)
	f.join("b", otherJob, worker) // an admin's windows are not by job
	id := f.apply("c", job, worker)
	approve := func(ctx sdk.Context) error {
		_, err := f.server.ApproveNode(ctx, &types.MsgApproveNode{Signer: f.root.String(), ApplicationId: id})
		return err
	}

	passes := began.Add(10 * time.Second)
	f.refused(approve, types.ErrApprovalLimit, fmt.Sprintf("the next passes at block time %d ms", passes.UnixMilli()))
	f.pass(6*time.Second - time.Millisecond)
	f.refused(approve, types.ErrApprovalLimit, "approved 2")

	f.pass(time.Millisecond)
	require.Equal(t, passes, f.ctx.BlockTime())
	require.NoError(t, approve(f.ctx))
}
