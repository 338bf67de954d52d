package types

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	errorsmod "cosmossdk.io/errors"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	sdk "github.com/cosmos/cosmos-sdk/types"
)

const (
	// ProvenanceType is the predicate of a builder's statement.
	ProvenanceType = "https://slsa.dev/provenance/v1"
	// BuildType says how the parameters of such a statement are to be read.
	BuildType = "https://github.com/ain-network/aind/build/v1"
	// BuilderID begins the id of a builder, which ends with its address.
	BuilderID = "urn:ain:builder:"

	provenanceSubject = "program"
)

// provenanceStatement is an in-toto Statement v1 about how a program was built.
// Fields are marshaled in this order.
type provenanceStatement struct {
	Type          string     `json:"_type"`
	Subject       []subject  `json:"subject"`
	PredicateType string     `json:"predicateType"`
	Predicate     slsaRecord `json:"predicate"`
}

// slsaRecord is SLSA's provenance v1, as far as it holds for every build of ours.
// Times and ids of single runs are left out: a second build says the same.
type slsaRecord struct {
	Definition buildDefinition `json:"buildDefinition"`
	Details    runDetails      `json:"runDetails"`
}

type buildDefinition struct {
	BuildType    string        `json:"buildType"`
	Parameters   buildRequest  `json:"externalParameters"`
	Dependencies []buildSource `json:"resolvedDependencies"`
}

type buildRequest struct {
	Repository string `json:"repository"`
	Commit     string `json:"commit"`
	Recipe     string `json:"recipe"`
	Target     string `json:"target"`
}

type buildSource struct {
	Name   string            `json:"name"`
	URI    string            `json:"uri,omitempty"`
	Digest map[string]string `json:"digest"`
}

type runDetails struct {
	Builder builderID `json:"builder"`
}

type builderID struct {
	ID string `json:"id"`
}

// ProvenanceStatement is what a builder signs: an in-toto statement over a program's
// digest with SLSA's provenance. The same fields give the same bytes everywhere. The
// signature itself is no part of it, but who the builder is.
func ProvenanceStatement(programDigest string, p Provenance) []byte {
	dependencies := []buildSource{
		{Name: "source", URI: "git+" + p.SourceURL + "@" + p.SourceCommit, Digest: map[string]string{"gitCommit": p.SourceCommit}},
	}
	if p.Toolchain != "" {
		dependencies = append(dependencies, buildSource{
			Name: "toolchain", Digest: map[string]string{"sha256": strings.TrimPrefix(p.Toolchain, digestPrefix)},
		})
	}
	b, err := json.Marshal(provenanceStatement{
		Type:          statementType,
		Subject:       []subject{{Name: provenanceSubject, Digest: map[string]string{"sha256": strings.TrimPrefix(programDigest, digestPrefix)}}},
		PredicateType: ProvenanceType,
		Predicate: slsaRecord{
			Definition: buildDefinition{
				BuildType:    BuildType,
				Parameters:   buildRequest{Repository: p.SourceURL, Commit: p.SourceCommit, Recipe: p.Recipe, Target: p.Target},
				Dependencies: dependencies,
			},
			Details: runDetails{Builder: builderID{ID: BuilderID + p.Signature.Signer}},
		},
	})
	if err != nil {
		// Strings always marshal.
		panic(fmt.Sprintf("provenance statement: %v", err))
	}
	return b
}

// ProvenancePAE is the DSSE pre-authentication encoding of the statement: the bytes
// that a builder's account key signs.
func ProvenancePAE(programDigest string, p Provenance) []byte {
	return pae(ProvenanceStatement(programDigest, p))
}

// ParseProvenance reads a statement that ProvenanceStatement wrote, and nothing else:
// what it does not write back, byte for byte, is refused. Errors wrap ErrAttestation.
func ParseProvenance(statement []byte) (programDigest string, p Provenance, err error) {
	var s provenanceStatement
	if err := json.Unmarshal(statement, &s); err != nil {
		return "", p, ErrAttestation.Wrapf("statement is not JSON: %v", err)
	}
	if s.PredicateType != ProvenanceType {
		return "", p, ErrAttestation.Wrapf("statement is about %.200q: want %s", s.PredicateType, ProvenanceType)
	}
	dependencies := s.Predicate.Definition.Dependencies
	if n := len(dependencies); len(s.Subject) != 1 || n < 1 || n > 2 {
		return "", p, ErrAttestation.Wrapf("statement has %d subjects and %d dependencies: want one program, its source, and at most a toolchain", len(s.Subject), n)
	}
	request := s.Predicate.Definition.Parameters
	p = Provenance{
		SourceURL: request.Repository, SourceCommit: request.Commit, Recipe: request.Recipe, Target: request.Target,
		Signature: Signature{Signer: strings.TrimPrefix(s.Predicate.Details.Builder.ID, BuilderID)},
	}
	if len(dependencies) == 2 {
		p.Toolchain = digestPrefix + dependencies[1].Digest["sha256"]
	}
	programDigest = digestPrefix + s.Subject[0].Digest["sha256"]
	if !bytes.Equal(ProvenanceStatement(programDigest, p), statement) {
		return "", p, ErrAttestation.Wrap("statement says more, or says it in another way, than `aind build` does")
	}
	return programDigest, p, nil
}

