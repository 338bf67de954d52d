package console

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"cosmossdk.io/math"
	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// customJob is the name of the job whose requests name their program, where --job names none.
const customJob = "custom-code"

// running is what the flags of run say.
type running struct {
	job, image, check, out, accept string
	environment                    environment
	inputs, workers, evaluators    []string
	memory, disk, mostOutput       string
	cpus                           string
	gpus, copies                   uint32
	time                           time.Duration
	reward, checkReward            string
}

func newRun(s *Session) *cobra.Command {
	var r running
	cmd := &cobra.Command{
		Use:   "run [PROGRAM] [-- ARGUMENT...]",
		Short: "Run a program of your own on somebody's machine",
		Long: `Run a program of your own: a .py script, a .wasm module, a .tar with an image, or with --image
an image by its address in a registry or its digest in the store. Words after -- are its
arguments, files given with --input are /ain/in/NAME. What it leaves in /ain/out comes back to
a folder, what it printed is printed, and the exit code is the program's.

A script runs on Python for WASI, with the standard library alone; with -r or --base it runs
in an image that has libraries, built on this machine; no Docker engine is needed for that.

Nobody checks the result unless --check names a program for that: then an evaluator runs it on
what the workers left, and only results that it finds valid are paid.`,
		Example: `  aind run hello.py -- world
  aind run train.py -r requirements.txt --base build/images/python.tar --memory 2GiB --time 10m -o model
  aind run --image ghcr.io/me/tool@sha256:… --input data.csv=./data.csv -- --fast /ain/in/data.csv`,
	}
	flags := cmd.Flags()
	flags.StringVar(&r.job, "job", "", "job whose requests name their program; empty: the one that is called "+customJob)
	flags.StringVar(&r.image, "image", "", "image to run: host/repository@sha256:…, or sha256:… of one in the store")
	flags.StringVar(&r.check, "check", "", "program that the evaluator checks the results with: .py, .wasm or .tar")
	flags.StringVarP(&r.out, "out", "o", "", "folder for what the program leaves in /ain/out (default: ain-out-REQUEST)")
	flags.StringVar(&r.mostOutput, "output-limit", "1GiB", "most that is fetched of what the program leaves: its size is what a stranger says")
	flags.StringVar(&r.accept, "accept", acceptAuto, "what to do with a checked result: auto, ask or wait")
	flags.StringArrayVar(&r.inputs, "input", nil, "NAME=FILE that the program finds as /ain/in/NAME; may be given again")
	flags.StringSliceVar(&r.workers, "worker", nil, "workers that may accept, ain1…")
	flags.StringSliceVar(&r.evaluators, "evaluator", nil, "evaluators that may accept, ain1…")
	flags.StringVar(&r.memory, "memory", "", "memory that a node must offer, as 2GiB")
	flags.StringVar(&r.disk, "disk", "", "room for what the program writes that a node must offer, as 1GiB")
	flags.StringVar(&r.cpus, "cpus", "", "processors that a node must offer, as 2 or 0.5")
	flags.Uint32Var(&r.gpus, "gpus", 0, "GPUs that a node must offer and the program is given")
	flags.Uint32Var(&r.copies, "copies", 1, "how many workers run it; the first to finish, or the best checked, is paid")
	flags.DurationVar(&r.time, "time", time.Minute, "how long the program may run")
	flags.StringVar(&r.reward, "reward", "1", "what the workers get, in AIN or as 10uain")
	flags.StringVar(&r.checkReward, "check-reward", "1", "what the evaluator gets, with --check")
	r.environment.bind(flags)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		dash := cmd.ArgsLenAtDash()
		if dash < 0 {
			dash = len(args)
		}
		return s.run(cmd.Context(), args[:dash], args[dash:], r)
	}
	return cmd
}

