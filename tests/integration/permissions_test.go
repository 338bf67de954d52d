package integration_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/x/authz"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/ain-network/aind/app"
	"github.com/ain-network/aind/app/apptest"
	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	permissionstypes "github.com/ain-network/aind/x/permissions/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

const (
	sendURL            = "/cosmos.bank.v1beta1.MsgSend"
	createValidatorURL = "/cosmos.staking.v1beta1.MsgCreateValidator"
)

// ruled is a chain with alice and bob, a vote of ten seconds and these rules beside those of the default genesis.
func ruled(t *testing.T, rules ...permissionstypes.Rule) *apptest.Chain {
	return apptest.New(t, apptest.Config{
		Accounts: map[string]int64{"alice": 2_000_000_000_000, "bob": 1_000_000_000_000},
		Genesis: func(g *app.GenesisBuilder) {
			app.EditGenesis(g, govtypes.ModuleName, func(state *govv1.GenesisState) {
				period := 10 * time.Second
				half := period / 2
				state.Params.VotingPeriod, state.Params.ExpeditedVotingPeriod = &period, &half
			})
			app.EditGenesis(g, permissionstypes.ModuleName, func(state *permissionstypes.GenesisState) {
				state.Rules = append(state.Rules, rules...)
			})
		},
	})
}

// only lets the accounts send a message, and nobody else.
func only(typeURL string, accounts ...apptest.Account) permissionstypes.Rule {
	rule := permissionstypes.Rule{TypeUrl: typeURL, Access: permissionstypes.ACCESS_LISTED}
	for _, account := range accounts {
		rule.Accounts = append(rule.Accounts, account.String())
	}
	return rule
}

// vote passes a proposal with these messages and returns how it ended.
func vote(t *testing.T, c *apptest.Chain, msgs ...sdk.Msg) govv1.Proposal {
	t.Helper()
	submit, err := govv1.NewMsgSubmitProposal(msgs, sdk.NewCoins(chain.Coin(1_000_000_000)), alice.String(), "", "rule", "who may do what", false)
	require.NoError(t, err)
	c.Must(alice, submit)
	id, err := c.App.Gov.ProposalID.Peek(c.Context())
	require.NoError(t, err)
	c.Must(c.Validator(), govv1.NewMsgVote(c.Validator().Address, id-1, govv1.OptionYes, ""))
	for range 12 {
		c.Block()
	}
	proposal, err := c.App.Gov.Proposals.Get(c.Context(), id-1)
	require.NoError(t, err)
	return proposal
}

func TestAMessageUnderARule(t *testing.T) {
	c := ruled(t, only(sendURL, alice))
	c.Must(alice, send(alice, bob, 5))
	before := balance(c, bob)
	refused := c.Do(bob, send(bob, alice, 5))
	requireCode(t, permissionstypes.ErrNotAllowed, refused.Codespace, refused.Code, refused.Log)
	require.Contains(t, refused.Log, bob.String()+" is not listed; ask "+app.Authority())
	require.Equal(t, before, balance(c, bob))

	both := c.Do(bob, setStake(bob, 7), send(bob, alice, 5))
	requireCode(t, permissionstypes.ErrNotAllowed, both.Codespace, both.Code, both.Log)
	require.Zero(t, stakeOf(t, c, bob), "a transaction is refused as a whole")
}

func TestAMessageUnderARuleInsideAuthz(t *testing.T) {
	c := ruled(t, only(sendURL, alice))
	expires := c.Time.Add(time.Hour)
	grant := func(from, to apptest.Account, typeURL string) {
		msg, err := authz.NewMsgGrant(from.Address, to.Address, authz.NewGenericAuthorization(typeURL), &expires)
		require.NoError(t, err)
		c.Must(from, msg)
	}
	exec := func(by apptest.Account, msgs ...sdk.Msg) *authz.MsgExec {
		msg := authz.NewMsgExec(by.Address, msgs)
		return &msg
	}
	grant(bob, alice, sendURL)
	grant(alice, bob, sendURL)

	for name, msg := range map[string]sdk.Msg{
		"its own message":                    exec(bob, send(bob, alice, 5)),
		"its own message, wrapped twice":     exec(bob, exec(bob, send(bob, alice, 5))),
		"wrapped three times":                exec(bob, exec(bob, exec(bob, send(bob, alice, 5)))),
		"behind a message that is let alone": exec(bob, setStake(bob, 5), send(bob, alice, 5)),
	} {
		refused := c.Do(bob, msg)
		requireCode(t, permissionstypes.ErrNotAllowed, refused.Codespace, refused.Code, name+": "+refused.Log)
	}
	refused := c.Do(alice, exec(alice, send(bob, alice, 5)))
	requireCode(t, permissionstypes.ErrNotAllowed, refused.Codespace, refused.Code, refused.Log)
	require.Contains(t, refused.Log, bob.String()+" is not listed", "who grants is the sender, whoever executes")

	before := balance(c, stranger)
	c.Must(bob, exec(bob, send(alice, stranger, 5)))
	require.Equal(t, before+5, balance(c, stranger), "a listed account may let others send for it")
}

