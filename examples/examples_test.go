// Package examples holds jobs that a person can read, run and copy. Its tests run their programs in the real sandbox.
package examples

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/sandbox/sandboxtest"
)

// example runs the two programs of one job.
type example struct {
	t                 *testing.T
	box               sandbox.Sandbox
	worker, evaluator sandbox.Program
}

func open(t *testing.T, name string, kind sandbox.Kind) *example {
	cfg := sandboxtest.Config(t)
	e := &example{t: t}
	file := func(role string) string { return filepath.Join(sandboxtest.Root(), "examples", name, role+".py") }
	if kind == sandbox.KindScript {
		cfg.PythonRuntime = sandboxtest.PythonRuntime(t)
	} else {
		file = func(role string) string { return sandboxtest.BuildWASM(t, filepath.Join("examples", name, role)) }
	}
	e.box = sandboxtest.Open(t, cfg)
	schema := sandboxtest.Schema(t, filepath.Join("examples", name, "job_schema.proto"))
	services := descriptors(t, schema).Services()
	for i, p := range []*sandbox.Program{&e.worker, &e.evaluator} {
		role := []string{"worker", "evaluator"}[i]
		service := services.Get(i)
		*p = sandbox.Program{
			Kind: kind, File: file(role), Digest: sandboxtest.Digest(t, file(role)), Schema: schema,
			Service: string(service.FullName()), Method: string(service.Methods().Get(0).Name()),
		}
	}
	return e
}

func descriptors(t *testing.T, schema []byte) protoreflect.FileDescriptor {
	set := new(descriptorpb.FileDescriptorSet)
	require.NoError(t, proto.Unmarshal(schema, set))
	file, err := protodesc.NewFile(set.File[len(set.File)-1], nil)
	require.NoError(t, err)
	return file
}

// run takes a message as text and returns the reply.
func (e *example) run(p sandbox.Program, seed, input string, changes ...func(*sandbox.Run)) (protoreflect.Message, error) {
	e.t.Helper()
	service := descriptors(e.t, p.Schema).Services().ByName(protoreflect.Name(p.Service))
	method := service.Methods().ByName(protoreflect.Name(p.Method))
	request := dynamicpb.NewMessage(method.Input())
	require.NoError(e.t, prototext.Unmarshal([]byte(input), request))
	data, err := proto.Marshal(request)
	require.NoError(e.t, err)
	run := sandbox.Run{Program: p, Input: data, Env: map[string]string{sandbox.EnvSeed: seed}}
	for _, change := range changes {
		change(&run)
	}
	result, err := e.box.Run(context.Background(), run)
	if err != nil {
		return nil, err
	}
	reply := dynamicpb.NewMessage(method.Output())
	require.NoError(e.t, proto.Unmarshal(result.Output, reply))
	return reply, nil
}

func (e *example) mustRun(p sandbox.Program, seed, input string) protoreflect.Message {
	e.t.Helper()
	reply, err := e.run(p, seed, input)
	require.NoError(e.t, err)
	return reply
}

func field(m protoreflect.Message, name string) protoreflect.Value {
	return m.Get(m.Descriptor().Fields().ByName(protoreflect.Name(name)))
}

func stringsOf(list protoreflect.List) (all []string) {
	for i := range list.Len() {
		all = append(all, list.Get(i).String())
	}
	return all
}

func TestCalculateRoot(t *testing.T) {
	e := open(t, "calculate-root", sandbox.KindScript)
	var guesses []float64
	workers := ""
	for i, seed := range []string{"aa", "bb", "cc"} {
		x := field(e.mustRun(e.worker, seed, "y: 4"), "x").Float()
		assert.InDelta(t, 2, x, 0.25)
		guesses = append(guesses, x)
		workers += fmt.Sprintf(" workers {node: 'w%d' response {x: %v}}", i, x)
	}
	assert.Len(t, map[float64]bool{guesses[0]: true, guesses[1]: true, guesses[2]: true}, 3, "workers guess on their own")
	assert.Equal(t, guesses[0], field(e.mustRun(e.worker, "aa", "y: 4"), "x").Float(), "a seed decides the guess")

	ranking := stringsOf(field(e.mustRun(e.evaluator, "", "request {y: 4}"+workers), "node").List())
	require.Len(t, ranking, 3)
	for i, node := range ranking[1:] {
		loss := func(node string) float64 {
			x := guesses[node[1]-'0']
			return math.Abs(4 - x*x)
		}
		assert.LessOrEqual(t, loss(ranking[i]), loss(node))
	}

	t.Run("an answer that is no root is left out", func(t *testing.T) {
		reply := e.mustRun(e.evaluator, "", `request {y: 4}
			workers {node: 'nan' response {x: nan}} workers {node: 'far' response {x: 3}}
			workers {node: 'negative' response {x: -2}} workers {node: 'near' response {x: 2.1}}`)
		assert.Equal(t, []string{"near", "far"}, stringsOf(field(reply, "node").List()))
	})
	t.Run("a number below one has a larger root", func(t *testing.T) {
		assert.InDelta(t, 0.5, field(e.mustRun(e.worker, "aa", "y: 0.25"), "x").Float(), 0.05)
	})
	t.Run("a negative number is refused by name", func(t *testing.T) {
		_, err := e.run(e.worker, "aa", "y: -4")
		require.ErrorIs(t, err, sandbox.ErrCrashed)
		assert.ErrorContains(t, err, "y = -4")
	})
}

