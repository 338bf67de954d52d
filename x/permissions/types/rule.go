package types

import (
	"bytes"
	"slices"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// Everybody is the rule about a message that none was set for.
func Everybody(typeURL string) Rule {
	return Rule{TypeUrl: typeURL, Access: ACCESS_EVERYBODY}
}

// IsDefault says that the rule changes nothing, so that it need not be kept.
func (r Rule) IsDefault() bool {
	return r.Access == ACCESS_EVERYBODY && r.Authority == ""
}

// Validate checks what needs no state.
func (r Rule) Validate() error {
	if err := ValidateStoppable("rule.type_url", r.TypeUrl); err != nil {
		return err
	}
	if r.Authority != "" {
		if _, err := ParseAddress("rule.authority", r.Authority); err != nil {
			return err
		}
	}
	switch r.Access {
	case ACCESS_LISTED:
		if len(r.Accounts) == 0 {
			return ErrInvalidRule.Wrap("rule.accounts: empty; list an account, or give access nobody")
		}
	case ACCESS_EVERYBODY, ACCESS_NOBODY:
		if len(r.Accounts) > 0 {
			return ErrInvalidRule.Wrapf("rule.accounts: %d with access %s; only access listed has accounts", len(r.Accounts), r.Access)
		}
	default:
		return ErrInvalidRule.Wrapf("rule.access: %s; give everybody, listed or nobody", r.Access)
	}
	_, err := r.Listed()
	return err
}

// Listed returns the accounts of the list, sorted.
func (r Rule) Listed() ([]sdk.AccAddress, error) {
	if len(r.Accounts) > MaxAccounts {
		return nil, ErrInvalidRule.Wrapf("rule.accounts: %d; give at most %d", len(r.Accounts), MaxAccounts)
	}
	listed := make([]sdk.AccAddress, len(r.Accounts))
	for i, account := range r.Accounts {
		var err error
		if listed[i], err = ParseAddress("rule.accounts", account); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(listed, func(a, b sdk.AccAddress) int { return bytes.Compare(a, b) })
	for i := range listed[min(1, len(listed)):] {
		if listed[i].Equals(listed[i+1]) {
			return nil, ErrInvalidRule.Wrapf("rule.accounts: %s appears twice; list it once", listed[i])
		}
	}
	return listed, nil
}

// ParseAddress reads the bech32 address in the named field.
func ParseAddress(field, value string) (sdk.AccAddress, error) {
	address, err := sdk.AccAddressFromBech32(value)
	if err != nil {
		return nil, ErrInvalidAddress.Wrapf("%s %q: %v; give an address that starts with %s1",
			field, value, err, sdk.GetConfig().GetBech32AccountAddrPrefix())
	}
	return address, nil
}
