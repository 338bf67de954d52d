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

func TestEligible(t *testing.T) {
	tests := []struct {
		name        string
		job         uint64
		who         string
		role        program.Role
		requirement program.Capability
		err         error
		says        string
	}{
		{"a node with the role and no requirement", job, "alice", worker, program.Capability{}, nil, ""},
		{"a node that offers what is required", job, "alice", worker, program.Capability{CPUMillis: 2000, Tags: []string{"wasm"}}, nil, ""},
		{"a role that the node does not hold", job, "alice", evaluator, program.Capability{}, types.ErrMissingRole, "apply for it"},
		{"more than the node offers", job, "alice", worker, program.Capability{CPUMillis: 2001}, types.ErrCapability, "cpu: 2000 millicores of 2001"},
		{"an account that is no node of the job", otherJob, "alice", worker, program.Capability{}, types.ErrNotNode, "apply first"},
		{"a job that nobody registered", unknownJob, "alice", worker, program.Capability{}, types.ErrUnknownJob, "job 0x63"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			f.join("alice", job, worker)

			err := f.keeper.Eligible(f.ctx, tt.job, address(tt.who), tt.role, tt.requirement)

			require.ErrorIs(t, err, tt.err)
			if tt.err != nil {
				require.ErrorContains(t, err, tt.says)
			}
		})
	}
}

func TestADroppedNodeIsNotEligible(t *testing.T) {
	f := newEmptyFixture(t)
	deepTree(f)

	err := f.keeper.Eligible(f.ctx, job, address("b"), admin, program.Capability{})
	require.ErrorIs(t, err, types.ErrNodeNotActive)
	f.refused(func(ctx sdk.Context) error {
		_, err := f.server.UpdateCapability(ctx, &types.MsgUpdateCapability{Signer: address("b").String(), JobId: job})
		return err
	}, types.ErrNodeNotActive, "NODE_STATUS_DROPPED")
	f.refused(func(ctx sdk.Context) error {
		_, err := f.server.ApplyJob(ctx, application(address("b"), job, worker))
		return err
	}, types.ErrCoolDown, "it may apply again at block time")
}

func TestUpdateCapability(t *testing.T) {
	f := newFixture(t)
	alice := f.join("alice", job, worker)
	f.setOperator("alice", "hot")
	update := func(ctx sdk.Context, name string, c program.Capability) error {
		_, err := f.server.UpdateCapability(ctx, &types.MsgUpdateCapability{Signer: address(name).String(), JobId: job, Capability: c})
		return err
	}
	want := program.Capability{CPUMillis: 8000, GPUs: []program.GPU{{Vendor: "nvidia", Model: "T4", MemoryBytes: 16 << 30, Count: 2}}}

	events := f.events(func(ctx sdk.Context) { require.NoError(t, update(ctx, "hot", want)) })

	require.Equal(t, []proto.Message{&types.EventCapabilityUpdated{JobId: job, Node: alice.String()}}, events)
	require.Equal(t, want, f.node(job, alice).Node.Capability)
	require.Empty(t, f.events(func(ctx sdk.Context) { require.NoError(t, update(ctx, "alice", want)) }), "the same again changes nothing")
	f.refused(func(ctx sdk.Context) error { return update(ctx, "bob", want) }, types.ErrNotNode, "apply first")
	f.refused(func(ctx sdk.Context) error {
		return update(ctx, "alice", program.Capability{GPUs: []program.GPU{{Model: "T4"}}})
	}, types.ErrInvalidCapability, "gpus[0].count")
}

func TestRunningNodes(t *testing.T) {
	f := newFixture(t)
	alice := f.join("alice", job, worker)
	f.setOperator("alice", "hot")
	heartbeat := func(name string) {
		_, err := f.server.Heartbeat(f.ctx, &types.MsgHeartbeat{Signer: address(name).String()})
		require.NoError(t, err)
	}

	require.True(t, f.node(job, alice).Running)
	f.pass(time.Minute - time.Millisecond)
	require.True(t, f.node(job, alice).Running)
	f.pass(time.Millisecond)
	require.False(t, f.node(job, alice).Running, "the window has passed")

	heartbeat("hot")
	require.True(t, f.node(job, alice).Running, "an operator's heartbeat is its owner's")
	seen := f.node(job, alice).SeenMs

	f.pass(15 * time.Second)
	heartbeat("alice")
	require.Equal(t, seen, f.node(job, alice).SeenMs, "a fresh sign of life is not written again")
	f.pass(time.Millisecond)
	heartbeat("alice")
	require.Equal(t, f.ctx.BlockTime().UnixMilli(), f.node(job, alice).SeenMs)
}

