// Package wire is how a sandbox and its child processes talk: frames over the child's standard input and output.
//
// A frame is one byte of kind, the lengths of header and body as 32-bit big-endian integers, a JSON header and a raw body. The conversation:
//
//	parent: Prepare                        child: Log* , then Ready or Failed
//	parent: Run (body: the input)          child: Log* , then Done (body: the output), then Ready when it can take the next run
//
// In a container, which serves one run:
//
//	                                       child: Ready
//	parent: Exec (body: the input)         child: Started, Log* , File* , then Done (body: the output)
//
// In a container whose program stays, and serves one call after the other:
//
//	                                       child: Ready
//	parent: Serve, Call (body: the input)  child: Started, Log* , File* , then Done (body: the output), then Ready when it can take
//	parent: Call (body: the input)         child: the same, as often as there are calls
//
// While a program runs whose run names ways out, either side, for each connection that the program makes (package tunnel):
//
//	child: Open                            either: Data (body: bytes)*, Credit*, Shut, then Reset
//
// The parent closes the pipe to end the child. It trusts no length it reads: bodies beyond the limit that it sets are an error.
package wire

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
)

// Kind tells frames apart.
type Kind byte

const (
	KindPrepare Kind = iota + 1
	KindRun
	KindReady
	KindFailed
	KindLog
	KindDone
	KindExec
	KindStarted
	KindFile
	KindServe
	KindCall
	KindOpen
	KindData
	KindCredit
	KindShut
	KindReset
)

// maxHeader bounds a header: it holds a script's schema and a run's variables.
const maxHeader = 8 << 20

// Prepare asks a child to load a program.
type Prepare struct {
	Script        bool
	File, Digest  string
	CacheDir      string
	Runtime       string // scripts: path of the interpreter
	RuntimeDigest string
	Spec          json.RawMessage // scripts: what the shim needs to know about the rpc
}

// Run asks a child to run its program once. The body is the input as the program reads it.
type Run struct {
	Env         map[string]string
	Seed        []byte
	Inputs      map[string]string
	OutDir      string
	Plain       bool // the program's status is a result
	Args        []string
	MemoryBytes int64
	OutputBytes int64
	LogBytes    int64
	DiskBytes   int64
}

// Exec asks the first process of a container to run its program.
type Exec struct {
	Args []string
	Env  []string // NAME=value, all that the program sees
	Dir  string
	Ways Ways
	Bounds
}

// Bounds are those of one run in a container.
type Bounds struct {
	Wall        int64 // nanoseconds from the program's start, or from the call to one that runs already
	Plain       bool  // the program's status is a result
	Collect     bool  // send what is in the output folder afterwards
	OutputBytes int64
	LogBytes    int64
	DiskBytes   int64
}

// Serve asks the first process of a container to start a program that serves calls.
type Serve struct {
	Args []string
	Env  []string // NAME=value, all that the program sees
	Dir  string
	Ways Ways
}

// Ways are the places outside that a program may reach.
type Ways struct {
	Doors       []Door
	Connections int // at one time
}

// Door is an address in the container that leads to a place. The program finds it in a variable, behind a prefix.
type Door struct {
	Place            string
	Variable, Prefix string
}

// Flow is the header of all frames of a connection.
type Flow struct {
	Stream uint32
	Place  string `json:",omitempty"` // of Open
	Bytes  int64  `json:",omitempty"` // of Credit
}

// Call asks for one call of the program.
type Call struct {
	Method   string            // service/method, in full
	Metadata map[string]string // lower case
	Last     bool              // the container ends afterwards
	Bounds
}

// Rest is the header of the Ready that follows a call.
type Rest struct {
	Memory int64 // that the container's processes hold for themselves, in bytes
}

// File is a folder, or a piece of a file, of the output folder. Pieces of one file follow each other.
type File struct {
	Name       string // relative, with slashes
	Folder     bool
	Executable bool
	Offset     int64 // of the body in the file
}

// Status is how a run or a preparation ended.
type Status string

const (
	StatusOK         Status = "ok"
	StatusCrashed    Status = "crashed"
	StatusMemory     Status = "memory"
	StatusOutput     Status = "output"
	StatusBadProgram Status = "bad program"
	StatusBadOutput  Status = "bad output"
	StatusTimeout    Status = "timeout"
)

// Done reports the end of a run, or of a preparation that failed.
type Done struct {
	Status     Status
	Message    string
	ExitStatus int   // of a plain program
	CPU        int64 // nanoseconds
	PeakMemory int64 // bytes
}

// Frame is one message.
type Frame struct {
	Kind   Kind
	Header []byte
	Body   []byte
}

// Decode reads the header into v.
func (f Frame) Decode(v any) error {
	if err := json.Unmarshal(f.Header, v); err != nil {
		return fmt.Errorf("frame of kind %d: %w", f.Kind, err)
	}
	return nil
}

// Write sends one frame in a single call of w.Write, so that frames of several goroutines do not mix when w locks.
func Write(w io.Writer, kind Kind, header any, body []byte) error {
	var head []byte
	if header != nil {
		var err error
		if head, err = json.Marshal(header); err != nil {
			return fmt.Errorf("frame of kind %d: %w", kind, err)
		}
	}
	if uint64(len(body)) > math.MaxUint32 {
		return fmt.Errorf("frame body of %d bytes is too long", len(body))
	}
	buf := make([]byte, 9, 9+len(head)+len(body))
	buf[0] = byte(kind)
	binary.BigEndian.PutUint32(buf[1:], uint32(len(head)))
	binary.BigEndian.PutUint32(buf[5:], uint32(len(body)))
	buf = append(append(buf, head...), body...)
	_, err := w.Write(buf)
	return err
}

// Read reads one frame whose body is at most maxBody() bytes. It returns io.EOF when the stream ends between frames.
func Read(r io.Reader, maxBody func() int64) (Frame, error) {
	var prefix [9]byte
	if _, err := io.ReadFull(r, prefix[:]); err != nil {
		return Frame{}, err
	}
	head := int64(binary.BigEndian.Uint32(prefix[1:]))
	body := int64(binary.BigEndian.Uint32(prefix[5:]))
	if head > maxHeader {
		return Frame{}, fmt.Errorf("frame header of %d bytes, at most %d allowed", head, maxHeader)
	}
	if limit := maxBody(); body > limit {
		return Frame{}, fmt.Errorf("frame body of %d bytes, at most %d allowed", body, limit)
	}
	buf := make([]byte, head+body)
	if _, err := io.ReadFull(r, buf); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF // only the end between frames is a proper one
		}
		return Frame{}, fmt.Errorf("frame cut short: %w", err)
	}
	return Frame{Kind: Kind(prefix[0]), Header: buf[:head], Body: buf[head:]}, nil
}
