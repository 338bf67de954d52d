package release

import (
	"context"
	"fmt"

	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// Attestation is a builder's signed word on how a program was built.
type Attestation struct {
	// Program is the digest of what was built.
	Program    string
	Provenance jobstypes.Provenance
}

// Attest signs what a program was built from, by the builder's key.
func Attest(ctx context.Context, key Signer, program string, p jobstypes.Provenance) (Attestation, error) {
	p.Signature = jobstypes.Signature{Signer: key.Address().String()} // who signs is part of what is signed
	signature, err := sign(ctx, key, jobstypes.ProvenanceStatement(program, p))
	if err != nil {
		return Attestation{}, fmt.Errorf("sign the attestation of %s: %w", program, err)
	}
	p.Signature = signature
	return Attestation{program, p}, nil
}

// Envelope is the attestation as a file: a DSSE envelope of an in-toto statement.
func (a Attestation) Envelope() ([]byte, error) {
	return envelope{jobstypes.ProvenanceStatement(a.Program, a.Provenance), a.Provenance.Signature}.write()
}

// ReadAttestation reads a file that Envelope made. Its signature is checked, and not yet whether anybody trusts the
// builder. ErrAttestation says what is wrong with it.
func ReadAttestation(file string) (Attestation, error) {
	e, err := readEnvelopeFile(file)
	if err != nil {
		return Attestation{}, err
	}
	return e.attestation(file)
}

func (e envelope) attestation(file string) (Attestation, error) {
	program, p, err := jobstypes.ParseProvenance(e.statement)
	if err != nil {
		return Attestation{}, fmt.Errorf("%w: %s: %w", ErrAttestation, file, err)
	}
	if p.Signature.Signer != e.signature.Signer {
		return Attestation{}, fmt.Errorf("%w: %s: it names builder %.100q and is signed by %s", ErrAttestation, file, p.Signature.Signer, e.signature.Signer)
	}
	p.Signature = e.signature
	return Attestation{program, p}, nil
}

// Of says that the attestation is about this program and no other.
func (a Attestation) Of(program string) error {
	if a.Program != program {
		return fmt.Errorf("%w: it is about program %s, and this one is %s", ErrAttestation, a.Program, program)
	}
	return nil
}

// Attach gives each attestation to the release whose program it is about.
func Attach(releases []jobstypes.ReleaseSpec, attestations []Attestation) error {
next:
	for _, a := range attestations {
		for i := range releases {
			if a.Of(releases[i].Program.Digest) == nil {
				p := a.Provenance
				releases[i].Provenance = &p
				continue next
			}
		}
		return fmt.Errorf("%w: it is about program %s, which is none of those that are published", ErrAttestation, a.Program)
	}
	return nil
}
