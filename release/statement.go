package release

import (
	"encoding/json"
	"fmt"

	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// Statement is what a job's admin has signed of a release, as its envelope says it.
type Statement struct {
	// Admin whose key signed.
	Admin string
	// Programs of the release, the first and its alternatives, by their digests.
	Programs []string
	Role     string
	Version  string
	// ExpiresMs of the chain clock; 0: never.
	ExpiresMs int64
	// Builder and Provenance, the digest of the builder's statement, of a release that has one.
	Builder, Provenance string
}

// releaseStatement is read for what Statement has. Its bytes are signed as a whole.
type releaseStatement struct {
	Type          string `json:"_type"`
	PredicateType string `json:"predicateType"`
	Subject       []struct {
		Digest map[string]string `json:"digest"`
	} `json:"subject"`
	Predicate struct {
		Role       string `json:"role"`
		Version    string `json:"version"`
		ExpiresMs  int64  `json:"expiresMs"`
		Provenance struct {
			Builder string            `json:"builder"`
			Digest  map[string]string `json:"digest"`
		} `json:"provenance"`
	} `json:"predicate"`
}

// SignedRelease is the envelope of a release, as the first of its signatures makes it.
func SignedRelease(schemaDigest string, spec jobstypes.ReleaseSpec) ([]byte, error) {
	if len(spec.Signatures) == 0 {
		return nil, fmt.Errorf("%w: release %s has none", ErrSignature, spec.Version)
	}
	return envelope{jobstypes.ReleaseStatement(schemaDigest, spec), spec.Signatures[0]}.write()
}

// ReadEnvelope reads a file that Attestation.Envelope or SignedRelease made: one of its answers is not nil. Signatures are
// checked; whether anybody trusts who signed is for the caller.
func ReadEnvelope(file string) (*Attestation, *Statement, error) {
	e, err := readEnvelopeFile(file)
	if err != nil {
		return nil, nil, err
	}
	var s releaseStatement
	if err := json.Unmarshal(e.statement, &s); err != nil {
		return nil, nil, fmt.Errorf("%w: %s: statement is not JSON: %w", ErrAttestation, file, err)
	}
	if s.PredicateType != jobstypes.ReleaseType {
		a, err := e.attestation(file)
		return &a, nil, err
	}
	if len(s.Subject) == 0 {
		return nil, nil, fmt.Errorf("%w: %s: it is about no program", ErrAttestation, file)
	}
	var programs []string
	for _, subject := range s.Subject {
		programs = append(programs, "sha256:"+subject.Digest["sha256"])
	}
	statement := &Statement{
		Admin: e.signature.Signer, Programs: programs,
		Role: s.Predicate.Role, Version: s.Predicate.Version, ExpiresMs: s.Predicate.ExpiresMs, Builder: s.Predicate.Provenance.Builder,
	}
	if digest := s.Predicate.Provenance.Digest["sha256"]; digest != "" {
		statement.Provenance = "sha256:" + digest
	}
	return nil, statement, nil
}

// Binds says that an attestation is the one that the admin has signed beside the program.
func (s Statement) Binds(a Attestation) error {
	if got := jobstypes.Digest(jobstypes.ProvenanceStatement(a.Program, a.Provenance)); s.Provenance != "" && got != s.Provenance {
		return fmt.Errorf("%w: release %s was signed with another one, of builder %s", ErrAttestation, s.Version, s.Builder)
	}
	return nil
}
