package types_test

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/reputation/types"
)

// goodGenesis has a root, alice below it, an application of bob, and a record of
// every other kind.
func goodGenesis() *types.GenesisState {
	root := sdk.AccAddress("root________________").String()
	hot := sdk.AccAddress("hot_________________").String()
	active := types.NODE_STATUS_ACTIVE
	return &types.GenesisState{
		Params: types.DefaultParams(),
		Trees:  []types.Tree{{JobId: 1, Root: root}},
		Nodes: []types.Node{
			{JobId: 1, Owner: root, Roles: []program.Role{program.ROLE_ADMIN}, Status: active, HasApproved: true, Children: 1},
			{JobId: 1, Owner: alice.String(), Parent: root, Roles: []program.Role{program.ROLE_ADMIN, worker}, Status: active},
		},
		Profiles: []types.Profile{{Owner: alice.String(), Operator: hot}},
		Applications: []types.Application{{
			Id: 1, JobId: 1, Applicant: bob.String(), Admin: root, Roles: []program.Role{worker}, Nonce: nonce, Qualifications: qualify(worker),
		}},
		NextApplicationId: 2,
		Scores:            []types.Score{{JobId: 1, Owner: alice.String(), Earned: math.ZeroInt()}, {Owner: alice.String(), Earned: math.ZeroInt()}},
		LastSeen:          []types.LastSeen{{Owner: alice.String(), SeenMs: 1}},
		Approvals:         []types.Approvals{{Admin: root, WindowStartMs: 1, Count: 1}},
	}
}

// deepen puts nodes below alice, each below the one before, until the last is at a depth below the root.
func deepen(g *types.GenesisState, depth int) {
	for len(g.Nodes) <= depth {
		last := &g.Nodes[len(g.Nodes)-1]
		last.HasApproved, last.Children = true, 1
		owner := sdk.AccAddress(fmt.Sprintf("node %015d", len(g.Nodes)))
		g.Nodes = append(g.Nodes, types.Node{
			JobId: 1, Owner: owner.String(), Parent: last.Owner, Roles: []program.Role{program.ROLE_ADMIN}, Status: types.NODE_STATUS_ACTIVE,
		})
	}
}

