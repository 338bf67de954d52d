package console

import (
	"context"
	"fmt"
	"math"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/ain-network/aind/chain"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

func newJobs(s *Session) *cobra.Command {
	var root string
	var limit uint64
	cmd := &cobra.Command{
		Use:     "jobs [JOB]",
		Short:   "List the jobs, or show one",
		Example: "  aind jobs\n  aind jobs 0x1",
		Args:    cobra.MaximumNArgs(1),
		RunE: runs(func(ctx context.Context, args []string) error {
			if len(args) == 1 {
				return s.showJob(ctx, args[0])
			}
			return s.jobs(ctx, root, limit)
		}),
	}
	cmd.Flags().StringVar(&root, "root", "", "only those that this address registered")
	cmd.Flags().Uint64Var(&limit, "limit", 100, "how many at most")
	return cmd
}

type jobOutput struct {
	Job          string          `json:"job"`
	Name         string          `json:"name"`
	Description  string          `json:"description,omitempty"`
	Root         string          `json:"root"`
	SourceURL    string          `json:"source_url"`
	SourceCommit string          `json:"source_commit"`
	SchemaDigest string          `json:"schema_digest"`
	RegisteredMs int64           `json:"registered_ms,string"`
	Terms        *termsOutput    `json:"terms,omitempty"`
	Releases     []releaseOutput `json:"releases,omitempty"`
}

type termsOutput struct {
	Version      uint64 `json:"version,string"`
	MinDeposit   string `json:"min_deposit_uain"`
	ChallengeFee string `json:"challenge_fee_uain"`
	Bond         string `json:"bond_uain,omitempty"`
}

type releaseOutput struct {
	ID      uint64 `json:"id,string"`
	Role    string `json:"role"`
	Version string `json:"version"`
	Kind    string `json:"kind"`
	Digest  string `json:"digest"`
	Size    uint64 `json:"size,string"`
	Revoked bool   `json:"revoked"`
	// Builder and SourceCommit of a release that says what it was built from.
	Builder      string `json:"builder,omitempty"`
	SourceCommit string `json:"source_commit,omitempty"`
	// ExpiresMs of the chain clock; left out: never.
	ExpiresMs int64 `json:"expires_ms,string,omitempty"`
}

func newJobOutput(job jobstypes.Job) jobOutput {
	return jobOutput{
		Job: chain.FormatJobID(job.Id), Name: job.Name, Description: job.Description, Root: job.Root, SourceURL: job.SourceURL,
		SourceCommit: job.SourceCommit, SchemaDigest: job.SchemaDigest, RegisteredMs: job.RegisteredMs,
	}
}

func (s *Session) jobs(ctx context.Context, root string, limit uint64) error {
	if root != "" {
		address, err := s.address("root", root)
		if err != nil {
			return err
		}
		root = address.String()
	}
	connected, err := s.connected(ctx)
	if err != nil {
		return err
	}
	res, err := connected.Jobs().Jobs(ctx, &jobstypes.QueryJobsRequest{Root: root, Pagination: &query.PageRequest{Limit: limit}})
	if err != nil {
		return fmt.Errorf("ask for jobs: %w", err)
	}
	jobs := []jobOutput{}
	rows := [][]string{{"JOB", "NAME", "EVALUATORS", "WORKERS", "REGISTERED", "ROOT"}}
	for _, job := range res.Jobs {
		running, err := s.running(ctx, job.Id)
		if err != nil {
			return err
		}
		jobs = append(jobs, newJobOutput(job))
		rows = append(rows, []string{
			chain.FormatJobID(job.Id), job.Name, fmt.Sprint(running.RunningEvaluators), fmt.Sprint(running.RunningWorkers),
			showTime(job.RegisteredMs), job.Root,
		})
	}
	return s.print(jobs, table(rows...)...)
}

func (s *Session) showJob(ctx context.Context, text string) error {
	job, err := s.job(ctx, "job", text)
	if err != nil {
		return err
	}
	terms, err := s.terms(ctx, job.Id)
	if err != nil {
		return err
	}
	releases, err := s.chain.Jobs().Releases(ctx, &jobstypes.QueryReleasesRequest{JobId: job.Id})
	if err != nil {
		return fmt.Errorf("ask for the releases of job %s: %w", chain.FormatJobID(job.Id), err)
	}
	schema, err := s.schemaOf(ctx, job.Id)
	if err != nil {
		return err
	}
	running, err := s.running(ctx, job.Id)
	if err != nil {
		return err
	}
	out := newJobOutput(job)
	spec := terms.Spec
	out.Terms = &termsOutput{Version: terms.Version, MinDeposit: spec.MinDeposit.String(), ChallengeFee: spec.ChallengeFee.String()}
	bond := "the chain's share"
	if spec.Bond != nil {
		out.Terms.Bond, bond = spec.Bond.Amount.String(), chain.FormatAmount(spec.Bond.Amount)+" AIN"
	}
	lines := []string{
		fmt.Sprintf("Job %s, %s: %s", out.Job, plain(out.Name), runningLine(running)),
		fmt.Sprintf("  root         %s", out.Root),
		fmt.Sprintf("  source       %s at %s", plain(out.SourceURL), plain(out.SourceCommit)),
		fmt.Sprintf("  input        %s", fieldsOf(schema.WorkerInput())),
		fmt.Sprintf("  result       %s", fieldsOf(schema.WorkerOutput())),
		fmt.Sprintf("  terms %-6d deposit at least %s AIN, bond %s, challenge fee %s AIN", out.Terms.Version,
			chain.FormatAmount(spec.MinDeposit), bond, chain.FormatAmount(spec.ChallengeFee)),
	}
	if out.Description != "" {
		lines = append(lines, "  description  "+plain(out.Description))
	}
	for _, release := range releases.Releases {
		r := releaseOutput{
			ID: release.Id, Role: roleName(release.Spec.Role), Version: release.Spec.Version, Digest: release.Spec.Program.Digest,
			Kind: enumName(release.Spec.Program.Kind.String(), "PROGRAM_KIND_"), Size: release.Spec.Program.Size_, Revoked: release.Revoked,
			ExpiresMs: release.Spec.ExpiresMs,
		}
		line := fmt.Sprintf("  release %-4d %s %s, %s of %d bytes, %s", r.ID, r.Role, plain(r.Version), r.Kind, r.Size, r.Digest)
		if p := release.Spec.Provenance; p != nil {
			r.Builder, r.SourceCommit = p.Signature.Signer, p.SourceCommit
			line += fmt.Sprintf(", built by %s from commit %s", r.Builder, r.SourceCommit)
		}
		if r.ExpiresMs != 0 {
			line += ", good until " + timeOf(r.ExpiresMs)
		}
		out.Releases = append(out.Releases, r)
		lines = append(lines, line)
	}
	return s.print(out, lines...)
}

// schemaOf is a job's compiled schema. The chain checked it when the job was registered; later limits do not count.
func (s *Session) schemaOf(ctx context.Context, jobID uint64) (*jobstypes.Schema, error) {
	res, err := s.chain.Jobs().Schema(ctx, &jobstypes.QuerySchemaRequest{JobId: jobID})
	if err != nil {
		return nil, fmt.Errorf("ask for the schema of job %s: %w", chain.FormatJobID(jobID), err)
	}
	const any = math.MaxUint32
	schema, err := jobstypes.ParseSchema(res.Schema.DescriptorSet, jobstypes.SchemaLimits{
		MaxBytes: any, MaxMessages: any, MaxFields: any, MaxNesting: any,
	})
	if err != nil {
		return nil, fmt.Errorf("read the schema of job %s: %w", chain.FormatJobID(jobID), err)
	}
	return schema, nil
}

// terms are a job's newest.
func (s *Session) terms(ctx context.Context, jobID uint64) (jobstypes.Terms, error) {
	res, err := s.chain.Jobs().Terms(ctx, &jobstypes.QueryTermsRequest{JobId: jobID})
	if err != nil {
		return jobstypes.Terms{}, fmt.Errorf("ask for the terms of job %s: %w", chain.FormatJobID(jobID), err)
	}
	return res.Terms, nil
}

// params are the settings of x/jobs in force.
func (s *Session) params(ctx context.Context) (jobstypes.Params, error) {
	connected, err := s.connected(ctx)
	if err != nil {
		return jobstypes.Params{}, err
	}
	res, err := connected.Jobs().Params(ctx, &jobstypes.QueryParamsRequest{})
	if err != nil {
		return jobstypes.Params{}, fmt.Errorf("ask for the params of x/jobs: %w", err)
	}
	return res.Params.Params, nil
}
