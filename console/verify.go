package console

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/release"
	"github.com/ain-network/aind/storage"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// verification is what the flags of verify say.
type verification struct {
	attestations     []string
	release          uint64
	admins, builders []string
	key              string
}

func newVerify(s *Session) *cobra.Command {
	var v verification
	cmd := &cobra.Command{
		Use:   "verify ARTIFACT",
		Short: "Check who signed a program, and what they say of it",
		Long: `Check a program, or the address of an image, against what was signed about it: a builder's
attestation, as aind build writes it, a job's admin's statement, as publishRelease --envelope
does, or both. That needs no network. --release asks the chain for a published release instead,
and whether it is revoked, expired, and built by one of the chain's builders. --key wants an
image, at an address or in a tar file of cosign save, to be signed by cosign with that key.

Name with --admin and --builder whom you trust: without them you are told who signed, and
judge yourself. Exit codes: 6 the signature or the program is another, 7 signed by somebody
else than you named, 8 revoked or expired.`,
		Example: `  aind verify worker.wasm --attestation worker.wasm.dsse.json --builder ain1…
  aind verify worker.wasm --release 3
  aind verify example.org/me/worker@sha256:… --key cosign.pub`,
		Args: cobra.ExactArgs(1),
		RunE: runs(func(ctx context.Context, args []string) error { return s.verify(ctx, args[0], v) }),
	}
	cmd.Flags().StringSliceVar(&v.attestations, "attestation", nil, "file of a DSSE envelope: a builder's or an admin's")
	cmd.Flags().Uint64Var(&v.release, "release", 0, "published release that the program must be")
	cmd.Flags().StringVar(&v.key, "key", "", "cosign's public key, which must have signed the image")
	cmd.Flags().StringSliceVar(&v.admins, "admin", nil, "address of an admin whose signature is wanted; several: of any of them")
	cmd.Flags().StringSliceVar(&v.builders, "builder", nil, "address of a builder whose word is wanted; several: of any of them")
	return cmd
}

type verifyOutput struct {
	Artifact string        `json:"artifact"`
	Digest   string        `json:"digest"`
	Built    *builtOutput  `json:"built,omitempty"`
	Release  *signedOutput `json:"release,omitempty"`
	// Image that cosign has signed with the key of --key.
	Image string `json:"image,omitempty"`
}

type builtOutput struct {
	Builder   string `json:"builder"`
	SourceURL string `json:"source_url"`
	Commit    string `json:"source_commit"`
	Recipe    string `json:"recipe"`
	Target    string `json:"target"`
	Toolchain string `json:"toolchain"`
	// Trusted by the chain, as far as it was asked.
	Trusted *bool `json:"trusted_by_the_chain,omitempty"`
}

type signedOutput struct {
	Release uint64 `json:"release,string,omitempty"`
	Job     string `json:"job,omitempty"`
	Admin   string `json:"admin"`
	Role    string `json:"role"`
	Version string `json:"version"`
	// ExpiresMs of the chain clock; 0: never.
	ExpiresMs int64 `json:"expires_ms,string"`
}

// verify compares a program with all that was signed about it, and then who signed with whom the user trusts.
func (s *Session) verify(ctx context.Context, artifact string, v verification) error {
	if len(v.attestations) == 0 && v.release == 0 && v.key == "" {
		return badInputf("attestation: none (name the file of one with --attestation, a published release with --release, or a key of cosign with --key)")
	}
	for _, address := range slices.Concat(v.admins, v.builders) {
		if _, err := sdk.AccAddressFromBech32(address); err != nil {
			return badInputf("%q is not an address: %w", address, err)
		}
	}
	digest, err := digestOf(artifact)
	if err != nil {
		return badInput(err)
	}
	out := verifyOutput{Artifact: artifact, Digest: digest}
	if v.release != 0 {
		if err := s.verifyPublished(ctx, v.release, &out); err != nil {
			return err
		}
	}
	if err := verifyFiles(v.attestations, &out); err != nil {
		return err
	}
	if err := v.trusts(out); err != nil {
		return err
	}
	if v.key != "" {
		key, err := release.ReadCosignKey(v.key)
		if err != nil {
			return badInputf("key: %w", err)
		}
		if out.Image, err = key.Verify(ctx, artifact); err != nil {
			return err
		}
	}
	return s.print(out, out.lines()...)
}

