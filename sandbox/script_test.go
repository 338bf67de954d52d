package sandbox_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
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

// scripts runs Python sources against one schema.
type scripts struct {
	t      *testing.T
	box    sandbox.Sandbox
	schema []byte
	method protoreflect.MethodDescriptor
}

func openScripts(t *testing.T, schema []byte) *scripts {
	cfg := sandboxtest.Config(t)
	cfg.PythonRuntime = sandboxtest.PythonRuntime(t)
	set := new(descriptorpb.FileDescriptorSet)
	require.NoError(t, proto.Unmarshal(schema, set))
	files, err := protodesc.NewFiles(set)
	require.NoError(t, err)
	file, err := files.FindFileByPath(set.File[len(set.File)-1].GetName())
	require.NoError(t, err)
	return &scripts{t: t, box: sandboxtest.Open(t, cfg), schema: schema, method: file.Services().Get(0).Methods().Get(0)}
}

func (s *scripts) program(t *testing.T, source string) sandbox.Program {
	file := filepath.Join(t.TempDir(), "program.py")
	require.NoError(t, os.WriteFile(file, []byte(source), 0o644))
	return sandbox.Program{
		Kind: sandbox.KindScript, File: file, Digest: sandboxtest.Digest(t, file), Schema: s.schema,
		Service: string(s.method.Parent().FullName()), Method: string(s.method.Name()),
	}
}

func (s *scripts) run(t *testing.T, p sandbox.Program, seed, request string) (*sandbox.Result, error) {
	msg := dynamicpb.NewMessage(s.method.Input())
	require.NoError(t, prototext.Unmarshal([]byte(request), msg))
	input, err := proto.Marshal(msg)
	require.NoError(t, err)
	return s.box.Run(context.Background(), sandbox.Run{Program: p, Input: input, Env: map[string]string{sandbox.EnvSeed: seed}})
}

func (s *scripts) reply(t *testing.T, text string) protoreflect.Message {
	msg := dynamicpb.NewMessage(s.method.Output())
	require.NoError(t, prototext.Unmarshal([]byte(text), msg))
	return msg
}

const oneField = `
syntax = "proto3";
service Worker { rpc CalculateRoot(Request) returns (WorkerReply); }
message Request { float y = 1; }
message WorkerReply { float x = 1; }`

