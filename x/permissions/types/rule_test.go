package types_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/x/permissions/types"
)

const (
	registerJob  = "/ain.jobs.v1.MsgRegisterJob"
	submitResult = "/ain.jobs.v1.MsgSubmitResult"
	setRule      = "/ain.permissions.v1.MsgSetRule"
)

func account(name string) string {
	chain.SetPrefixes()
	return authtypes.NewModuleAddress("test/" + name).String()
}

func TestValidRules(t *testing.T) {
	many := make([]string, types.MaxAccounts)
	for i := range many {
		many[i] = account(fmt.Sprint(i))
	}
	for name, rule := range map[string]types.Rule{
		"everybody":                   {TypeUrl: registerJob, Access: types.ACCESS_EVERYBODY},
		"nobody":                      {TypeUrl: registerJob, Access: types.ACCESS_NOBODY},
		"one account":                 {TypeUrl: registerJob, Access: types.ACCESS_LISTED, Accounts: []string{account("alice")}},
		"as many as there may be":     {TypeUrl: registerJob, Access: types.ACCESS_LISTED, Accounts: many},
		"an authority of its own":     {TypeUrl: registerJob, Access: types.ACCESS_NOBODY, Authority: account("alice")},
		"a message of another module": {TypeUrl: "/cosmos.bank.v1beta1.MsgSend", Access: types.ACCESS_NOBODY},
	} {
		t.Run(name, func(t *testing.T) { require.NoError(t, rule.Validate()) })
	}
}

