package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// ContentCache keeps checked contents that nobody has signed: what requests name. *release.Cache is one.
type ContentCache interface {
	// Hold returns the path of a content after its digest and size were verified; it stays until Free.
	Hold(ctx context.Context, store storage.Store, digest string, size uint64) (string, error)
	Free(digest string)
}

// ErrTask says that what a request names can be run by nobody, or by nobody with this policy.
var ErrTask = errors.New("task")

// tasksFolder of the home holds what programs of requests leave while they run.
const tasksFolder = "tasks"

// toldBytes is how much of what a program of a request wrote goes into its outcome, of standard output and of standard error each.
const toldBytes = 32 << 10

// Requested tells whether a release leaves its program to each request.
func (p *Programs) Requested(ctx context.Context, releaseID uint64) (bool, error) {
	if releaseID == 0 {
		return false, nil
	}
	published, err := p.Catalog.Release(ctx, releaseID)
	return published.Spec.Program.Kind == program.PROGRAM_KIND_REQUESTED, err
}

// ReadTask decodes what a request names, and refuses with ErrTask what nobody could run.
func ReadTask(input []byte) (program.Task, error) {
	var task program.Task
	if err := task.Unmarshal(input); err != nil {
		return task, fmt.Errorf("%w: %w", ErrTask, err)
	}
	if err := task.Validate(); err != nil {
		return task, fmt.Errorf("%w: %w", ErrTask, err)
	}
	return task, nil
}

// PrepareCode fetches what a request names and makes it ready to run, so that nothing is promised with what is not there, not what its digest says
// or nothing that can be run.
func (k *Kit) PrepareCode(ctx context.Context, request jobstypes.Request, code *program.Code) error {
	if err := k.Programs.checkCode(code); err != nil {
		return err
	}
	named := filesOf(code, request.Spec.Input.Files)
	if err := checkNamed(code, named); err != nil {
		return err
	}
	return k.withNamed(ctx, named, nil, func(files map[string]string) error {
		return k.Programs.prepareCode(ctx, code, heldOf(named, files))
	})
}

// checkCode refuses code that this node does not run, before any of it is fetched.
func (p *Programs) checkCode(code *program.Code) error {
	if !p.Custom {
		return fmt.Errorf("%w: it names a program of its own, and policy.custom_code is off", ErrTask)
	}
	if code == nil {
		return fmt.Errorf("%w: it names no program to check its results with: its client has to ask for skip_evaluation", ErrTask)
	}
	return p.checkSizes(code)
}

func (p *Programs) prepareCode(ctx context.Context, code *program.Code, held held) error {
	return p.withCode(ctx, code, held, func(prepared sandbox.Program, _ map[string]string) error {
		return p.Sandbox.Prepare(ctx, prepared)
	})
}

// checkSizes refuses what is too much before any of it is fetched.
func (p *Programs) checkSizes(code *program.Code) error {
	left := uint64(p.Limits.Input)
	for _, file := range code.Files {
		if file.Size_ > left {
			return fmt.Errorf("%w: its files have more than the %d bytes of limits.input", ErrTask, p.Limits.Input)
		}
		left -= file.Size_
	}
	return nil
}

// OutputName is what a result calls the packed output of a program that its request names.
const OutputName = "out.tar"

// filesOf are those of a request's files that code is made of, by their digests. What is not among them lies in the store of a whole network.
func filesOf(code *program.Code, named []jobstypes.NamedReference) []jobstypes.NamedReference {
	if code == nil {
		return nil
	}
	digests := map[string]bool{code.Digest: true}
	for _, file := range code.Files {
		digests[file.Digest] = true
	}
	var of []jobstypes.NamedReference
	for _, file := range named {
		if digests[file.Reference.Digest] {
			of = append(of, file)
			delete(digests, file.Reference.Digest) // one that is named twice is fetched once
		}
	}
	return of
}