// VerifyProvenance checks that a release's provenance, if it has one, is signed by
// the builder that it names, over this program. Errors wrap ErrAttestation.
func VerifyProvenance(spec ReleaseSpec) error {
	if spec.Provenance == nil {
		return nil
	}
	p := *spec.Provenance
	builder, err := ParseAddress("provenance.signature.signer", p.Signature.Signer)
	if err != nil || builder.String() != p.Signature.Signer {
		return ErrAttestation.Wrapf("release %s: builder %.100q is not an account address in lower case", spec.Version, p.Signature.Signer)
	}
	return verifySignature(ErrAttestation, "release "+spec.Version, p.Signature, builder, ProvenancePAE(spec.Program.Digest, p),
		fmt.Sprintf("program %s of commit %s (build it anew: `aind build`)", spec.Program.Digest, p.SourceCommit))
}

// verifySignature checks an account's signature over a DSSE encoding.
func verifySignature(kind *errorsmod.Error, what string, s Signature, signer sdk.AccAddress, encoded []byte, over string) error {
	if len(s.PublicKey) != secp256k1.PubKeySize || len(s.Signature) != signatureSize {
		return kind.Wrapf("%s: key of %d and signature of %d bytes instead of %d and %d",
			what, len(s.PublicKey), len(s.Signature), secp256k1.PubKeySize, signatureSize)
	}
	key := secp256k1.PubKey{Key: s.PublicKey}
	if !bytes.Equal(key.Address(), signer) {
		return kind.Wrapf("%s: the public key is not that of %s", what, signer)
	}
	if !key.VerifySignature(encoded, s.Signature) {
		return kind.Wrapf("%s: the signature is not over this %s", what, over)
	}
	return nil
}

// validate checks a provenance apart from its signature.
func (p *Provenance) validate(at string, params Params) error {
	if p == nil {
		return nil
	}
	if err := validateSourceURL(at+".source_url", p.SourceURL, params); err != nil {
		return err
	}
	if err := ValidateCommit(at+".source_commit", p.SourceCommit); err != nil {
		return err
	}
	if err := validateText(at+".recipe", p.Recipe, params.MaxTextBytes, false); err != nil {
		return err
	}
	if p.Recipe == "" || p.Recipe != path.Clean(p.Recipe) || path.IsAbs(p.Recipe) || strings.HasPrefix(p.Recipe, "..") {
		return ErrInvalid.Wrapf("%s.recipe: %.200q: want the path of a file in the source, like ain-build.yaml", at, p.Recipe)
	}
	if p.Target == "" {
		return ErrInvalid.Wrapf("%s.target: empty; name the target of the recipe", at)
	}
	if err := validateText(at+".target", p.Target, params.MaxNameBytes, false); err != nil {
		return err
	}
	if _, err := ParseDigest(p.Toolchain); err != nil && p.Toolchain != "" {
		return ErrInvalid.Wrapf("%s.toolchain: %.80q: want sha256: and 64 lower-case hex digits", at, p.Toolchain)
	}
	return nil
}

// ValidateCommit wants a commit's whole hash: a short one, or a branch, may be another commit tomorrow.
func ValidateCommit(field, commit string) error {
	_, err := hex.DecodeString(commit)
	if err != nil || len(commit) != 40 && len(commit) != 64 || commit != strings.ToLower(commit) {
		return ErrInvalid.Wrapf("%s: %.80q: want the whole hash of a commit, 40 or 64 lower-case hex digits", field, commit)
	}
	return nil
}

// HasExpired tells whether nobody orders or accepts by a release any more.
func (r ReleaseSpec) HasExpired(nowMs int64) bool { return r.ExpiresMs != 0 && nowMs >= r.ExpiresMs }