func TestRulesThatAreRefused(t *testing.T) {
	alice := account("alice")
	many := make([]string, types.MaxAccounts+1)
	for i := range many {
		many[i] = account(fmt.Sprint(i))
	}
	for _, tt := range []struct {
		name string
		rule types.Rule
		err  error
		says string
	}{
		{"no message", types.Rule{Access: types.ACCESS_NOBODY}, types.ErrUnknownMessage, `rule.type_url: ""`},
		{"an unknown message", types.Rule{TypeUrl: "/ain.jobs.v1.MsgDance", Access: types.ACCESS_NOBODY}, types.ErrUnknownMessage, "MsgDance"},
		{"no slash", types.Rule{TypeUrl: registerJob[1:], Access: types.ACCESS_NOBODY}, types.ErrUnknownMessage, "give the type URL"},
		{"a message that finishes", types.Rule{TypeUrl: submitResult, Access: types.ACCESS_NOBODY}, types.ErrNotStoppable,
			"rule.type_url: " + submitResult + " finishes what was begun"},
		{"a message that finishes, open to everybody", types.Rule{TypeUrl: submitResult, Access: types.ACCESS_EVERYBODY}, types.ErrNotStoppable, submitResult},
		{"the message that sets rules", types.Rule{TypeUrl: setRule, Access: types.ACCESS_NOBODY}, types.ErrNotStoppable, setRule + " governs the chain"},
		{"no access", types.Rule{TypeUrl: registerJob}, types.ErrInvalidRule, "rule.access: ACCESS_UNSPECIFIED; give everybody, listed or nobody"},
		{"an access that there is not", types.Rule{TypeUrl: registerJob, Access: 9}, types.ErrInvalidRule, "rule.access: 9"},
		{"an empty list", types.Rule{TypeUrl: registerJob, Access: types.ACCESS_LISTED}, types.ErrInvalidRule, "rule.accounts: empty"},
		{"a list for everybody", types.Rule{TypeUrl: registerJob, Access: types.ACCESS_EVERYBODY, Accounts: []string{alice}}, types.ErrInvalidRule,
			"rule.accounts: 1 with access ACCESS_EVERYBODY"},
		{"a list for nobody", types.Rule{TypeUrl: registerJob, Access: types.ACCESS_NOBODY, Accounts: []string{alice}}, types.ErrInvalidRule, "only access listed"},
		{"a list that is too long", types.Rule{TypeUrl: registerJob, Access: types.ACCESS_LISTED, Accounts: many}, types.ErrInvalidRule, "1001; give at most 1000"},
		{"no address", types.Rule{TypeUrl: registerJob, Access: types.ACCESS_LISTED, Accounts: []string{"alice"}}, types.ErrInvalidAddress, `rule.accounts "alice"`},
		{"an account twice", types.Rule{TypeUrl: registerJob, Access: types.ACCESS_LISTED, Accounts: []string{alice, account("bob"), alice}},
			types.ErrInvalidRule, alice + " appears twice"},
		{"an account twice, in capitals", types.Rule{TypeUrl: registerJob, Access: types.ACCESS_LISTED, Accounts: []string{alice, strings.ToUpper(alice)}},
			types.ErrInvalidRule, alice + " appears twice"},
		{"an authority that is no address", types.Rule{TypeUrl: registerJob, Access: types.ACCESS_NOBODY, Authority: "root"}, types.ErrInvalidAddress, `rule.authority "root"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.rule.Validate()
			require.ErrorIs(t, err, tt.err)
			require.ErrorContains(t, err, tt.says)
			msg := types.MsgSetRule{Authority: alice, Rule: tt.rule}
			require.ErrorIs(t, msg.ValidateBasic(), tt.err)
			require.ErrorIs(t, types.GenesisState{Rules: []types.Rule{tt.rule}}.Validate(), types.ErrInvalidGenesis)
		})
	}
}

func TestAListIsSorted(t *testing.T) {
	rule := types.Rule{TypeUrl: registerJob, Access: types.ACCESS_LISTED, Accounts: []string{account("a"), account("b"), account("c"), account("d")}}
	listed, err := rule.Listed()
	require.NoError(t, err)
	require.Len(t, listed, 4)
	for i := range 3 {
		require.Negative(t, strings.Compare(string(listed[i]), string(listed[i+1])))
	}
	none, err := types.Everybody(registerJob).Listed()
	require.NoError(t, err)
	require.Empty(t, none)
}

func TestSetRuleNeedsASigner(t *testing.T) {
	msg := types.MsgSetRule{Authority: "root", Rule: types.Everybody(registerJob)}
	require.ErrorIs(t, msg.ValidateBasic(), types.ErrInvalidAddress)
	msg.Authority = account("root")
	require.NoError(t, msg.ValidateBasic())
}

func TestGenesisHasOneRuleAMessage(t *testing.T) {
	state := types.GenesisState{Rules: []types.Rule{
		{TypeUrl: registerJob, Access: types.ACCESS_NOBODY}, {TypeUrl: registerJob, Access: types.ACCESS_EVERYBODY},
	}}
	err := state.Validate()
	require.ErrorIs(t, err, types.ErrInvalidGenesis)
	require.ErrorContains(t, err, "rules[1].type_url: "+registerJob+" appears twice")
}

func TestGenesisAllows(t *testing.T) {
	alice, bob := account("alice"), account("bob")
	state := types.GenesisState{Rules: []types.Rule{
		{TypeUrl: registerJob, Access: types.ACCESS_NOBODY},
		{TypeUrl: "/ain.jobs.v1.MsgRequestJob", Access: types.ACCESS_EVERYBODY, Authority: alice},
		{TypeUrl: "/ain.jobs.v1.MsgPublishRelease", Access: types.ACCESS_NOBODY},
	}}
	for _, url := range []string{registerJob, "/ain.jobs.v1.MsgRequestJob", "/ain.jobs.v1.MsgAcceptJob", "/ain.jobs.v1.MsgPublishRelease"} {
		state.Allow(url, alice)
		state.Allow(url, bob)
	}
	require.Equal(t, []types.Rule{
		{TypeUrl: registerJob, Access: types.ACCESS_LISTED, Accounts: []string{alice, bob}},
		{TypeUrl: "/ain.jobs.v1.MsgRequestJob", Access: types.ACCESS_EVERYBODY, Authority: alice},
		{TypeUrl: "/ain.jobs.v1.MsgPublishRelease", Access: types.ACCESS_LISTED, Accounts: []string{alice, bob}},
	}, state.Rules, "what everybody may do needs no list")
	require.NoError(t, state.Validate())
}

// What was begun is finished, whatever the rules are: the protocol's list, by name.
func TestNoRuleStopsFinishing(t *testing.T) {
	for class, names := range map[types.Class][]string{
		types.ClassStarting: {
			"/ain.jobs.v1.MsgRegisterJob", "/ain.jobs.v1.MsgPublishRelease", "/ain.jobs.v1.MsgRequestJob", "/ain.jobs.v1.MsgAcceptJob",
			"/ain.reputation.v1.MsgApplyJob", "/ain.reputation.v1.MsgApproveNode",
			"/cosmos.staking.v1beta1.MsgCreateValidator", "/cosmos.staking.v1beta1.MsgDelegate", "/cosmos.bank.v1beta1.MsgSend",
		},
		types.ClassFinishing: {
			submitResult, "/ain.jobs.v1.MsgRevealResult", "/ain.jobs.v1.MsgRank", "/ain.jobs.v1.MsgAcceptResult",
			"/ain.jobs.v1.MsgChallenge", "/ain.jobs.v1.MsgResolveChallenge", "/ain.jobs.v1.MsgResign", "/ain.jobs.v1.MsgCancelRequest", "/ain.jobs.v1.MsgGrantKey", "/ain.jobs.v1.MsgPublishCheckpoints",
			"/ain.reputation.v1.MsgWithdrawApplication", "/ain.reputation.v1.MsgLeaveJob", "/ain.reputation.v1.MsgSetOperator",
			"/ain.escrow.v1.MsgSetStake", "/ain.escrow.v1.MsgSetPayout",
			"/cosmos.slashing.v1beta1.MsgUnjail", "/cosmos.staking.v1beta1.MsgUndelegate", "/cosmos.authz.v1beta1.MsgExec",
			"/cosmos.authz.v1beta1.MsgRevoke", "/cosmos.distribution.v1beta1.MsgWithdrawDelegatorReward",
		},
		types.ClassGoverning: {
			setRule, "/cosmos.gov.v1.MsgSubmitProposal", "/cosmos.gov.v1.MsgDeposit", "/cosmos.gov.v1.MsgVote",
			"/ain.jobs.v1.MsgUpdateParams", "/cosmos.upgrade.v1beta1.MsgSoftwareUpgrade",
		},
	} {
		for _, name := range names {
			require.Equal(t, class, types.ClassOf(name), name)
			require.Equal(t, class == types.ClassStarting, types.ValidateStoppable("type_url", name) == nil, name)
		}
	}
	require.Equal(t, types.ClassUnknown, types.ClassOf("/ain.jobs.v1.MsgDance"))
}

func TestRulesAboutOurOwnMessagesNameOwners(t *testing.T) {
	require.True(t, types.ForOwner(registerJob))
	require.False(t, types.ForOwner("/cosmos.staking.v1beta1.MsgCreateValidator"))
	require.False(t, types.ForOwner(submitResult), "no rule is about it")
	starting := types.TypeURLs(types.ClassStarting)
	require.True(t, slices.IsSorted(starting))
	for _, url := range starting {
		require.Equal(t, strings.HasPrefix(url, "/ain."), types.ForOwner(url), url)
	}
}

func TestAddressesNameTheirField(t *testing.T) {
	_, err := types.ParseAddress("account", "cosmos1xyz")
	require.ErrorIs(t, err, types.ErrInvalidAddress)
	require.ErrorContains(t, err, `account "cosmos1xyz"`)
	got, err := types.ParseAddress("account", account("alice"))
	require.NoError(t, err)
	require.Equal(t, sdk.MustAccAddressFromBech32(account("alice")), got)
}
