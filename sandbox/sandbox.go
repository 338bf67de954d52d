// Package sandbox runs the programs of jobs: code that strangers wrote, on input that strangers sent.
//
// A program is a WASM command (WASI preview 1), a Python script or an OCI image. The first two run in a WASM engine, inside a child
// process that does nothing else and that is started before it is needed. A program sees its request, the inputs and the output folder
// that the run names, and three variables; it sees no network, no other file, no real clock and no real randomness, so equal seeds give
// equal runs. Images run in containers (package docker): they see no network and no other file of the machine either, but their own
// image, and the clock and the randomness of the machine's kernel.
//
// Trusted: the child program, the engine, the interpreter of scripts (pinned by digest), and the cache folder, which holds native code.
// Not trusted: the program, its input, its output, its log. A child process whose run failed is never used again.
//
// The invariants that the suite in sandboxtest holds every backend to: a run ends by its deadline; memory, output, log and disk stay
// within the limits; what Run returns decodes as the reply type; no child process outlives the sandbox or its parent.
package sandbox

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"
)

// Kind says what a program is made of.
type Kind string

const (
	KindWASM   Kind = "wasm"   // a WASI preview 1 command
	KindScript Kind = "script" // a Python file that defines a class with the rpc's method
	KindImage  Kind = "image"  // an OCI image: a layout in a tar file, or the address of one in a registry
)

// Codec says how a WASM program or an image reads its request and writes its reply. Scripts see objects and have no codec but CodecPlain.
type Codec string

const (
	CodecProto Codec = "proto" // proto binary, the default
	CodecJSON  Codec = "json"  // proto JSON
	CodecGRPC  Codec = "grpc"  // of an image that serves its rpc on a Unix socket, one request after the other
	// CodecPlain: the program serves no rpc. Input and output are bytes that nobody looks at, arguments are the run's, and a status other
	// than 0 is a result. A script runs as its own main program.
	CodecPlain Codec = "plain"
)

// Names of the variables that a program sees.
const (
	EnvRequest  = "AIN_REQUEST"  // the request's id, decimal
	EnvSeed     = "AIN_SEED"     // hex; the source of all randomness of the run
	EnvDeadline = "AIN_DEADLINE" // chain clock, unix milliseconds
	EnvSegment  = "AIN_SEGMENT"  // place of the segment from 0, decimal; only where a program runs in segments
)

// Program names what to run and the rpc that it serves.
type Program struct {
	Kind   Kind
	Digest string // sha256:<hex> of File; checked against the very bytes that are run
	File   string // .wasm, .py or .tar on this machine
	// EntryPoint is the class of a script, empty when only one class has the method; or the command of an image that is run
	// in place of its own, one word. WASM programs have none.
	EntryPoint string
	Codec      Codec
	// StatelessSafe: its author vouches that a program that speaks gRPC keeps nothing of a request that another one's could see, so that it may
	// serve requests of several tenants.
	StatelessSafe bool
	// Network: what it wants to reach, by the names of the places. Only images can reach anything, and only what their run names.
	Network []string
	// Schema is a serialized google.protobuf.FileDescriptorSet with no import missing.
	Schema          []byte
	Service, Method string // full service name and rpc name, e.g. "Worker", "CalculateRoot"
}

// Validate reports the first field that is missing or malformed. It does not open File.
func (p Program) Validate() error {
	switch p.Kind {
	case KindWASM:
		if p.EntryPoint != "" {
			return fmt.Errorf("%w: entry point %q: a wasm program starts at _start, leave it empty", ErrBadProgram, p.EntryPoint)
		}
	case KindScript, KindImage:
	default:
		return fmt.Errorf("%w: program kind %q: use %q, %q or %q", ErrUnsupported, p.Kind, KindWASM, KindScript, KindImage)
	}
	switch p.Codec {
	case "", CodecProto, CodecJSON, CodecGRPC, CodecPlain:
	default:
		return fmt.Errorf("%w: codec %q: use %q, %q, %q or %q", ErrUnsupported, p.Codec, CodecProto, CodecJSON, CodecGRPC, CodecPlain)
	}
	if p.Codec == CodecGRPC && p.Kind != KindImage {
		return fmt.Errorf("%w: codec %q: only images speak it, this is of kind %q", ErrUnsupported, p.Codec, p.Kind)
	}
	if p.StatelessSafe && p.Codec != CodecGRPC {
		return fmt.Errorf("%w: stateless-safe: only for codec %q: every other run begins anew", ErrBadProgram, CodecGRPC)
	}
	if len(p.Network) > 0 && p.Kind != KindImage {
		return fmt.Errorf("%w: a program of kind %q that wants to reach %s: only images can reach anything", ErrUnsupported, p.Kind, strings.Join(p.Network, ", "))
	}
	if hex, ok := strings.CutPrefix(p.Digest, "sha256:"); !ok || len(hex) != 64 {
		return fmt.Errorf("%w: digest %q: want sha256: and 64 hex digits", ErrBadProgram, p.Digest)
	}
	if p.File == "" {
		return fmt.Errorf("%w: file is empty: name the verified program file", ErrBadProgram)
	}
	return nil
}

