package escape_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/sandbox/sandboxtest"
)

// cut is a place where a defence can be taken out of the sandbox's child: `from` has to be there once, and is replaced when the child is
// built for control runs. The sandbox itself has no switch.
type cut struct{ file, from, to string }

var cuts = []cut{
	{"docker/warden/serve_linux.go", "unix.PR_SET_DUMPABLE, 0,", `unix.PR_SET_DUMPABLE, loose("hide"),`},
	{"docker/warden/serve_linux.go", "if os.Getpid() != 1 {", `if os.Getpid() != 1 && loose("first") == 0 {`},
	{"docker/warden/serve_linux.go", "func killAll() {", "func killAll() {\n\tif loose(\"kill\") == 1 {\n\t\treturn\n\t}\n\t"},
	{"docker/warden/serve_linux.go", "Files: files,", "Files: leaking(files),"},
	{"docker/warden/rest_linux.go", "if !s.own[pid] {", `if !s.own[pid] && loose("strays") == 0 {`},
	{"docker/warden/rest_linux.go", `if !empty(ScratchFolder, "") ||`, `if loose("clear") == 1 {
		return heldMemory(), true
	}
	if !empty(ScratchFolder, "") ||`},
	{"docker/warden/rest_linux.go", "if !allStopped() {", `if loose("stop") == 0 && !allStopped() {`},
	{"docker/warden/server_linux.go", "signalAll(syscall.SIGSTOP)", `if loose("stop") == 0 {
			signalAll(syscall.SIGSTOP)
		}`},
	{"docker/warden/files_linux.go", "if !info.Mode().IsRegular() {", `if !info.Mode().IsRegular() && loose("links") == 0 {`},
	{"wasm/host.go", "if shim != nil {", "if loose(\"folders\") {\n\t\tfiles = files.WithDirMount(\"/\", \"/\")\n\t}\n\tif shim != nil {"},
	{"wasm/host.go", "return h.clock.configure(config)",
		"if loose(\"clock\") {\n\t\treturn config.WithSysWalltime().WithSysNanotime().WithSysNanosleep()\n\t}\n\treturn h.clock.configure(config)"},
	{"wasm/host.go", "WithRandSource(&h.random)", "WithRandSource(chance(&h.random))"},
	{"wasm/output_fs.go", "flag|experimentalsys.O_NOFOLLOW", "flag|noFollow()"},
	{"wasm/output_fs.go", "if n > f.fs.quota {", `if n > f.fs.quota && !loose("quota") {`},
	{"wasm/output_fs.go", "if o.files >= maxOutputFiles {", `if o.files >= maxOutputFiles && !loose("count") {`},
	{"wasm/output_fs.go", "st.Dev, st.Atim,", "if loose(\"times\") {\n\t\treturn st\n\t}\n\tst.Dev, st.Atim,"},
	{"wasm/input_fs.go", "func (f *inputFile) Stat() (fs.FileInfo, error) { return f.info, nil }",
		"func (f *inputFile) Stat() (fs.FileInfo, error) {\n\tif loose(\"times\") {\n\t\treturn f.File.Stat()\n\t}\n\treturn f.info, nil\n}"},
	{"wasm/memory.go", "if size > l.owner.limit {", `if size > l.owner.limit && !loose("memory") {`},
	{"wasm/memory.go", "min(most, m.limit)", "room(most, m.limit)"},
	{"wasm/confine_linux.go", "limit.Cur = min(", "limit.Cur = space(limit.Cur, "},
	{"wasm/command.go", "WithMemoryAllocator(ctx,", "WithMemoryAllocator(listening(ctx),"},
	{"wasm/engine.go", "got != digest {", `got != digest && !loose("digest") {`},
}

