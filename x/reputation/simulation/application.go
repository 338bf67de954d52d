package simulation

import (
	"slices"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/simulation"
	"github.com/ain-network/aind/x/reputation/types"
)

// applyJob asks for roles that the account does not hold yet, or asks for what it must not get.
func applyJob(v *view) (*types.MsgApplyJob, error) {
	tree := simulation.Pick(v.Draw, v.state.Trees)
	owner := simulation.Pick(v.Draw, v.owners())
	if tree == nil || owner == nil {
		return nil, nil
	}
	node := v.node(tree.JobId, *owner)
	admin := v.asked(*tree, node)
	if refusal := v.mayApply(*tree, node, *owner, admin); refusal != nil {
		if !v.Often(10) {
			return nil, nil
		}
		v.Expect(refusal)
	}
	address, err := types.ParseAddress("owner", *owner)
	if err != nil {
		return nil, err
	}
	msg := &types.MsgApplyJob{
		Signer: v.sign(*owner), JobId: tree.JobId, Admin: admin, Capability: v.capability(),
		Nonce: []byte(v.StringN(v.IntInRange(16, 33))), Roles: v.roles(*tree, node),
	}
	if v.Often(80) {
		if msg.EncryptionKey, err = ageRecipient([]byte(*owner)); err != nil {
			return nil, err
		}
	}
	for _, role := range msg.Roles {
		if role == program.ROLE_ADMIN {
			continue
		}
		digest := types.QualificationDigest(v.ctx.ChainID(), msg.JobId, address, role, msg.Nonce, []byte(*owner))
		msg.Qualifications = append(msg.Qualifications, types.Qualification{Role: role, Digest: digest})
	}
	return msg, nil
}

// asked is who an application goes to. Who has or had a place asks the root, who is above everybody.
func (v *view) asked(tree types.Tree, node *types.Node) string {
	if !tree.Policy.AdminsApprove || node != nil || v.Often(30) {
		return tree.Root
	}
	admins := simulation.Filter(v.state.Nodes, func(n types.Node) bool { return n.JobId == tree.JobId && n.IsAdmin() })
	return simulation.Pick(v.Draw, admins).Owner // the root always is one
}

// mayApply is why an account must not apply now, in the order in which the chain looks; nil: it may.
func (v *view) mayApply(tree types.Tree, node *types.Node, owner, admin string) error {
	switch {
	case node == nil:
	case node.IsActive():
		if len(v.missingRoles(tree, node)) == 0 {
			return types.ErrRoleHeld
		}
	case node.Forged:
		return types.ErrForged
	case v.coolsDown(*node):
		return types.ErrCoolDown
	}
	addressed := uint32(0)
	for _, a := range v.state.Applications {
		own := a.JobId == tree.JobId && a.Applicant == owner
		if own && !a.HasExpired(v.now) {
			return types.ErrAlreadyApplied
		}
		if a.Admin == admin && !own { // an expired one of its own makes room
			addressed++
		}
	}
	if addressed >= v.state.Params.MaxApplicationsPerAdmin {
		return types.ErrTooManyApplications
	}
	return nil
}

func (v *view) coolsDown(node types.Node) bool {
	return node.Status == types.NODE_STATUS_DROPPED && v.now < node.EndedMs+int64(v.state.Params.CoolDownMs)
}

// missingRoles are those that a node could still get.
func (v *view) missingRoles(tree types.Tree, node *types.Node) []program.Role {
	roles := []program.Role{program.ROLE_EVALUATOR, program.ROLE_WORKER}
	if tree.Policy.AdminsApprove {
		roles = append(roles, program.ROLE_ADMIN)
	}
	return simulation.Filter(roles, func(role program.Role) bool {
		return node == nil || !node.IsActive() || !node.HasRole(role)
	})
}

// roles are one or more of those that a node lacks. Who lacks none asks for one that it has.
func (v *view) roles(tree types.Tree, node *types.Node) []program.Role {
	missing := v.missingRoles(tree, node)
	if len(missing) == 0 {
		return []program.Role{program.ROLE_WORKER}
	}
	if v.Bool() {
		return missing
	}
	return []program.Role{*simulation.Pick(v.Draw, missing)}
}

