package console

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/release"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

func newForkJob(s *Session) *cobra.Command {
	var m jobstypes.MsgForkJob
	cmd := &cobra.Command{
		Use:   "forkJob JOB",
		Short: "Become the root of a new tree for the same job",
		Long: `Fork a job whose admin is unfair: a new job with the same schema, terms and newest programs,
which you sign, and a tree of its own with you as the root.`,
		Example: "  aind forkJob 0x1 --name fair-roots",
		Args:    cobra.ExactArgs(1),
		RunE:    runs(func(ctx context.Context, args []string) error { return s.forkJob(ctx, args[0], m) }),
	}
	cmd.Flags().StringVar(&m.Name, "name", "", "name of the new job; empty: that of the old one")
	cmd.Flags().StringVar(&m.Description, "description", "", "what it is about; empty: as the old one")
	bindPolicy(cmd.Flags(), &m.TreePolicy)
	return cmd
}

func bindPolicy(flags *pflag.FlagSet, policy *program.TreePolicy) {
	flags.BoolVar(&policy.AdminsApprove, "admins-approve", false, "the tree may have admins below its root, who approve others")
	flags.Uint32Var(&policy.MaxDepth, "max-depth", 0, "how deep the tree may grow; 0: as deep as the chain allows")
	flags.Uint32Var(&policy.MaxChildren, "max-children", 0, "most active nodes below one admin; 0: no limit")
}

type forkOutput struct {
	Job        string `json:"job"`
	ForkedFrom string `json:"forked_from"`
	Hash       string `json:"hash"`
}

func (s *Session) forkJob(ctx context.Context, jobText string, m jobstypes.MsgForkJob) error {
	connected, key, err := s.chainAndKey(ctx)
	if err != nil {
		return err
	}
	from, err := s.job(ctx, "job", jobText)
	if err != nil {
		return err
	}
	if err := s.signsAsOwner(ctx, key.Address().String()); err != nil {
		return err
	}
	m.Signer, m.JobId = key.Address().String(), from.Id
	for _, id := range []uint64{from.WorkerRelease, from.EvaluatorRelease} {
		if id == 0 {
			continue
		}
		res, err := s.chain.Jobs().Release(ctx, &jobstypes.QueryReleaseRequest{ReleaseId: id})
		if err != nil {
			return fmt.Errorf("ask for release %d: %w", id, err)
		}
		spec := res.Release.Spec
		spec.Signatures = nil
		if err := release.Sign(ctx, key, from.SchemaDigest, &spec); err != nil {
			return err
		}
		m.Releases = append(m.Releases, jobstypes.ForkedRelease{ReleaseId: id, Signature: spec.Signatures[0]})
	}
	receipt, err := connected.Do(ctx, key, &m)
	if err != nil {
		return err
	}
	var response jobstypes.MsgForkJobResponse
	if err := receipt.Response(0, &response); err != nil {
		return err
	}
	s.lastJob = response.JobId
	out := forkOutput{Job: chain.FormatJobID(response.JobId), ForkedFrom: chain.FormatJobID(from.Id), Hash: receipt.Hash}
	return s.print(out, fmt.Sprintf("Forked job %s. The new job's ID is %s.", out.ForkedFrom, out.Job))
}

// signsAsOwner refuses an operator's key where programs are signed: they carry the owner's signature.
func (s *Session) signsAsOwner(ctx context.Context, signer string) error {
	owner, err := s.owner(ctx)
	if err != nil {
		return err
	}
	if owner != signer {
		return badInputf("from: %s is the operator of %s; programs are signed with the owner's key (choose it with --from)", signer, owner)
	}
	return nil
}

