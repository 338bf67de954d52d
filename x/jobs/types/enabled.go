package types

import "github.com/ain-network/aind/program"

// This file is the whole list of what the protocol names and this chain does not
// do yet. A set field that nobody would honor is refused by name: never accepted
// and ignored. To enable a feature, delete its line here.

// field is one refused field and whether a message sets it.
type field struct {
	name string
	set  bool
}

// Enabled refuses a request's fields that are not honored. Files are beside the input of a request, and of nothing else.
func (s RequestSpec) Enabled() error {
	if s.EvaluatorInput == nil {
		return nil
	}
	return s.EvaluatorInput.enabled("spec.evaluator_input")
}

// Enabled refuses a job's fields that are not honored.
func (m *MsgRegisterJob) Enabled() error {
	if err := m.Terms.enabled(); err != nil {
		return err
	}
	for i, release := range m.Releases {
		if err := release.enabled(index("releases", i)); err != nil {
			return err
		}
	}
	return m.QualificationInput.enabledForApplicants("qualification_input")
}

// Enabled refuses an update's fields that are not honored.
func (m *MsgUpdateJob) Enabled() error {
	if m.Terms != nil {
		if err := m.Terms.enabled(); err != nil {
			return err
		}
	}
	if m.QualificationInput == nil {
		return nil
	}
	return m.QualificationInput.enabledForApplicants("qualification_input")
}

// Enabled refuses a release's fields that are not honored.
func (m *MsgPublishRelease) Enabled() error { return m.Release.enabled("release") }

func (t TermsSpec) enabled() error {
	return refuse(
		field{"terms.verification", t.Verification > VERIFICATION_CHECKPOINT},
		field{"terms.network", t.Network},
		field{"terms.stateless", t.Stateless},
	)
}

func (r ReleaseSpec) enabled(path string) error {
	return refuse(
		field{path + ".role", r.Role == program.ROLE_ADMIN},
		field{path + ".signatures[1]", len(r.Signatures) > 1},
	)
}

func (i Input) enabled(path string) error {
	return refuse(field{path + ".files", len(i.Files) > 0})
}

// enabledForApplicants refuses what would not last: a job lives on, and a space expires.
func (i Input) enabledForApplicants(path string) error {
	if err := i.enabled(path); err != nil || i.Reference == nil {
		return err
	}
	return refuse(
		field{path + ".reference.space", i.Reference.Space != 0},
		field{path + ".reference.chunked", i.Reference.Chunked},
	)
}

func refuse(fields ...field) error {
	for _, f := range fields {
		if f.set {
			return ErrNotEnabled.Wrapf("%s: leave it out", f.name)
		}
	}
	return nil
}
