package keeper_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/permissions/types"
)

func TestWithoutARuleEverybodyMay(t *testing.T) {
	f := newFixture(t)
	require.True(t, f.may(account("alice"), registerJob))
	require.Equal(t, types.Everybody(registerJob), f.rule(registerJob))
}

func TestSetRule(t *testing.T) {
	f := newFixture(t)
	f.mustSet(f.gov, listed(registerJob, "alice", "bob"))
	require.True(t, f.may(account("alice"), registerJob))
	require.True(t, f.may(account("bob"), registerJob))
	require.False(t, f.may(account("carol"), registerJob))
	require.False(t, f.may(f.gov, registerJob), "the chain's authority makes rules and stands under them")
	require.True(t, f.may(account("carol"), requestJob), "a rule is about one message")

	f.mustSet(f.gov, listed(registerJob, "carol"))
	require.False(t, f.may(account("alice"), registerJob), "a rule replaces the one before")
	require.True(t, f.may(account("carol"), registerJob))

	f.mustSet(f.gov, nobody(registerJob))
	require.False(t, f.may(account("carol"), registerJob))

	f.mustSet(f.gov, types.Everybody(registerJob))
	require.True(t, f.may(account("alice"), registerJob))
	require.Zero(t, f.stored(), "a rule that changes nothing is not kept")
}

func TestARuleIsKeptInOneForm(t *testing.T) {
	f := newFixture(t)
	given := with(listed(registerJob, "a", "b", "c", "d"), f.gov)
	for i := range given.Accounts {
		given.Accounts[i] = strings.ToUpper(given.Accounts[i])
	}
	f.mustSet(f.gov, given)

	kept := f.rule(registerJob)
	require.Empty(t, kept.Authority, "the chain's authority may change every rule as it is")
	require.ElementsMatch(t, listed(registerJob, "a", "b", "c", "d").Accounts, kept.Accounts)
	require.True(t, slices.IsSortedFunc(kept.Accounts, func(a, b string) int {
		return strings.Compare(string(sdk.MustAccAddressFromBech32(a)), string(sdk.MustAccAddressFromBech32(b)))
	}))
}

func TestSetRuleAnnouncesAChange(t *testing.T) {
	f := newFixture(t)
	rule := listed(registerJob, "alice")
	require.Equal(t, []*types.EventRuleSet{{By: f.gov.String(), Rule: rule}}, f.events(func() { f.mustSet(f.gov, rule) }))
	require.Empty(t, f.events(func() { f.mustSet(f.gov, rule) }), "the same rule again changes nothing")
}

func TestARuleHasItsOwnAuthority(t *testing.T) {
	f := newFixture(t)
	keeper, alice := account("keeper"), account("alice")
	f.mustSet(f.gov, with(nobody(registerJob), keeper))

	f.mustSet(keeper, with(listed(registerJob, "alice"), keeper))
	require.True(t, f.may(alice, registerJob))
	require.False(t, f.may(keeper, registerJob), "who lists others is not listed by that")

	f.mustSet(keeper, with(types.Everybody(registerJob), keeper))
	require.True(t, f.may(account("carol"), registerJob))
	f.mustSet(keeper, with(nobody(registerJob), keeper))

	f.mustSet(f.gov, with(nobody(registerJob), alice))
	require.ErrorIs(t, f.setRule(keeper, with(nobody(registerJob), keeper)), types.ErrWrongSigner, "the chain's authority took it away")
	f.mustSet(f.gov, listed(registerJob, "carol"))
	require.ErrorIs(t, f.setRule(alice, listed(registerJob, "alice")), types.ErrWrongSigner)
}