// run packs a program, orders its run, and brings home what it left.
func (s *Session) run(ctx context.Context, programs, args []string, r running) error {
	if err := (following{accept: r.accept}).validate(); err != nil {
		return err
	}
	if err := r.validate(programs, args); err != nil {
		return err
	}
	if err := emptyFolder(r.out); err != nil {
		return err
	}
	if _, err := parseBytes("output-limit", r.mostOutput); err != nil {
		return err
	}
	space, err := s.storeSpace()
	if err != nil {
		return err
	}
	connected, key, err := s.chainAndKey(ctx)
	if err != nil {
		return err
	}
	params, err := s.params(ctx)
	if err != nil {
		return err
	}
	job, err := s.customJob(ctx, r.job)
	if err != nil {
		return err
	}
	parcel, task, err := s.packTask(ctx, programs, args, r)
	if err != nil {
		return err
	}
	msg := &jobstypes.MsgRequestJob{Signer: key.Address().String()}
	if msg.Spec, err = r.spec(job.Id, task); err != nil {
		return err
	}
	if err := s.parcelInput(parcel, task, space, &msg.Spec, params); err != nil {
		return err
	}
	if err := s.findAble(ctx, job, &msg.Spec, params); err != nil {
		return err
	}
	if err := msg.Validate(params); err != nil {
		return badInput(inRunWords(err))
	}
	total := msg.Spec.Rewards()
	share := jobstypes.ChainShare(params, total)
	if err := s.canPay(ctx, "reward", msg.Signer, total.Add(share)); err != nil {
		return err
	}
	if err := s.storeParcel(ctx, parcel); err != nil {
		return err
	}
	receipt, err := connected.Do(ctx, key, msg)
	if err != nil {
		return err
	}
	var response jobstypes.MsgRequestJobResponse
	if err := receipt.Response(0, &response); err != nil {
		return err
	}
	s.progress("request %d: %s AIN held, and %s for the chain", response.RequestId, chain.FormatAmount(total), chain.FormatAmount(share))
	return s.awaitRun(ctx, response.RequestId, r)
}

func (r running) validate(programs, args []string) error {
	switch {
	case len(programs) > 1:
		return badInputf("program: %q are %d: name one, and its arguments after --", programs, len(programs))
	case len(programs) == 1 && r.image != "":
		return badInputf("image: %s is given, too: leave one out", programs[0])
	case len(programs) == 0 && r.image == "":
		return badInputf("program: missing (name a .py, .wasm or .tar file, or an image with --image)")
	case r.time <= 0 || r.time%time.Millisecond != 0:
		return badInputf("time: %s: want whole milliseconds, more than none", r.time)
	case r.copies == 0:
		return badInputf("copies: 0: nobody would run it")
	}
	return nil
}

// spec is the order, all but its input.
func (r running) spec(jobID uint64, task program.Task) (jobstypes.RequestSpec, error) {
	spec := jobstypes.RequestSpec{
		JobId: jobID, TimeLimitMs: uint64(r.time.Milliseconds()), MinWorkers: 1, MaxWorkers: r.copies, SkipEvaluation: task.Check == nil,
		RewardFunction:  jobstypes.RewardFunction{Kind: jobstypes.REWARD_KIND_WINNER_TAKES_ALL},
		EvaluatorReward: math.ZeroInt(), WorkerCandidates: r.workers, EvaluatorCandidates: r.evaluators,
	}
	reward, err := parseAmount("reward", r.reward)
	if err != nil {
		return spec, err
	}
	spec.WorkerReward = reward.Amount
	if task.Check != nil {
		if reward, err = parseAmount("check-reward", r.checkReward); err != nil {
			return spec, err
		}
		spec.EvaluatorReward = reward.Amount
	}
	spec.Requirement, err = r.requirement(task)
	return spec, err
}

// requirement is what a node must have to run a task and its check.
func (r running) requirement(task program.Task) (program.Capability, error) {
	needed := program.Capability{Tags: []string{program.CustomCodeTag}}
	for _, code := range []*program.Code{task.Program, task.Check} {
		if code == nil {
			continue
		}
		if tag := kindTags[code.Kind]; !contains(needed.Tags, tag) {
			needed.Tags = append(needed.Tags, tag)
		}
	}
	if r.gpus > 0 {
		needed.GPUs = []program.GPU{{Count: r.gpus}}
	}
	var err error
	if needed.MemoryBytes, err = parseBytes("memory", r.memory); err != nil {
		return needed, err
	}
	if needed.DiskBytes, err = parseBytes("disk", r.disk); err != nil {
		return needed, err
	}
	needed.CPUMillis, err = parseMillis("cpus", r.cpus)
	return needed, err
}

