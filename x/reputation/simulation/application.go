package simulation

import (
	"slices"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/simulation"
	"github.com/ain-network/aind/x/reputation/types"
)

// applyJob asks for roles that the account does not hold yet, or holds already and must not get.
func applyJob(v *view) (*types.MsgApplyJob, error) {
	tree := simulation.Pick(v.Draw, v.state.Trees)
	owner := simulation.Pick(v.Draw, v.owners())
	if tree == nil || owner == nil {
		return nil, nil
	}
	admin := tree.Root
	if refusal := v.mayApply(*tree, *owner, admin); refusal != nil {
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
		Nonce: []byte(v.StringN(v.IntInRange(16, 33))), Roles: v.roles(v.node(tree.JobId, *owner)),
	}
	for _, role := range msg.Roles {
		digest := types.QualificationDigest(v.ctx.ChainID(), msg.JobId, address, role, msg.Nonce, []byte(*owner))
		msg.Qualifications = append(msg.Qualifications, types.Qualification{Role: role, Digest: digest})
	}
	return msg, nil
}

// mayApply is why an account must not apply now, in the order in which the chain looks; nil: it may.
func (v *view) mayApply(tree types.Tree, owner, admin string) error {
	node := v.node(tree.JobId, owner)
	switch {
	case node == nil:
	case node.IsActive():
		if len(v.missingRoles(node)) == 0 {
			return types.ErrRoleHeld
		}
	case node.Status == types.NODE_STATUS_DROPPED && v.now < node.EndedMs+int64(v.state.Params.CoolDownMs):
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

func (v *view) missingRoles(node *types.Node) []program.Role {
	return simulation.Filter([]program.Role{program.ROLE_EVALUATOR, program.ROLE_WORKER}, func(role program.Role) bool {
		return node == nil || !node.IsActive() || !node.HasRole(role)
	})
}

// roles are one or more of those that a node lacks. Who lacks none asks for one that it has.
func (v *view) roles(node *types.Node) []program.Role {
	missing := v.missingRoles(node)
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

// approveNode approves while the admin's window has room, and tries where it has none.
func approveNode(v *view) (*types.MsgApproveNode, error) {
	a := v.undecided(func(a types.Application) bool { return v.isDecidable(a) })
	if a == nil {
		return nil, nil
	}
	if v.decided(a.Admin).Count >= v.state.Params.ApprovalsPerWindow {
		v.Expect(types.ErrApprovalLimit)
	}
	return &types.MsgApproveNode{Signer: v.sign(a.Admin), ApplicationId: a.Id}, nil
}

// isDecidable tells whether an application can be approved, but for the limit of the window.
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
	return node.Status != types.NODE_STATUS_DROPPED || v.now >= node.EndedMs+int64(v.state.Params.CoolDownMs)
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
	if v.Often(10) {
		admin = a.Applicant
		v.Expect(types.ErrNotAdmin)
	}
	return &types.MsgRejectApplication{Signer: v.sign(admin), ApplicationId: a.Id, Reason: "not now"}, nil
}