func TestScriptsInTheStyleOfThePaper(t *testing.T) {
	s := openScripts(t, sandboxtest.CompileSchema(t, "", "job_schema.proto", map[string]string{"job_schema.proto": oneField}))
	cases := []struct{ name, source, want string }{
		{"a class that extends the generated one returns a bare number", `
import helloworld_pb2_grpc
class Worker(helloworld_pb2_grpc.WorkerServicer):
    def CalculateRoot(self, request, context):
        return request.y / 2`, "x: 2"},
		{"a plain class returns a dict", `
class Anything:
    def CalculateRoot(self, request, context):
        return {"x": request.y}`, "x: 4"},
		{"a message of the generated module, imported in a package", `
from gen.proto.v1 import job_schema_pb2 as pb
import gen.proto.v1.job_schema_pb2_grpc as rpc
class Worker(rpc.WorkerServicer):
    def CalculateRoot(self, request, context):
        reply = pb.WorkerReply()
        reply.x = request.y + 1
        return reply`, "x: 5"},
		{"a file that starts its own server when it is run by itself", `
import grpc
import job_schema_pb2_grpc
class Worker(job_schema_pb2_grpc.WorkerServicer):
    def CalculateRoot(self, request, context):
        context.set_code(grpc.StatusCode.OK)
        return 1
def serve():
    raise SystemExit("must not run")
if __name__ == "__main__":
    serve()`, "x: 1"},
		{"helper classes beside the one with the method", `
class Base:
    def helper(self, y):
        return y * 3
class Worker(Base):
    def CalculateRoot(self, request, context):
        return self.helper(request.y)`, "x: 12"},
		{"the servicer wins over another class with the same method", `
import a_pb2_grpc
class Other:
    def CalculateRoot(self, request, context):
        return 1
class Mine(a_pb2_grpc.WorkerServicer):
    def CalculateRoot(self, request, context):
        return 2`, "x: 2"},
		{"an int for a float, and what is printed does not matter", `
print("loading")
class Worker:
    def CalculateRoot(self, request, context):
        print("running")
        return 7`, "x: 7"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			result, err := s.run(t, s.program(t, c.source), "", "y: 4")
			require.NoError(t, err)
			assert.Equal(t, encode(t, s.reply(t, c.want)), result.Output)
		})
	}
	t.Run("the entry point chooses among classes", func(t *testing.T) {
		p := s.program(t, `
class A:
    def CalculateRoot(self, request, context): return 1
class B:
    def CalculateRoot(self, request, context): return 2`)
		_, err := s.run(t, p, "", "")
		require.ErrorIs(t, err, sandbox.ErrBadProgram)
		assert.ErrorContains(t, err, "A, B")
		p.EntryPoint = "B"
		result, err := s.run(t, p, "", "")
		require.NoError(t, err)
		assert.Equal(t, encode(t, s.reply(t, "x: 2")), result.Output)
		p.EntryPoint = "C"
		_, err = s.run(t, p, "", "")
		require.ErrorIs(t, err, sandbox.ErrBadProgram)
		assert.ErrorContains(t, err, "entry point C")
	})
	t.Run("random numbers follow from the seed, wherever random is imported", func(t *testing.T) {
		for _, source := range []string{`
import random
first = random.random()
class Worker:
    def CalculateRoot(self, request, context): return first + random.random()`, `
class Worker:
    def CalculateRoot(self, request, context):
        from random import SystemRandom, random
        return random() + SystemRandom().random()`} {
			p := s.program(t, source)
			draw := func(seed string) []byte {
				result, err := s.run(t, p, seed, "")
				require.NoError(t, err)
				return result.Output
			}
			assert.Equal(t, draw("01"), draw("01"))
			assert.NotEqual(t, draw("01"), draw("02"))
		}
	})
}

func encode(t *testing.T, msg protoreflect.Message) []byte {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(msg.Interface())
	require.NoError(t, err)
	return b
}

