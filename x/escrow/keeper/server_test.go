package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/ain-network/aind/tests/specification"
	"github.com/ain-network/aind/x/escrow/keeper"
	"github.com/ain-network/aind/x/escrow/types"
)

func TestMessages(t *testing.T) {
	f := newFixture(t)
	server := keeper.NewMsgServer(f.keeper)
	alice, cold := f.account("alice", 100), f.account("cold", 0)

	_, err := server.SetStake(f.ctx, &types.MsgSetStake{Owner: alice.String(), Amount: math.NewInt(60)})
	require.NoError(t, err)
	require.EqualValues(t, 60, f.stake(alice))

	_, err = server.SetPayout(f.ctx, &types.MsgSetPayout{Owner: alice.String(), Payout: cold.String()})
	require.NoError(t, err)
	require.NoError(t, f.keeper.Pay(f.ctx, f.hold(7), alice, math.NewInt(7), "reward"))
	require.EqualValues(t, 7, f.wallet(cold))

	_, err = server.SetPayout(f.ctx, &types.MsgSetPayout{Owner: alice.String()})
	require.NoError(t, err)
	require.NoError(t, f.keeper.Pay(f.ctx, f.hold(7), alice, math.NewInt(7), "reward"))
	require.EqualValues(t, 47, f.wallet(alice))

	_, err = server.SetStake(f.ctx, &types.MsgSetStake{Owner: "alice", Amount: math.NewInt(60)})
	require.ErrorIs(t, err, types.ErrInvalidAddress, "a message is checked where it executes")
	_, err = server.SetPayout(f.ctx, &types.MsgSetPayout{Owner: alice.String(), Payout: "cold"})
	require.ErrorIs(t, err, types.ErrInvalidAddress)
}

func TestQueries(t *testing.T) {
	f := newFixture(t)
	server := keeper.NewQueryServer(f.keeper)
	alice, bob, stranger := f.staked("alice", 10), f.staked("bob", 20), f.account("stranger", 0)
	first, second := f.hold(30), f.hold(40)

	account, err := server.Account(f.ctx, &types.QueryAccountRequest{Owner: alice.String()})
	require.NoError(t, err)
	require.Equal(t, types.Account{Owner: alice.String(), Stake: math.NewInt(10)}, account.Account)

	account, err = server.Account(f.ctx, &types.QueryAccountRequest{Owner: stranger.String()})
	require.NoError(t, err)
	require.Equal(t, types.Account{Owner: stranger.String(), Stake: math.ZeroInt()}, account.Account)

	_, err = server.Account(f.ctx, &types.QueryAccountRequest{Owner: "alice"})
	require.Equal(t, codes.InvalidArgument, status.Code(err))

	hold, err := server.Hold(f.ctx, &types.QueryHoldRequest{Id: second})
	require.NoError(t, err)
	require.Equal(t, types.Hold{Id: second, Purpose: "request 42", Balance: math.NewInt(40)}, hold.Hold)

	_, err = server.Hold(f.ctx, &types.QueryHoldRequest{Id: 99})
	require.Equal(t, codes.NotFound, status.Code(err))

	books, err := server.Books(f.ctx, &types.QueryBooksRequest{})
	require.NoError(t, err)
	require.Equal(t, &types.QueryBooksResponse{Stakes: math.NewInt(30), Holds: math.NewInt(70), Balance: math.NewInt(100)}, books)

	var owners []string
	var ids []uint64
	accounts := &types.QueryAccountsRequest{Pagination: &query.PageRequest{Limit: 1}}
	holds := &types.QueryHoldsRequest{Pagination: &query.PageRequest{Limit: 1}}
	for range 2 {
		page, err := server.Accounts(f.ctx, accounts)
		require.NoError(t, err)
		require.Len(t, page.Accounts, 1)
		owners = append(owners, page.Accounts[0].Owner)
		accounts.Pagination.Key = page.Pagination.NextKey

		listed, err := server.Holds(f.ctx, holds)
		require.NoError(t, err)
		require.Len(t, listed.Holds, 1)
		ids = append(ids, listed.Holds[0].Id)
		holds.Pagination.Key = listed.Pagination.NextKey
	}
	require.ElementsMatch(t, []string{alice.String(), bob.String()}, owners)
	require.Equal(t, []uint64{first, second}, ids)
	require.Empty(t, accounts.Pagination.Key, "there is no third page")
	require.Empty(t, holds.Pagination.Key)
}

func TestAPageIsBounded(t *testing.T) {
	f := newFixture(t)
	for range 1001 {
		_, err := f.keeper.OpenHold(f.ctx, "request")
		require.NoError(t, err)
	}
	page, err := keeper.NewQueryServer(f.keeper).Holds(f.ctx, &types.QueryHoldsRequest{Pagination: &query.PageRequest{Limit: 1 << 40}})
	require.NoError(t, err)
	require.Len(t, page.Holds, 1000)
	require.NotEmpty(t, page.Pagination.NextKey)
}

func TestEmptyMessagesAreRefused(t *testing.T) {
	f := newFixture(t)
	specification.EmptyMessagesAreRefused(f.ctx, t, keeper.NewMsgServer(f.keeper))
}
