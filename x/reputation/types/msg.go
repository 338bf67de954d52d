package types

import (
	sdk "github.com/cosmos/cosmos-sdk/types"
)

var (
	_ sdk.HasValidateBasic = (*MsgApplyJob)(nil)
	_ sdk.HasValidateBasic = (*MsgWithdrawApplication)(nil)
	_ sdk.HasValidateBasic = (*MsgApproveNode)(nil)
	_ sdk.HasValidateBasic = (*MsgRejectApplication)(nil)
	_ sdk.HasValidateBasic = (*MsgDropNode)(nil)
	_ sdk.HasValidateBasic = (*MsgLeaveJob)(nil)
	_ sdk.HasValidateBasic = (*MsgUpdateCapability)(nil)
	_ sdk.HasValidateBasic = (*MsgSetOperator)(nil)
	_ sdk.HasValidateBasic = (*MsgSetEncryptionKey)(nil)
	_ sdk.HasValidateBasic = (*MsgHeartbeat)(nil)
	_ sdk.HasValidateBasic = (*MsgUpdateParams)(nil)
)

// ValidateBasic checks what needs no state; limits in params are the handler's.
func (m *MsgApplyJob) ValidateBasic() error {
	if err := validateSignerAndJob(m.Signer, m.JobId); err != nil {
		return err
	}
	if err := ValidateRoles("roles", m.Roles); err != nil {
		return err
	}
	if m.Admin != "" {
		if _, err := ParseAddress("admin", m.Admin); err != nil {
			return err
		}
	}
	if err := ValidateEncryptionKey(m.EncryptionKey); err != nil {
		return err
	}
	return validateQualifications(m.Roles, m.Nonce, m.Qualifications)
}

// ValidateBasic checks what needs no state.
func (m *MsgWithdrawApplication) ValidateBasic() error {
	return validateSignerAndApplication(m.Signer, m.ApplicationId)
}

// ValidateBasic checks what needs no state.
func (m *MsgApproveNode) ValidateBasic() error {
	return validateSignerAndApplication(m.Signer, m.ApplicationId)
}

// ValidateBasic checks what needs no state.
func (m *MsgRejectApplication) ValidateBasic() error {
	return validateSignerAndApplication(m.Signer, m.ApplicationId)
}

// ValidateBasic checks what needs no state.
func (m *MsgDropNode) ValidateBasic() error {
	if err := validateSignerAndJob(m.Signer, m.JobId); err != nil {
		return err
	}
	_, err := ParseAddress("node", m.Node)
	return err
}

// ValidateBasic checks what needs no state.
func (m *MsgLeaveJob) ValidateBasic() error { return validateSignerAndJob(m.Signer, m.JobId) }

// ValidateBasic checks what needs no state.
func (m *MsgUpdateCapability) ValidateBasic() error {
	return validateSignerAndJob(m.Signer, m.JobId)
}

// ValidateBasic checks what needs no state. The consent names the chain, which
// only the handler knows.
func (m *MsgSetOperator) ValidateBasic() error {
	if _, err := ParseAddress("owner", m.Owner); err != nil {
		return err
	}
	if m.Operator == "" {
		if len(m.OperatorPublicKey) > 0 || len(m.OperatorSignature) > 0 {
			return ErrInvalidOperator.Wrap("operator: empty, but a key or signature is given; name the operator or leave both out")
		}
		return nil
	}
	if m.Operator == m.Owner {
		return ErrInvalidOperator.Wrapf("operator: %s is the owner; name another key", m.Operator)
	}
	_, err := ParseAddress("operator", m.Operator)
	return err
}

// ValidateBasic checks what needs no state.
func (m *MsgSetEncryptionKey) ValidateBasic() error {
	if _, err := ParseAddress("signer", m.Signer); err != nil {
		return err
	}
	return ValidateEncryptionKey(m.EncryptionKey)
}

// ValidateBasic checks what needs no state.
func (m *MsgHeartbeat) ValidateBasic() error {
	_, err := ParseAddress("signer", m.Signer)
	return err
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
		return nil, ErrInvalidAddress.Wrapf("%s %.100q: %v; give an address that starts with %s1",
			field, value, err, sdk.GetConfig().GetBech32AccountAddrPrefix())
	}
	return address, nil
}

func validateSignerAndJob(signer string, jobID uint64) error {
	if _, err := ParseAddress("signer", signer); err != nil {
		return err
	}
	if jobID == TotalJobID {
		return ErrUnknownJob.Wrap("job_id: 0; jobs start at 0x1")
	}
	return nil
}

func validateSignerAndApplication(signer string, applicationID uint64) error {
	if _, err := ParseAddress("signer", signer); err != nil {
		return err
	}
	if applicationID < FirstApplicationID {
		return ErrUnknownApplication.Wrapf("application_id: %d; applications start at %d", applicationID, FirstApplicationID)
	}
	return nil
}
