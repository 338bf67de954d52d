package console

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cosmossdk.io/math"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/release"
	"github.com/ain-network/aind/sandbox/python"
	"github.com/ain-network/aind/storage"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// registration is what the flags of registerJob say.
type registration struct {
	name, description string
	version           string
	qualification     string
	source            release.Source
	dirty             bool
	pack              packing
	attestations      []string
	terms             termsFlags
	policy            program.TreePolicy
	// local are the files that lie in no space.
	local []string
}

// packing is what the flags say about a program's file.
type packing struct {
	json        bool
	grpc        bool
	stateless   bool
	workerClass string
	judgeClass  string
	// or are files of alternatives to the worker's program, or to the one that is published.
	or      []string
	network []string
	space   uint64 // that programs go into; 0: the store of a whole network
}

type termsFlags struct {
	bond, minDeposit, challengeFee               string
	open, hiring, grant, reveal, evaluation      time.Duration
	challenge, resolve                           time.Duration
	cpuMillis, memoryMiB, diskMiB, storageMiB    uint64
	arch, os                                     string
	tags, metrics                                []string
	openResults, invalidLosesBond, deterministic bool
	maxCheckpoints, segments                     uint32
	verification                                 string
}

func newRegisterJob(s *Session) *cobra.Command {
	var r registration
	cmd := &cobra.Command{
		Use:   "registerJob SCHEMA WORKER [EVALUATOR]",
		Short: "Register a job: compile, check, upload, sign, publish",
		Long: `Register a kind of work. SCHEMA is a proto3 file with a service Worker and a service
Evaluator; WORKER and EVALUATOR are the programs that serve them: a .py script or a .wasm
module, on this machine or by its name in a space, ain://7/worker.py. In the place of either, the word requested says that each request names the program.
A schema without a service Evaluator goes without EVALUATOR: its requests set
skip_evaluation. The schema is compiled and checked, the programs are uploaded to the store and
signed with your key, and you become the root of the job's tree.

Where the source is comes from git; --source and --commit say it themselves. Files that
differ from the commit need --dirty.`,
		Example: `  aind registerJob job_schema.proto worker.py evaluator.py
  aind registerJob job_schema.proto worker.wasm evaluator.py --bond 0 --qualification-input '{y: 9}'
  aind registerJob job_schema.proto worker.tar evaluator.tar --grpc --stateless-safe --require docker`,
		Args: cobra.RangeArgs(2, 3),
		RunE: runs(func(ctx context.Context, args []string) error { return s.registerJob(ctx, args, r) }),
	}
	flags := cmd.Flags()
	flags.StringVar(&r.name, "name", "", "name of the job; empty: that of the schema's folder")
	flags.StringVar(&r.description, "description", "", "what the job is about")
	flags.StringVar(&r.version, "version", "1.0.0", "version of the programs")
	flags.StringVar(&r.qualification, "qualification-input", "{}", "request that applicants are tested on")
	flags.StringVar(&r.source.URL, "source", "", "URL of the public repository; empty: git's remote origin")
	flags.StringVar(&r.source.Commit, "commit", "", "commit of the source; empty: git's HEAD")
	flags.BoolVar(&r.dirty, "dirty", false, "publish files that differ from the commit")
	flags.StringSliceVar(&r.attestations, "attestation", nil, "file of a program's attestation, as aind build writes it; once for each program")
	r.pack.bind(flags)
	r.terms.bind(flags)
	bindPolicy(flags, &r.policy)
	return cmd
}

func (p *packing) bind(flags *pflag.FlagSet) {
	flags.BoolVar(&p.json, "json", false, "WASM modules and images read and write proto JSON instead of proto binary")
	flags.BoolVar(&p.grpc, "grpc", false, "images serve their rpc by gRPC, on the Unix socket that AIN_PROGRAM_SOCKET names, and stay for further requests of the same client")
	flags.BoolVar(&p.stateless, "stateless-safe", false, "with --grpc: they keep nothing of a request, so that one process may serve all clients")
	flags.StringSliceVar(&p.network, "network", nil, "what images want to reach: chain, storage; nodes whose owners do not allow it do not run them")
	flags.StringVar(&p.workerClass, "worker-class", "", "class of the worker's script, where several have the method")
	flags.StringArrayVar(&p.or, "or", nil, "another program that does the same, for nodes that cannot run the worker's: of another kind, and once for each")
	flags.StringVar(&p.judgeClass, "evaluator-class", "", "class of the evaluator's script, where several have the method")
}