func newUpdateJob(s *Session) *cobra.Command {
	var terms termsFlags
	var policy program.TreePolicy
	var description, qualification string
	cmd := &cobra.Command{
		Use:   "updateJob JOB",
		Short: "Change what a job's new requests and applicants meet",
		Long: `Change the terms, description, tree policy or qualification of your job. Terms that you do not
name stay as they are. Requests that exist keep the terms that they were made with.`,
		Example: "  aind updateJob 0x1 --bond 2 --challenge-fee 1",
		Args:    cobra.ExactArgs(1),
	}
	flags := cmd.Flags()
	terms.bind(flags)
	bindPolicy(flags, &policy)
	flags.StringVar(&description, "description", "", "what the job is about")
	flags.StringVar(&qualification, "qualification-input", "", "request that applicants are tested on")
	cmd.RunE = runs(func(ctx context.Context, args []string) error {
		m := &jobstypes.MsgUpdateJob{Description: description}
		if flags.Changed("admins-approve") || flags.Changed("max-depth") || flags.Changed("max-children") {
			m.TreePolicy = &policy
		}
		return s.updateJob(ctx, args[0], m, qualification, func(now *jobstypes.TermsSpec) (bool, error) { return terms.change(flags, now) })
	})
	return cmd
}

type updateOutput struct {
	Job   string `json:"job"`
	Terms uint64 `json:"terms_version,string"`
	Hash  string `json:"hash"`
}

func (s *Session) updateJob(
	ctx context.Context, jobText string, m *jobstypes.MsgUpdateJob, qualification string, change func(*jobstypes.TermsSpec) (bool, error),
) error {
	connected, key, err := s.chainAndKey(ctx)
	if err != nil {
		return err
	}
	job, err := s.job(ctx, "job", jobText)
	if err != nil {
		return err
	}
	present, err := s.terms(ctx, job.Id)
	if err != nil {
		return err
	}
	changed, err := change(&present.Spec)
	if err != nil {
		return err
	}
	if changed {
		m.Terms = &present.Spec
	}
	if qualification != "" {
		if m.QualificationInput, err = s.readQualification(ctx, job.Id, qualification); err != nil {
			return err
		}
	}
	params, err := s.params(ctx)
	if err != nil {
		return err
	}
	m.Signer, m.JobId = key.Address().String(), job.Id
	if err := m.Validate(params); err != nil {
		return badInput(err)
	}
	receipt, err := connected.Do(ctx, key, m)
	if err != nil {
		return err
	}
	var response jobstypes.MsgUpdateJobResponse
	if err := receipt.Response(0, &response); err != nil {
		return err
	}
	out := updateOutput{Job: chain.FormatJobID(job.Id), Terms: response.TermsVersion, Hash: receipt.Hash}
	return s.print(out, fmt.Sprintf("Updated job %s: new requests have its terms %d.", out.Job, out.Terms))
}

func (s *Session) readQualification(ctx context.Context, jobID uint64, text string) (*jobstypes.Input, error) {
	schema, err := s.schemaOf(ctx, jobID)
	if err != nil {
		return nil, err
	}
	question, err := parseValue("qualification-input", text)
	if err != nil {
		return nil, err
	}
	inline, err := encodeMessage("qualification-input", schema.WorkerInput(), question)
	return &jobstypes.Input{Inline: inline}, err
}

// change puts the terms that flags name into what is there, and says whether there are any.
func (t termsFlags) change(flags *pflag.FlagSet, now *jobstypes.TermsSpec) (changed bool, err error) {
	named, err := t.spec()
	if err != nil {
		return false, err
	}
	for flag, set := range map[string]func(){
		"bond":               func() { now.Bond = named.Bond },
		"min-deposit":        func() { now.MinDeposit = named.MinDeposit },
		"challenge-fee":      func() { now.ChallengeFee = named.ChallengeFee },
		"open":               func() { now.Windows.OpenMs = named.Windows.OpenMs },
		"hiring":             func() { now.Windows.HiringMs = named.Windows.HiringMs },
		"grant":              func() { now.Windows.GrantMs = named.Windows.GrantMs },
		"reveal":             func() { now.Windows.RevealMs = named.Windows.RevealMs },
		"evaluation":         func() { now.Windows.EvaluationMs = named.Windows.EvaluationMs },
		"challenge":          func() { now.Windows.ChallengeMs = named.Windows.ChallengeMs },
		"resolve":            func() { now.Windows.ResolveMs = named.Windows.ResolveMs },
		"cpu-millis":         func() { now.Requirement.CPUMillis = named.Requirement.CPUMillis },
		"memory-mib":         func() { now.Requirement.MemoryBytes = named.Requirement.MemoryBytes },
		"disk-mib":           func() { now.Requirement.DiskBytes = named.Requirement.DiskBytes },
		"storage-mib":        func() { now.Requirement.FreeStorageBytes = named.Requirement.FreeStorageBytes },
		"arch":               func() { now.Requirement.Arch = named.Requirement.Arch },
		"os":                 func() { now.Requirement.OS = named.Requirement.OS },
		"require":            func() { now.Requirement.Tags = named.Requirement.Tags },
		"metric":             func() { now.Metrics = named.Metrics },
		"open-results":       func() { now.OpenResults = named.OpenResults },
		"invalid-loses-bond": func() { now.InvalidLosesBond = named.InvalidLosesBond },
		"verification":       func() { now.Verification = named.Verification },
		"max-checkpoints":    func() { now.MaxCheckpoints = named.MaxCheckpoints },
		"segments":           func() { now.Segments = named.Segments },
		"deterministic":      func() { now.Deterministic = named.Deterministic },
	} {
		if flags.Changed(flag) {
			set()
			changed = true
		}
	}
	return changed, nil
}

