package types

import (
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

var (
	_ sdk.HasValidateBasic = (*MsgSetStake)(nil)
	_ sdk.HasValidateBasic = (*MsgSetPayout)(nil)
)

// ValidateBasic checks what needs no state.
func (m *MsgSetStake) ValidateBasic() error {
	if _, err := ParseAddress("owner", m.Owner); err != nil {
		return err
	}
	return ValidateAmount("amount", m.Amount)
}

// ValidateBasic checks what needs no state. An empty payout address is the owner.
func (m *MsgSetPayout) ValidateBasic() error {
	if _, err := ParseAddress("owner", m.Owner); err != nil {
		return err
	}
	if m.Payout == "" {
		return nil
	}
	_, err := ParseAddress("payout", m.Payout)
	return err
}

// ParseAddress reads the bech32 address in the named field.
func ParseAddress(field, value string) (sdk.AccAddress, error) {
	address, err := sdk.AccAddressFromBech32(value)
	if err != nil {
		return nil, ErrInvalidAddress.Wrapf("%s %.100q: %v; give an address that starts with %s1",
			field, value, err, sdk.GetConfig().GetBech32AccountAddrPrefix())
	}
	return address, nil
}

// ValidateAmount refuses a missing or negative amount of uain.
func ValidateAmount(field string, amount math.Int) error {
	switch {
	case amount.IsNil():
		return ErrInvalidAmount.Wrapf("%s: missing; give an integer of uain", field)
	case amount.IsNegative():
		return ErrInvalidAmount.Wrapf("%s: %s is negative; give 0 or more uain", field, amount)
	}
	return nil
}
