package simulation

import (
	"github.com/ain-network/aind/simulation"
	"github.com/ain-network/aind/x/reputation/types"
)

// dropNode has an admin above a node drop it, or a node try that on itself.
func dropNode(v *view) (*types.MsgDropNode, error) {
	node := simulation.Pick(v.Draw, v.activeNodes())
	if node == nil {
		return nil, nil
	}
	admin := node.Owner
	above := simulation.Pick(v.Draw, simulation.Filter(v.above(*node), types.Node.IsAdmin))
	switch {
	case node.IsRoot():
		v.Expect(types.ErrRoot)
	case v.Often(20):
		v.Expect(types.ErrNotAdmin)
	default:
		admin = above.Owner // the root always is one
		if v.decided(admin).Drops >= v.state.Params.DropsPerWindow {
			v.Expect(types.ErrDropLimit)
		}
	}
	return &types.MsgDropNode{Signer: v.sign(admin), JobId: node.JobId, Node: node.Owner, Reason: "drawn"}, nil
}

func leaveJob(v *view) (*types.MsgLeaveJob, error) {
	node := simulation.Pick(v.Draw, v.state.Nodes)
	switch {
	case node == nil:
		return nil, nil
	case node.IsRoot():
		v.Expect(types.ErrRoot)
	case !node.IsActive():
		v.Expect(types.ErrNodeNotActive)
	}
	return &types.MsgLeaveJob{Signer: v.sign(node.Owner), JobId: node.JobId}, nil
}

func updateCapability(v *view) (*types.MsgUpdateCapability, error) {
	node := simulation.Pick(v.Draw, v.state.Nodes)
	if node == nil {
		return nil, nil
	}
	if !node.IsActive() {
		v.Expect(types.ErrNodeNotActive)
	}
	return &types.MsgUpdateCapability{Signer: v.sign(node.Owner), JobId: node.JobId, Capability: v.capability()}, nil
}

func heartbeat(v *view) (*types.MsgHeartbeat, error) {
	if v.Often(10) {
		owner := *simulation.Pick(v.Draw, v.owners())
		if !v.isMember(owner) {
			v.Expect(types.ErrNotNode)
		}
		return &types.MsgHeartbeat{Signer: v.sign(owner)}, nil
	}
	node := simulation.Pick(v.Draw, v.state.Nodes)
	if node == nil {
		return nil, nil
	}
	return &types.MsgHeartbeat{Signer: v.sign(node.Owner)}, nil
}

// isMember tells whether an account has a place in any tree.
func (v *view) isMember(owner string) bool {
	for _, node := range v.state.Nodes {
		if node.Owner == owner {
			return true
		}
	}
	return false
}