// checkNamed refuses what a task and the files of its request say against each other: it shows before any of it can be read.
func checkNamed(code *program.Code, named []jobstypes.NamedReference) error {
	sizes := map[string]uint64{code.Digest: code.Size_}
	for _, file := range code.Files {
		sizes[file.Digest] = file.Size_
	}
	for _, file := range named {
		switch ref := file.Reference; {
		case ref.Size_ != sizes[ref.Digest]:
			return fmt.Errorf("%w: it says %d bytes of %s, the request's file %s says %d", ErrTask, sizes[ref.Digest], ref.Digest, file.Name, ref.Size_)
		case ref.Chunked && ref.Digest == code.Digest:
			return fmt.Errorf("%w: its program %s lies in chunks, and programs are stored whole", ErrTask, ref.Digest)
		}
	}
	return nil
}

// held are contents that are on this machine already: the paths by the digests that a task names them by.
type held map[string]string

func heldOf(named []jobstypes.NamedReference, files map[string]string) held {
	all := held{}
	for _, file := range named {
		if path, ok := files[file.Name]; ok {
			all[file.Reference.Digest] = path
		}
	}
	return all
}

// withCode calls use with a program and its files, which are on this machine and verified meanwhile.
func (p *Programs) withCode(ctx context.Context, code *program.Code, held held, use func(sandbox.Program, map[string]string) error) error {
	described := sandbox.Program{Kind: sandbox.Kind(code.Kind), Digest: code.Digest, EntryPoint: code.EntryPoint, Codec: sandbox.CodecPlain}
	var err error
	var free func()
	if described.File, free, err = p.holdCode(ctx, held, code.Digest, code.Size_); err != nil {
		return fmt.Errorf("program: %w", err)
	}
	defer free()
	files := map[string]string{}
	for _, file := range code.Files {
		if files[file.Name], free, err = p.holdCode(ctx, held, file.Digest, file.Size_); err != nil {
			return fmt.Errorf("file %s: %w", file.Name, err)
		}
		defer free()
	}
	return use(described, files)
}

// holdCode has a content that a task names on this machine until free is called: it is, or lies in the store of a whole network.
func (p *Programs) holdCode(ctx context.Context, held held, digest string, size uint64) (path string, free func(), err error) {
	if path, ok := held[digest]; ok {
		return path, func() {}, nil
	}
	from, err := p.Source.At(ctx, 0)
	if err != nil {
		return "", nil, err
	}
	path, err = p.Contents.Hold(ctx, from, digest, size)
	return path, func() { p.Contents.Free(digest) }, err
}

// runTask runs what a request names. That the program failed is a result like any other, which its client wants to see: only one that ran out of
// time has none. What it left in /ain/out is packed into the file call.OutFile.
func (p *Programs) runTask(ctx context.Context, call Call) (Reply, error) {
	task, err := ReadTask(call.Input)
	if err != nil {
		return Reply{}, err
	}
	if !p.Custom {
		return Reply{}, fmt.Errorf("%w: policy.custom_code is off", ErrTask)
	}
	folder, err := p.taskFolder()
	if err != nil {
		return Reply{}, err
	}
	defer os.RemoveAll(folder)
	call.Input, call.args, call.outDir = nil, task.Program.Args, filepath.Join(folder, "out")
	if err := os.Mkdir(call.outDir, 0o700); err != nil {
		return Reply{}, err
	}
	var result *sandbox.Result
	var reply Reply
	err = p.withCode(ctx, task.Program, heldOf(call.Named, call.Files), func(prepared sandbox.Program, files map[string]string) (err error) {
		call.Files = files
		result, reply.Log, err = p.execute(ctx, prepared, call, nil)
		return err
	})
	p.GPUs.GiveBack(call.holder())
	outcome := program.TaskOutcome{}
	switch {
	case err == nil:
		outcome.ExitStatus = uint32(result.ExitStatus)
		outcome.Stdout, outcome.Stderr = told(result.Output), told(result.Log)
	case IsProgramFault(err) && !errors.Is(err, sandbox.ErrTimeout):
		outcome.Failure = err.Error()
		if result != nil {
			outcome.Stderr = told(result.Log)
		}
	default:
		return reply, err
	}
	if err == nil {
		if call.OutFile == "" {
			call.OutFile = filepath.Join(folder, "out.tar")
		}
		packed, err := packFolder(call.outDir, call.OutFile)
		if err != nil {
			return reply, fmt.Errorf("pack /ain/out: %w", err)
		}
		outcome.OutputDigest, outcome.OutputSize = string(packed.Digest), uint64(packed.Size)
	}
	reply.Output, err = outcome.Marshal()
	return reply, err
}

