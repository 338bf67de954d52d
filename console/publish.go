package console

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/release"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

func newPublishRelease(s *Session) *cobra.Command {
	var role string
	var o publishOptions
	cmd := &cobra.Command{
		Use:   "publishRelease JOB PROGRAM",
		Short: "Publish a new version of a job's program",
		Long: `Sign, upload and publish a new version of a job's worker or evaluator program. Nodes fetch it
at once; running requests keep theirs. PROGRAM may lie in a space: ain://7/worker.py stands for what it
names now. --attestation takes what aind build has written of the
program: a builder's word on its source, which you sign with it.`,
		Example: `  aind publishRelease 0x1 worker.py --role worker --version 1.1.0
  aind publishRelease 0x1 ain://7/worker.py --version 1.1.0
  aind publishRelease 0x1 worker.tar --or worker.wasm --version 1.1.0
  aind publishRelease 0x1 worker.wasm --version 1.2.0 --attestation worker.wasm.dsse.json --expires 720h`,
		Args: cobra.ExactArgs(2),
		RunE: runs(func(ctx context.Context, args []string) error { return s.publishRelease(ctx, args, role, o) }),
	}
	cmd.Flags().StringVar(&role, "role", "worker", "whose program it is: worker or evaluator")
	cmd.Flags().StringVar(&o.version, "version", "", "version of the program, above the present one")
	cmd.Flags().StringSliceVar(&o.attestations, "attestation", nil, "file of the program's attestation, as aind build writes it")
	cmd.Flags().DurationVar(&o.life, "expires", 0, "how long the release is good for new requests; 0: until it is revoked")
	cmd.Flags().StringVar(&o.envelope, "envelope", "", "file for what you sign, as a DSSE envelope that aind verify reads")
	o.bind(cmd.Flags())
	return cmd
}

// publishOptions are what the flags of publishRelease say of the release.
type publishOptions struct {
	packing
	version      string
	attestations []string
	life         time.Duration
	envelope     string
}

type publishOutput struct {
	Job     string `json:"job"`
	Release uint64 `json:"release,string"`
	Role    string `json:"role"`
	Version string `json:"version"`
	Digest  string `json:"digest"`
	Hash    string `json:"hash"`
}

func (s *Session) publishRelease(ctx context.Context, args []string, roleText string, o publishOptions) error {
	role, err := parseRole("role", roleText)
	if err != nil {
		return err
	}
	version := o.version
	if version == "" {
		return badInputf("version: empty (give one above the present one with --version, `aind jobs %s` shows it)", args[0])
	}
	connected, key, err := s.chainAndKey(ctx)
	if err != nil {
		return err
	}
	job, err := s.job(ctx, "job", args[0])
	if err != nil {
		return err
	}
	if job.Root != key.Address().String() {
		return badInputf("from: job %s belongs to %s (sign with its key, --from)", args[0], job.Root)
	}
	if o.space, err = s.programPlace(ctx); err != nil {
		return err
	}
	fetched, err := s.fetchPrograms(ctx, append([]string{args[1]}, o.or...))
	defer fetched.remove()
	if err != nil {
		return err
	}
	o.or = fetched.files[1:]
	spec, artifacts, err := s.prepareRelease(ctx, job, fetched.files[0], role, o)
	if err != nil {
		return err
	}
	if err := release.Sign(ctx, key, job.SchemaDigest, &spec); err != nil {
		return err
	}
	if err := saveEnvelope(o.envelope, job.SchemaDigest, spec); err != nil {
		return err
	}
	if err := s.upload(ctx, artifacts, o.space, fetched); err != nil {
		return err
	}
	receipt, err := connected.Do(ctx, key, &jobstypes.MsgPublishRelease{Signer: job.Root, JobId: job.Id, Release: spec})
	if err != nil {
		return err
	}
	var response jobstypes.MsgPublishReleaseResponse
	if err := receipt.Response(0, &response); err != nil {
		return err
	}
	return s.print(
		publishOutput{
			Job: chain.FormatJobID(job.Id), Release: response.ReleaseId, Role: roleName(role), Version: version,
			Digest: spec.Program.Digest, Hash: receipt.Hash,
		},
		fmt.Sprintf("Published %s %s of job %s as release %d.", roleName(role), version, chain.FormatJobID(job.Id), response.ReleaseId),
	)
}

func (s *Session) prepareRelease(
	ctx context.Context, job jobstypes.Job, file string, role program.Role, o publishOptions,
) (jobstypes.ReleaseSpec, []release.Artifact, error) {
	params, err := s.params(ctx)
	if err != nil {
		return jobstypes.ReleaseSpec{}, nil, err
	}
	schema, err := s.schemaOf(ctx, job.Id)
	if err != nil {
		return jobstypes.ReleaseSpec{}, nil, err
	}
	spec, artifacts, err := o.pack(file, role, schema, o.version, params)
	if err != nil {
		return spec, artifacts, err
	}
	if err := o.checkReach(spec); err != nil {
		return spec, artifacts, err
	}
	releases := []jobstypes.ReleaseSpec{spec}
	if err := attestationsOf(o.attestations, releases); err != nil {
		return spec, artifacts, err
	}
	spec = releases[0]
	if spec.ExpiresMs, err = expiry(ctx, s.chain, o.life); err != nil {
		return spec, artifacts, err
	}
	if err := s.isNewer(ctx, job, role, o.version); err != nil {
		return spec, artifacts, err
	}
	return spec, artifacts, badInput(spec.Validate("release", params))
}

// isNewer refuses what the chain would refuse after the upload.
func (s *Session) isNewer(ctx context.Context, job jobstypes.Job, role program.Role, version string) error {
	present := job.WorkerRelease
	if role == program.ROLE_EVALUATOR {
		present = job.EvaluatorRelease
	}
	res, err := s.chain.Jobs().Release(ctx, &jobstypes.QueryReleaseRequest{ReleaseId: present})
	if client.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("ask for release %d: %w", present, err)
	}
	if newest := res.Release.Spec.Version; !jobstypes.IsNewerVersion(version, newest) {
		return badInputf("version: %s is not above %s, the present %s of job %s", version, newest, roleName(role), chain.FormatJobID(job.Id))
	}
	return nil
}