// digestOf names what a release of the artifact would name.
func digestOf(artifact string) (string, error) {
	if release.IsAddress(artifact) {
		packed, _, err := release.Pack(artifact, release.PackOptions{})
		return packed.Digest, err
	}
	file, err := os.Open(artifact)
	if err != nil {
		return "", err
	}
	defer file.Close()
	info, err := storage.DigestReader(file)
	return string(info.Digest), err
}

// verifyFiles checks envelopes: each against the program, and the admin's against the builder's.
func verifyFiles(files []string, out *verifyOutput) error {
	var built *release.Attestation
	var signed *release.Statement
	for _, file := range files {
		a, statement, err := release.ReadEnvelope(file)
		if err != nil {
			return err
		}
		if a != nil {
			built = a
			if err := a.Of(out.Digest); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			out.Built = builtBy(a.Provenance)
			continue
		}
		signed = statement
		if !slices.Contains(statement.Programs, out.Digest) {
			return fmt.Errorf("%s: %w: it is about program %s, and this one is %s", file, release.ErrSignature, strings.Join(statement.Programs, " or "), out.Digest)
		}
		out.Release = &signedOutput{Admin: statement.Admin, Role: statement.Role, Version: statement.Version, ExpiresMs: statement.ExpiresMs}
	}
	if signed != nil && built != nil {
		return signed.Binds(*built)
	}
	return nil
}

func builtBy(p jobstypes.Provenance) *builtOutput {
	return &builtOutput{
		Builder: p.Signature.Signer, SourceURL: p.SourceURL, Commit: p.SourceCommit, Recipe: p.Recipe, Target: p.Target, Toolchain: p.Toolchain,
	}
}

// verifyPublished checks the program against a release of the chain, which says whose signature it needs.
func (s *Session) verifyPublished(ctx context.Context, id uint64, out *verifyOutput) error {
	connected, err := s.connected(ctx)
	if err != nil {
		return err
	}
	res, err := connected.Jobs().Release(ctx, &jobstypes.QueryReleaseRequest{ReleaseId: id})
	if client.IsNotFound(err) {
		return badInputf("release: there is no release %d", id)
	}
	if err != nil {
		return fmt.Errorf("ask for release %d: %w", id, err)
	}
	published, spec := res.Release, res.Release.Spec
	job, err := s.job(ctx, "job", chain.FormatJobID(published.JobId))
	if err != nil {
		return err
	}
	admin, err := sdk.AccAddressFromBech32(job.Root)
	if err != nil {
		return err
	}
	if err := release.Verify(spec, job.SchemaDigest, admin); err != nil {
		return err
	}
	if !slices.ContainsFunc(spec.Programs(), func(p program.Program) bool { return p.Digest == out.Digest }) {
		return fmt.Errorf("%w: release %d is program %s, and this one is %s", release.ErrSignature, id, spec.Program.Digest, out.Digest)
	}
	now, err := connected.Now(ctx)
	if err != nil {
		return err
	}
	switch {
	case published.Revoked:
		return fmt.Errorf("%w: release %d, %s %s of job %s", release.ErrRevoked, id, roleName(spec.Role), spec.Version, chain.FormatJobID(job.Id))
	case spec.HasExpired(now):
		return fmt.Errorf("%w: release %d, at %s", release.ErrExpired, id, timeOf(spec.ExpiresMs))
	}
	out.Release = &signedOutput{
		Release: id, Job: chain.FormatJobID(job.Id), Admin: job.Root, Role: spec.Role.String(), Version: spec.Version, ExpiresMs: spec.ExpiresMs,
	}
	if spec.Provenance == nil {
		return nil
	}
	out.Built = builtBy(*spec.Provenance)
	_, err = connected.Jobs().Builder(ctx, &jobstypes.QueryBuilderRequest{Builder: out.Built.Builder})
	trusted := err == nil
	if err != nil && !client.IsNotFound(err) {
		return fmt.Errorf("ask for builder %s: %w", out.Built.Builder, err)
	}
	out.Built.Trusted = &trusted
	return nil
}

