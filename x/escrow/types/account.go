package types

import (
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// NewAccount returns an owner's account before anything was set aside.
func NewAccount(owner sdk.AccAddress) Account {
	return Account{Owner: owner.String(), Stake: math.ZeroInt()}
}

// IsEmpty says that the account states nothing, so that it need not be kept.
func (a Account) IsEmpty() bool {
	return a.Stake.IsZero() && a.Payout == ""
}

// Validate checks an account as genesis carries it.
func (a Account) Validate() error {
	if _, err := ParseAddress("owner", a.Owner); err != nil {
		return err
	}
	if a.Payout != "" {
		if _, err := ParseAddress("payout", a.Payout); err != nil {
			return err
		}
	}
	return ValidateAmount("stake", a.Stake)
}
