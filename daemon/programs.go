package daemon

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/release"
	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/storage"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// ReleaseCache keeps verified programs on disk. *release.Cache is one.
type ReleaseCache interface {
	// Fetch returns the path of one of the release's programs after its digest, its size and the admin's signature were verified.
	Fetch(ctx context.Context, store storage.Store, spec jobstypes.ReleaseSpec, one program.Program, schemaDigest string, admin sdk.AccAddress) (string, error)
}

// Programs are the releases that this machine can run: fetched, verified, compiled and warm before anything is promised
// with them. A release whose program fails again and again is left alone for a growing while.
type Programs struct {
	Step    Step // of preparing, for the journal
	Journal *Journal
	Catalog *Catalog
	Source  Source
	Cache   ReleaseCache
	Sandbox sandbox.Sandbox
	Limits  Limits
	Logs    *Logs
	GPUs    *GPUs
	Log     *slog.Logger
	Policy  Policy
	Clock   *Clock
	Places  *Places
	Board   *programBoard
	// Custom: programs that requests name are run, too. Contents keeps them, Tasks is a folder for what they leave.
	Custom   bool
	Contents ContentCache
	Tasks    string
	// Prepared is called when a release became ready in the background; it must not block.
	Prepared func()

	mu        sync.Mutex
	ready     map[uint64]sandbox.Program
	preparing map[uint64]*sync.Mutex
	tasks     Tasks[uint64]
	holds     Holds
}

// Call is one run of a release's program.
type Call struct {
	JobID, ReleaseID uint64
	Role             program.Role
	// RequestID and DeadlineMs are what the program is told; 0 outside of requests.
	RequestID  uint64
	DeadlineMs int64
	// Client whose request it is; empty outside of requests. A program that stays between runs is not shared by two.
	Client string
	Seed   [32]byte
	Input  []byte
	// Wall bounds the run besides the owner's limit; 0: the owner's limit alone.
	Wall time.Duration
	// Grant is what the run may use; its zero value: what the owner's limits say.
	Grant Grant
	// Files that the program sees beside its input: the paths by name. Of a program that its request names they are what it and its own files
	// are made of, as the request's Named say.
	Files map[string]string
	Named []jobstypes.NamedReference
	// Reads are the contents that the program may fetch itself, where it reaches storage.
	Reads []jobstypes.Reference
	// OutFile is where a program that its request names leaves what it put into /ain/out; empty: nobody wants it.
	OutFile string

	// Of a program that its request names.
	args   []string
	outDir string
}

// holder of the call's devices: its request, or, outside of requests, its job, by a number that no request has.
func (c Call) holder() uint64 {
	if c.RequestID != 0 {
		return c.RequestID
	}
	return 1<<63 | c.JobID
}

// Reply is what a run gave. Of one that failed it is the log alone.
type Reply struct {
	Output []byte
	Log    *LogRef // nil: it said nothing, or nobody asked for it by a request
}

// ErrRevoked says that a program does not run because the job's admin has taken it back.
var ErrRevoked = errors.New("the release was revoked by the job's admin")

// IsProgramFault tells whether a run failed because of the program: another run of it would fail in the same way.
func IsProgramFault(err error) bool {
	for _, fault := range []error{
		sandbox.ErrTimeout, sandbox.ErrMemory, sandbox.ErrOutputTooLarge, sandbox.ErrCrashed, sandbox.ErrBadOutput, sandbox.ErrBadProgram,
	} {
		if errors.Is(err, fault) {
			return true
		}
	}
	return false
}

// Prepare makes a release ready to run at once. It is quick when it is ready.
func (p *Programs) Prepare(ctx context.Context, jobID, releaseID uint64) error {
	_, err := p.prepare(ctx, jobID, releaseID)
	return err
}