// trusts compares who signed with whom the user named.
func (v verification) trusts(out verifyOutput) error {
	if len(v.admins) > 0 {
		switch {
		case out.Release == nil:
			return fmt.Errorf("%w: no admin has signed (add the admin's envelope, or --release)", release.ErrSigner)
		case !slices.Contains(v.admins, out.Release.Admin):
			return fmt.Errorf("%w: %s signed, whom --admin does not name", release.ErrSigner, out.Release.Admin)
		}
	}
	if len(v.builders) == 0 {
		return nil
	}
	switch {
	case out.Built == nil:
		return fmt.Errorf("%w: no builder has signed", release.ErrBuilder)
	case !slices.Contains(v.builders, out.Built.Builder):
		return fmt.Errorf("%w: %s signed, whom --builder does not name", release.ErrBuilder, out.Built.Builder)
	}
	return nil
}

func (o verifyOutput) lines() []string {
	lines := []string{fmt.Sprintf("%s is %s.", o.Artifact, o.Digest)}
	if b := o.Built; b != nil {
		line := fmt.Sprintf("Built by %s from %s at commit %s, target %s of %s", b.Builder, b.SourceURL, b.Commit, b.Target, b.Recipe)
		if b.Toolchain != "" {
			line += ", with toolchain " + b.Toolchain
		}
		lines = append(lines, line+".")
		if b.Trusted != nil && *b.Trusted {
			lines = append(lines, "The chain trusts this builder.")
		} else if b.Trusted != nil {
			lines = append(lines, "The chain does not trust this builder.")
		}
	}
	if o.Image != "" {
		lines = append(lines, "Image "+o.Image+" is signed by cosign with this key.")
	}
	if r := o.Release; r != nil {
		line := fmt.Sprintf("Signed by %s as %s %s", r.Admin, r.Role, r.Version)
		if r.Release != 0 {
			line += ", release " + strconv.FormatUint(r.Release, 10) + " of its job " + r.Job
		}
		if r.ExpiresMs != 0 {
			line += ", good until " + timeOf(r.ExpiresMs)
		}
		lines = append(lines, line+".")
	}
	return lines
}

func timeOf(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }

// attestationsOf reads what --attestation names, for the releases that are published.
func attestationsOf(files []string, releases []jobstypes.ReleaseSpec) error {
	var all []release.Attestation
	for _, file := range files {
		a, err := release.ReadAttestation(file)
		if err != nil {
			return badInputf("attestation: %w", err)
		}
		all = append(all, a)
	}
	if err := release.Attach(releases, all); err != nil {
		return badInputf("attestation: %w", err)
	}
	return nil
}

// expiry is a time of the chain clock; 0: never.
func expiry(ctx context.Context, connected Chain, life time.Duration) (int64, error) {
	if life == 0 {
		return 0, nil
	}
	if life < 0 {
		return 0, badInputf("expires: %s is over already", life)
	}
	now, err := connected.Now(ctx)
	return now + life.Milliseconds(), err
}

// saveEnvelope writes what the admin has signed, for those who verify without the chain.
func saveEnvelope(file, schemaDigest string, spec jobstypes.ReleaseSpec) error {
	if file == "" {
		return nil
	}
	content, err := release.SignedRelease(schemaDigest, spec)
	return errors.Join(err, os.WriteFile(file, content, 0o644))
}