// capability covers most requirements that jobs are drawn with.
func (v *view) capability() program.Capability {
	c := program.Capability{
		CPUMillis:   v.Uint64InRange(800, 8_000),
		MemoryBytes: v.Uint64InRange(1<<30, 8<<30),
		Arch:        "amd64",
		OS:          "linux",
		Tags:        []string{"wasm"},
	}
	if v.Often(20) {
		c.Tags = append(c.Tags, "python")
		c.GPUs = []program.GPU{{Vendor: "acme", Model: "one", Count: 1, MemoryBytes: 8 << 30}}
	}
	return c
}

// undecided are the applications that have not expired and that pass.
func (v *view) undecided(pass func(types.Application) bool) *types.Application {
	return simulation.Pick(v.Draw, simulation.Filter(v.state.Applications, func(a types.Application) bool {
		return !a.HasExpired(v.now) && pass(a)
	}))
}

func (v *view) anyUndecided() *types.Application {
	return v.undecided(func(types.Application) bool { return true })
}

func withdrawApplication(v *view) (*types.MsgWithdrawApplication, error) {
	a := v.anyUndecided()
	if a == nil {
		return nil, nil
	}
	owner := a.Applicant
	if v.Often(10) {
		owner = *simulation.Pick(v.Draw, v.owners())
		if owner != a.Applicant {
			v.Expect(types.ErrWrongSigner)
		}
	}
	return &types.MsgWithdrawApplication{Signer: v.sign(owner), ApplicationId: a.Id}, nil
}

// approveNode approves while the admin's window and the tree have room, and tries where they have none.
func approveNode(v *view) (*types.MsgApproveNode, error) {
	a := v.undecided(v.isDecidable)
	if a == nil {
		return nil, nil
	}
	node := v.node(a.JobId, a.Applicant)
	switch {
	case !v.node(a.JobId, a.Admin).IsAdmin():
		v.Expect(types.ErrNotAdmin)
	case v.decided(a.Admin).Count >= v.state.Params.ApprovalsPerWindow:
		v.Expect(types.ErrApprovalLimit)
	case (node == nil || !node.IsActive()) && !v.hasRoom(*a):
		v.Expect(types.ErrPolicy)
	}
	return &types.MsgApproveNode{Signer: v.sign(a.Admin), ApplicationId: a.Id}, nil
}

// isDecidable tells whether the applicant still may have what it asks for.
func (v *view) isDecidable(a types.Application) bool {
	node := v.node(a.JobId, a.Applicant)
	isOperator := !slices.Contains(v.owners(), a.Applicant)
	switch {
	case isOperator:
		return false
	case node == nil:
		return true
	case node.IsActive():
		return !slices.ContainsFunc(a.Roles, node.HasRole)
	}
	return !node.Forged && !v.coolsDown(*node)
}

// hasRoom tells whether the tree's policy has room for a new child of the admin asked.
func (v *view) hasRoom(a types.Application) bool {
	i := slices.IndexFunc(v.state.Trees, func(t types.Tree) bool { return t.JobId == a.JobId })
	admin := v.node(a.JobId, a.Admin)
	return v.state.Trees[i].CheckChildren(*admin) == nil &&
		v.state.Trees[i].CheckDepth(a.Admin, len(v.above(*admin))) == nil
}

// above are the nodes from one's parent to the root.
func (v *view) above(node types.Node) []types.Node {
	var above []types.Node
	for !node.IsRoot() {
		node = *v.node(node.JobId, node.Parent)
		above = append(above, node)
	}
	return above
}

// decided is what an admin decided in its window, as of now.
func (v *view) decided(admin string) types.Approvals {
	for _, decided := range v.state.Approvals {
		if decided.Admin == admin && v.now < decided.WindowStartMs+int64(v.state.Params.ApprovalWindowMs) {
			return decided
		}
	}
	return types.Approvals{}
}

func rejectApplication(v *view) (*types.MsgRejectApplication, error) {
	a := v.anyUndecided()
	if a == nil {
		return nil, nil
	}
	admin := a.Admin
	switch {
	case !v.node(a.JobId, admin).IsAdmin():
		v.Expect(types.ErrNotAdmin)
	case v.Often(10) && slices.Contains(v.owners(), a.Applicant) && a.Applicant != admin:
		admin = a.Applicant
		v.Expect(types.ErrNotAdmin)
	}
	return &types.MsgRejectApplication{Signer: v.sign(admin), ApplicationId: a.Id, Reason: "not now"}, nil
}