// PrepareSoon prepares a release in the background, unless that failed a moment ago, or the owner's policy refuses it. It
// says whether something new may be begun with it now.
func (p *Programs) PrepareSoon(ctx context.Context, jobID, releaseID uint64) bool {
	if releaseID == 0 {
		return true
	}
	if p.holds.Held(releaseID) {
		return false
	}
	switch why, err := p.Refuses(ctx, releaseID); {
	case err != nil:
		return false // asked again at the next pass
	case why != "":
		p.tell(ctx, jobID, releaseID, StateRefused, why)
		p.Log.Warn("not running a release", "job", JobID(jobID), "release", releaseID, "why", why, "in", p.holds.Hold(releaseID))
		return false
	}
	if p.Ready(releaseID) {
		p.tell(ctx, jobID, releaseID, StateReady, "")
		return true
	}
	p.tasks.Start(releaseID, func() {
		p.tell(ctx, jobID, releaseID, StatePreparing, "")
		if err := p.Prepare(ctx, jobID, releaseID); err != nil && ctx.Err() == nil {
			p.tell(ctx, jobID, releaseID, StateFailed, err.Error())
			p.Log.Warn("could not prepare a program, trying again", "job", JobID(jobID), "release", releaseID,
				"error", err, "in", p.holds.Hold(releaseID))
			return
		}
		p.tell(ctx, jobID, releaseID, StateReady, "")
		p.Prepared()
	})
	return false
}

// tell writes down for people how far a release is.
func (p *Programs) tell(ctx context.Context, jobID, releaseID uint64, state, why string) {
	published, err := p.Catalog.Release(ctx, releaseID)
	if err != nil {
		return
	}
	p.Board.tell(ProgramState{
		JobID: jobID, ReleaseID: releaseID, Role: published.Spec.Role, Version: published.Spec.Version, State: state, Why: why,
	})
}

// Wait returns when nothing is prepared in the background any more, after the context of PrepareSoon has ended.
func (p *Programs) Wait() { p.tasks.Wait() }

// Ready says whether a release was prepared.
func (p *Programs) Ready(releaseID uint64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.ready[releaseID]
	return ok
}

func (p *Programs) known(releaseID uint64) (prepared sandbox.Program, ok bool, once *sync.Mutex) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ready == nil {
		p.ready, p.preparing = map[uint64]sandbox.Program{}, map[uint64]*sync.Mutex{}
	}
	if p.preparing[releaseID] == nil {
		p.preparing[releaseID] = &sync.Mutex{}
	}
	prepared, ok = p.ready[releaseID]
	return prepared, ok, p.preparing[releaseID]
}

