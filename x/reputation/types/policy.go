package types

import "github.com/ain-network/aind/program"

// ValidatePolicy holds a tree's policy against what the chain can bear.
func ValidatePolicy(policy program.TreePolicy) error {
	if policy.MaxDepth > MaxDepth {
		return ErrPolicy.Wrapf("tree_policy.max_depth: %d of at most %d", policy.MaxDepth, MaxDepth)
	}
	if policy.MaxDepth > 1 && !policy.AdminsApprove {
		return ErrPolicy.Wrapf("tree_policy.max_depth: %d, but only the root approves: let admins approve, or leave it out", policy.MaxDepth)
	}
	return nil
}

// depthOf is how deep a tree with that policy may grow.
func depthOf(policy program.TreePolicy) int {
	if policy.MaxDepth == 0 {
		return MaxDepth
	}
	return int(policy.MaxDepth)
}

// CheckDepth wants room for a child of a node at a depth below the root.
func (t Tree) CheckDepth(admin string, depth int) error {
	if limit := depthOf(t.Policy); depth+1 > limit {
		return ErrPolicy.Wrapf("job %#x: admin %s is %d below the root, and the tree is at most %d deep", t.JobId, admin, depth, limit)
	}
	return nil
}

// CheckChildren wants room for another child of an admin.
func (t Tree) CheckChildren(admin Node) error {
	if limit := t.Policy.MaxChildren; limit > 0 && admin.Children >= limit {
		return ErrPolicy.Wrapf("job %#x: admin %s has %d children of at most %d; ask another", t.JobId, admin.Owner, admin.Children, limit)
	}
	return nil
}