// The worker in Go guesses as well as the one in Python, as a module and in a container.
func TestCalculateRootInGo(t *testing.T) {
	source := "examples/calculate-root/worker"
	schema := sandboxtest.Schema(t, "examples/calculate-root/job_schema.proto")
	kinds := map[sandbox.Kind]func(*testing.T) (sandbox.Sandbox, string){
		sandbox.KindWASM: func(t *testing.T) (sandbox.Sandbox, string) {
			return sandboxtest.Open(t, sandboxtest.Config(t)), sandboxtest.BuildWASM(t, source)
		},
		sandbox.KindImage: func(t *testing.T) (sandbox.Sandbox, string) {
			box := sandboxtest.OpenDocker(t, sandboxtest.DockerConfig(t))
			return box, sandboxtest.WriteImage(t, sandboxtest.Image(t, sandboxtest.BuildLinux(t, source)))
		},
	}
	for kind, open := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			box, file := open(t)
			e := &example{t: t, box: box, worker: sandbox.Program{
				Kind: kind, File: file, Digest: sandboxtest.Digest(t, file), Schema: schema, Service: "Worker", Method: "CalculateRoot",
			}}
			x := field(e.mustRun(e.worker, "aa", "y: 4"), "x").Float()
			assert.InDelta(t, 2, x, 0.25)
			assert.Equal(t, x, field(e.mustRun(e.worker, "aa", "y: 4"), "x").Float(), "a seed decides the guess")
			assert.NotEqual(t, x, field(e.mustRun(e.worker, "bb", "y: 4"), "x").Float())
			assert.Zero(t, field(e.mustRun(e.worker, "aa", "y: 0"), "x").Float())
			_, err := e.run(e.worker, "aa", "y: -4")
			require.ErrorIs(t, err, sandbox.ErrCrashed)
			assert.ErrorContains(t, err, "y = -4")
		})
	}
}

func TestFactorize(t *testing.T) {
	e := open(t, "factorize", sandbox.KindWASM)
	for n, want := range map[uint64]string{
		2:                       "[2]",
		720:                     "[2 2 2 2 3 3 5]",
		600851475143:            "[71 839 1471 6857]",
		18446744073709551557:    "[18446744073709551557]",
		18446744073709551615:    "[3 5 17 257 641 65537 6700417]",
		4294967291 * 4294967279: "[4294967279 4294967291]",
	} {
		primes := field(e.mustRun(e.worker, "", fmt.Sprintf("n: %d", n)), "primes").List()
		var got []uint64
		for i := range primes.Len() {
			got = append(got, primes.Get(i).Uint())
		}
		assert.Equal(t, want, fmt.Sprint(got), "n = %d", n)
	}
	_, err := e.run(e.worker, "", "n: 1")
	require.ErrorIs(t, err, sandbox.ErrCrashed)
	assert.ErrorContains(t, err, "n = 1")

	reply := e.mustRun(e.evaluator, "", `request {n: 12}
		workers {node: 'composite' response {primes: [3, 4]}} workers {node: 'right' response {primes: [2, 2, 3]}}
		workers {node: 'silent'} workers {node: 'short' response {primes: [2, 3]}} workers {node: 'also right' response {primes: [2, 2, 3]}}`)
	var ranking []string
	for list, i := field(reply, "ranking").List(), 0; i < list.Len(); i++ {
		m := list.Get(i).Message()
		ranking = append(ranking, fmt.Sprint(field(m, "node"), field(m, "score"), field(m, "valid")))
	}
	assert.Equal(t, []string{"right 1 true", "also right 1 true", "composite 0 false", "silent 0 false", "short 0 false"}, ranking)
}

func TestNoop(t *testing.T) {
	e := open(t, "noop", sandbox.KindWASM)
	assert.Equal(t, []byte("ping"), field(e.mustRun(e.worker, "", "data: 'ping'"), "data").Bytes())
	reply := e.mustRun(e.evaluator, "", `request {data: 'ping'}
		workers {node: 'a' response {data: 'ping'}} workers {node: 'b'} workers {response {data: 'x'}}`)
	assert.Equal(t, []string{"a", "b", ""}, stringsOf(field(reply, "nodes").List()))
}
