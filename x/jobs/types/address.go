package types

import sdk "github.com/cosmos/cosmos-sdk/types"

// ParseAddress reads a bech32 account address; field names it in errors.
func ParseAddress(field, address string) (sdk.AccAddress, error) {
	parsed, err := sdk.AccAddressFromBech32(address)
	if err != nil {
		return nil, ErrInvalid.Wrapf("%s: %.100q is not an account address; give one that starts with %s1",
			field, address, sdk.GetConfig().GetBech32AccountAddrPrefix())
	}
	return parsed, nil
}
