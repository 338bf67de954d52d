package keeper_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/gogoproto/proto"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/reputation/types"
)

// grown is a job with a policy of its own.
const grown = 5

// newGrowing is a fixture with a job whose tree has a policy.
func newGrowing(t *testing.T, policy program.TreePolicy) *fixture {
	f := newFixture(t)
	require.NoError(t, f.keeper.PlantTree(f.ctx, grown, f.root, policy))
	return f
}

// below has name apply to an admin, who approves.
func (f *fixture) below(above, name string, roles ...program.Role) sdk.AccAddress {
	f.t.Helper()
	require.NoError(f.t, f.tryBelow(f.ctx, above, name, roles...))
	return address(name)
}

func (f *fixture) tryBelow(ctx sdk.Context, above, name string, roles ...program.Role) error {
	response, err := f.server.ApplyJob(ctx, asking(name, above, roles...))
	if err != nil {
		return err
	}
	_, err = f.server.ApproveNode(ctx, &types.MsgApproveNode{Signer: address(above).String(), ApplicationId: response.ApplicationId})
	return err
}

// asking is an application to an admin.
func asking(name, above string, roles ...program.Role) *types.MsgApplyJob {
	msg := application(address(name), grown, roles...)
	msg.Admin = address(above).String()
	msg.Qualifications = nil
	for _, q := range application(address(name), grown, roles...).Qualifications {
		if q.Role != admin {
			msg.Qualifications = append(msg.Qualifications, q)
		}
	}
	return msg
}

func (f *fixture) dropFrom(above, node string) {
	f.t.Helper()
	_, err := f.server.DropNode(f.ctx, &types.MsgDropNode{Signer: address(above).String(), JobId: grown, Node: address(node).String()})
	require.NoError(f.t, err)
}

func (f *fixture) coolDown() {
	f.t.Helper()
	params, err := f.keeper.Params(f.ctx)
	require.NoError(f.t, err)
	f.pass(time.Duration(params.CoolDownMs) * time.Millisecond)
}

func TestAdminsApproveWhereThePolicySaysSo(t *testing.T) {
	f := newGrowing(t, program.TreePolicy{AdminsApprove: true})
	f.below("root", "a", admin)
	f.below("a", "b", admin, evaluator)
	f.below("b", "w", worker)

	ancestors, err := f.keeper.Ancestors(f.ctx, grown, address("w"), 3)
	require.NoError(t, err)
	require.Equal(t, []sdk.AccAddress{address("b"), address("a"), f.root}, ancestors)
	require.EqualValues(t, 1, f.node(grown, address("a")).Node.Children)
	require.EqualValues(t, 1, f.score(grown, address("a")).ChildrenApproved)
	require.EqualValues(t, 1, f.score(grown, f.root).ChildrenApproved)
	require.EqualValues(t, 1, f.score(types.TotalJobID, f.root).ChildrenApproved)

	f.dropFrom("root", "w")
	require.Zero(t, f.node(grown, address("b")).Node.Children)
	require.EqualValues(t, 1, f.score(grown, address("b")).ChildrenDropped, "whoever dropped it, b had approved it")
	require.Zero(t, f.score(grown, f.root).ChildrenDropped)
	f.refused(func(ctx sdk.Context) error {
		_, err := f.server.ApplyJob(ctx, asking("v", "w", worker))
		return err
	}, types.ErrNotAdmin, address("w").String())
}

func TestTreePolicyRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		policy program.TreePolicy
		try    func(f *fixture, ctx sdk.Context) error
		err    error
		says   string
	}{
		{"an admin where only the root is one", program.TreePolicy{}, func(f *fixture, ctx sdk.Context) error {
			return f.tryBelow(ctx, "root", "a", admin)
		}, types.ErrPolicy, "no admin but its root"},
		{"asking an admin where only the root approves", program.TreePolicy{}, func(f *fixture, ctx sdk.Context) error {
			return f.tryBelow(ctx, "a", "w", worker)
		}, types.ErrNotAdmin, "ask its root"},
		{"asking a worker", program.TreePolicy{AdminsApprove: true}, func(f *fixture, ctx sdk.Context) error {
			f.below("root", "v", worker)
			return f.tryBelow(ctx, "v", "w", worker)
		}, types.ErrNotAdmin, address("v").String()},
		{"asking a stranger", program.TreePolicy{AdminsApprove: true}, func(f *fixture, ctx sdk.Context) error {
			return f.tryBelow(ctx, "v", "w", worker)
		}, types.ErrNotNode, address("v").String()},
		{"a depth beyond the policy's", program.TreePolicy{AdminsApprove: true, MaxDepth: 2}, func(f *fixture, ctx sdk.Context) error {
			f.below("root", "a", admin)
			f.below("a", "b", admin)
			return f.tryBelow(ctx, "b", "w", worker)
		}, types.ErrPolicy, "is 2 below the root, and the tree is at most 2 deep"},
		{"a child too many", program.TreePolicy{AdminsApprove: true, MaxChildren: 1}, func(f *fixture, ctx sdk.Context) error {
			f.below("root", "a", admin)
			return f.tryBelow(ctx, "root", "b", admin)
		}, types.ErrPolicy, "has 1 children of at most 1"},
		{"roles from an admin that does not answer for the node", program.TreePolicy{AdminsApprove: true}, func(f *fixture, ctx sdk.Context) error {
			f.below("root", "a", admin)
			f.below("root", "b", admin)
			f.below("a", "w", worker)
			return f.tryBelow(ctx, "b", "w", evaluator)
		}, types.ErrNotAdmin, "may give it roles"},
		{"a test of an admin", program.TreePolicy{AdminsApprove: true}, func(f *fixture, ctx sdk.Context) error {
			msg := asking("a", "root", admin)
			msg.Qualifications = []types.Qualification{{Role: admin, Digest: application(address("a"), grown, worker).Qualifications[0].Digest}}
			return msg.ValidateBasic()
		}, types.ErrInvalidQualification, "qualifications: 1 for 1 roles"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newGrowing(t, tt.policy)
			err := tt.try(f, f.ctx)
			require.ErrorIs(t, err, tt.err)
			require.ErrorContains(t, err, tt.says)
		})
	}
}