func newRevokeRelease(s *Session) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "revokeRelease RELEASE",
		Short: "Take a version of your job's program back, at once",
		Long: `Revoke a release by its number, which ` + "`aind jobs JOB`" + ` shows. Nobody accepts work with it any more.
Requests without results are cancelled and everything goes back; where results are revealed but
not ranked, their workers are paid evenly. What is ranked stays.`,
		Example: "  aind revokeRelease 3 --reason 'wrong for negative numbers'",
		Args:    cobra.ExactArgs(1),
		RunE:    runs(func(ctx context.Context, args []string) error { return s.revokeRelease(ctx, args[0], reason) }),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for everybody to read")
	return cmd
}

type revokeOutput struct {
	Job     string `json:"job"`
	Release uint64 `json:"release,string"`
	Hash    string `json:"hash"`
}

func (s *Session) revokeRelease(ctx context.Context, text, reason string) error {
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil || id == 0 {
		return badInputf("release: %q is no release's number (as in `aind jobs 0x1`)", text)
	}
	connected, key, err := s.chainAndKey(ctx)
	if err != nil {
		return err
	}
	res, err := s.chain.Jobs().Release(ctx, &jobstypes.QueryReleaseRequest{ReleaseId: id})
	if err != nil {
		return fmt.Errorf("ask for release %d: %w", id, err)
	}
	receipt, err := connected.Do(ctx, key, &jobstypes.MsgRevokeRelease{Signer: key.Address().String(), ReleaseId: id, Reason: reason})
	if err != nil {
		return err
	}
	out := revokeOutput{Job: chain.FormatJobID(res.Release.JobId), Release: id, Hash: receipt.Hash}
	return s.print(out, fmt.Sprintf("Revoked release %d, %s %s of job %s.", id, roleName(res.Release.Spec.Role), res.Release.Spec.Version, out.Job))
}

func newRejectWorker(s *Session) *cobra.Command {
	return &cobra.Command{
		Use:     "rejectWorker REQUEST WORKER",
		Short:   "Refuse a worker of your request before its contract closes",
		Long:    "Refuse a worker that accepted your request, as long as its contract is not closed. Its bond goes back; it cannot accept this request again.",
		Example: "  aind rejectWorker 42 ain1zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3lk9k2h",
		Args:    cobra.ExactArgs(2),
		RunE:    runs(s.rejectWorker),
	}
}

type rejectOutput struct {
	Request uint64 `json:"request,string"`
	Worker  string `json:"worker"`
	Hash    string `json:"hash"`
}

func (s *Session) rejectWorker(ctx context.Context, args []string) error {
	id, err := parseRequestID(args[0])
	if err != nil {
		return err
	}
	worker, err := s.address("worker", args[1])
	if err != nil {
		return err
	}
	connected, key, err := s.chainAndKey(ctx)
	if err != nil {
		return err
	}
	receipt, err := connected.Do(ctx, key, &jobstypes.MsgRejectWorker{Signer: key.Address().String(), RequestId: id, Worker: worker.String()})
	if err != nil {
		return err
	}
	return s.print(rejectOutput{Request: id, Worker: worker.String(), Hash: receipt.Hash}, fmt.Sprintf("Rejected %s from request %d.", worker, id))
}