// A sign of life is written anew once a quarter of the window has passed, rounded down.
func TestSignsOfLifeAreWrittenFourTimesAWindow(t *testing.T) {
	f := newFixture(t)
	f.setParams(func(p *types.Params) { p.RunningWindowMs = 1003 })
	alice := f.join("alice", job, worker)
	seen := f.node(job, alice).SeenMs
	for _, passed := range []time.Duration{250, 1} {
		f.pass(passed * time.Millisecond)
		require.Equal(t, seen, f.node(job, alice).SeenMs)
		_, err := f.server.Heartbeat(f.ctx, &types.MsgHeartbeat{Signer: alice.String()})
		require.NoError(t, err)
	}
	require.Equal(t, seen+251, f.node(job, alice).SeenMs)
}

func TestHeartbeatOfAStrangerIsRefused(t *testing.T) {
	f := newFixture(t)

	f.refused(func(ctx sdk.Context) error {
		_, err := f.server.Heartbeat(ctx, &types.MsgHeartbeat{Signer: address("stranger").String()})
		return err
	}, types.ErrNotNode, "apply first")
}

func TestEveryMessageOfANodeIsASignOfLife(t *testing.T) {
	messages := map[string]func(f *fixture) error{
		"ApplyJob": func(f *fixture) error {
			_, err := f.server.ApplyJob(f.ctx, application(address("alice"), otherJob, worker))
			return err
		},
		"UpdateCapability": func(f *fixture) error {
			_, err := f.server.UpdateCapability(f.ctx, &types.MsgUpdateCapability{Signer: address("alice").String(), JobId: job})
			return err
		},
		"SetOperator": func(f *fixture) error {
			_, err := f.server.SetOperator(f.ctx, operatorMsg("alice", "hot"))
			return err
		},
		"SetEncryptionKey": func(f *fixture) error {
			_, err := f.server.SetEncryptionKey(f.ctx, &types.MsgSetEncryptionKey{Signer: address("alice").String(), EncryptionKey: ageKey})
			return err
		},
		"Touch by another module": func(f *fixture) error { return f.keeper.Touch(f.ctx, address("alice")) },
	}
	for name, send := range messages {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			alice := f.join("alice", job, worker)
			f.pass(time.Hour)
			require.False(t, f.node(job, alice).Running)

			require.NoError(t, send(f))

			require.True(t, f.node(job, alice).Running)
		})
	}
}

func TestNothingIsKeptOfAStrangersMessages(t *testing.T) {
	f := newFixture(t)
	before, err := f.keeper.ExportGenesis(f.ctx)
	require.NoError(t, err)

	id := f.apply("stranger", job, worker)
	_, err = f.server.WithdrawApplication(f.ctx, &types.MsgWithdrawApplication{Signer: address("stranger").String(), ApplicationId: id})
	require.NoError(t, err)

	after, err := f.keeper.ExportGenesis(f.ctx)
	require.NoError(t, err)
	before.NextApplicationId = after.NextApplicationId
	require.Equal(t, before, after)
}

func TestUpdateParams(t *testing.T) {
	f := newFixture(t)
	params := types.DefaultParams()
	params.MaxTags = 5
	update := func(ctx sdk.Context, authority string, p types.Params) error {
		_, err := f.server.UpdateParams(ctx, &types.MsgUpdateParams{Authority: authority, Params: p})
		return err
	}

	f.refused(func(ctx sdk.Context) error { return update(ctx, f.root.String(), params) }, types.ErrWrongSigner, "only "+authority)
	f.refused(func(ctx sdk.Context) error { return update(ctx, authority, types.Params{}) }, types.ErrInvalidParams, "running_window_ms: 0 is not between")

	events := f.events(func(ctx sdk.Context) { require.NoError(t, update(ctx, authority, params)) })

	require.Equal(t, []proto.Message{&types.EventParamsUpdated{Params: params}}, events)
	got, err := f.query.Params(f.ctx, &types.QueryParamsRequest{})
	require.NoError(t, err)
	require.Equal(t, params, got.Params)
}