func TestAPolicyTheChainCannotBear(t *testing.T) {
	f := newFixture(t)
	for says, policy := range map[string]program.TreePolicy{
		"max_depth: 65 of at most 64":    {AdminsApprove: true, MaxDepth: 65},
		"but only the root approves":     {MaxDepth: 2},
		"tree_policy.max_depth: 4000000": {AdminsApprove: true, MaxDepth: 4_000_000},
	} {
		f.refused(func(ctx sdk.Context) error { return f.keeper.PlantTree(ctx, 9, f.root, policy) }, types.ErrPolicy, says)
	}
}

func TestAChildThatLeftMakesRoom(t *testing.T) {
	f := newGrowing(t, program.TreePolicy{AdminsApprove: true, MaxChildren: 1})
	f.below("root", "a", worker)
	_, err := f.server.LeaveJob(f.ctx, &types.MsgLeaveJob{Signer: address("a").String(), JobId: grown})
	require.NoError(t, err)
	f.below("root", "b", worker)
	f.refused(func(ctx sdk.Context) error { return f.tryBelow(ctx, "root", "a", worker) }, types.ErrPolicy, "of at most 1")
}

// TestNobodyComesToBeBelowItself: a dropped admin's children still point at it.
func TestNobodyComesToBeBelowItself(t *testing.T) {
	f := newGrowing(t, program.TreePolicy{AdminsApprove: true})
	f.below("root", "a", admin)
	f.below("a", "b", admin)
	f.below("b", "c", admin)
	f.dropFrom("a", "b")
	f.coolDown()

	f.refused(func(ctx sdk.Context) error { return f.tryBelow(ctx, "c", "b", admin) }, types.ErrNotAdmin, "may let it return")
	f.below("root", "d", admin)
	f.refused(func(ctx sdk.Context) error { return f.tryBelow(ctx, "d", "b", admin) }, types.ErrNotAdmin, "may let it return")

	f.below("root", "b", worker)
	ancestors, err := f.keeper.Ancestors(f.ctx, grown, address("c"), 3)
	require.NoError(t, err)
	require.Equal(t, []sdk.AccAddress{f.root}, ancestors, "b is above c again, but no admin any more")
	f.below("root", "b", admin)
	ancestors, err = f.keeper.Ancestors(f.ctx, grown, address("c"), 3)
	require.NoError(t, err)
	require.Equal(t, []sdk.AccAddress{address("b"), f.root}, ancestors)
}

// TestADroppedAdminMayApplyElsewhere: one that approved nobody returns wherever it likes.
func TestADroppedAdminMayApplyElsewhere(t *testing.T) {
	f := newGrowing(t, program.TreePolicy{AdminsApprove: true})
	f.below("root", "a", admin)
	f.below("root", "b", admin)
	f.below("a", "c", admin)
	f.dropFrom("a", "c")
	f.coolDown()
	f.below("b", "c", worker)
	require.Equal(t, address("b").String(), f.node(grown, address("c")).Node.Parent)
}

func TestAnAdminKeepsItsCapability(t *testing.T) {
	f := newGrowing(t, program.TreePolicy{AdminsApprove: true})
	f.below("root", "a", worker)
	stated := f.node(grown, address("a")).Node.Capability
	msg := asking("a", "root", admin)
	msg.Capability, msg.Nonce = program.Capability{}, nil
	response, err := f.server.ApplyJob(f.ctx, msg)
	require.NoError(t, err)
	f.approve(response.ApplicationId)
	node := f.node(grown, address("a")).Node
	require.Equal(t, []program.Role{admin, worker}, node.Roles)
	require.Equal(t, stated, node.Capability)
}

func TestForgedWorkBarsFromComingBack(t *testing.T) {
	f := newGrowing(t, program.TreePolicy{})
	f.below("root", "w", worker)
	events := f.events(func(ctx sdk.Context) { f.report(ctx, "w", worker, program.OutcomeForged) })
	require.Equal(t, []proto.Message{&types.EventScored{JobId: grown, Owner: address("w").String(), Outcome: "forged", Earned: "0"}}, events)
	require.True(t, f.node(grown, address("w")).Node.Forged)
	require.EqualValues(t, 1, f.score(grown, address("w")).Forged)
	require.NoError(t, f.keeper.Eligible(f.ctx, grown, address("w"), worker, program.Capability{}), "an admin has yet to drop it")

	f.dropFrom("root", "w")
	f.coolDown()
	f.refused(func(ctx sdk.Context) error { return f.tryBelow(ctx, "root", "w", worker) }, types.ErrForged, "forged or copied")
}