// taskFolder is a new folder for one run.
func (p *Programs) taskFolder() (string, error) {
	if err := os.MkdirAll(p.Tasks, 0o700); err != nil {
		return "", err
	}
	return os.MkdirTemp(p.Tasks, "run-")
}

// told is the end of what a program wrote, as text.
func told(written []byte) string {
	text := strings.ToValidUTF8(string(written), "\uFFFD")
	if len(text) <= toldBytes {
		return text
	}
	text = text[len(text)-toldBytes:]
	for !utf8.RuneStart(text[0]) {
		text = text[1:]
	}
	return text
}

// checking is what an evaluator asks the program that a request names for checks.
type checking struct {
	schema  Schema
	replies []jobstypes.WorkerReply
	workers []jobstypes.Assignment // of the replies
}

// runCheck runs a request's check program on the workers' outcomes: the evaluator's input as proto JSON on standard input, and what each worker's
// program left in /ain/in/<node>.tar. It says its ranking as proto JSON. Replies whose output cannot be had are left out.
func (p *Programs) runCheck(ctx context.Context, call Call, c checking) ([]byte, error) {
	task, err := ReadTask(call.Input)
	if err != nil {
		return nil, err
	}
	if !p.Custom || task.Check == nil {
		return nil, fmt.Errorf("%w: policy.custom_code is off, or it names no program to check its results with", ErrTask)
	}
	rpc, err := sandbox.NewRPC(sandbox.Program{
		Kind: sandbox.KindImage, Codec: sandbox.CodecJSON, Schema: c.schema.DescriptorSet,
		Service: c.schema.EvaluatorService(), Method: c.schema.EvaluatorMethod(),
	})
	if err != nil {
		return nil, err
	}
	folder, err := p.taskFolder()
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	outputs, replies, free, err := p.holdOutputs(ctx, c, folder)
	defer free()
	if err != nil {
		return nil, err
	}
	question, err := c.schema.BuildEvaluatorInput(call.Input, replies)
	if err != nil {
		return nil, fmt.Errorf("put request and replies together: %w", err)
	}
	if call.Input, err = rpc.EncodeInput(question); err != nil {
		return nil, err
	}
	call.args = task.Check.Args
	var ranking []byte
	err = p.withCode(ctx, task.Check, heldOf(call.Named, call.Files), func(prepared sandbox.Program, files map[string]string) error {
		for name, path := range outputs {
			files[name] = path
		}
		call.Files = files
		result, _, err := p.execute(ctx, prepared, call, nil)
		switch {
		case err != nil:
			return err
		case result.ExitStatus != 0:
			return fmt.Errorf("%w: the check program ended with status %d: %s", sandbox.ErrCrashed, result.ExitStatus, lastLineOf(result.Log))
		}
		ranking, err = rpc.DecodeOutput(result.Output)
		return err
	})
	p.GPUs.GiveBack(call.holder())
	return ranking, err
}