func TestAMessageUnderARuleInsideAProposal(t *testing.T) {
	c := ruled(t, permissionstypes.Rule{TypeUrl: sendURL, Access: permissionstypes.ACCESS_NOBODY})
	gov := apptest.Account{Address: sdk.MustAccAddressFromBech32(app.Authority())}
	spend := send(gov, stranger, 5)
	failed := vote(t, c, spend)
	require.Equal(t, govv1.StatusFailed, failed.Status)
	require.Contains(t, failed.FailedReason, sendURL+": nobody may send it")

	wrapped := authz.NewMsgExec(gov.Address, []sdk.Msg{spend})
	failed = vote(t, c, &wrapped)
	require.Equal(t, govv1.StatusFailed, failed.Status)
	require.Contains(t, failed.FailedReason, sendURL+": nobody may send it")

	open := &permissionstypes.MsgSetRule{Authority: app.Authority(), Rule: only(sendURL, gov)}
	passed := vote(t, c, open)
	require.Equal(t, govv1.StatusPassed, passed.Status, passed.FailedReason)
	refused := c.Do(bob, send(bob, alice, 5))
	requireCode(t, permissionstypes.ErrNotAllowed, refused.Codespace, refused.Code, refused.Log)
}

// join makes an account a validator.
func join(t *testing.T, account apptest.Account) sdk.Msg {
	t.Helper()
	msg, err := stakingtypes.NewMsgCreateValidator(
		sdk.ValAddress(account.Address).String(), ed25519.GenPrivKeyFromSecret([]byte(account.Name)).PubKey(), chain.Coin(1_000_000),
		stakingtypes.NewDescription(account.Name, "", "", "", ""),
		stakingtypes.NewCommissionRates(math.LegacyZeroDec(), math.LegacyOneDec(), math.LegacyOneDec()), math.OneInt())
	require.NoError(t, err)
	return msg
}

// Four validators are in the genesis file; the fifth needs a rule.
func TestTheFifthValidatorIsLetInByARule(t *testing.T) {
	keeper := apptest.NewAccount("keeper")
	c := apptest.New(t, apptest.Config{
		Accounts: map[string]int64{"keeper": 1_000_000, "fifth": 10_000_000},
		Genesis: func(g *app.GenesisBuilder) {
			for _, name := range []string{"second", "third", "fourth"} {
				account := apptest.NewAccount(name)
				require.NoError(t, g.Fund(account.Address, chain.Coin(10_000_000)))
				consensus := ed25519.GenPrivKeyFromSecret([]byte(name)).PubKey()
				require.NoError(t, g.AddValidator(name, account.Key, consensus, chain.Coin(10_000_000)))
			}
			app.EditGenesis(g, permissionstypes.ModuleName, func(state *permissionstypes.GenesisState) {
				state.Rules[0].Authority = keeper.String()
			})
		},
	})
	count := func() int {
		validators, err := c.App.Staking.GetAllValidators(c.Context())
		require.NoError(t, err)
		return len(validators)
	}
	require.Equal(t, 4, count(), "those of the genesis file are listed")

	fifth := apptest.NewAccount("fifth")
	refused := c.Do(fifth, join(t, fifth))
	requireCode(t, permissionstypes.ErrNotAllowed, refused.Codespace, refused.Code, refused.Log)
	require.Contains(t, refused.Log, createValidatorURL+": "+fifth.String()+" is not listed; ask "+keeper.String())
	require.Equal(t, 4, count())

	rule, err := c.App.Permissions.Rule(c.Context(), createValidatorURL)
	require.NoError(t, err)
	require.Len(t, rule.Accounts, 4)
	rule.Accounts = append(rule.Accounts, fifth.String())
	self := &permissionstypes.MsgSetRule{Authority: fifth.String(), Rule: rule}
	refused = c.Do(fifth, self)
	requireCode(t, permissionstypes.ErrWrongSigner, refused.Codespace, refused.Code, refused.Log)

	c.Must(keeper, &permissionstypes.MsgSetRule{Authority: keeper.String(), Rule: rule})
	c.Must(fifth, join(t, fifth))
	require.Equal(t, 5, count())
}

