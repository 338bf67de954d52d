package types

// WorkersNeedKeys tells whether workers wait for keys before they can work.
func (s RequestSpec) WorkersNeedKeys() bool { return s.GrantKeys }

// JudgesNeedKeys tells whether evaluators and resolvers wait for keys before they can
// judge: what is encrypted for the workers is so for them, too.
func (s RequestSpec) JudgesNeedKeys() bool { return s.GrantKeys || s.EvaluatorInput != nil }

// HasKey tells whether the client granted the worker its key.
func (a Assignment) HasKey() bool { return a.GrantedMs != 0 }

// validateEvaluatorInput wants content in storage: what is inline everybody reads,
// the workers first.
func (s RequestSpec) validateEvaluatorInput(p Params) error {
	if s.EvaluatorInput == nil {
		return nil
	}
	if s.EvaluatorInput.Reference == nil {
		return ErrInvalid.Wrap("spec.evaluator_input.reference: missing; what is inline everybody reads: store it encrypted and give its reference")
	}
	return s.EvaluatorInput.Validate("spec.evaluator_input", p)
}

// Validate checks keys apart from who may have them.
func (m *MsgGrantKey) Validate(p Params) error {
	if len(m.Keys) == 0 {
		return ErrInvalid.Wrap("keys: none; give one for each account")
	}
	if err := checkLength("keys", len(m.Keys), p.MaxWorkers); err != nil {
		return err
	}
	accounts := make([]string, len(m.Keys))
	for i, key := range m.Keys {
		path := index("keys", i)
		if len(key.Key) == 0 {
			return ErrInvalid.Wrapf("%s.key: empty", path)
		}
		if n := len(key.Key); n > int(p.MaxKeyBytes) {
			return ErrLimit.Wrapf("%s.key: %d bytes of at most %d; grant a key, and put what it opens into storage", path, n, p.MaxKeyBytes)
		}
		accounts[i] = key.Account
	}
	if err := validateAccounts("keys", accounts, p.MaxWorkers); err != nil {
		return err
	}
	for i := range m.Keys {
		m.Keys[i].Account = accounts[i]
	}
	return nil
}
