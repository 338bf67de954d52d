package types

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/semver"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
)

const (
	// ReleasePayloadType is the type of a release statement in its DSSE envelope.
	ReleasePayloadType = "application/vnd.in-toto+json"

	statementType = "https://in-toto.io/Statement/v1"
	// ReleaseType is the predicate of an admin's statement.
	ReleaseType = "https://github.com/ain-network/aind/release/v1"

	signatureSize = 64
)

// statement is an in-toto Statement v1. Fields are marshaled in this order.
type statement struct {
	Type          string    `json:"_type"`
	Subject       []subject `json:"subject"`
	PredicateType string    `json:"predicateType"`
	Predicate     predicate `json:"predicate"`
}

type subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

type predicate struct {
	Role         string     `json:"role"`
	Version      string     `json:"version"`
	Kind         string     `json:"kind"`
	ABI          string     `json:"abi"`
	EntryPoint   string     `json:"entryPoint"`
	Runtime      string     `json:"runtime"`
	Size         uint64     `json:"size"`
	Platforms    []platform `json:"platforms"`
	SchemaDigest string     `json:"schemaDigest"`
	// What older releases do not have is left out, so that their bytes stay what they were.
	ExpiresMs     int64            `json:"expiresMs,omitempty"`
	Provenance    *signedBuildWord `json:"provenance,omitempty"`
	StatelessSafe bool             `json:"statelessSafe,omitempty"`
	Network       []string         `json:"network,omitempty"`
	// Alternatives are in the order of the subjects behind the first.
	Alternatives []artifact `json:"alternatives,omitempty"`
	Space        uint64     `json:"space,omitempty"`
}

// signedBuildWord binds a release to a builder's statement by the statement's digest.
type signedBuildWord struct {
	Builder string            `json:"builder"`
	Digest  map[string]string `json:"digest"`
}

// artifact says how an alternative is run; its digest is a subject.
type artifact struct {
	Kind          string   `json:"kind"`
	ABI           string   `json:"abi"`
	EntryPoint    string   `json:"entryPoint"`
	Runtime       string   `json:"runtime"`
	Size          uint64   `json:"size"`
	StatelessSafe bool     `json:"statelessSafe,omitempty"`
	Network       []string `json:"network,omitempty"`
	Space         uint64   `json:"space,omitempty"`
}

type platform struct {
	OS   string `json:"os"`
	Arch string `json:"arch"`
}

// ReleaseStatement is what a release's signatures are about: an in-toto statement
// over the program's digest. The same release gives the same bytes everywhere.
// The signatures themselves are no part of it.
func ReleaseStatement(schemaDigest string, spec ReleaseSpec) []byte {
	platforms := make([]platform, len(spec.Platforms))
	for i, p := range spec.Platforms {
		platforms[i] = platform{OS: p.OS, Arch: p.Arch}
	}
	var provenance *signedBuildWord
	if spec.Provenance != nil {
		sum := Digest(ProvenanceStatement(spec.Program.Digest, *spec.Provenance))
		provenance = &signedBuildWord{
			Builder: spec.Provenance.Signature.Signer, Digest: map[string]string{"sha256": strings.TrimPrefix(sum, digestPrefix)},
		}
	}
	var subjects []subject
	for _, p := range spec.Programs() {
		subjects = append(subjects, subject{
			Name:   strings.ToLower(strings.TrimPrefix(spec.Role.String(), "ROLE_")),
			Digest: map[string]string{"sha256": strings.TrimPrefix(p.Digest, digestPrefix)},
		})
	}
	b, err := json.Marshal(statement{
		Type:          statementType,
		Subject:       subjects,
		PredicateType: ReleaseType,
		Predicate: predicate{
			Role:         spec.Role.String(),
			Version:      spec.Version,
			Kind:         spec.Program.Kind.String(),
			ABI:          spec.Program.ABI.String(),
			EntryPoint:   spec.Program.EntryPoint,
			Runtime:      spec.Program.Runtime,
			Size:         spec.Program.Size_,
			Platforms:    platforms,
			SchemaDigest: schemaDigest,
			ExpiresMs:    spec.ExpiresMs,
			Provenance:   provenance,

			StatelessSafe: spec.Program.StatelessSafe,
			Network:       places(spec.Program),
			Alternatives:  spec.alternatives(),
			Space:         spec.Program.Space,
		},
	})
	if err != nil {
		// Strings and integers always marshal.
		panic(fmt.Sprintf("release statement: %v", err))
	}
	return b
}

// ReleasePAE is the DSSE pre-authentication encoding of the statement: the bytes
// that an admin's account key signs.
func ReleasePAE(schemaDigest string, spec ReleaseSpec) []byte {
	return pae(ReleaseStatement(schemaDigest, spec))
}