func TestSetRuleRefused(t *testing.T) {
	keeper, alice, gov := account("keeper"), account("alice"), newFixture(t).gov
	for _, tt := range []struct {
		name string
		by   sdk.AccAddress
		rule types.Rule
		err  error
		says string
	}{
		{"a stranger where no rule was set", alice, listed(requestJob, "alice"), types.ErrWrongSigner, "changes the rule of " + requestJob},
		{"a stranger where there is an authority", alice, listed(registerJob, "alice"), types.ErrWrongSigner, "only " + keeper.String() + " and "},
		{"an authority of another rule", keeper, listed(createValidator, "keeper"), types.ErrWrongSigner, "changes the rule of " + createValidator},
		{"an authority that hands its rule on", keeper, with(nobody(registerJob), alice), types.ErrWrongSigner, "names another than " + keeper.String()},
		{"an authority that gives its rule back", keeper, nobody(registerJob), types.ErrWrongSigner, `rule.authority: ""`},
		{"a message that finishes", gov, nobody(submitResult), types.ErrNotStoppable, submitResult},
		{"a message that there is not", gov, nobody("/ain.jobs.v1.MsgDance"), types.ErrUnknownMessage, "MsgDance"},
		{"an empty list", gov, listed(registerJob), types.ErrInvalidRule, "rule.accounts: empty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			f.mustSet(f.gov, with(listed(registerJob, "bob"), keeper))
			before := f.stored()
			var err error
			require.Empty(t, f.events(func() { err = f.setRule(tt.by, tt.rule) }))
			require.ErrorIs(t, err, tt.err)
			require.ErrorContains(t, err, tt.says)
			require.Equal(t, before, f.stored())
			require.True(t, f.may(account("bob"), registerJob))
		})
	}
}

func TestTheSignerOfSetRuleIsChecked(t *testing.T) {
	f := newFixture(t)
	_, err := f.server.SetRule(f.ctx, &types.MsgSetRule{Authority: "gov", Rule: nobody(registerJob)})
	require.ErrorIs(t, err, types.ErrInvalidAddress, "a message is checked where it executes")
}

func TestAnOperatorSendsForItsListedOwner(t *testing.T) {
	f := newFixture(t)
	owner, operator := account("owner"), account("operator")
	f.operators[operator.String()] = owner

	f.mustSet(f.gov, listed(registerJob, "owner"))
	require.True(t, f.may(owner, registerJob))
	require.True(t, f.may(operator, registerJob))

	f.mustSet(f.gov, listed(registerJob, "operator"))
	require.False(t, f.may(operator, registerJob), "it acts for an owner that is not listed")
	err := f.keeper.Check(f.ctx, registerJob, operator)
	require.ErrorContains(t, err, owner.String()+", whom "+operator.String()+" signs for, is not listed")

	f.mustSet(f.gov, listed(createValidator, "owner"))
	require.False(t, f.may(operator, createValidator), "other modules know no operators: it would act for itself")
	f.mustSet(f.gov, listed(createValidator, "operator"))
	require.True(t, f.may(operator, createValidator))

	keeper := with(nobody(registerJob), owner)
	f.mustSet(f.gov, keeper)
	require.ErrorIs(t, f.setRule(operator, keeper), types.ErrWrongSigner, "an authority signs itself")
}

func TestARefusalSaysWhomToAsk(t *testing.T) {
	f := newFixture(t)
	keeper := account("keeper")
	f.mustSet(f.gov, nobody(registerJob))
	require.ErrorContains(t, f.keeper.Check(f.ctx, registerJob, keeper), registerJob+": nobody may send it; ask "+f.gov.String())
	f.mustSet(f.gov, with(listed(registerJob, "alice"), keeper))
	require.ErrorContains(t, f.keeper.Check(f.ctx, registerJob, keeper), keeper.String()+" is not listed; ask "+keeper.String()+" to list it")
}

func TestWhatFinishesIsNotEvenLookedUp(t *testing.T) {
	f := newFixture(t)
	before := f.ctx.GasMeter().GasConsumed()
	require.True(t, f.may(account("alice"), submitResult))
	require.Equal(t, before, f.ctx.GasMeter().GasConsumed())
}
