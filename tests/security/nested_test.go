package security_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sdkmath "cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/x/authz"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"

	"github.com/ain-network/aind/app"
	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/program"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	permissionstypes "github.com/ain-network/aind/x/permissions/types"
)

// wrapped puts messages into authz, some times over.
func wrapped(by string, times int, msgs ...sdk.Msg) []sdk.Msg {
	for range times {
		exec := authz.NewMsgExec(account(by).Address, msgs)
		msgs = []sdk.Msg{&exec}
	}
	return msgs
}

func TestNestedMessagesPassNoSigner(t *testing.T) {
	m := newMarket(t)
	id := m.request()
	m.accept(id, "e1", "w1")
	for times := 1; times <= 3; times++ {
		for _, msg := range []sdk.Msg{
			commitment(id, "w1", wrong),
			&jobstypes.MsgResign{Signer: address("w1"), RequestId: id},
			&jobstypes.MsgRejectWorker{Signer: address("client"), RequestId: id, Worker: address("w1")},
			&escrowtypes.MsgSetStake{Owner: address("w1"), Amount: sdkmath.ZeroInt()},
			&jobstypes.MsgUpdateParams{Authority: app.Authority(), Params: jobstypes.DefaultParams()},
		} {
			m.refused(authz.ErrNoAuthorizationFound, "mallory", wrapped("mallory", times, msg)...)
		}
	}
	t.Run("a grant is for its message alone", func(t *testing.T) {
		expires := m.Time.Add(time.Hour)
		grant, err := authz.NewMsgGrant(account("w1").Address, account("mallory").Address,
			authz.NewGenericAuthorization(sdk.MsgTypeURL(&jobstypes.MsgSubmitResult{})), &expires)
		require.NoError(t, err)
		m.must("w1", grant)
		resign := &jobstypes.MsgResign{Signer: address("w1"), RequestId: id}
		m.refused(authz.ErrNoAuthorizationFound, "mallory", wrapped("mallory", 1, commitment(id, "w1", right), resign)...)
		m.must("mallory", wrapped("mallory", 1, commitment(id, "w1", right))...)
	})
	t.Run("a proposal speaks for the chain alone", func(t *testing.T) {
		for _, msg := range []sdk.Msg{
			&jobstypes.MsgResign{Signer: address("w1"), RequestId: id},
			&escrowtypes.MsgSetStake{Owner: address("w1"), Amount: sdkmath.ZeroInt()},
			wrapped("mallory", 1, &jobstypes.MsgResign{Signer: address("w1"), RequestId: id})[0],
		} {
			submit, err := govv1.NewMsgSubmitProposal([]sdk.Msg{msg}, sdk.NewCoins(chain.Coin(1_000_000_000)), address("whale"), "", "t", "s", false)
			require.NoError(t, err)
			require.Error(t, m.try("whale", submit))
		}
	})
}

// Rules hold where messages execute: for mallory there is no way around one that lists others.
func TestNestedMessagesBypassNoRule(t *testing.T) {
	m := newMarket(t)
	rule := permissionstypes.Rule{
		TypeUrl: sdk.MsgTypeURL(&jobstypes.MsgAcceptJob{}), Access: permissionstypes.ACCESS_LISTED,
		Accounts: []string{address("w1"), address("e1")},
	}
	m.vote(&permissionstypes.MsgSetRule{Authority: app.Authority(), Rule: rule})
	id := m.request()
	m.accept(id, "e1")
	for times := range 4 {
		m.refused(permissionstypes.ErrNotAllowed, "w2", wrapped("w2", times, acceptance(id, "w2", program.ROLE_WORKER))...)
	}
	t.Run("nor by the hand of one who is listed", func(t *testing.T) {
		expires := m.Time.Add(time.Hour)
		grant, err := authz.NewMsgGrant(account("w2").Address, account("w1").Address, authz.NewGenericAuthorization(rule.TypeUrl), &expires)
		require.NoError(t, err)
		m.must("w2", grant)
		m.refused(permissionstypes.ErrNotAllowed, "w1", wrapped("w1", 1, acceptance(id, "w2", program.ROLE_WORKER))...)
	})
	m.must("w1", wrapped("w1", 2, acceptance(id, "w1", program.ROLE_WORKER))...)
}

// Coins that reach a module's account by a transfer would break its books, or be lost.
func TestNoModuleAccountCanReceive(t *testing.T) {
	m := newMarket(t)
	permissions := m.App.Auth.GetModulePermissions()
	require.Contains(t, permissions, escrowtypes.ModuleName)
	for _, name := range slices.Sorted(maps.Keys(permissions)) {
		t.Run(name, func(t *testing.T) {
			module := m.App.Auth.GetModuleAddress(name)
			coins := sdk.NewCoins(chain.Coin(1))
			for _, msg := range []sdk.Msg{
				banktypes.NewMsgSend(account("mallory").Address, module, coins),
				banktypes.NewMsgMultiSend(banktypes.NewInput(account("mallory").Address, coins), []banktypes.Output{banktypes.NewOutput(module, coins)}),
				&escrowtypes.MsgSetPayout{Owner: address("mallory"), Payout: module.String()},
			} {
				before := m.balance("mallory")
				require.Error(t, m.try("mallory", msg), "%T", msg)
				require.Equal(t, before, m.balance("mallory"))
			}
		})
	}
}