// pae is the DSSE pre-authentication encoding of a statement.
func pae(body []byte) []byte {
	return fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(ReleasePayloadType), ReleasePayloadType, len(body), body)
}

// VerifyRelease checks that the first signature of a release is the admin's.
// Errors wrap ErrSignature.
func VerifyRelease(schemaDigest string, spec ReleaseSpec, admin sdk.AccAddress) error {
	if len(spec.Signatures) == 0 {
		return ErrSignature.Wrapf("release %s: no signature; the job's admin %s must sign it", spec.Version, admin)
	}
	signature := spec.Signatures[0]
	if signature.Signer != admin.String() {
		return ErrSignature.Wrapf("release %s: signed by %.100q instead of the job's admin %s", spec.Version, signature.Signer, admin)
	}
	return verifySignature(ErrSignature, "release "+spec.Version, signature, admin, ReleasePAE(schemaDigest, spec),
		fmt.Sprintf("program and schema %s (sign it anew: `aind publishRelease`)", schemaDigest))
}

// CheckVersion refuses what is not a semantic version without the leading v.
func CheckVersion(path, version string) error {
	v := "v" + version
	if len(version) > 64 || !semver.IsValid(v) || semver.Canonical(v)+semver.Build(v) != v {
		return ErrVersion.Wrapf("%s: %.80q: want a semantic version such as 1.0.0", path, version)
	}
	return nil
}

// IsNewerVersion compares semantic versions without the leading v.
func IsNewerVersion(version, than string) bool {
	return semver.Compare("v"+version, "v"+than) > 0
}

// Validate checks a release apart from its signature. path names it in errors.
func (r ReleaseSpec) Validate(path string, p Params) error {
	if r.Role != program.ROLE_WORKER && r.Role != program.ROLE_EVALUATOR {
		return ErrInvalid.Wrapf("%s.role: %s: want worker or evaluator", path, r.Role)
	}
	if err := CheckVersion(path+".version", r.Version); err != nil {
		return err
	}
	if err := validateProgram(path+".program", r.Program, p); err != nil {
		return err
	}
	if r.ExpiresMs < 0 {
		return ErrInvalid.Wrapf("%s.expires_ms: %d: want a time of the chain clock, or 0 for never", path, r.ExpiresMs)
	}
	if err := r.validateAlternatives(path, p); err != nil {
		return err
	}
	if err := r.Provenance.validate(path+".provenance", p); err != nil {
		return err
	}
	if err := checkLength(path+".platforms", len(r.Platforms), p.MaxTags); err != nil {
		return err
	}
	for i, platform := range r.Platforms {
		at := path + "." + index("platforms", i)
		if err := validateText(at+".os", platform.OS, p.MaxNameBytes, false); err != nil {
			return err
		}
		if err := validateText(at+".arch", platform.Arch, p.MaxNameBytes, false); err != nil {
			return err
		}
	}
	return nil
}

// Programs are all that the release is made of, in the order in which nodes try them.
func (r ReleaseSpec) Programs() []program.Program {
	return append([]program.Program{r.Program}, r.Alternatives...)
}

// alternatives as the statement has them.
func (r ReleaseSpec) alternatives() []artifact {
	var all []artifact
	for _, p := range r.Alternatives {
		all = append(all, artifact{
			Kind: p.Kind.String(), ABI: p.ABI.String(), EntryPoint: p.EntryPoint, Runtime: p.Runtime, Size: p.Size_, StatelessSafe: p.StatelessSafe,
			Network: places(p),
			Space:   p.Space,
		})
	}
	return all
}

// places are what a program wants to reach, as the statement has them.
func places(p program.Program) []string {
	var names []string
	for _, place := range p.Network {
		names = append(names, place.String())
	}
	return names
}

func (r ReleaseSpec) validateAlternatives(path string, p Params) error {
	if r.Provenance != nil && len(r.Alternatives) > 0 {
		return ErrInvalid.Wrapf("%s.alternatives: %d, but a provenance is about one program; publish one program, or leave the provenance out", path, len(r.Alternatives))
	}
	kinds := []program.ProgramKind{r.Program.Kind}
	for i, alternative := range r.Alternatives {
		at := path + "." + index("alternatives", i)
		if err := validateProgram(at, alternative, p); err != nil {
			return err
		}
		if slices.Contains(kinds, alternative.Kind) {
			return ErrInvalid.Wrapf("%s.kind: %s: there is one of this kind already; nodes that cannot run that cannot run this", at, alternative.Kind)
		}
		kinds = append(kinds, alternative.Kind)
	}
	if len(kinds) > 1 && slices.Contains(kinds, program.PROGRAM_KIND_REQUESTED) {
		return ErrInvalid.Wrapf("%s.alternatives: %d, but each request names its program; publish one of both", path, len(r.Alternatives))
	}
	return nil
}