func TestScriptsThatFailSayWhatToFix(t *testing.T) {
	s := openScripts(t, sandboxtest.CompileSchema(t, "", "job_schema.proto", map[string]string{"job_schema.proto": oneField}))
	method := func(body string) string {
		return "class Worker:\n    def CalculateRoot(self, request, context):\n        " + strings.ReplaceAll(body, "\n", "\n        ")
	}
	cases := []struct {
		name, source string
		want         error
		names        []string
	}{
		{"no class", "x = 1", sandbox.ErrBadProgram, []string{"CalculateRoot", "class Worker"}},
		{"a class without the method", "class Worker:\n    def Other(self, request, context): pass", sandbox.ErrBadProgram, []string{"CalculateRoot"}},
		{"nothing returned", method("request.y"), sandbox.ErrBadOutput, []string{"returned nothing", "WorkerReply"}},
		{"another type returned", method("return 'two'"), sandbox.ErrBadOutput, []string{"WorkerReply.x", "str"}},
		{"a list for a single value", method("return [2]"), sandbox.ErrBadOutput, []string{"WorkerReply.x", "list"}},
		{"an unknown field returned", method("return {'z': 2}"), sandbox.ErrBadOutput, []string{"no field z"}},
		{"an async method", "class Worker:\n    async def CalculateRoot(self, request, context): return 1", sandbox.ErrBadOutput, []string{"async"}},
		{"the request returned", method("return request"), sandbox.ErrBadOutput, []string{"Request", "WorkerReply"}},
		{"an exception", method("y = request.y\nreturn y / 0"), sandbox.ErrCrashed, []string{"line 4", "return y / 0", "ZeroDivisionError"}},
		{"a misspelled field", method("return request.why"), sandbox.ErrCrashed, []string{"no field why"}},
		{"a module that is not there", "import numpy\n" + method("return 1"), sandbox.ErrCrashed, []string{"numpy"}},
		{"giving up through the context", "import grpc\n" + method("context.abort(grpc.StatusCode.NOT_FOUND, 'no root')"), sandbox.ErrCrashed,
			[]string{"NOT_FOUND", "no root"}},
		{"a status that says failure", "import grpc\n" + method("context.set_code(grpc.StatusCode.INTERNAL)\nreturn 1"), sandbox.ErrCrashed,
			[]string{"INTERNAL"}},
		{"leaving by exit", method("import sys\nsys.exit(3)"), sandbox.ErrCrashed, []string{"exit(3)", "return"}},
		{"leaving at once", method("import os\nos._exit(0)"), sandbox.ErrBadOutput, []string{"JSON"}},
		{"endless recursion", "def f(n): return f(n + 1)\n" + method("return f(0)"), sandbox.ErrCrashed, []string{"RecursionError"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := s.run(t, s.program(t, c.source), "", "y: 4")
			require.ErrorIs(t, err, c.want)
			for _, name := range c.names {
				assert.ErrorContains(t, err, name)
			}
		})
	}
	t.Run("what is not Python is known before any run", func(t *testing.T) {
		for _, source := range []string{"class Worker:\nreturn 1", "\x00", "\xff\xfe"} {
			require.ErrorIs(t, s.box.Prepare(context.Background(), s.program(t, source)), sandbox.ErrBadProgram)
		}
	})
	t.Run("a node without the runtime says so", func(t *testing.T) {
		box := sandboxtest.Open(t, sandboxtest.Config(t))
		err := box.Prepare(context.Background(), s.program(t, method("return 1")))
		require.ErrorIs(t, err, sandbox.ErrUnsupported)
		assert.ErrorContains(t, err, "Python runtime")
	})
	t.Run("a runtime that is not the published one is not run", func(t *testing.T) {
		cfg := sandboxtest.Config(t)
		cfg.PythonRuntime = filepath.Join(t.TempDir(), "python.wasm")
		require.NoError(t, os.WriteFile(cfg.PythonRuntime, []byte("\x00asm"), 0o644))
		err := sandboxtest.Open(t, cfg).Prepare(context.Background(), s.program(t, method("return 1")))
		require.ErrorContains(t, err, "python runtime")
		assert.NotErrorIs(t, err, sandbox.ErrBadProgram, "it is not the program's fault")
	})
}