func TestGenesisIsChecked(t *testing.T) {
	tests := []struct {
		name   string
		change func(g *types.GenesisState)
		says   string // empty: accepted
	}{
		{"a good state is accepted", func(*types.GenesisState) {}, ""},
		{"the default is accepted", func(g *types.GenesisState) { *g = *types.DefaultGenesis() }, ""},
		{"params are checked", func(g *types.GenesisState) { g.Params.MaxTags = 0 }, "max_tags"},
		{"a tree has a job", func(g *types.GenesisState) { g.Trees[0].JobId = 0 }, "tree of job 0"},
		{"a job has one tree", func(g *types.GenesisState) { g.Trees = append(g.Trees, g.Trees[0]) }, "job 0x1 has two trees"},
		{"a tree has a policy that holds together", func(g *types.GenesisState) { g.Trees[0].Policy.MaxDepth = 3 }, "job 0x1: tree_policy.max_depth: 3"},
		{"children are counted", func(g *types.GenesisState) { g.Nodes[0].Children = 2 }, "1 children, 2 are counted"},
		{"a metric has values", func(g *types.GenesisState) {
			g.Scores[0].Metrics = []types.MetricValue{{Field: "loss", Fold: program.METRIC_FOLD_MIN}}
		}, `metric "loss", METRIC_FOLD_MIN of 0 values`},
		{"a total has no metrics", func(g *types.GenesisState) {
			g.Scores[1].Metrics = []types.MetricValue{{Field: "loss", Fold: program.METRIC_FOLD_MIN, Count: 1}}
		}, `metric "loss"`},
		{"a total's rating is the sum", func(g *types.GenesisState) { g.Scores[1].RatingChange = 7 }, "is not the sum of its jobs"},
		{"a node has a tree", func(g *types.GenesisState) { g.Nodes[1].JobId = 2 }, "the job has no tree"},
		{"a node appears once", func(g *types.GenesisState) { g.Nodes = append(g.Nodes, g.Nodes[1]) }, "appears twice"},
		{"a root is a node", func(g *types.GenesisState) { g.Trees = append(g.Trees, types.Tree{JobId: 2, Root: alice.String()}) }, "not among the nodes"},
		{"a tree has no second root", func(g *types.GenesisState) { g.Nodes[1].Parent = "" }, "but the job's root is"},
		{"a root has no parent", func(g *types.GenesisState) { g.Nodes[0].Parent = alice.String() }, "but the job's root is"},
		{"a root is an active admin", func(g *types.GenesisState) { g.Nodes[0].Status = types.NODE_STATUS_DROPPED }, "not an active admin"},
		{"a parent is in the tree", func(g *types.GenesisState) { g.Nodes[1].Parent = bob.String() }, "has approved nobody in the job"},
		{"a parent is not the node itself", func(g *types.GenesisState) { g.Nodes[1].Parent, g.Nodes[1].HasApproved = alice.String(), true }, "no root within 64 steps"},
		{"a node has roles", func(g *types.GenesisState) { g.Nodes[1].Roles = nil }, "roles: empty"},
		{"roles are in order", func(g *types.GenesisState) { g.Nodes[1].Roles = []program.Role{worker, evaluator} }, "not in the order"},
		{"a node has a status", func(g *types.GenesisState) { g.Nodes[1].Status = 0 }, "status"},
		{"a node's capability has limits", func(g *types.GenesisState) { g.Nodes[1].Capability.Tags = make([]string, 257) }, "tags"},
		{"a node has an address", func(g *types.GenesisState) { g.Nodes[1].Owner = "alice" }, "owner"},
		{"a profile appears once", func(g *types.GenesisState) { g.Profiles = append(g.Profiles, g.Profiles[0]) }, "appears twice"},
		{"a profile states something", func(g *types.GenesisState) { g.Profiles[0].Operator = "" }, "states nothing"},
		{"a profile's key is checked", func(g *types.GenesisState) { g.Profiles[0].EncryptionKey = "age1" }, "encryption_key"},
		{"an operator is an address", func(g *types.GenesisState) { g.Profiles[0].Operator = "hot" }, "operator"},
		{"an operator serves one owner", func(g *types.GenesisState) {
			g.Profiles = append(g.Profiles, types.Profile{Owner: bob.String(), Operator: g.Profiles[0].Operator})
		}, "serves two owners"},
		{"an operator is no node", func(g *types.GenesisState) { g.Profiles[0].Operator = g.Trees[0].Root }, "is itself a node"},
		{"an operator has no operator", func(g *types.GenesisState) {
			g.Profiles = append(g.Profiles, types.Profile{Owner: bob.String(), Operator: alice.String()})
		}, "an owner with an operator"},
		{"the next application id is new", func(g *types.GenesisState) { g.NextApplicationId = 1 }, "id 1 is not between"},
		{"the next application id is not zero", func(g *types.GenesisState) { g.NextApplicationId, g.Applications = 0, nil }, "next_application_id: 0"},
		{"an application is for a job", func(g *types.GenesisState) { g.Applications[0].JobId = 2 }, "job 0x2 has no tree"},
		{"an application appears once", func(g *types.GenesisState) { g.Applications = append(g.Applications, g.Applications[0]) }, "id 1 appears twice"},
		{"an applicant has one application for a job", func(g *types.GenesisState) {
			second := g.Applications[0]
			second.Id, g.NextApplicationId = 2, 3
			g.Applications = append(g.Applications, second)
		}, "has another one for job 0x1"},
		{"an owner without an operator is passed over", func(g *types.GenesisState) {
			other := types.Profile{Owner: bob.String(), EncryptionKey: "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"}
			g.Profiles = append([]types.Profile{other}, g.Profiles...)
			g.Profiles[1].Operator = "hot"
		}, "operator"},
		{"an applicant has an address", func(g *types.GenesisState) { g.Applications[0].Applicant = "bob" }, "applicant"},
		{"an application is checked", func(g *types.GenesisState) { g.Applications[0].Nonce = nil }, "nonce"},
		{"an application's admin is an address", func(g *types.GenesisState) { g.Applications[0].Admin = "" }, "admin"},
		{"an application's encryption key is checked", func(g *types.GenesisState) { g.Applications[0].EncryptionKey = "age1" }, "encryption_key"},
		{"a score appears once", func(g *types.GenesisState) { g.Scores = append(g.Scores, g.Scores[0]) }, "appears twice"},
		{"a score is of a job", func(g *types.GenesisState) { g.Scores[0].JobId = 2 }, "job 0x2 has no tree"},
		{"a score has earnings", func(g *types.GenesisState) { g.Scores[0].Earned = math.Int{} }, "earned"},
		{"earnings are not negative", func(g *types.GenesisState) { g.Scores[0].Earned = math.NewInt(-1) }, "earned -1"},
		{"a total is the sum over the jobs", func(g *types.GenesisState) { g.Scores[0].Valid = 1 }, "is not the sum of its jobs"},
		{"a total comes with its jobs", func(g *types.GenesisState) { g.Scores = g.Scores[1:]; g.Scores[0].Earned = math.NewInt(3) }, "is not the sum of its jobs"},
		{"no metric has more than there is", func(g *types.GenesisState) {
			g.Scores[0].Metrics = []types.MetricValue{{Field: "loss", Fold: 9, Count: 1}}
		}, `metric "loss"`},
		{"an approval gives no rights to the root's other children", func(g *types.GenesisState) { g.Nodes[0].HasApproved = false }, "has approved nobody in the job"},
		{"who left is no child any more", func(g *types.GenesisState) { g.Nodes[1].Status = types.NODE_STATUS_LEFT }, "0 children, 1 are counted"},
		{"who left is accepted", func(g *types.GenesisState) { g.Nodes[1].Status, g.Nodes[0].Children = types.NODE_STATUS_LEFT, 0 }, ""},
		{"who was dropped is accepted", func(g *types.GenesisState) { g.Nodes[1].Status, g.Nodes[0].Children = types.NODE_STATUS_DROPPED, 0 }, ""},
		{"a root is an admin", func(g *types.GenesisState) { g.Nodes[0].Roles = []program.Role{worker} }, "not an active admin"},
		{"an application's roles are in order", func(g *types.GenesisState) {
			g.Applications[0].Roles, g.Applications[0].Qualifications = []program.Role{worker, evaluator}, qualify(worker, evaluator)
		}, "not in the order"},
		{"an application has roles", func(g *types.GenesisState) { g.Applications[0].Roles = nil }, "roles: empty"},
		{"an application's capability has limits", func(g *types.GenesisState) { g.Applications[0].Capability.GPUs = make([]program.GPU, 65) }, "gpus"},
		{"an application has an id", func(g *types.GenesisState) { g.Applications[0].Id = 0 }, "id 0 is not between"},
		{"a profile has an owner", func(g *types.GenesisState) { g.Profiles[0].Owner = "alice" }, `owner "alice"`},
		{"a sign of life is an account's", func(g *types.GenesisState) { g.LastSeen[0].Owner = "alice" }, `last_seen: owner "alice"`},
		{"approvals are an account's", func(g *types.GenesisState) { g.Approvals[0].Admin = "root" }, `approvals: admin "root"`},
		{"the widest capability is accepted", func(g *types.GenesisState) {
			c := program.Capability{Arch: strings.Repeat("x", 4096)}
			for i := range 256 {
				c.Tags = append(c.Tags, strconv.Itoa(i))
			}
			for range 64 {
				c.GPUs = append(c.GPUs, program.GPU{Count: 1})
			}
			g.Nodes[1].Capability, g.Applications[0].Capability = c, c
		}, ""},
		{"a text beyond the widest is refused", func(g *types.GenesisState) { g.Nodes[1].Capability.Arch = strings.Repeat("x", 4097) }, "arch: 4097 bytes of at most 4096"},
		{"the deepest tree is accepted", func(g *types.GenesisState) { deepen(g, 64) }, ""},
		{"a deeper tree is refused", func(g *types.GenesisState) { deepen(g, 65) }, "no root within 64 steps"},
		{"a sign of life appears once", func(g *types.GenesisState) { g.LastSeen = append(g.LastSeen, g.LastSeen[0]) }, "last_seen"},
		{"approvals appear once", func(g *types.GenesisState) { g.Approvals = append(g.Approvals, g.Approvals[0]) }, "approvals"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			state := goodGenesis()
			tt.change(state)

			err := state.Validate()

			if tt.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, types.ErrInvalidGenesis)
			require.ErrorContains(t, err, tt.says)
		})
	}
}