func (t *termsFlags) bind(flags *pflag.FlagSet) {
	flags.StringVar(&t.bond, "bond", "", "what a worker pledges for a request; 0 welcomes newcomers; empty: the chain's share of the reward")
	flags.StringVar(&t.minDeposit, "min-deposit", "0", "least deposit of an evaluator")
	flags.StringVar(&t.challengeFee, "challenge-fee", "0", "fee of the first challenge; it doubles with each level")
	flags.DurationVar(&t.open, "open", 0, "how long a request waits for an evaluator; 0: the chain's default, as for the next ones")
	flags.DurationVar(&t.hiring, "hiring", 0, "how long workers may join, at most half the time limit")
	flags.DurationVar(&t.grant, "grant", 0, "how long the client may grant keys of encrypted data, once they are needed")
	flags.DurationVar(&t.reveal, "reveal", 0, "how long workers may reveal")
	flags.DurationVar(&t.evaluation, "evaluation", 0, "how long the evaluator has for its ranking")
	flags.DurationVar(&t.challenge, "challenge", 0, "how long a ranking may be challenged")
	flags.DurationVar(&t.resolve, "resolve", 0, "how long a resolver has for its verdict")
	flags.Uint64Var(&t.cpuMillis, "cpu-millis", 0, "thousandths of a core that a node must offer")
	flags.Uint64Var(&t.memoryMiB, "memory-mib", 0, "memory that a node must offer")
	flags.Uint64Var(&t.diskMiB, "disk-mib", 0, "disk that a node must offer")
	flags.Uint64Var(&t.storageMiB, "storage-mib", 0, "room that a node must have left in its own storage space")
	flags.StringVar(&t.arch, "arch", "", "processor that a node must have, in Go's words")
	flags.StringVar(&t.os, "os", "", "operating system that a node must have, in Go's words")
	flags.StringSliceVar(&t.tags, "require", nil, "software that a node must have")
	flags.StringSliceVar(&t.metrics, "metric", nil, "integer field of the evaluator's ranking that is kept for each node, as loss=min; or sum, max, last")
	flags.BoolVar(&t.openResults, "open-results", false, "skip commit and reveal")
	flags.BoolVar(&t.invalidLosesBond, "invalid-loses-bond", false, "invalid work loses its bond")
	flags.StringVar(&t.verification, "verification", "solution", "how results are checked: solution, by the evaluator's program; execution, by the majority of equal results; or checkpoint, by running segments of the work again")
	flags.Uint32Var(&t.maxCheckpoints, "max-checkpoints", 0, "with --verification checkpoint: states that a worker may publish, which divide its work into segments")
	flags.Uint32Var(&t.segments, "segments", 0, "with --verification checkpoint: segments of each worker that are run again besides its last")
	flags.BoolVar(&t.deterministic, "deterministic", false, "the programs give the same bytes for the same input and seed")
}