// holdOutputs fetches what the workers' programs left, by the name that the check program finds it under. Outcomes whose output is not there, too
// large or not what they say are left out; a store that does not answer is an error. What lies in chunks goes into the folder.
func (p *Programs) holdOutputs(ctx context.Context, c checking, folder string) (map[string]string, []jobstypes.WorkerReply, func(), error) {
	files := map[string]string{}
	var kept []jobstypes.WorkerReply
	var frees []func()
	free := func() {
		for _, one := range frees {
			one()
		}
	}
	for i, reply := range c.replies {
		var outcome program.TaskOutcome
		if err := outcome.Unmarshal(reply.Reply); err != nil {
			return nil, nil, free, err // it decoded by the job's schema
		}
		if outcome.OutputDigest == "" {
			kept = append(kept, reply)
			continue
		}
		path, freeOne, err := p.holdOutput(ctx, outcome, c.workers[i].Result, filepath.Join(folder, reply.Node+".tar"))
		switch {
		case err == nil:
		case isLost(err) || errors.Is(err, ErrTask):
			p.Log.Warn("result is invalid", "node", reply.Node, "error", err)
			continue
		default:
			return nil, nil, free, fmt.Errorf("output of %s: %w", reply.Node, err)
		}
		files[reply.Node+".tar"] = path
		frees = append(frees, freeOne)
		kept = append(kept, reply)
	}
	return files, kept, free, nil
}

// holdOutput has what a program left on this machine until free is called. A result that names it says where it lies.
func (p *Programs) holdOutput(ctx context.Context, outcome program.TaskOutcome, result *jobstypes.Result, path string) (held string, free func(), err error) {
	if outcome.OutputSize > uint64(p.Limits.Input) {
		return "", nil, fmt.Errorf("%w: its output has %d bytes, limits.input is %d", ErrTask, outcome.OutputSize, p.Limits.Input)
	}
	ref, err := OutputOf(outcome, result)
	if err != nil {
		return "", nil, err
	}
	from, err := p.Source.At(ctx, ref.Space)
	if err != nil {
		return "", nil, err
	}
	if ref.Chunked {
		return path, func() { os.Remove(path) }, FetchOutput(ctx, from, outcome, ref, path)
	}
	held, err = p.Contents.Hold(ctx, from, ref.Digest, ref.Size_)
	return held, func() { p.Contents.Free(ref.Digest) }, err
}

// OutputOf is where the packed output of a program lies that its request named: where its result says, or else in the store of a whole network.
// It errs with ErrTask where they contradict each other.
func OutputOf(outcome program.TaskOutcome, result *jobstypes.Result) (jobstypes.Reference, error) {
	ref := jobstypes.Reference{Digest: outcome.OutputDigest, Size_: outcome.OutputSize}
	if result != nil {
		for _, file := range result.Files {
			if file.Name == OutputName {
				ref = file.Reference
			}
		}
	}
	if _, err := storage.ParseDigest(outcome.OutputDigest); err != nil {
		return ref, fmt.Errorf("%w: %w", ErrTask, err)
	}
	if ref.Size_ != outcome.OutputSize || !ref.Chunked && ref.Digest != outcome.OutputDigest {
		return ref, fmt.Errorf("%w: its output is %s with %d bytes, its result's file is %s with %d", ErrTask, outcome.OutputDigest, outcome.OutputSize, ref.Digest, ref.Size_)
	}
	return ref, nil
}

// FetchOutput fetches a program's packed output into a file, which is there only if it is what the outcome says.
func FetchOutput(ctx context.Context, from storage.Store, outcome program.TaskOutcome, ref jobstypes.Reference, path string) error {
	if !ref.Chunked {
		_, err := storage.Fetch(ctx, from, storage.Digest(ref.Digest), path, int64(ref.Size_))
		return err
	}
	if err := chunk.Get(ctx, from, chunk.Ref{Digest: storage.Digest(ref.Digest), Size: int64(ref.Size_), Chunked: true}, path, chunk.Options{}); err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	info, err := storage.DigestReader(storage.ContextReader(ctx, file))
	err = errors.Join(err, file.Close())
	if err == nil && string(info.Digest) != outcome.OutputDigest {
		err = fmt.Errorf("%w: the chunks are those of %s, the outcome says %s", storage.ErrDigestMismatch, info.Digest, outcome.OutputDigest)
	}
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// lastLineOf a log is what most programs say last.
func lastLineOf(log []byte) string {
	text := strings.TrimSpace(strings.ToValidUTF8(string(log), "?"))
	return text[strings.LastIndexByte(text, '\n')+1:]
}
