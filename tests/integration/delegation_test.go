package integration_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/x/authz"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"

	"github.com/ain-network/aind/app"
	"github.com/ain-network/aind/app/apptest"
	"github.com/ain-network/aind/chain"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

func setStake(owner apptest.Account, uain int64) *escrowtypes.MsgSetStake {
	return &escrowtypes.MsgSetStake{Owner: owner.String(), Amount: chain.Coin(uain).Amount}
}

// stakeOf is what escrow keeps for an account, in uain.
func stakeOf(t *testing.T, c *apptest.Chain, of apptest.Account) int64 {
	t.Helper()
	stake, err := c.App.Escrow.Stake(c.Context(), of.Address)
	require.NoError(t, err)
	return stake.Int64()
}

func TestMessageInsideAuthzNeedsTheOwnersGrant(t *testing.T) {
	c := funded(t)
	exec := func() sdk.Msg {
		msg := authz.NewMsgExec(bob.Address, []sdk.Msg{setStake(alice, 100)})
		return &msg
	}
	refused := c.Do(bob, exec())
	requireCode(t, authz.ErrNoAuthorizationFound, refused.Codespace, refused.Code, refused.Log)
	require.Zero(t, stakeOf(t, c, alice))

	expires := c.Time.Add(time.Hour)
	grant, err := authz.NewMsgGrant(alice.Address, bob.Address, authz.NewGenericAuthorization(sdk.MsgTypeURL(&escrowtypes.MsgSetStake{})), &expires)
	require.NoError(t, err)
	c.Must(alice, grant)
	c.Must(bob, exec())
	require.Equal(t, int64(100), stakeOf(t, c, alice))
	require.Zero(t, stakeOf(t, c, bob), "the grantee acts for the granter, not for itself")
}

func TestParamsChangeByVoteOnly(t *testing.T) {
	c := apptest.New(t, apptest.Config{
		Accounts: map[string]int64{"alice": 1_000_000_000_000},
		Genesis: func(g *app.GenesisBuilder) {
			app.EditGenesis(g, govtypes.ModuleName, func(state *govv1.GenesisState) {
				period := 10 * time.Second
				state.Params.VotingPeriod = &period
				half := period / 2
				state.Params.ExpeditedVotingPeriod = &half
			})
		},
	})
	params := jobstypes.DefaultParams()
	params.ChainShareBps = 200
	change := func(authority string) *jobstypes.MsgUpdateParams {
		return &jobstypes.MsgUpdateParams{Authority: authority, Params: params}
	}
	require.NotZero(t, c.Do(alice, change(alice.String())).Code, "anybody's own signature")

	propose := func(authority string) sdk.Msg {
		msg, err := govv1.NewMsgSubmitProposal(
			[]sdk.Msg{change(authority)}, sdk.NewCoins(chain.Coin(1_000_000_000)), alice.String(), "", "share", "raise the chain's share", false)
		require.NoError(t, err)
		return msg
	}
	require.NotZero(t, c.Do(alice, propose(alice.String())).Code, "a proposal that speaks for alice")

	c.Must(alice, propose(app.Authority()))
	c.Must(c.Validator(), govv1.NewMsgVote(c.Validator().Address, 1, govv1.OptionYes, ""))
	for range 12 {
		c.Block()
	}
	answer, err := jobsQuery(c).Params(c.Context(), &jobstypes.QueryParamsRequest{})
	require.NoError(t, err)
	require.Equal(t, uint32(200), answer.Params.Params.ChainShareBps)
	require.Equal(t, uint64(2), answer.Params.Version, "requests of before keep version 1")
}
