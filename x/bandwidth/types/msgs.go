package types

import (
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

var (
	_ sdk.HasValidateBasic = (*MsgAllocateToJob)(nil)
	_ sdk.HasValidateBasic = (*MsgUpdateParams)(nil)
)

// ValidateBasic checks what needs no state.
func (m *MsgAllocateToJob) ValidateBasic() error {
	if _, err := ParseAddress("signer", m.Signer); err != nil {
		return err
	}
	if m.JobId == 0 {
		return ErrUnknownJob.Wrap("job_id: 0; jobs start at 1")
	}
	return ValidateAmount("amount", m.Amount)
}

// ValidateBasic checks what needs no state.
func (m *MsgUpdateParams) ValidateBasic() error {
	if _, err := ParseAddress("authority", m.Authority); err != nil {
		return err
	}
	return m.Params.Validate()
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