func (p *Programs) prepare(ctx context.Context, jobID, releaseID uint64) (sandbox.Program, error) {
	prepared, ok, once := p.known(releaseID)
	if ok {
		return prepared, nil
	}
	once.Lock()
	defer once.Unlock()
	if prepared, ok, _ = p.known(releaseID); ok {
		return prepared, nil
	}
	var record preparation
	err := p.Journal.Do(p.Step, "prepare/"+strconv.FormatUint(releaseID, 10), &record, func() (err error) {
		prepared, err = p.fetch(ctx, jobID, releaseID)
		return err
	})
	if err != nil {
		return sandbox.Program{}, fmt.Errorf("prepare release %d of job %s: %w", releaseID, JobID(jobID), err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ready[releaseID] = prepared
	p.Log.Info("program is ready", "job", JobID(jobID), "release", releaseID, "digest", prepared.Digest)
	return prepared, nil
}

type preparation struct{ Progress }

func (p *Programs) fetch(ctx context.Context, jobID, releaseID uint64) (sandbox.Program, error) {
	job, err := p.Catalog.Job(ctx, jobID)
	if err != nil {
		return sandbox.Program{}, err
	}
	published, err := p.Catalog.Release(ctx, releaseID)
	if err != nil {
		return sandbox.Program{}, err
	}
	switch {
	case published.JobId != jobID:
		return sandbox.Program{}, fmt.Errorf("the release belongs to job %s", JobID(published.JobId))
	case published.Revoked:
		return sandbox.Program{}, ErrRevoked
	}
	// The first that this machine can run. What it cannot is mostly known before anything is fetched.
	var unsupported []error
	for _, one := range published.Spec.Programs() {
		described, err := p.fetchOne(ctx, job, published.Spec, one)
		if !errors.Is(err, sandbox.ErrUnsupported) {
			return described, err
		}
		unsupported = append(unsupported, err)
	}
	return sandbox.Program{}, errors.Join(unsupported...)
}

func (p *Programs) fetchOne(ctx context.Context, job Job, spec jobstypes.ReleaseSpec, one program.Program) (sandbox.Program, error) {
	described, err := describe(job.Schema, spec.Role, one)
	if err != nil {
		return sandbox.Program{}, err
	}
	if one.Kind == program.PROGRAM_KIND_REQUESTED { // each request brings its own
		return described, release.Verify(spec, job.Schema.Digest, job.Owner)
	}
	if !p.Sandbox.Supports(described.Kind) {
		return sandbox.Program{}, fmt.Errorf("%w: this node runs no program of kind %s", sandbox.ErrUnsupported, described.Kind)
	}
	if missing := p.Places.config.withholds(one); missing != "" {
		return sandbox.Program{}, fmt.Errorf("%w: %s", sandbox.ErrUnsupported, missing)
	}
	if !p.Policy.names(one) {
		return sandbox.Program{}, fmt.Errorf("%w: policy.programs does not name %s", sandbox.ErrUnsupported, one.Digest)
	}
	from, err := p.Source.At(ctx, one.Space)
	if err != nil {
		return sandbox.Program{}, err
	}
	if described.File, err = p.Cache.Fetch(ctx, from, spec, one, job.Schema.Digest, job.Owner); err != nil {
		return sandbox.Program{}, err
	}
	return described, p.Sandbox.Prepare(ctx, described)
}

// describe says in the sandbox's words what a program of a release is.
func describe(schema Schema, role program.Role, one program.Program) (sandbox.Program, error) {
	p := sandbox.Program{Digest: one.Digest, EntryPoint: one.EntryPoint, Schema: schema.DescriptorSet, Network: namesOf(one)}
	switch kind, abi := one.Kind, one.ABI; {
	case kind == program.PROGRAM_KIND_WASM && abi == program.ABI_STDIO_PROTO:
		p.Kind, p.Codec = sandbox.KindWASM, sandbox.CodecProto
	case kind == program.PROGRAM_KIND_WASM && abi == program.ABI_STDIO_JSON:
		p.Kind, p.Codec = sandbox.KindWASM, sandbox.CodecJSON
	case kind == program.PROGRAM_KIND_IMAGE && abi == program.ABI_STDIO_PROTO:
		p.Kind, p.Codec = sandbox.KindImage, sandbox.CodecProto
	case kind == program.PROGRAM_KIND_IMAGE && abi == program.ABI_STDIO_JSON:
		p.Kind, p.Codec = sandbox.KindImage, sandbox.CodecJSON
	case kind == program.PROGRAM_KIND_IMAGE && abi == program.ABI_GRPC:
		p.Kind, p.Codec, p.StatelessSafe = sandbox.KindImage, sandbox.CodecGRPC, one.StatelessSafe
	case kind == program.PROGRAM_KIND_REQUESTED:
		return p, nil
	case kind == program.PROGRAM_KIND_SCRIPT && abi == program.ABI_SCRIPT:
		if one.Runtime != release.PythonRuntime {
			return p, fmt.Errorf("%w: script for runtime %q, this node has %s", sandbox.ErrUnsupported, one.Runtime, release.PythonRuntime)
		}
		p.Kind = sandbox.KindScript
	default:
		return p, fmt.Errorf("%w: program of kind %s with ABI %s", sandbox.ErrUnsupported, kind, abi)
	}
	switch role {
	case program.ROLE_WORKER:
		p.Service, p.Method = schema.WorkerService(), schema.WorkerMethod()
	case program.ROLE_EVALUATOR:
		p.Service, p.Method = schema.EvaluatorService(), schema.EvaluatorMethod()
	default:
		return p, fmt.Errorf("%w: release for role %s", sandbox.ErrUnsupported, role)
	}
	return p, nil
}

// Run runs a release once and returns its reply. How it went is remembered: see Resting and Typical. What the program said goes to the logs
// folder, to the daemon's log at debug level, and beside the failure if it fails.
func (p *Programs) Run(ctx context.Context, call Call) (Reply, error) {
	prepared, err := p.runnable(ctx, call)
	if err != nil {
		return Reply{}, err
	}
	if requested, err := p.Requested(ctx, call.ReleaseID); err != nil || requested {
		if err != nil {
			return Reply{}, err
		}
		return p.runTask(ctx, call)
	}
	result, log, err := p.execute(ctx, prepared, call, nil)
	p.GPUs.GiveBack(call.holder())
	reply := Reply{Log: log}
	if rememberErr := p.remember(call.ReleaseID, result, err); rememberErr != nil {
		return reply, rememberErr
	}
	if err == nil {
		reply.Output = result.Output
	}
	return reply, err
}

// runnable is a release's program, ready to run and not taken back.
func (p *Programs) runnable(ctx context.Context, call Call) (sandbox.Program, error) {
	prepared, err := p.prepare(ctx, call.JobID, call.ReleaseID)
	if err != nil {
		return prepared, err
	}
	published, err := p.Catalog.Release(ctx, call.ReleaseID)
	if err == nil && published.Revoked {
		err = fmt.Errorf("release %d of job %s: %w", call.ReleaseID, JobID(call.JobID), ErrRevoked)
	}
	return prepared, err
}

// execute runs a program, or one segment of it, and keeps its log. The devices that it takes are the call's until they are given back.
func (p *Programs) execute(ctx context.Context, prepared sandbox.Program, call Call, segment *Segment) (*sandbox.Result, *LogRef, error) {
	run := p.runOf(prepared, call)
	if segment != nil {
		segment.show(&run)
	}
	if prepared.Kind == sandbox.KindImage {
		var missing string
		if run.GPUs, missing = p.GPUs.Take(call.holder(), call.Grant.GPUs); missing != "" {
			return nil, nil, fmt.Errorf("%w: not free: %s", ErrGPU, missing)
		}
	}
	watched, stop := p.watchRevocation(ctx, call.ReleaseID)
	result, failed := p.Sandbox.Run(watched, run)
	if failed != nil && ctx.Err() == nil && errors.Is(context.Cause(watched), ErrRevoked) {
		failed = fmt.Errorf("release %d of job %s: stopped: %w", call.ReleaseID, JobID(call.JobID), ErrRevoked)
	}
	stop()
	attributes := []any{"job", JobID(call.JobID), "request", call.RequestID, "release", call.ReleaseID, "kind", prepared.Kind, "digest", prepared.Digest}
	var log *LogRef
	if result != nil {
		attributes = append(attributes, "wall", result.Wall, "cpu", result.CPU, "memory", result.PeakMemory, "log", string(result.Log))
	}
	if result != nil && call.RequestID != 0 {
		var err error
		if log, err = p.Logs.keep(call.RequestID, result.Log); err != nil {
			p.Log.Warn("could not keep a program's log", append(attributes, "error", err)...)
		}
	}
	if failed != nil {
		p.Log.Warn("program failed", append(attributes, "error", failed)...)
		return result, log, failed
	}
	p.Log.Debug("program ran", attributes...)
	return result, log, nil
}

// runOf says in the sandbox's words what a call asks for.
func (p *Programs) runOf(prepared sandbox.Program, call Call) sandbox.Run {
	limits := call.Grant.within(p.Limits)
	limits.WallTime = p.Limits.Time.Std()
	if call.Wall > 0 {
		limits.WallTime = min(limits.WallTime, call.Wall)
	}
	return sandbox.Run{
		Program: prepared,
		Input:   call.Input,
		Args:    call.args,
		Inputs:  call.Files,
		OutDir:  call.outDir,
		Env: map[string]string{
			sandbox.EnvRequest:  strconv.FormatUint(call.RequestID, 10),
			sandbox.EnvSeed:     hex.EncodeToString(call.Seed[:]),
			sandbox.EnvDeadline: strconv.FormatInt(call.DeadlineMs, 10),
		},
		Limits:  limits,
		Network: p.Places.networkOf(prepared.Network, call.Reads),
		Tenant:  call.Client,
		Labels: map[string]string{
			"job": JobID(call.JobID).String(), "request": strconv.FormatUint(call.RequestID, 10), "release": strconv.FormatUint(call.ReleaseID, 10),
		},
	}
}
