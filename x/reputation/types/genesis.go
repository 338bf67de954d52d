package types

import (
	"fmt"
	"slices"

	"github.com/ain-network/aind/program"
)

// DefaultGenesis is a chain without jobs.
func DefaultGenesis() *GenesisState {
	return &GenesisState{Params: DefaultParams(), NextApplicationId: FirstApplicationID}
}

// Validate checks the state on its own: every reference leads somewhere, nothing
// appears twice, every tree is a tree.
func (g GenesisState) Validate() error {
	if err := g.Params.Validate(); err != nil {
		return ErrInvalidGenesis.Wrapf("params: %v", err)
	}
	checks := []struct {
		list  string
		check func() error
	}{
		{"trees and nodes", g.validateForest},
		{"profiles", g.validateProfiles},
		{"applications", g.validateApplications},
		{"scores", g.validateScores},
		{"last_seen", g.validateLastSeen},
		{"approvals", g.validateApprovals},
	}
	for _, c := range checks {
		if err := c.check(); err != nil {
			return ErrInvalidGenesis.Wrapf("%s: %v", c.list, err)
		}
	}
	return nil
}

// place is one account's place in one job.
type place struct {
	job   uint64
	owner string
}

func (g GenesisState) validateForest() error {
	roots := make(map[uint64]string, len(g.Trees))
	for _, tree := range g.Trees {
		if tree.JobId == TotalJobID {
			return fmt.Errorf("tree of job 0; jobs start at 1")
		}
		if _, ok := roots[tree.JobId]; ok {
			return fmt.Errorf("job %#x has two trees", tree.JobId)
		}
		if err := ValidatePolicy(tree.Policy); err != nil {
			return fmt.Errorf("job %#x: %w", tree.JobId, err)
		}
		roots[tree.JobId] = tree.Root
	}
	nodes := make(map[place]Node, len(g.Nodes))
	for _, node := range g.Nodes {
		at := place{node.JobId, node.Owner}
		if _, ok := nodes[at]; ok {
			return fmt.Errorf("node %s of job %#x appears twice", node.Owner, node.JobId)
		}
		if err := node.validate(roots); err != nil {
			return fmt.Errorf("node %s of job %#x: %w", node.Owner, node.JobId, err)
		}
		nodes[at] = node
	}
	for _, tree := range g.Trees {
		if _, ok := nodes[place{tree.JobId, tree.Root}]; !ok {
			return fmt.Errorf("root %s of job %#x is not among the nodes", tree.Root, tree.JobId)
		}
	}
	return validateParents(g.Nodes, nodes)
}

func (n Node) validate(roots map[uint64]string) error {
	root, ok := roots[n.JobId]
	if !ok {
		return fmt.Errorf("the job has no tree")
	}
	if _, err := ParseAddress("owner", n.Owner); err != nil {
		return err
	}
	if n.IsRoot() != (n.Owner == root) {
		return fmt.Errorf("parent %q, but the job's root is %s", n.Parent, root)
	}
	if err := ValidateRoles("roles", n.Roles); err != nil {
		return err
	}
	if !slices.IsSorted(n.Roles) {
		return fmt.Errorf("roles: %v are not in the order of their numbers", n.Roles)
	}
	if n.IsRoot() && !(n.IsActive() && n.HasRole(program.ROLE_ADMIN)) {
		return fmt.Errorf("the root is not an active admin")
	}
	if n.Status != NODE_STATUS_ACTIVE && n.Status != NODE_STATUS_DROPPED && n.Status != NODE_STATUS_LEFT {
		return fmt.Errorf("status: %s", n.Status)
	}
	return ValidateCapability(n.Capability, widest())
}

// validateParents follows every node to a root, which rules out rings.
func validateParents(list []Node, nodes map[place]Node) error {
	for _, node := range list {
		at := node
		for step := 0; !at.IsRoot(); step++ {
			parent, ok := nodes[place{at.JobId, at.Parent}]
			if !ok || !parent.HasApproved {
				return fmt.Errorf("node %s of job %#x: parent %s has approved nobody in the job", at.Owner, at.JobId, at.Parent)
			}
			if step == MaxDepth {
				return ErrBrokenTree.Wrapf("node %s of job %#x: no root within %d steps", node.Owner, node.JobId, MaxDepth)
			}
			at = parent
		}
	}
	return checkChildren(list)
}

// checkChildren holds every node's count against the active nodes below it.
func checkChildren(list []Node) error {
	children := make(map[place]uint32, len(list))
	for _, node := range list {
		if node.IsActive() && !node.IsRoot() {
			children[place{node.JobId, node.Parent}]++
		}
	}
	for _, node := range list {
		if counted := children[place{node.JobId, node.Owner}]; node.Children != counted {
			return fmt.Errorf("node %s of job %#x: %d children, %d are counted", node.Owner, node.JobId, counted, node.Children)
		}
	}
	return nil
}

func (g GenesisState) validateProfiles() error {
	members := make(map[string]struct{}, len(g.Nodes))
	for _, node := range g.Nodes {
		members[node.Owner] = struct{}{}
	}
	owners := make(map[string]Profile, len(g.Profiles))
	for _, profile := range g.Profiles {
		if _, err := ParseAddress("owner", profile.Owner); err != nil {
			return err
		}
		if _, ok := owners[profile.Owner]; ok {
			return fmt.Errorf("%s appears twice", profile.Owner)
		}
		if profile.IsEmpty() {
			return fmt.Errorf("%s states nothing", profile.Owner)
		}
		if err := ValidateEncryptionKey(profile.EncryptionKey); err != nil {
			return err
		}
		owners[profile.Owner] = profile
	}
	operators := make(map[string]struct{}, len(g.Profiles))
	for _, profile := range g.Profiles {
		if profile.Operator == "" {
			continue
		}
		if _, err := ParseAddress("operator", profile.Operator); err != nil {
			return err
		}
		if _, ok := operators[profile.Operator]; ok {
			return fmt.Errorf("operator %s serves two owners", profile.Operator)
		}
		if _, ok := members[profile.Operator]; ok || owners[profile.Operator].Operator != "" {
			return fmt.Errorf("operator %s is itself a node or an owner with an operator", profile.Operator)
		}
		operators[profile.Operator] = struct{}{}
	}
	return nil
}
