// Package sandboxtest holds the suite that every sandbox must pass, and finds the real parts that tests of sandboxes need.
package sandboxtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/bufbuild/protocompile"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/sandbox/python"
)

// Root is the top folder of the repository.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

var child struct {
	once sync.Once
	path string
	err  error
	out  []byte
}

// Child builds the sandbox's child program and returns its path.
func Child(t testing.TB) string {
	t.Helper()
	child.once.Do(func() {
		child.path = filepath.Join(Root(), "build", "test", "ain-sandbox")
		child.out, child.err = build(child.path, "./cmd/ain-sandbox", "CGO_ENABLED=0")
	})
	require.NoError(t, child.err, "%s", child.out)
	return child.path
}

// build makes path at once, so that tests of several packages may build the same program and run it meanwhile.
func build(path, source string, env ...string) ([]byte, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(path), "build-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	made := filepath.Join(tmp, filepath.Base(path))
	cmd := exec.Command("go", "build", "-o", made, source)
	cmd.Dir = Root()
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return out, err
	}
	return nil, os.Rename(made, path)
}

// BuildWASM compiles the Go program in folder source, relative to Root, for WASI and returns the module's path.
func BuildWASM(t testing.TB, source string) string {
	t.Helper()
	path := filepath.Join(Root(), "build", "test", source+".wasm")
	out, err := build(path, "./"+source, "CGO_ENABLED=0", "GOOS=wasip1", "GOARCH=wasm")
	require.NoError(t, err, "%s", out)
	return path
}

// PythonRuntime returns the path of the Python runtime: the one that AIN_PYTHON_RUNTIME names, or the one in build/runtimes, which is fetched
// if need be. Where it cannot be fetched the test is skipped, or fails if CI or AIND_REQUIRE_REAL is set.
func PythonRuntime(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("AIN_PYTHON_RUNTIME"); path != "" {
		require.NoError(t, python.Verify(path))
		return path
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	path, err := python.Fetch(ctx, filepath.Join(Root(), "build", "runtimes"))
	if err != nil {
		if os.Getenv("CI") == "true" || os.Getenv("AIND_REQUIRE_REAL") == "1" {
			t.Fatal(err)
		}
		t.Skip("needs the Python runtime: ", err)
	}
	return path
}

// Config is a configuration of real parts. The cache of compiled code is kept between test runs.
func Config(t testing.TB) sandbox.Config {
	t.Helper()
	return sandbox.Config{ChildPath: Child(t), CacheDir: filepath.Join(Root(), "build", "cache", "sandbox")}
}

// Open returns a sandbox that is closed when the test ends.
func Open(t testing.TB, cfg sandbox.Config) sandbox.Sandbox {
	t.Helper()
	box, err := sandbox.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, box.Close()) })
	return box
}

// Schema compiles a proto file, its path relative to Root, to what Program.Schema holds.
func Schema(t testing.TB, path string) []byte {
	t.Helper()
	return CompileSchema(t, filepath.Join(Root(), filepath.Dir(path)), filepath.Base(path), nil)
}

// CompileSchema compiles the proto file name, found in dir, or in sources where that is not nil.
func CompileSchema(t testing.TB, dir, name string, sources map[string]string) []byte {
	t.Helper()
	resolver := &protocompile.SourceResolver{ImportPaths: []string{dir}}
	if sources != nil {
		resolver = &protocompile.SourceResolver{Accessor: protocompile.SourceAccessorFromMap(sources)}
	}
	compiler := protocompile.Compiler{Resolver: protocompile.WithStandardImports(resolver)}
	files, err := compiler.Compile(context.Background(), name)
	require.NoError(t, err)
	set := new(descriptorpb.FileDescriptorSet)
	imports := files[0].Imports()
	for i := range imports.Len() {
		set.File = append(set.File, protodesc.ToFileDescriptorProto(imports.Get(i).FileDescriptor))
	}
	set.File = append(set.File, protodesc.ToFileDescriptorProto(files[0]))
	schema, err := proto.Marshal(set)
	require.NoError(t, err)
	return schema
}

// Digest is the digest of a file.
func Digest(t testing.TB, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}
