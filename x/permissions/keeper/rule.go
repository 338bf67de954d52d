package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/permissions/types"
)

// SetRule replaces the rule about a message, if by may change it.
func (k *Keeper) SetRule(ctx context.Context, by sdk.AccAddress, rule types.Rule) error {
	if err := rule.Validate(); err != nil {
		return err
	}
	rule, err := k.written(rule)
	if err != nil {
		return err
	}
	old, err := k.Rule(ctx, rule.TypeUrl)
	if err != nil {
		return err
	}
	if err := k.checkAuthority(by, old, rule); err != nil {
		return err
	}
	if rule.Equal(old) {
		return nil
	}
	if err := k.store(ctx, rule); err != nil {
		return err
	}
	return emit(ctx, &types.EventRuleSet{By: by.String(), Rule: rule})
}

// checkAuthority: the chain's authority changes everything, a rule's own authority all but who that is.
func (k *Keeper) checkAuthority(by sdk.AccAddress, old, rule types.Rule) error {
	if by.String() == k.authority {
		return nil
	}
	if old.Authority == "" {
		return types.ErrWrongSigner.Wrapf("authority: %s; only %s changes the rule of %s", by, k.authority, old.TypeUrl)
	}
	if by.String() != old.Authority {
		return types.ErrWrongSigner.Wrapf("authority: %s; only %s and %s change the rule of %s", by, old.Authority, k.authority, old.TypeUrl)
	}
	if rule.Authority != old.Authority {
		return types.ErrWrongSigner.Wrapf("rule.authority: %q; only %s names another than %s", rule.Authority, k.authority, old.Authority)
	}
	return nil
}

// written is a valid rule as it is kept and shown: addresses in lower case, accounts sorted, no authority where it is
// the chain's.
func (k *Keeper) written(rule types.Rule) (types.Rule, error) {
	listed, err := rule.Listed()
	if err != nil {
		return types.Rule{}, err
	}
	rule.Accounts = nil
	for _, account := range listed {
		rule.Accounts = append(rule.Accounts, account.String())
	}
	if rule.Authority == "" {
		return rule, nil
	}
	authority, err := types.ParseAddress("rule.authority", rule.Authority)
	if err != nil {
		return types.Rule{}, err
	}
	if rule.Authority = authority.String(); rule.Authority == k.authority {
		rule.Authority = ""
	}
	return rule, nil
}

// store replaces a rule and its list.
func (k *Keeper) store(ctx context.Context, rule types.Rule) error {
	if err := k.accounts.Clear(ctx, collections.NewPrefixedPairRange[string, sdk.AccAddress](rule.TypeUrl)); err != nil {
		return err
	}
	listed, err := rule.Listed()
	if err != nil {
		return err
	}
	for _, account := range listed {
		if err := k.accounts.Set(ctx, collections.Join(rule.TypeUrl, account)); err != nil {
			return err
		}
	}
	if rule.IsDefault() {
		return k.rules.Remove(ctx, rule.TypeUrl)
	}
	rule.Accounts = nil
	return k.rules.Set(ctx, rule.TypeUrl, rule)
}

// Rule returns the rule about a message: everybody, where none was set.
func (k *Keeper) Rule(ctx context.Context, typeURL string) (types.Rule, error) {
	rule, err := k.kept(ctx, typeURL)
	if err != nil {
		return types.Rule{}, err
	}
	return k.withAccounts(ctx, rule)
}

// kept is the rule without its list.
func (k *Keeper) kept(ctx context.Context, typeURL string) (types.Rule, error) {
	rule, err := k.rules.Get(ctx, typeURL)
	if errors.Is(err, collections.ErrNotFound) {
		return types.Everybody(typeURL), nil
	}
	return rule, err
}

// withAccounts fills in the list of a rule.
func (k *Keeper) withAccounts(ctx context.Context, rule types.Rule) (types.Rule, error) {
	of := collections.NewPrefixedPairRange[string, sdk.AccAddress](rule.TypeUrl)
	err := k.accounts.Walk(ctx, of, func(key collections.Pair[string, sdk.AccAddress]) (bool, error) {
		rule.Accounts = append(rule.Accounts, key.K2().String())
		return false, nil
	})
	return rule, err
}

// IsListed says whether a rule lists the owner among those who may send a message. It is for modules whose message only
// listed accounts may send: where there is no rule with a list, nobody is listed.
func (k *Keeper) IsListed(ctx context.Context, typeURL string, owner sdk.AccAddress) (bool, error) {
	rule, err := k.kept(ctx, typeURL)
	if err != nil || rule.Access != types.ACCESS_LISTED {
		return false, err
	}
	return k.accounts.Has(ctx, collections.Join(typeURL, owner))
}

// Check returns ErrNotAllowed if a rule keeps the signer from sending a message of that type.
func (k *Keeper) Check(ctx context.Context, typeURL string, signer sdk.AccAddress) error {
	if types.ClassOf(typeURL) != types.ClassStarting {
		return nil
	}
	rule, err := k.kept(ctx, typeURL)
	if err != nil || rule.Access == types.ACCESS_EVERYBODY {
		return err
	}
	ask := rule.Authority
	if ask == "" {
		ask = k.authority
	}
	if rule.Access == types.ACCESS_NOBODY {
		return types.ErrNotAllowed.Wrapf("%s: nobody may send it; ask %s for another rule", typeURL, ask)
	}
	sender := signer
	if types.ForOwner(typeURL) {
		if sender, err = k.operators.Owner(ctx, signer); err != nil {
			return err
		}
	}
	listed, err := k.accounts.Has(ctx, collections.Join(typeURL, sender))
	if err != nil || listed {
		return err
	}
	if !sender.Equals(signer) {
		return types.ErrNotAllowed.Wrapf("%s: %s, whom %s signs for, is not listed; ask %s to list it", typeURL, sender, signer, ask)
	}
	return types.ErrNotAllowed.Wrapf("%s: %s is not listed; ask %s to list it", typeURL, signer, ask)
}
