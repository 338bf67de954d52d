package release

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/storage"
)

// PythonRuntime is the published runtime that scripts run on.
const PythonRuntime = "python-wasi-3.12.0"

// Artifact is a program's file.
type Artifact struct {
	Digest string // sha256:<hex>
	Size   uint64 // in bytes
	Path   string // or the address that is its content
	// Content of an artifact that is in no file.
	Content []byte
}

// PackOptions say what a file cannot say about itself.
type PackOptions struct {
	// Method is the rpc that the program serves. A script must define it.
	Method string
	// EntryPoint is the class of a script that has the method, needed where several have; or the command of an image, in place of its own.
	EntryPoint string
	// JSON: a WASM module or an image reads and writes proto JSON instead of proto binary.
	JSON bool
	// GRPC: an image serves its rpc on a Unix socket, for one request after the other.
	GRPC bool
	// StatelessSafe: such an image may serve requests of several clients in one process.
	StatelessSafe bool
	// Network is what an image wants to reach.
	Network []program.Network
	// MaxBytes is the largest artifact that the chain allows.
	MaxBytes uint64
}

var wasmHeader = []byte{0, 'a', 's', 'm', 1, 0, 0, 0}

// Pack looks at a program's file, or at the address of an image in a registry, and says how it is run. ErrProgram says why it cannot be
// published, and the fix.
func Pack(path string, o PackOptions) (program.Program, Artifact, error) {
	if IsRequested(path) {
		return program.Program{Kind: program.PROGRAM_KIND_REQUESTED}, Artifact{Path: path}, nil
	}
	if IsAddress(path) {
		packed, artifact := packAddress(path, o)
		return packed, artifact, nil
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && likeAddress.MatchString(path):
		return program.Program{}, Artifact{}, fmt.Errorf(
			"%w: %s is no file, and no address of an image: host/repository@sha256:…, the digest that a push prints, without a tag", ErrProgram, path)
	case err != nil:
		return program.Program{}, Artifact{}, fmt.Errorf("%w: %w", ErrProgram, err)
	case !info.Mode().IsRegular():
		return program.Program{}, Artifact{}, fmt.Errorf("%w: %s is no file", ErrProgram, path)
	case info.Size() == 0:
		return program.Program{}, Artifact{}, fmt.Errorf("%w: %s is empty", ErrProgram, path)
	case uint64(info.Size()) > o.MaxBytes:
		return program.Program{}, Artifact{}, fmt.Errorf("%w: %s has %d bytes, the chain allows %d", ErrProgram, path, info.Size(), o.MaxBytes)
	}
	if strings.EqualFold(filepath.Ext(path), ".tar") {
		return packImage(path, o)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return program.Program{}, Artifact{}, fmt.Errorf("%w: %w", ErrProgram, err)
	}
	artifact := Artifact{Digest: string(storage.DigestOf(content)), Size: uint64(len(content)), Path: path}
	packed := program.Program{Digest: artifact.Digest, Size_: artifact.Size, EntryPoint: o.EntryPoint}
	switch extension := strings.ToLower(filepath.Ext(path)); {
	case bytes.HasPrefix(content, wasmHeader):
		packed.Kind, packed.ABI = program.PROGRAM_KIND_WASM, program.ABI_STDIO_PROTO
		if o.JSON {
			packed.ABI = program.ABI_STDIO_JSON
		}
		if o.EntryPoint != "" {
			err = fmt.Errorf("%w: entry point %q: a WASM module starts at _start; leave it out", ErrProgram, o.EntryPoint)
		}
	case extension == ".wasm":
		err = fmt.Errorf("%w: %s is no WebAssembly module of version 1 (build it for wasip1)", ErrProgram, path)
	case extension == ".py":
		packed.Kind, packed.ABI, packed.Runtime = program.PROGRAM_KIND_SCRIPT, program.ABI_SCRIPT, PythonRuntime
		err = checkScript(path, content, o)
	default:
		err = fmt.Errorf("%w: %s is neither a .py script, nor a .wasm module, nor a .tar of an image", ErrProgram, path)
	}
	return packed, artifact, err
}

// checkScript is a look at the text, not at the language: it catches the wrong file and the misspelled method before a
// node does.
func checkScript(path string, content []byte, o PackOptions) error {
	if !utf8.Valid(content) || bytes.IndexByte(content, 0) >= 0 {
		return fmt.Errorf("%w: %s is no UTF-8 text", ErrProgram, path)
	}
	method := regexp.MustCompile(`(?m)^[ \t]+(async[ \t]+)?def[ \t]+` + regexp.QuoteMeta(o.Method) + `[ \t]*\(`)
	if !method.Match(content) {
		return fmt.Errorf("%w: %s has no class with the method %s (write: class …: def %s(self, request, context): …)",
			ErrProgram, path, o.Method, o.Method)
	}
	class := regexp.MustCompile(`(?m)^class[ \t]+` + orAny(o.EntryPoint) + `[ \t]*[(:]`)
	if !class.Match(content) {
		return fmt.Errorf("%w: %s has no class %s that could have the method %s", ErrProgram, path, o.EntryPoint, o.Method)
	}
	return nil
}

func orAny(name string) string {
	if name == "" {
		return `\w+`
	}
	return regexp.QuoteMeta(name)
}
