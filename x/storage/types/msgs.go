package types

import (
	"encoding/hex"
	"strings"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

var (
	_ sdk.HasValidateBasic = (*MsgRegisterProvider)(nil)
	_ sdk.HasValidateBasic = (*MsgReserveSpace)(nil)
	_ sdk.HasValidateBasic = (*MsgExtendSpace)(nil)
	_ sdk.HasValidateBasic = (*MsgSetAccess)(nil)
	_ sdk.HasValidateBasic = (*MsgPublishFolder)(nil)
	_ sdk.HasValidateBasic = (*MsgReleaseSpace)(nil)
	_ sdk.HasValidateBasic = (*MsgUpdateParams)(nil)
)

// ValidateBasic checks what needs no state.
func (m *MsgRegisterProvider) ValidateBasic() error {
	_, err := ParseAddress("signer", m.Signer)
	return err
}

// Validate checks what needs the params.
func (m *MsgRegisterProvider) Validate(p Params) error {
	if err := m.ValidateBasic(); err != nil {
		return err
	}
	if m.CapacityBytes > mostBytes {
		return ErrLimit.Wrapf("capacity_bytes: %d of at most %d", m.CapacityBytes, uint64(mostBytes))
	}
	return ValidateEndpoint(m.Endpoint, p)
}

// ValidateBasic checks what needs no state.
func (m *MsgReserveSpace) ValidateBasic() error {
	if _, err := ParseAddress("signer", m.Signer); err != nil {
		return err
	}
	_, err := ParseAddress("provider", m.Provider)
	return err
}

// Validate checks what needs the params.
func (m *MsgReserveSpace) Validate(p Params) error {
	if err := m.ValidateBasic(); err != nil {
		return err
	}
	if m.SizeBytes < p.MinSizeBytes || m.SizeBytes > p.MaxSizeBytes {
		return ErrLimit.Wrapf("size_bytes: %d is not between %d and %d", m.SizeBytes, p.MinSizeBytes, p.MaxSizeBytes)
	}
	if m.DurationMs < p.MinDurationMs || m.DurationMs > p.MaxDurationMs {
		return ErrLimit.Wrapf("duration_ms: %d is not between %d and %d", m.DurationMs, p.MinDurationMs, p.MaxDurationMs)
	}
	return validateRules(m.Read, m.Write, p)
}

func validateRules(read, write AccessRule, p Params) error {
	if err := read.Validate("read", false, p); err != nil {
		return err
	}
	return write.Validate("write", true, p)
}

// ValidateBasic checks what needs no state.
func (m *MsgExtendSpace) ValidateBasic() error { return validateOnSpace(m.Signer, m.Space) }

// Validate checks what needs the params. now is the chain clock, expires the space's expiry.
func (m *MsgExtendSpace) Validate(now, expires int64, p Params) error {
	if err := m.ValidateBasic(); err != nil {
		return err
	}
	ahead := uint64(expires - now) // the space is live
	if most := max(p.MaxDurationMs, ahead) - ahead; m.DurationMs == 0 || m.DurationMs > most {
		return ErrLimit.Wrapf("duration_ms: %d is not between 1 and %d; a space is paid for %d ms ahead at most", m.DurationMs, most, p.MaxDurationMs)
	}
	return nil
}

// ValidateBasic checks what needs no state.
func (m *MsgSetAccess) ValidateBasic() error { return validateOnSpace(m.Signer, m.Space) }

// Validate checks what needs the params.
func (m *MsgSetAccess) Validate(p Params) error {
	if err := m.ValidateBasic(); err != nil {
		return err
	}
	return validateRules(m.Read, m.Write, p)
}

// ValidateBasic checks what needs no state.
func (m *MsgPublishFolder) ValidateBasic() error {
	if err := validateOnSpace(m.Signer, m.Space); err != nil {
		return err
	}
	return ValidateDigest("digest", m.Digest)
}

// ValidateBasic checks what needs no state.
func (m *MsgReleaseSpace) ValidateBasic() error { return validateOnSpace(m.Signer, m.Space) }

// ValidateBasic checks what needs no state.
func (m *MsgUpdateParams) ValidateBasic() error {
	if _, err := ParseAddress("authority", m.Authority); err != nil {
		return err
	}
	return m.Params.Validate()
}

func validateOnSpace(signer string, space uint64) error {
	if _, err := ParseAddress("signer", signer); err != nil {
		return err
	}
	if space == 0 {
		return ErrUnknownSpace.Wrap("space: 0; spaces start at 1")
	}
	return nil
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

func formatAddress(address []byte) string { return sdk.AccAddress(address).String() }

// ValidateDigest wants sha256: and 64 lower-case hex digits in the named field.
func ValidateDigest(field, digest string) error {
	digits, ok := strings.CutPrefix(digest, "sha256:")
	if sum, err := hex.DecodeString(digits); !ok || err != nil || len(sum) != 32 || digits != strings.ToLower(digits) {
		return ErrInvalid.Wrapf("%s: %.80q: want sha256: and 64 lower-case hex digits", field, digest)
	}
	return nil
}