func (t termsFlags) spec() (jobstypes.TermsSpec, error) {
	spec := jobstypes.TermsSpec{
		Requirement: program.Capability{
			CPUMillis: t.cpuMillis, MemoryBytes: t.memoryMiB << 20, DiskBytes: t.diskMiB << 20, FreeStorageBytes: t.storageMiB << 20,
			Arch: t.arch, OS: t.os, Tags: t.tags,
		},
		OpenResults: t.openResults, InvalidLosesBond: t.invalidLosesBond, Deterministic: t.deterministic,
		MaxCheckpoints: t.maxCheckpoints, Segments: t.segments,
	}
	switch t.verification {
	case "solution":
		spec.Verification = jobstypes.VERIFICATION_SOLUTION
	case "execution":
		spec.Verification = jobstypes.VERIFICATION_EXECUTION
	case "checkpoint":
		spec.Verification = jobstypes.VERIFICATION_CHECKPOINT
	default:
		return spec, badInputf("verification: %q is unknown (choose solution, execution or checkpoint)", t.verification)
	}
	for _, amount := range []struct {
		flag, text string
		into       *math.Int
	}{{"min-deposit", t.minDeposit, &spec.MinDeposit}, {"challenge-fee", t.challengeFee, &spec.ChallengeFee}} {
		coin, err := parseAmount(amount.flag, amount.text)
		if err != nil {
			return spec, err
		}
		*amount.into = coin.Amount
	}
	if t.bond != "" {
		coin, err := parseAmount("bond", t.bond)
		if err != nil {
			return spec, err
		}
		spec.Bond = &jobstypes.Bond{Amount: coin.Amount}
	}
	for _, text := range t.metrics {
		metric, err := parseMetric(text)
		if err != nil {
			return spec, err
		}
		spec.Metrics = append(spec.Metrics, metric)
	}
	for _, window := range []struct {
		flag string
		span time.Duration
		into *uint64
	}{
		{"open", t.open, &spec.Windows.OpenMs}, {"hiring", t.hiring, &spec.Windows.HiringMs}, {"grant", t.grant, &spec.Windows.GrantMs}, {"reveal", t.reveal, &spec.Windows.RevealMs},
		{"evaluation", t.evaluation, &spec.Windows.EvaluationMs}, {"challenge", t.challenge, &spec.Windows.ChallengeMs},
		{"resolve", t.resolve, &spec.Windows.ResolveMs},
	} {
		if window.span < 0 || window.span%time.Millisecond != 0 {
			return spec, badInputf("%s: %s: want whole milliseconds, not negative", window.flag, window.span)
		}
		*window.into = uint64(window.span.Milliseconds())
	}
	return spec, nil
}

func parseMetric(text string) (jobstypes.Metric, error) {
	field, fold, ok := strings.Cut(text, "=")
	kind := program.MetricFold_value["METRIC_FOLD_"+strings.ToUpper(fold)]
	if !ok || field == "" || kind == 0 {
		return jobstypes.Metric{}, badInputf("metric: %q: want FIELD=sum, min, max or last", text)
	}
	return jobstypes.Metric{Field: field, Fold: program.MetricFold(kind)}, nil
}

type registerOutput struct {
	Job     string        `json:"job"`
	Name    string        `json:"name"`
	Schema  string        `json:"schema_digest"`
	Source  string        `json:"source_url"`
	Commit  string        `json:"source_commit"`
	Program []programJSON `json:"programs"`
	Hash    string        `json:"hash"`
	Height  int64         `json:"height,string"`
}

type programJSON struct {
	Role   string `json:"role"`
	Digest string `json:"digest"`
	Size   uint64 `json:"size,string"`
}

func (s *Session) registerJob(ctx context.Context, files []string, r registration) error {
	connected, key, err := s.chainAndKey(ctx)
	if err != nil {
		return err
	}
	params, err := s.params(ctx)
	if err != nil {
		return err
	}
	if r.pack.space, err = s.programPlace(ctx); err != nil {
		return err
	}
	fetched, err := s.fetchPrograms(ctx, append(slices.Clone(files[1:]), r.pack.or...))
	defer fetched.remove()
	if err != nil {
		return err
	}
	r.local = onThisMachine(files)
	files, r.pack.or = append(files[:1:1], fetched.files[:len(files)-1]...), fetched.files[len(files)-1:]
	msg, artifacts, err := s.prepareJob(ctx, files, r, params)
	if err != nil {
		return err
	}
	msg.Signer = key.Address().String()
	if err := s.signsAsOwner(ctx, msg.Signer); err != nil {
		return err
	}
	for i := range msg.Releases {
		if err := release.Sign(ctx, key, jobstypes.Digest(msg.Schema), &msg.Releases[i]); err != nil {
			return err
		}
	}
	if err := s.upload(ctx, artifacts, r.pack.space, fetched); err != nil {
		return err
	}
	receipt, err := connected.Do(ctx, key, msg)
	if err != nil {
		return err
	}
	var response jobstypes.MsgRegisterJobResponse
	if err := receipt.Response(0, &response); err != nil {
		return err
	}
	s.lastJob = response.JobId
	out := registerOutput{
		Job: chain.FormatJobID(response.JobId), Name: msg.Name, Schema: jobstypes.Digest(msg.Schema), Source: msg.SourceURL,
		Commit: msg.SourceCommit, Hash: receipt.Hash, Height: receipt.Height,
	}
	for _, spec := range msg.Releases {
		out.Program = append(out.Program, programJSON{Role: roleName(spec.Role), Digest: spec.Program.Digest, Size: spec.Program.Size_})
	}
	return s.print(out, fmt.Sprintf("Registration complete. Job ID is %s.", out.Job))
}