// A genesis file whose rules do not list a validator does not start: the rules hold from the first transaction on.
func TestAGenesisValidatorWithoutARuleIsRefused(t *testing.T) {
	defer func() {
		require.ErrorContains(t, recover().(error), createValidatorURL+": nobody may send it")
	}()
	apptest.New(t, apptest.Config{Genesis: func(g *app.GenesisBuilder) {
		app.EditGenesis(g, permissionstypes.ModuleName, func(state *permissionstypes.GenesisState) {
			state.Rules = []permissionstypes.Rule{{TypeUrl: createValidatorURL, Access: permissionstypes.ACCESS_NOBODY}}
		})
	}})
}

func TestTheLongestListIsReplacedInOneTransaction(t *testing.T) {
	c := ruled(t, permissionstypes.Rule{TypeUrl: sendURL, Access: permissionstypes.ACCESS_NOBODY, Authority: alice.String()})
	for _, generation := range []string{"first", "second"} {
		rule := only(sendURL)
		rule.Authority = alice.String()
		for i := range permissionstypes.MaxAccounts {
			rule.Accounts = append(rule.Accounts, apptest.NewAccount(fmt.Sprint(generation, i)).String())
		}
		msg := &permissionstypes.MsgSetRule{Authority: alice.String(), Rule: rule}
		result := c.Block(c.Sign(apptest.Tx{From: alice, Msgs: []sdk.Msg{msg}, Gas: app.MaxTxGas})).TxResults[0]
		require.Zero(t, result.Code, result.Log)
		require.Less(t, result.GasUsed, int64(app.MaxTxGas/4))
	}
	refused := c.Do(bob, send(bob, alice, 5))
	requireCode(t, permissionstypes.ErrNotAllowed, refused.Codespace, refused.Code, refused.Log)
	require.Less(t, refused.GasUsed, int64(100_000), "a check costs the same however long the list is")
}

// Rules about our own messages name owners: with the real record of who signs for whom.
func TestAListedOwnersOperatorMayStartAndFinish(t *testing.T) {
	m := newMarket(t)
	hot, lonely := alice, bob
	appoint := func(owner, operator apptest.Account) {
		consent, err := operator.Key.Sign(reputationtypes.OperatorConsent(apptest.ChainID, owner.Address, operator.Address))
		require.NoError(t, err)
		m.Must(owner, &reputationtypes.MsgSetOperator{
			Owner: owner.String(), Operator: operator.String(), OperatorPublicKey: operator.Key.PubKey().Bytes(), OperatorSignature: consent,
		})
	}
	appoint(worker1, hot)
	appoint(worker2, lonely)
	id := m.request()
	m.accept(evaluator, id, program.ROLE_EVALUATOR)

	authority := sdk.MustAccAddressFromBech32(app.Authority())
	acceptJob := sdk.MsgTypeURL(&jobstypes.MsgAcceptJob{})
	m.Tamper(func(ctx sdk.Context) error {
		return m.App.Permissions.SetRule(ctx, authority, only(acceptJob, worker1, lonely))
	})
	accept := func(signer apptest.Account) sdk.Msg {
		return &jobstypes.MsgAcceptJob{Signer: signer.String(), RequestId: id, Role: program.ROLE_WORKER}
	}
	for _, signer := range []apptest.Account{worker2, lonely} {
		refused := m.Do(signer, accept(signer))
		requireCode(t, permissionstypes.ErrNotAllowed, refused.Codespace, refused.Code, refused.Log)
		require.Contains(t, refused.Log, worker2.String())
	}
	m.Must(hot, accept(hot))

	m.Tamper(func(ctx sdk.Context) error {
		return m.App.Permissions.SetRule(ctx, authority, permissionstypes.Rule{TypeUrl: acceptJob, Access: permissionstypes.ACCESS_NOBODY})
	})
	m.Must(hot, &jobstypes.MsgResign{Signer: hot.String(), RequestId: id})
}
