package console_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/program"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

func TestTree(t *testing.T) {
	w := newWorld(t)
	w.register()
	alice := w.chain.jobs[0].Root
	node := func(owner, parent string, status reputationtypes.NodeStatus, roles ...program.Role) reputationtypes.NodeInfo {
		return reputationtypes.NodeInfo{
			Running: status == reputationtypes.NODE_STATUS_ACTIVE,
			Node:    reputationtypes.Node{JobId: 1, Owner: owner, Parent: parent, Status: status, Roles: roles},
		}
	}
	active, dropped := reputationtypes.NODE_STATUS_ACTIVE, reputationtypes.NODE_STATUS_DROPPED
	w.chain.nodes = []reputationtypes.NodeInfo{
		node("d", "c", active, program.ROLE_WORKER),
		node("b", alice, active, program.ROLE_EVALUATOR, program.ROLE_WORKER),
		node("c", alice, dropped, program.ROLE_ADMIN),
		node(alice, "", active, program.ROLE_ADMIN),
	}
	require.Equal(t, "Job 0x1, calculate-root\n"+
		alice+"  admin, running; 3 requests, 2 completed, 1 valid, rating 1500\n"+
		"├─ b  evaluator+worker, running; 3 requests, 2 completed, 1 valid, rating 1500\n"+
		"└─ d  worker, running; 3 requests, 2 completed, 1 valid, rating 1500\n", w.mustRun("tree", "0x1"), "d is below who is above c")
	require.Contains(t, w.mustRun("tree", "0x1", "--all"), "└─ c  admin, dropped; 3 requests, 2 completed, 1 valid, rating 1500\n   └─ d  worker")

	require.Equal(t, "Dropped "+alice+" from job 0x1.\n", w.mustRun("drop", "0x1", alice, "--reason", "too slow"))
	require.Equal(t, "too slow", w.chain.sent[1].(*reputationtypes.MsgDropNode).Reason)
	require.Equal(t, "Left job 0x1.\n", w.mustRun("leaveJob", "0x1"))
	require.IsType(t, &reputationtypes.MsgLeaveJob{}, w.chain.sent[2])
	_, err := w.run("drop", "0x1", "nobody")
	require.ErrorContains(t, err, "node \"nobody\"")
}
