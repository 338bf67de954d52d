package types

import (
	"slices"

	"github.com/ain-network/aind/program"
)

// IsActive says that the node may take new work.
func (n Node) IsActive() bool { return n.Status == NODE_STATUS_ACTIVE }

// IsAdmin says that the node may approve, drop and judge.
func (n Node) IsAdmin() bool { return n.IsActive() && n.HasRole(program.ROLE_ADMIN) }

// IsRoot says that the node is the top of its tree.
func (n Node) IsRoot() bool { return n.Parent == "" }

// HasRole says that the node's roles contain role.
func (n Node) HasRole(role program.Role) bool { return slices.Contains(n.Roles, role) }

// Eligible returns nil if the node may take work in a role with a requirement,
// else ErrNodeNotActive, ErrMissingRole or ErrCapability.
func (n Node) Eligible(role program.Role, requirement program.Capability) error {
	if !n.IsActive() {
		return ErrNodeNotActive.Wrapf("node %s, job %#x: %s", n.Owner, n.JobId, n.Status)
	}
	if !n.HasRole(role) {
		return ErrMissingRole.Wrapf("node %s, job %#x: holds %v, not %s; apply for it", n.Owner, n.JobId, n.Roles, role)
	}
	if lacks := n.Capability.Lacks(requirement); lacks != "" {
		return ErrCapability.Wrapf("node %s, job %#x: %s; update the capability if the node has it", n.Owner, n.JobId, lacks)
	}
	return nil
}