// Limits bounds one run. A zero field takes its default.
type Limits struct {
	MemoryBytes int64         // linear memory, the interpreter's included; of images all memory; default 512 MiB
	WallTime    time.Duration // from the program's start; default 60 s
	OutputBytes int64         // the reply as the program writes it; default 4 MiB
	LogBytes    int64         // what is kept of standard error; default 64 KiB
	DiskBytes   int64         // all that is written to the output folder; default 64 MiB
	CPUMillis   int64         // of images, in thousandths of a core, where it is less than the owner allows; 0: what the owner allows
}

const (
	defaultMemoryBytes = 512 << 20
	defaultWallTime    = 60 * time.Second
	defaultOutputBytes = 4 << 20
	defaultLogBytes    = 64 << 10
	defaultDiskBytes   = 64 << 20
	maxMemoryBytes     = 4<<30 - 64<<10 // what 32-bit addresses reach
)

// WithDefaults fills in what is zero. It errs where a limit is negative.
func (l Limits) WithDefaults() (Limits, error) {
	if l.MemoryBytes < 0 || l.WallTime < 0 || l.OutputBytes < 0 || l.LogBytes < 0 || l.DiskBytes < 0 || l.CPUMillis < 0 {
		return l, fmt.Errorf("limits %+v: none may be negative", l)
	}
	if l.MemoryBytes == 0 {
		l.MemoryBytes = defaultMemoryBytes
	}
	if l.WallTime == 0 {
		l.WallTime = defaultWallTime
	}
	if l.OutputBytes == 0 {
		l.OutputBytes = defaultOutputBytes
	}
	if l.LogBytes == 0 {
		l.LogBytes = defaultLogBytes
	}
	if l.DiskBytes == 0 {
		l.DiskBytes = defaultDiskBytes
	}
	return l, nil
}

// Run is one execution of a program.
type Run struct {
	Program Program
	Input   []byte            // the request message, proto binary; standard input of a plain program
	Args    []string          // of a plain program, after the image's entry point or the script's name
	Env     map[string]string // EnvRequest, EnvSeed, EnvDeadline, EnvSegment; the program sees no other variable
	Inputs  map[string]string // name to host path of a regular file, shown read-only as /ain/in/<name>
	OutDir  string            // if set, an existing empty folder, shown as /ain/out
	Limits  Limits
	// GPUs of this machine that an image's program gets, by the ids that their driver knows them by. It sees no others.
	GPUs []string
	// Network is what an image's program may reach outside; its zero value: nothing.
	Network Network
	// Tenant is the one for whom the program runs. A program that stays between two runs serves one tenant only, unless it is stateless-safe, and
	// does not stay where there is none.
	Tenant string
	// Labels say what the run is for, for instance job and request. People see them; programs do not.
	Labels map[string]string
}

// Validate reports the first variable or input whose name or value no program can be given. It does not look at the program.
func (r Run) Validate() error {
	if _, err := hex.DecodeString(r.Env[EnvSeed]); err != nil {
		return fmt.Errorf("%s %q: want hex digits", EnvSeed, r.Env[EnvSeed])
	}
	if err := r.Network.validate(r.Program.Kind); err != nil {
		return err
	}
	if len(r.Args) > 0 && r.Program.Codec != CodecPlain {
		return fmt.Errorf("arguments %q: only plain programs have any", r.Args)
	}
	for _, arg := range r.Args {
		if strings.Contains(arg, "\x00") {
			return fmt.Errorf("argument %q holds NUL", arg)
		}
	}
	for name := range r.Inputs {
		if !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, `/\`) {
			return fmt.Errorf("input name %q: want a plain file name", name)
		}
	}
	for name, value := range r.Env {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.Contains(value, "\x00") {
			return fmt.Errorf("variable %q: its name is empty or holds = or NUL, or its value holds NUL", name)
		}
	}
	return nil
}

// Result is what a run left behind.
type Result struct {
	// Output is the reply message, proto binary, decoded and checked against the schema, then encoded anew; or what a plain program wrote.
	Output []byte
	// ExitStatus of a plain program, 128 and the number of the signal that ended it.
	ExitStatus int
	Log        []byte // standard error and what a script printed: the beginning and the end, within LogBytes
	Wall       time.Duration
	CPU        time.Duration // of the child process during the run, or of all processes in a container
	PeakMemory int64         // bytes of linear memory, or of all memory of a container
}

// Sandbox runs programs. All methods may be called at the same time.
type Sandbox interface {
	// Supports says whether programs of a kind are run here at all.
	Supports(kind Kind) bool

	// Prepare verifies, compiles and caches a program and warms a child process for it; after it Run starts at once.
	// It errs with ErrBadProgram or ErrUnsupported where no run of p could succeed.
	Prepare(ctx context.Context, p Program) error

	// Run runs a program once, preparing it first where needed. WallTime counts from the program's start; ctx also
	// covers the wait for a free child. An error that is the program's wraps ErrTimeout, ErrMemory, ErrOutputTooLarge,
	// ErrCrashed, ErrBadOutput or ErrBadProgram; the result is then not nil if the program started, and holds its log but no output.
	Run(ctx context.Context, r Run) (*Result, error)

	// Close kills and waits for every child. Runs under way end with ErrClosed.
	Close() error
}

// ErrClosed is returned by methods of a closed sandbox.
var ErrClosed = errors.New("sandbox is closed")

var _ io.Closer = Sandbox(nil)