// added are files that the child is built with for control runs.
var added = map[string]string{
	"docker/warden/loose_linux.go": `package warden

import (
	"os"
	"strings"
)

func loose(defence string) uintptr {
	if strings.Contains(os.Getenv("AIN_LOOSE"), "-"+defence) {
		return 1
	}
	return 0
}

func leaking(files []*os.File) []*os.File {
	if loose("leak") == 1 {
		return append(files, os.Stdout)
	}
	return files
}
`,
	"wasm/loose_linux.go": `package wasm

import (
	"context"
	"crypto/rand"
	"io"
	"os"
	"path/filepath"
	"strings"

	experimentalsys "github.com/tetratelabs/wazero/experimental/sys"
	"github.com/tetratelabs/wazero/experimental/sock"
)

func loose(defence string) bool { return strings.Contains(filepath.Base(os.Args[0]), "-"+defence) }

func chance(r io.Reader) io.Reader {
	if loose("chance") {
		return rand.Reader
	}
	return r
}

func noFollow() experimentalsys.Oflag {
	if loose("follow") {
		return 0
	}
	return experimentalsys.O_NOFOLLOW
}

func (o *outputFS) Symlink(old, name string) experimentalsys.Errno {
	if loose("links") {
		return o.dir.Symlink(old, name)
	}
	return experimentalsys.ENOSYS
}

func (o *outputFS) Link(old, name string) experimentalsys.Errno {
	if loose("links") {
		return o.dir.Link(old, name)
	}
	return experimentalsys.ENOSYS
}

func (o *outputFS) Readlink(name string) (string, experimentalsys.Errno) {
	if loose("links") {
		return o.dir.Readlink(name)
	}
	return "", experimentalsys.ENOSYS
}

func room(most, limit uint64) uint64 {
	if loose("memory") {
		return most
	}
	return min(most, limit)
}

func space(now, wanted, most uint64) uint64 {
	if loose("memory") || loose("space") {
		return now
	}
	return min(wanted, most)
}

func listening(ctx context.Context) context.Context {
	if loose("sockets") {
		return sock.WithConfig(ctx, sock.NewConfig().WithTCPListener("127.0.0.1", 0))
	}
	return ctx
}
`,
}

var looseChild struct {
	once sync.Once
	path string
	err  error
}

// buildLoose builds the child with every cut: each takes effect only where it is asked for, in a container by a variable, else by the name
// that the child is started under.
func buildLoose(t testing.TB) string {
	t.Helper()
	looseChild.once.Do(func() {
		looseChild.path, looseChild.err = overlay(filepath.Join(sandboxtest.Root(), "build", "test", "loose"))
	})
	require.NoError(t, looseChild.err)
	return looseChild.path
}

func overlay(dir string) (string, error) {
	changed := map[string]string{}
	for _, c := range cuts {
		path := filepath.Join(sandboxtest.Root(), "sandbox", c.file)
		if changed[path] == "" {
			content, err := os.ReadFile(path)
			if err != nil {
				return "", err
			}
			changed[path] = string(content)
		}
		if n := strings.Count(changed[path], c.from); n != 1 {
			return "", fmt.Errorf("control runs take %q out of sandbox/%s, where it is %d times and has to be once: mend cuts", c.from, c.file, n)
		}
		changed[path] = strings.Replace(changed[path], c.from, c.to, 1)
	}
	for file, content := range added {
		changed[filepath.Join(sandboxtest.Root(), "sandbox", file)] = content
	}
	return build(dir, changed)
}

// build compiles the child from sources of which some are replaced.
func build(dir string, changed map[string]string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	replace := map[string]string{}
	for path, content := range changed {
		copied := filepath.Join(dir, strings.ReplaceAll(strings.TrimPrefix(path, sandboxtest.Root()+"/"), "/", "_")+".txt")
		if err := os.WriteFile(copied, []byte(content), 0o600); err != nil {
			return "", err
		}
		replace[path] = copied
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, list, 0o600); err != nil {
		return "", err
	}
	made := filepath.Join(dir, "ain-sandbox")
	cmd := exec.Command("go", "build", "-overlay", overlay, "-o", made, "./cmd/ain-sandbox")
	cmd.Dir = sandboxtest.Root()
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the child for control runs: %w: %s", err, out)
	}
	return made, nil
}

// looseAs is the loose child under a name that takes some defences away.
func looseAs(t testing.TB, dir string, defences []string) string {
	t.Helper()
	path := filepath.Join(dir, "child-"+strings.Join(defences, "-"))
	require.NoError(t, os.Symlink(buildLoose(t), path))
	return path
}