// CheckRelease holds that results which are compared, byte for byte, come from one program.
func (t TermsSpec) CheckRelease(spec ReleaseSpec) error {
	if spec.Role == program.ROLE_WORKER && len(spec.Alternatives) > 0 && (t.ByExecution() || t.ByCheckpoint()) {
		return ErrInvalid.Wrapf("release %s: %d alternatives, but the job verifies by %s, which compares what one program does with itself; publish one program",
			spec.Version, len(spec.Alternatives), strings.ToLower(strings.TrimPrefix(t.Verification.String(), "VERIFICATION_")))
	}
	return nil
}

func validateProgram(path string, prog program.Program, p Params) error {
	if prog.Kind == program.PROGRAM_KIND_REQUESTED {
		return validateRequested(path, prog)
	}
	if _, err := ParseDigest(prog.Digest); err != nil {
		return ErrInvalid.Wrapf("%s.digest: %.80q: want sha256: and 64 lower-case hex digits", path, prog.Digest)
	}
	if prog.Size_ == 0 || prog.Size_ > p.MaxReferenceBytes {
		return ErrLimit.Wrapf("%s.size: %d bytes; want 1 to %d", path, prog.Size_, p.MaxReferenceBytes)
	}
	if err := validateText(path+".entry_point", prog.EntryPoint, p.MaxNameBytes, false); err != nil {
		return err
	}
	if err := validateText(path+".runtime", prog.Runtime, p.MaxNameBytes, false); err != nil {
		return err
	}
	if prog.StatelessSafe && prog.ABI != program.ABI_GRPC {
		return ErrInvalid.Wrapf("%s.stateless_safe: set with ABI %s: only a program that serves gRPC stays between requests; leave it out", path, prog.ABI)
	}
	if err := validateNetwork(path+".network", prog); err != nil {
		return err
	}
	switch prog.Kind {
	case program.PROGRAM_KIND_IMAGE:
		if prog.ABI != program.ABI_STDIO_PROTO && prog.ABI != program.ABI_STDIO_JSON && prog.ABI != program.ABI_GRPC {
			return ErrInvalid.Wrapf("%s.abi: %s: an image speaks stdio, proto or JSON, or gRPC", path, prog.ABI)
		}
		if prog.Runtime != "" {
			return ErrInvalid.Wrapf("%s.runtime: %q: an image brings its own; leave it out", path, prog.Runtime)
		}
	case program.PROGRAM_KIND_WASM:
		if prog.ABI != program.ABI_STDIO_PROTO && prog.ABI != program.ABI_STDIO_JSON {
			return ErrInvalid.Wrapf("%s.abi: %s: a WASM module speaks stdio, proto or JSON", path, prog.ABI)
		}
		if prog.Runtime != "" {
			return ErrInvalid.Wrapf("%s.runtime: %q: a WASM module has none; leave it out", path, prog.Runtime)
		}
	case program.PROGRAM_KIND_SCRIPT:
		if prog.ABI != program.ABI_SCRIPT {
			return ErrInvalid.Wrapf("%s.abi: %s: a script has the script ABI", path, prog.ABI)
		}
		if prog.Runtime == "" {
			return ErrInvalid.Wrapf("%s.runtime: empty: name the published runtime of the script", path)
		}
	default:
		return ErrInvalid.Wrapf("%s.kind: %s: want an image, a WASM module, a script or what requests name", path, prog.Kind)
	}
	return nil
}

// validateNetwork wants each place once, so that there is one way to say the same.
func validateNetwork(path string, prog program.Program) error {
	if len(prog.Network) > 0 && prog.Kind != program.PROGRAM_KIND_IMAGE {
		return ErrInvalid.Wrapf("%s: %d places for a program of kind %s: only an image can reach any; leave it out", path, len(prog.Network), prog.Kind)
	}
	last := program.NETWORK_UNSPECIFIED
	for i, place := range prog.Network {
		if _, known := program.Network_name[int32(place)]; !known || place == program.NETWORK_UNSPECIFIED {
			return ErrInvalid.Wrapf("%s[%d]: %s: want NETWORK_CHAIN or NETWORK_STORAGE", path, i, place)
		}
		if place <= last {
			return ErrInvalid.Wrapf("%s[%d]: %s after %s: name each place once, in the order of their numbers", path, i, place, last)
		}
		last = place
	}
	return nil
}