// Each counter of a total is the sum of that counter over the jobs, and no other.
func TestEveryCounterOfATotalIsASum(t *testing.T) {
	state := func(field string, first, second, total uint64) *types.GenesisState {
		g := goodGenesis()
		g.Trees = append(g.Trees, types.Tree{JobId: 2, Root: g.Trees[0].Root})
		g.Nodes = append(g.Nodes, types.Node{JobId: 2, Owner: g.Trees[0].Root, Roles: []program.Role{program.ROLE_ADMIN}, Status: types.NODE_STATUS_ACTIVE})
		other := g.Scores[0]
		other.JobId = 2
		g.Scores = append(g.Scores, other)
		for i, n := range []uint64{first, total, second} {
			value := reflect.ValueOf(&g.Scores[i]).Elem().FieldByName(field)
			if value.CanInt() {
				value.SetInt(int64(n))
			} else {
				value.SetUint(n)
			}
		}
		return g
	}
	score := reflect.TypeFor[types.Score]()
	counters := 0
	for i := range score.NumField() {
		name := score.Field(i).Name
		switch kind := score.Field(i).Type.Kind(); {
		case name == "JobId", name == "Streak", kind != reflect.Uint64 && kind != reflect.Int64:
			continue
		}
		counters++
		require.NoError(t, state(name, 3, 4, 7).Validate(), name)
		require.ErrorContains(t, state(name, 3, 4, 6).Validate(), "is not the sum of its jobs", name)
		require.ErrorContains(t, state(name, 3, 4, 0).Validate(), "is not the sum of its jobs", name)
	}
	require.Greater(t, counters, 10)
}