// prepareJob makes and checks the message, apart from signer and signatures. Nothing leaves this machine.
func (s *Session) prepareJob(ctx context.Context, files []string, r registration, params jobstypes.Params) (*jobstypes.MsgRegisterJob, []release.Artifact, error) {
	terms, err := r.terms.spec()
	if err != nil {
		return nil, nil, err
	}
	descriptors, err := release.Compile(ctx, files[0])
	if err != nil {
		return nil, nil, badInput(err)
	}
	schema, err := jobstypes.ParseSchema(descriptors, params.SchemaLimits())
	if err != nil {
		return nil, nil, badInputf("%s: %w", files[0], err)
	}
	s.progress("compiled %s: %s → %s", files[0], schema.WorkerInput().Name(), schema.WorkerOutput().Name())
	releases, artifacts, err := r.packAll(files, schema, params)
	if err != nil {
		return nil, nil, err
	}
	if err := attestationsOf(r.attestations, releases); err != nil {
		return nil, nil, err
	}
	question, err := parseValue("qualification-input", r.qualification)
	if err != nil {
		return nil, nil, err
	}
	qualification, err := encodeMessage("qualification-input", schema.WorkerInput(), question)
	if err != nil {
		return nil, nil, err
	}
	source, err := release.FindSource(ctx, r.source, r.dirty, r.local...)
	if err != nil {
		return nil, nil, badInput(err)
	}
	msg := &jobstypes.MsgRegisterJob{
		Name: jobName(r.name, files[0]), Description: r.description, Schema: descriptors, SourceURL: source.URL, SourceCommit: source.Commit,
		Terms: terms, TreePolicy: r.policy, Releases: releases, QualificationInput: jobstypes.Input{Inline: qualification},
	}
	return msg, artifacts, badInput(msg.Validate(params))
}

// packAll packs the program of each service of the schema. files are the schema and the programs.
func (r registration) packAll(files []string, schema *jobstypes.Schema, params jobstypes.Params) ([]jobstypes.ReleaseSpec, []release.Artifact, error) {
	switch {
	case len(files) == 3 && !schema.HasEvaluator():
		return nil, nil, badInputf("%s: no service Evaluator: declare one with one unary rpc, or leave %s out", files[0], files[2])
	case len(files) == 2 && schema.HasEvaluator():
		return nil, nil, badInputf("%s has a service Evaluator: name its program, too", files[0])
	}
	var releases []jobstypes.ReleaseSpec
	var artifacts []release.Artifact
	for i, role := range []program.Role{program.ROLE_WORKER, program.ROLE_EVALUATOR}[:len(files)-1] {
		packing := r.pack
		if role == program.ROLE_EVALUATOR {
			packing.or = nil
		}
		spec, packed, err := packing.pack(files[i+1], role, schema, r.version, params)
		if err != nil {
			return nil, nil, err
		}
		releases, artifacts = append(releases, spec), append(artifacts, packed...)
	}
	return releases, artifacts, r.pack.checkReach(releases...)
}

// checkReach refuses to leave out silently what the flags say that images want to reach.
func (p packing) checkReach(releases ...jobstypes.ReleaseSpec) error {
	for _, spec := range releases {
		if slices.ContainsFunc(spec.Programs(), func(one program.Program) bool { return len(one.Network) > 0 }) {
			return nil
		}
	}
	if len(p.network) > 0 {
		return badInputf("network: no program is an image: only images can reach anything; leave it out")
	}
	return nil
}

// jobName is what the user chose, or the name of the folder that the schema lies in.
func jobName(chosen, schemaFile string) string {
	if chosen != "" {
		return chosen
	}
	full, err := filepath.Abs(schemaFile)
	if err != nil {
		return strings.TrimSuffix(filepath.Base(schemaFile), filepath.Ext(schemaFile))
	}
	return filepath.Base(filepath.Dir(full))
}

