package types

import sdk "github.com/cosmos/cosmos-sdk/types"

var _ sdk.HasValidateBasic = (*MsgSetRule)(nil)

// ValidateBasic checks what needs no state.
func (m *MsgSetRule) ValidateBasic() error {
	if _, err := ParseAddress("authority", m.Authority); err != nil {
		return err
	}
	return m.Rule.Validate()
}
