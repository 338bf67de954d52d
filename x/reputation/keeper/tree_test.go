package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/gogoproto/proto"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/reputation/types"
)

func TestPlantTree(t *testing.T) {
	f := newFixture(t)
	const planted = 7

	events := f.events(func(ctx sdk.Context) {
		require.NoError(t, f.keeper.PlantTree(ctx, planted, address("alice"), program.TreePolicy{}))
	})

	require.Equal(t, []proto.Message{&types.EventTreePlanted{JobId: planted, Root: address("alice").String()}}, events)
	root := f.node(planted, address("alice"))
	require.Equal(t, []program.Role{program.ROLE_ADMIN}, root.Node.Roles)
	require.Empty(t, root.Node.Parent)
	require.True(t, root.Running, "registering is a sign of life")
}

func TestPlantTreeRefused(t *testing.T) {
	f := newFixture(t)
	f.setOperator("alice", "hot")

	f.refused(func(ctx sdk.Context) error { return f.keeper.PlantTree(ctx, job, address("bob"), program.TreePolicy{}) },
		types.ErrTreeExists, "job 0x1")
	f.refused(func(ctx sdk.Context) error { return f.keeper.PlantTree(ctx, 0, address("bob"), program.TreePolicy{}) },
		types.ErrUnknownJob, "jobs start at 0x1")
	f.refused(func(ctx sdk.Context) error { return f.keeper.PlantTree(ctx, 7, address("hot"), program.TreePolicy{}) },
		types.ErrInvalidOperator, "cannot be a node itself")
}

// deepTree is a chain root - a - b - c - d in which b was dropped.
func deepTree(f *fixture) {
	state := types.DefaultGenesis()
	state.Trees = []types.Tree{{JobId: job, Root: f.root.String(), Policy: program.TreePolicy{AdminsApprove: true}}}
	names := []string{"root", "a", "b", "c", "d"}
	for i, name := range names {
		node := types.Node{
			JobId: job, Owner: address(name).String(), Roles: []program.Role{program.ROLE_ADMIN},
			Status: types.NODE_STATUS_ACTIVE,
		}
		if i > 0 {
			node.Parent = address(names[i-1]).String()
		}
		if name != "d" {
			node.HasApproved, node.Children = true, 1
		}
		if name == "b" {
			node.Status, node.EndedMs = types.NODE_STATUS_DROPPED, f.ctx.BlockTime().UnixMilli()
			state.Nodes[1].Children = 0
		}
		state.Nodes = append(state.Nodes, node)
	}
	require.NoError(f.t, f.keeper.InitGenesis(f.ctx, *state))
}

func TestAncestors(t *testing.T) {
	tests := []struct {
		name string
		of   string
		max  uint32
		want []string
	}{
		{"the root has none", "root", 3, nil},
		{"a child of the root has the root", "a", 3, []string{"root"}},
		{"nearest first, a dropped one is passed over", "d", 3, []string{"c", "a", "root"}},
		{"the last place is the root's", "d", 2, []string{"c", "root"}},
		{"one ancestor is the root", "d", 1, []string{"root"}},
		{"none are asked for", "d", 0, nil},
		{"a dropped node has its ancestors too", "b", 3, []string{"a", "root"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newEmptyFixture(t)
			deepTree(f)
			var want []sdk.AccAddress
			for _, name := range tt.want {
				want = append(want, address(name))
			}

			got, err := f.keeper.Ancestors(f.ctx, job, address(tt.of), tt.max)

			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

func TestAncestorsOfNobody(t *testing.T) {
	f := newFixture(t)

	_, err := f.keeper.Ancestors(f.ctx, job, address("stranger"), 3)
	require.ErrorIs(t, err, types.ErrNotNode)
	_, err = f.keeper.Ancestors(f.ctx, unknownJob, address("stranger"), 3)
	require.ErrorIs(t, err, types.ErrUnknownJob)
}