func (p packing) pack(file string, role program.Role, schema *jobstypes.Schema, version string, params jobstypes.Params) (jobstypes.ReleaseSpec, []release.Artifact, error) {
	switch {
	case p.grpc && p.json:
		return jobstypes.ReleaseSpec{}, nil, badInputf("grpc: together with json: gRPC speaks proto binary; leave one out")
	case p.stateless && !p.grpc:
		return jobstypes.ReleaseSpec{}, nil, badInputf("stateless-safe: without grpc: every other program begins anew with each request; leave it out")
	}
	network, err := p.places()
	if err != nil {
		return jobstypes.ReleaseSpec{}, nil, err
	}
	options := release.PackOptions{Method: schema.WorkerMethod(), EntryPoint: p.workerClass, JSON: p.json, GRPC: p.grpc, StatelessSafe: p.stateless, Network: network, MaxBytes: params.MaxReferenceBytes}
	if role == program.ROLE_EVALUATOR {
		options.Method, options.EntryPoint = schema.EvaluatorMethod(), p.judgeClass
	}
	var programs []program.Program
	var artifacts []release.Artifact
	for _, file := range append([]string{file}, p.or...) {
		packed, artifact, err := release.Pack(file, options)
		if err != nil {
			return jobstypes.ReleaseSpec{}, nil, badInputf("%s: %w", roleName(role), err)
		}
		if artifact.Digest != "" {
			packed.Space = p.space
		}
		programs, artifacts = append(programs, packed), append(artifacts, artifact)
	}
	if p.grpc && programs[0].Kind == program.PROGRAM_KIND_WASM {
		return jobstypes.ReleaseSpec{}, nil, badInputf("grpc: %s is a WASM module: only images serve gRPC", file)
	}
	return jobstypes.ReleaseSpec{Role: role, Version: version, Program: programs[0], Alternatives: programs[1:]}, artifacts, nil
}

// places are what the flags say that images want to reach, in the order in which a release names them.
func (p packing) places() (network []program.Network, err error) {
	for _, name := range p.network {
		place, known := map[string]program.Network{"chain": program.NETWORK_CHAIN, "storage": program.NETWORK_STORAGE}[name]
		if !known {
			return nil, badInputf("network: %q: use chain, storage or both", name)
		}
		network = append(network, place)
	}
	slices.Sort(network)
	return slices.Compact(network), nil
}

// upload puts programs into the space that they are signed for, or into the store of a whole network for 0, where it must be exactly what
// was signed.
func (s *Session) upload(ctx context.Context, artifacts []release.Artifact, space uint64, fetched *programs) error {
	store, err := s.at(ctx, space)
	if err != nil {
		return err
	}
	for _, artifact := range artifacts {
		if artifact.Digest == "" { // requests bring it
			continue
		}
		if fetched.isIn(artifact, space) {
			continue
		}
		s.progress("uploading %s, %d bytes, %s", artifact.Path, artifact.Size, artifact.Digest)
		if err := put(ctx, store, artifact); err != nil {
			return fmt.Errorf("upload %s: %w", artifact.Path, err)
		}
	}
	if slices.ContainsFunc(artifacts, func(a release.Artifact) bool { return filepath.Ext(a.Path) == ".py" }) {
		return s.offerRuntime(ctx, store)
	}
	return nil
}

func put(ctx context.Context, store storage.Store, artifact release.Artifact) error {
	if artifact.Content != nil {
		_, err := storage.PutBytes(ctx, store, artifact.Content)
		return err
	}
	_, err := storage.PutFile(ctx, store, artifact.Path,
		storage.ExpectDigest(storage.Digest(artifact.Digest)), storage.ExpectSize(int64(artifact.Size)))
	return err
}

// offerRuntime puts the runtime of scripts into the store, where a node that has only this program finds it by its digest.
// A machine without the runtime registers scripts all the same: nodes may have it from elsewhere.
func (s *Session) offerRuntime(ctx context.Context, store storage.Store) error {
	path := daemon.FindPython()
	if path == "" {
		return nil
	}
	switch _, err := store.Stat(ctx, python.RuntimeDigest); {
	case err == nil:
		return nil
	case !errors.Is(err, storage.ErrNotFound):
		return fmt.Errorf("look for the Python runtime: %w", err)
	}
	s.progress("uploading the Python runtime, once for all jobs")
	if _, err := storage.PutFile(ctx, store, path, storage.ExpectDigest(python.RuntimeDigest)); err != nil {
		return fmt.Errorf("upload the Python runtime: %w", err)
	}
	return nil
}