func TestScriptsSeeEveryKindOfField(t *testing.T) {
	source, err := os.ReadFile("testdata/kinds.proto")
	require.NoError(t, err)
	s := openScripts(t, sandboxtest.CompileSchema(t, "", "kinds.proto", map[string]string{"kinds.proto": string(source)}))
	p := func(t *testing.T, body string) sandbox.Program {
		return s.program(t, "from google.protobuf import timestamp_pb2\nimport kinds_pb2\nfrom kinds_pb2 import All\n"+
			"class Kinds:\n    def Echo(self, request, context):\n        "+strings.ReplaceAll(strings.TrimSpace(body), "\n", "\n        "))
	}
	everything := `a_double: 1e300 a_float: 0.1 an_int32: -2147483648 an_int64: 9223372036854775807 a_uint32: 4294967295
		a_uint64: 18446744073709551615 a_sint32: -1 a_sint64: -2 a_fixed32: 3 a_fixed64: 4 an_sfixed32: -5 an_sfixed64: -6 a_bool: true
		a_string: "\303\266\n\"" some_bytes: "\000\377" color: BLUE inner { text: "a" deeper { more { text: "b" } more {} } }
		numbers: [1, -9007199254740993] inners { text: "c" } inners {} colors: [RED, UNKNOWN, BLUE]
		by_name { key: "x" value: 1 } by_name { key: "" value: -1 } by_id { key: 18446744073709551615 value { text: "d" } }
		by_flag { key: true value: "\001" } maybe: 0 maybe_text: "" right { text: "e" } at { seconds: 1 nanos: 2 } doubles: [nan, inf, -inf, 0.1]`
	cases := []struct{ name, body, request, want string }{
		{"the request as it is", "return request", everything, everything},
		{"nothing set", "return All()", everything, ""},
		{"a copy of parts", `
reply = All(inner=request.inner, inners=request.inners, by_id=request.by_id, maybe=request.maybe)
reply.at.CopyFrom(request.at)
reply.numbers.extend(request.numbers)
return reply`, everything, `inner { text: "a" deeper { more { text: "b" } more {} } } inners { text: "c" } inners {}
			by_id { key: 18446744073709551615 value { text: "d" } } maybe: 0 at { seconds: 1 nanos: 2 } numbers: [1, -9007199254740993]`},
		{"fields made by looking at them and writing below", `
reply = All()
reply.inner.deeper.more.add(text="x").text += "y"
reply.by_id[7].text = "z"
reply.by_name["n"] += 2
reply.inners.append(All.Inner(text="w"))
reply.color = All.Color.Value("RED")
reply.colors.append(All.BLUE)
reply.at.seconds = 5
assert not reply.HasField("right") and reply.WhichOneof("choice") is None
return reply`, "", `inner { deeper { more { text: "xy" } } } by_id { key: 7 value { text: "z" } } by_name { key: "n" value: 2 }
			inners { text: "w" } color: RED colors: BLUE at { seconds: 5 }`},
		{"looking alone sets nothing", `
len(request.inner.deeper.more), request.at.seconds, request.numbers, request.by_name.get("x")
assert not request.HasField("inner") and not request.HasField("maybe")
return request`, "", ""},
		{"presence", `
assert request.HasField("maybe") and request.maybe == 0 and not request.HasField("maybe_text")
return All(maybe_text="", right={})`, "maybe: 0", `maybe_text: "" right {}`},
		{"the last of a oneof counts", `
reply = All(left="l")
reply.right.text = "r"
assert reply.WhichOneof("choice") == "right" and reply.left == ""
return reply`, "", `right { text: "r" }`},
		{"floats are rounded as the wire rounds them", `
assert request.a_float != 0.1 and abs(request.a_float - 0.1) < 1e-7 and request.a_double == 0.1
return {"a_float": 1e39, "a_double": request.a_float}`, "a_float: 0.1 a_double: 0.1", "a_float: inf a_double: 0.10000000149011612"},
		{"values out of range and of other types are refused where they are set", `
for field, value in [("an_int32", 2**31), ("a_uint64", -1), ("a_string", b"x"), ("some_bytes", "x"), ("an_int64", 1.0),
                     ("a_bool", "yes"), ("numbers", "12"), ("inner", 3), ("color", "GREEN"), ("by_name", {1: 1})]:
    try:
        setattr(request, field, value)
    except (TypeError, ValueError):
        continue
    raise AssertionError("%s took %r" % (field, value))
return {}`, "", ""},
		{"names and keyword arguments of the schema only", `
for make in (lambda: All(nobody=1), lambda: setattr(request, "nobody", 1), lambda: request.nobody, lambda: request.HasField("a_bool")):
    try:
        make()
    except (AttributeError, ValueError):
        continue
    raise AssertionError("not refused")
return {}`, "", ""},
		{"equality, copies and clearing", `
copy = All()
copy.MergeFrom(request)
assert copy == request and copy is not request and copy != All()
copy.MergeFrom(request)
assert list(copy.numbers) == [1, 2, 1, 2]
copy.ClearField("numbers")
assert "text='t'" in repr(copy)
return copy`, `numbers: [1, 2] inner { text: "t" }`, `inner { text: "t" }`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			result, err := s.run(t, p(t, c.body), "", c.request)
			require.NoError(t, err)
			got := dynamicpb.NewMessage(s.method.Output())
			require.NoError(t, proto.Unmarshal(result.Output, got))
			want := s.reply(t, c.want)
			assert.True(t, proto.Equal(want.Interface(), got), "want %v\nhave %v", want, got)
		})
	}
}