// customJob is the job whose requests name their program.
func (s *Session) customJob(ctx context.Context, named string) (jobstypes.Job, error) {
	if named != "" {
		job, err := s.job(ctx, "job", named)
		if err != nil {
			return job, err
		}
		if requested, err := s.isCustom(ctx, job); err != nil || !requested {
			return job, errors.Join(err, badInputf("job: %s runs its own program: order with requestJob, or name a job whose requests name theirs", named))
		}
		return job, nil
	}
	var found []jobstypes.Job
	var next []byte
	for {
		res, err := s.chain.Jobs().Jobs(ctx, &jobstypes.QueryJobsRequest{Pagination: &query.PageRequest{Key: next, Limit: 100}})
		if err != nil {
			return jobstypes.Job{}, fmt.Errorf("ask for the jobs: %w", err)
		}
		for _, job := range res.Jobs {
			if job.Name != customJob {
				continue
			}
			if requested, err := s.isCustom(ctx, job); err != nil {
				return job, err
			} else if requested {
				found = append(found, job)
			}
		}
		if res.Pagination == nil || len(res.Pagination.NextKey) == 0 {
			break
		}
		next = res.Pagination.NextKey
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return jobstypes.Job{}, badInputf("job: none is called %s here: name one whose requests name their program with --job (`aind jobs` lists all)", customJob)
	}
	var ids []string
	for _, job := range found {
		ids = append(ids, chain.FormatJobID(job.Id))
	}
	return jobstypes.Job{}, badInputf("job: %s are all called %s: name the one whose admin you know with --job", strings.Join(ids, ", "), customJob)
}

// isCustom tells whether a job leaves its program to each request.
func (s *Session) isCustom(ctx context.Context, job jobstypes.Job) (bool, error) {
	res, err := s.chain.Jobs().Release(ctx, &jobstypes.QueryReleaseRequest{ReleaseId: job.WorkerRelease})
	if err != nil {
		return false, fmt.Errorf("ask for release %d: %w", job.WorkerRelease, err)
	}
	return res.Release.Spec.Program.Kind == program.PROGRAM_KIND_REQUESTED, nil
}

// findAble refuses an order that no node which runs now could take, and says what they lack. Where nobody evaluates the chain wants workers named:
// those that can run it, where the user names none.
func (s *Session) findAble(ctx context.Context, job jobstypes.Job, spec *jobstypes.RequestSpec, params jobstypes.Params) error {
	roles := []program.Role{program.ROLE_WORKER}
	if !spec.SkipEvaluation {
		roles = append(roles, program.ROLE_EVALUATOR)
	}
	for _, role := range roles {
		res, err := s.chain.Reputation().Nodes(ctx, &reputationtypes.QueryNodesRequest{
			JobId: job.Id, Role: role, RunningOnly: true, Pagination: &query.PageRequest{Limit: 1000},
		})
		if err != nil {
			return fmt.Errorf("ask for the nodes of job %s: %w", chain.FormatJobID(job.Id), err)
		}
		lacks := ""
		var able []string
		for _, info := range res.Nodes {
			if lack := info.Node.Capability.Lacks(spec.Requirement); lack == "" {
				able = append(able, info.Node.Owner)
			} else {
				lacks = lack
			}
		}
		if len(res.Nodes) == 0 {
			return badInputf("job: %s has no %s that runs now (see `aind stats %s`)", chain.FormatJobID(job.Id), roleName(role), chain.FormatJobID(job.Id))
		}
		if len(able) == 0 {
			return badInputf("job: none of %s that runs now can take this: %s (ask for less, or start one: `aind %s --custom-code`, for images with --docker prefer)",
				count(uint64(len(res.Nodes)), roleName(role)), lacks, roleName(role))
		}
		if spec.SkipEvaluation && len(spec.WorkerCandidates) == 0 {
			spec.WorkerCandidates = able[:min(len(able), int(params.MaxCandidates))]
			s.progress("nobody checks the result: whoever of %s accepts is trusted (name others with --worker, or a --check)",
				count(uint64(len(spec.WorkerCandidates)), roleName(role)))
		}
	}
	return nil
}

// inRunWords names in errors what the user wrote.
func inRunWords(err error) error {
	return rewordedError{err, strings.NewReplacer("spec.worker_candidates", "worker", "spec.evaluator_candidates", "evaluator", "spec.worker_reward", "reward",
		"spec.evaluator_reward", "check-reward", "spec.time_limit_ms", "time", "spec.max_workers", "copies", "spec.requirement.", "", "spec.", "").Replace(err.Error())}
}

// emptyFolder refuses a folder in which something would be mixed with what comes back.
func emptyFolder(folder string) error {
	if folder == "" {
		return nil
	}
	entries, err := os.ReadDir(folder)
	switch {
	case errors.Is(err, os.ErrNotExist) || err == nil && len(entries) == 0:
		return nil
	case err != nil:
		return badInputf("out: %w", err)
	}
	return badInputf("out: %s holds files already: name another folder with -o", folder)
}
