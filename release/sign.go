package release

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// Signer is an account's key.
type Signer interface {
	Address() sdk.AccAddress
	PubKey() cryptotypes.PubKey
	Sign(message []byte) ([]byte, error)
}

// Sign adds the signer's signature to a release: that of a DSSE envelope around the release's in-toto statement.
func Sign(ctx context.Context, key Signer, schemaDigest string, spec *jobstypes.ReleaseSpec) error {
	signature, err := sign(ctx, key, jobstypes.ReleaseStatement(schemaDigest, *spec))
	if err != nil {
		return fmt.Errorf("sign release %s: %w", spec.Version, err)
	}
	spec.Signatures = append(spec.Signatures, signature)
	return nil
}

// sign makes a DSSE envelope around a statement and takes the signature out of it.
func sign(ctx context.Context, key Signer, statement []byte) (jobstypes.Signature, error) {
	envelopes, err := dsse.NewEnvelopeSigner(accountSigner{key})
	if err != nil {
		return jobstypes.Signature{}, err
	}
	envelope, err := envelopes.SignPayload(ctx, jobstypes.ReleasePayloadType, statement)
	if err != nil {
		return jobstypes.Signature{}, err
	}
	signature, err := base64.StdEncoding.DecodeString(envelope.Signatures[0].Sig)
	return jobstypes.Signature{Signer: key.Address().String(), PublicKey: key.PubKey().Bytes(), Signature: signature}, err
}

// accountSigner makes an account's key sign DSSE envelopes.
type accountSigner struct{ key Signer }

var _ dsse.Signer = accountSigner{}

func (s accountSigner) Sign(_ context.Context, pae []byte) ([]byte, error) { return s.key.Sign(pae) }
func (s accountSigner) KeyID() (string, error)                             { return s.key.Address().String(), nil }

// Verify checks that a release is signed by the job's admin, and its provenance, if it has one, by the builder that it
// names, by the same rules as the chain. ErrSigner says that somebody else signed it, ErrSignature that the signature is
// missing or about something else, ErrAttestation that the builder's is.
func Verify(spec jobstypes.ReleaseSpec, schemaDigest string, admin sdk.AccAddress) error {
	err := jobstypes.VerifyRelease(schemaDigest, spec, admin)
	switch {
	case err == nil:
		if err := jobstypes.VerifyProvenance(spec); err != nil {
			return errors.Join(fmt.Errorf("%w: release %s of digest %s", ErrAttestation, spec.Version, spec.Program.Digest), err)
		}
		return nil
	case len(spec.Signatures) > 0 && spec.Signatures[0].Signer != admin.String():
		return errors.Join(fmt.Errorf("%w: release %s of digest %s", ErrSigner, spec.Version, spec.Program.Digest), err)
	}
	return errors.Join(fmt.Errorf("%w: release %s of digest %s", ErrSignature, spec.Version, spec.Program.Digest), err)
}
