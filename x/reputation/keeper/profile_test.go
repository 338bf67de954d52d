package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/gogoproto/proto"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/x/reputation/types"
)

// owner returns whom a name's messages act for.
func (f *fixture) owner(name string) sdk.AccAddress {
	f.t.Helper()
	owner, err := f.keeper.Owner(f.ctx, address(name))
	require.NoError(f.t, err)
	return owner
}

func TestSetOperator(t *testing.T) {
	f := newFixture(t)
	require.Equal(t, address("hot"), f.owner("hot"), "whoever serves nobody acts for itself")

	events := f.events(func(ctx sdk.Context) {
		_, err := f.server.SetOperator(ctx, operatorMsg("alice", "hot"))
		require.NoError(t, err)
	})

	require.Equal(t, []proto.Message{&types.EventOperatorSet{Owner: address("alice").String(), Operator: address("hot").String()}}, events)
	require.Equal(t, address("alice"), f.owner("hot"))
	require.Equal(t, address("alice"), f.owner("alice"), "the owner goes on to act for itself")
	operator, err := f.keeper.Operator(f.ctx, address("alice"))
	require.NoError(t, err)
	require.Equal(t, address("hot"), operator)
}

func TestAnotherOperatorTakesThePlaceOfTheFirst(t *testing.T) {
	f := newFixture(t)
	f.setOperator("alice", "hot")

	f.setOperator("alice", "hotter")

	require.Equal(t, address("hot"), f.owner("hot"), "the first serves nobody any more")
	require.Equal(t, address("alice"), f.owner("hotter"))
	f.setOperator("bob", "hot")
	require.Equal(t, address("bob"), f.owner("hot"))
}

func TestTheSameOperatorAgainChangesNothing(t *testing.T) {
	f := newFixture(t)
	f.setOperator("alice", "hot")

	require.Empty(t, f.events(func(ctx sdk.Context) {
		_, err := f.server.SetOperator(ctx, operatorMsg("alice", "hot"))
		require.NoError(t, err)
	}))
}

func TestRemoveOperator(t *testing.T) {
	f := newFixture(t)
	f.setOperator("alice", "hot")

	events := f.events(func(ctx sdk.Context) {
		_, err := f.server.SetOperator(ctx, &types.MsgSetOperator{Owner: address("alice").String()})
		require.NoError(t, err)
	})

	require.Equal(t, []proto.Message{&types.EventOperatorSet{Owner: address("alice").String()}}, events)
	require.Equal(t, address("hot"), f.owner("hot"))
	operator, err := f.keeper.Operator(f.ctx, address("alice"))
	require.NoError(t, err)
	require.Nil(t, operator)
	state, err := f.keeper.ExportGenesis(f.ctx)
	require.NoError(t, err)
	require.Empty(t, state.Profiles, "a profile that states nothing is not kept")
}

func TestSetOperatorRefused(t *testing.T) {
	tests := []struct {
		name string
		set  func(f *fixture) *types.MsgSetOperator
		err  error
		says string
	}{
		{"a stranger that did not consent", func(*fixture) *types.MsgSetOperator {
			msg := operatorMsg("alice", "mallory")
			msg.Operator = address("stranger").String()
			return msg
		}, types.ErrConsent, "operator_public_key: belongs to"},
		{"a stranger's public key with somebody else's signature", func(*fixture) *types.MsgSetOperator {
			msg := operatorMsg("alice", "mallory")
			msg.Operator, msg.OperatorPublicKey = address("stranger").String(), privateKey("stranger").PubKey().Bytes()
			return msg
		}, types.ErrConsent, "operator_signature"},
		{"a consent given to another owner", func(*fixture) *types.MsgSetOperator {
			msg := operatorMsg("alice", "hot")
			msg.Owner = address("mallory").String()
			return msg
		}, types.ErrConsent, "operator_signature"},
		{"a consent given on another chain", func(f *fixture) *types.MsgSetOperator {
			msg := operatorMsg("alice", "hot")
			f.ctx = f.ctx.WithChainID("other-1")
			return msg
		}, types.ErrConsent, "on other-1"},
		{"a public key that is cut off", func(*fixture) *types.MsgSetOperator {
			msg := operatorMsg("alice", "hot")
			msg.OperatorPublicKey = msg.OperatorPublicKey[:32]
			return msg
		}, types.ErrConsent, "operator_public_key: 32 bytes"},
		{"no signature", func(*fixture) *types.MsgSetOperator {
			msg := operatorMsg("alice", "hot")
			msg.OperatorSignature = nil
			return msg
		}, types.ErrConsent, "operator_signature"},
		{"the owner itself", func(*fixture) *types.MsgSetOperator { return operatorMsg("alice", "alice") },
			types.ErrInvalidOperator, "is the owner"},
		{"a node", func(f *fixture) *types.MsgSetOperator {
			f.join("bob", job, worker)
			return operatorMsg("alice", "bob")
		}, types.ErrInvalidOperator, "is itself a node"},
		{"a root", func(*fixture) *types.MsgSetOperator { return operatorMsg("alice", "root") },
			types.ErrInvalidOperator, "is itself a node"},
		{"an owner with an operator", func(f *fixture) *types.MsgSetOperator {
			f.setOperator("bob", "hot")
			return operatorMsg("alice", "bob")
		}, types.ErrInvalidOperator, "is an owner with operator"},
		{"one that serves another owner", func(f *fixture) *types.MsgSetOperator {
			f.setOperator("bob", "hot")
			return operatorMsg("alice", "hot")
		}, types.ErrInvalidOperator, "serves " + address("bob").String()},
		{"an operator names an operator", func(f *fixture) *types.MsgSetOperator {
			f.setOperator("alice", "hot")
			return operatorMsg("hot", "hotter")
		}, types.ErrInvalidOperator, "is itself the operator of"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			msg := tt.set(f)

			f.refused(func(ctx sdk.Context) error { _, err := f.server.SetOperator(ctx, msg); return err }, tt.err, tt.says)
			f.ctx = f.ctx.WithChainID(chain.DefaultChainID)
		})
	}
}

func TestSetEncryptionKey(t *testing.T) {
	f := newFixture(t)
	f.setOperator("alice", "hot")
	alice := address("alice").String()
	set := func(signer, key string) []proto.Message {
		return f.events(func(ctx sdk.Context) {
			_, err := f.server.SetEncryptionKey(ctx, &types.MsgSetEncryptionKey{Signer: address(signer).String(), EncryptionKey: key})
			require.NoError(t, err)
		})
	}

	require.Equal(t, []proto.Message{&types.EventEncryptionKeySet{Owner: alice, EncryptionKey: ageKey}}, set("hot", ageKey), "an operator states its owner's key")
	require.Empty(t, set("alice", ageKey))
	require.Equal(t, []proto.Message{&types.EventEncryptionKeySet{Owner: alice, EncryptionKey: otherKey}}, set("alice", otherKey))
	require.Equal(t, []proto.Message{&types.EventEncryptionKeySet{Owner: alice}}, set("alice", ""))
	profile, err := f.query.Profile(f.ctx, &types.QueryProfileRequest{Address: alice})
	require.NoError(t, err)
	require.Equal(t, types.Profile{Owner: alice, Operator: address("hot").String()}, profile.Profile, "the operator stays")
}
