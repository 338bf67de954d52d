package types_test

import (
	"context"
	"strings"
	"testing"

	"github.com/bufbuild/protocompile"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	_ "github.com/ain-network/aind/chain" // sets the address prefix

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/jobs/types"
)

const (
	header    = "syntax = \"proto3\"; package p;\n"
	worker    = "service Worker { rpc Solve(Task) returns (Root) {} }\n"
	evaluator = "service Evaluator { rpc Judge(Roots) returns (Ranking) {} }\n"
	messages  = `message Task { double y = 1; }
message Root { double x = 1; }
message Roots { Task request = 1; repeated Candidate workers = 2; }
message Candidate { string node = 1; Root response = 3; }
`
	ranking = "message Ranking { repeated Place ranking = 1; } message Place { string node = 1; uint64 score = 2; bool valid = 3; }\n"
	short   = "message Ranking { repeated string nodes = 1; }\n"
	full    = header + worker + evaluator + messages + ranking
)

// compileFile compiles proto source to the descriptor of its file.
func compileFile(t testing.TB, source string) *descriptorpb.FileDescriptorProto {
	t.Helper()
	compiler := protocompile.Compiler{Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{
		Accessor: protocompile.SourceAccessorFromMap(map[string]string{"job.proto": source}),
	})}
	files, err := compiler.Compile(context.Background(), "job.proto")
	require.NoError(t, err)
	return protodesc.ToFileDescriptorProto(files[0])
}

func serialize(t testing.TB, files ...*descriptorpb.FileDescriptorProto) []byte {
	t.Helper()
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(&descriptorpb.FileDescriptorSet{File: files})
	require.NoError(t, err)
	return b
}

func parse(t testing.TB, source string) (*types.Schema, error) {
	t.Helper()
	return types.ParseSchema(serialize(t, compileFile(t, source)), types.DefaultParams().SchemaLimits())
}

func TestSchemaNamesItsServices(t *testing.T) {
	schema, err := parse(t, full)
	require.NoError(t, err)
	require.True(t, schema.HasEvaluator())
	require.Equal(t, "p.Worker", schema.WorkerService())
	require.Equal(t, "Solve", schema.WorkerMethod())
	require.Equal(t, "p.Evaluator", schema.EvaluatorService())
	require.Equal(t, "Judge", schema.EvaluatorMethod())
	require.Equal(t, "p.Task", string(schema.WorkerInput().FullName()))
	require.Equal(t, "p.Root", string(schema.WorkerOutput().FullName()))
	require.Equal(t, "p.Roots", string(schema.EvaluatorInput().FullName()))
	require.Equal(t, "p.Ranking", string(schema.EvaluatorOutput().FullName()))
}

// Whoever asks a schema without an Evaluator about it learns that there is none.
func TestSchemaWithoutAnEvaluator(t *testing.T) {
	schema, err := parse(t, `syntax = "proto3"; service Worker { rpc Solve(Task) returns (Task) {} } message Task { int32 n = 1; }`)
	require.NoError(t, err)
	require.False(t, schema.HasEvaluator())
	require.Empty(t, schema.EvaluatorService())
	require.Empty(t, schema.EvaluatorMethod())
	require.Nil(t, schema.EvaluatorInput())
	require.Nil(t, schema.EvaluatorOutput())
	_, err = schema.ParseRanking(nil, nil)
	require.ErrorIs(t, err, types.ErrSchema)
	_, err = schema.BuildEvaluatorInput(nil, nil)
	require.ErrorIs(t, err, types.ErrSchema)
	require.ErrorIs(t, schema.CheckMetrics([]types.Metric{{Field: "n", Fold: program.METRIC_FOLD_SUM}}), types.ErrInvalid)
	require.Error(t, types.TermsSpec{Verification: types.VERIFICATION_CHECKPOINT}.CheckVerification(schema))
	require.NoError(t, types.TermsSpec{}.CheckVerification(schema))
}

func TestSchemaIsAccepted(t *testing.T) {
	for name, source := range map[string]string{
		"short form of the ranking":             header + worker + evaluator + messages + short,
		"no Evaluator service":                  header + worker + messages,
		"no package":                            strings.Replace(full, "package p;", "", 1),
		"a listed import":                       `syntax = "proto3"; import "google/protobuf/timestamp.proto";` + worker + "message Task { google.protobuf.Timestamp at = 1; } message Root { map<string, Deep> m = 1; oneof o { string s = 2; int32 i = 3; } } message Deep { repeated E e = 1; } enum E { NONE = 0; }",
		"more fields in a place of the ranking": header + worker + evaluator + messages + strings.Replace(ranking, "bool valid = 3;", "bool valid = 3; uint32 moves = 4;", 1),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(t, source)
			require.NoError(t, err)
		})
	}
}

func TestSchemaIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ source, says string }{
		"no Worker service":       {header + evaluator + messages + ranking, "no service Worker"},
		"an unknown service":      {full + "service Helper { rpc Help(Task) returns (Root) {} }", "service Helper"},
		"two rpcs":                {strings.Replace(full, "rpc Solve", "rpc Other(Task) returns (Root) {} rpc Solve", 1), "service Worker: 2 rpcs"},
		"a streaming rpc":         {strings.Replace(full, "Solve(Task)", "Solve(stream Task)", 1), "Solve streams"},
		"proto2":                  {strings.NewReplacer("proto3", "proto2", "double y", "optional double y").Replace(header + "service Worker { rpc Solve(Task) returns (Task) {} } message Task { double y = 1; }"), "want proto3"},
		"any other import":        {strings.Replace(full, "package p;", `package p; import "google/protobuf/any.proto"; message A { google.protobuf.Any a = 1; }`, 1), `import "google/protobuf/any.proto"`},
		"struct is recursive":     {strings.Replace(full, "package p;", `package p; import "google/protobuf/struct.proto"; message A { google.protobuf.Struct a = 1; }`, 1), `import "google/protobuf/struct.proto"`},
		"recursion":               {full + "message A { B b = 1; } message B { map<string, A> a = 1; }", "contains itself"},
		"request of another type": {strings.Replace(full, "Task request", "Root request", 1), "worker's input type p.Task"},
		"response of another type": {
			strings.Replace(full, "Root response", "Task response", 1), "worker's reply type p.Root",
		},
		"no request":           {strings.Replace(full, "Task request", "string request", 1), "want a field request that is a message"},
		"no list of workers":   {strings.Replace(full, "repeated Candidate", "Candidate", 1), "want a field workers that is a repeated message"},
		"a map of workers":     {strings.Replace(full, "repeated Candidate", "map<string, Candidate>", 1), "field workers"},
		"a field nobody fills": {strings.Replace(full, "Task request = 1;", "Task request = 1; string more = 9;", 1), "3 fields instead of 2"},
		"no node":              {strings.Replace(full, "string node = 1; Root", "bytes node = 1; Root", 1), "field node"},
		"a ranking without score": {
			strings.Replace(full, "uint64 score = 2;", "", 1), "field score",
		},
		"a signed score":             {strings.Replace(full, "uint64 score", "int64 score", 1), "field score"},
		"a ranking without validity": {strings.Replace(full, "bool valid = 3;", "", 1), "field valid"},
		"a bare list of numbers":     {header + worker + evaluator + messages + "message Ranking { repeated uint64 nodes = 1; }", "field ranking"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(t, c.source)
			require.ErrorIs(t, err, types.ErrSchema)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestDescriptorSetIsRefused(t *testing.T) {
	good := func() *descriptorpb.FileDescriptorProto { return compileFile(t, full) }
	with := func(change func(*descriptorpb.FileDescriptorProto)) []byte {
		file := good()
		change(file)
		return serialize(t, file)
	}
	other := good()
	other.Name = proto.String("other.proto")
	for name, c := range map[string]struct {
		set  []byte
		says string
	}{
		"empty":     {nil, "no file of your own"},
		"garbage":   {[]byte("garbage"), "not a google.protobuf.FileDescriptorSet"},
		"two files": {serialize(t, good(), other), "a schema is one file"},
		"unknown fields deep inside": {with(func(f *descriptorpb.FileDescriptorProto) {
			f.MessageType[1].Field[0].ProtoReflect().SetUnknown([]byte{0xa0, 0x1f, 0x01})
		}), "unknown fields"},
		"a custom option": {with(func(f *descriptorpb.FileDescriptorProto) {
			f.Options = &descriptorpb.FileOptions{}
			f.Options.ProtoReflect().SetUnknown([]byte{0xa0, 0x1f, 0x01})
		}), "unknown fields"},
		"unknown fields":   {append(serialize(t, good()), 0xa0, 0x1f, 0x01), "unknown fields"},
		"source code info": {with(func(f *descriptorpb.FileDescriptorProto) { f.SourceCodeInfo = &descriptorpb.SourceCodeInfo{} }), "source code info"},
		"a type that is none": {with(func(f *descriptorpb.FileDescriptorProto) {
			f.MessageType[0].Field[0].TypeName = proto.String(".p.None")
		}), "does not link"},
		"a file without name": {with(func(f *descriptorpb.FileDescriptorProto) { f.Name = nil }), "does not link"},
		"an extension": {with(func(f *descriptorpb.FileDescriptorProto) {
			f.Extension = append(f.Extension, &descriptorpb.FieldDescriptorProto{Name: proto.String("e")})
		}), "extensions"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := types.ParseSchema(c.set, types.DefaultParams().SchemaLimits())
			require.ErrorIs(t, err, types.ErrSchema)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestSchemaLimits(t *testing.T) {
	deep := full + "message A1 { A2 a = 1; enum In { ONE = 0; TWO = 1; } } message A2 { A3 a = 1; } message A3 { int32 i = 1; message In { int32 j = 1; int32 k = 2; } } enum Out { THREE = 0; }"
	set := serialize(t, compileFile(t, deep))
	limits := types.SchemaLimits{MaxBytes: uint32(len(set)), MaxMessages: 10, MaxFields: 18, MaxNesting: 3}
	_, err := types.ParseSchema(set, limits)
	require.NoError(t, err, "exactly at every limit")
	for name, lower := range map[string]func(*types.SchemaLimits){
		"bytes":    func(l *types.SchemaLimits) { l.MaxBytes-- },
		"messages": func(l *types.SchemaLimits) { l.MaxMessages-- },
		"fields":   func(l *types.SchemaLimits) { l.MaxFields-- },
		"nesting":  func(l *types.SchemaLimits) { l.MaxNesting-- },
	} {
		t.Run("one less of "+name, func(t *testing.T) {
			lowered := limits
			lower(&lowered)
			_, err := types.ParseSchema(set, lowered)
			require.ErrorIs(t, err, types.ErrLimit)
		})
	}
}

func TestEvaluatorInputIsWhatProgramsExpect(t *testing.T) {
	schema, err := parse(t, full)
	require.NoError(t, err)
	task := []byte{0x09, 0, 0, 0, 0, 0, 0, 0x10, 0x40}
	root := []byte{0x09, 0, 0, 0, 0, 0, 0, 0x00, 0x40}
	input, err := schema.BuildEvaluatorInput(task, []types.WorkerReply{{Node: "ain1a", Reply: root}, {Node: "ain1b"}})
	require.NoError(t, err)
	message := dynamicpb.NewMessage(schema.EvaluatorInput())
	require.NoError(t, proto.Unmarshal(input, message))
	require.Empty(t, message.GetUnknown())
	fields := schema.EvaluatorInput().Fields()
	request := message.Get(fields.ByName("request")).Message()
	require.Equal(t, 4.0, request.Get(request.Descriptor().Fields().ByName("y")).Float())
	workers := message.Get(fields.ByName("workers")).List()
	require.Equal(t, 2, workers.Len())
	first := workers.Get(0).Message()
	require.Equal(t, "ain1a", first.Get(first.Descriptor().Fields().ByName("node")).String())
	response := first.Get(first.Descriptor().Fields().ByName("response")).Message()
	require.Equal(t, 2.0, response.Get(response.Descriptor().Fields().ByName("x")).Float())

	_, err = schema.BuildEvaluatorInput([]byte{0xff}, nil)
	require.ErrorIs(t, err, types.ErrDecode)
	_, err = schema.BuildEvaluatorInput(task, []types.WorkerReply{{Node: "ain1a", Reply: []byte{0xff}}})
	require.ErrorContains(t, err, "reply of ain1a")
}

func TestRankingIsRead(t *testing.T) {
	long, err := parse(t, full)
	require.NoError(t, err)
	bare, err := parse(t, header+worker+evaluator+messages+short)
	require.NoError(t, err)
	place := func(node string, score byte, valid bool) string {
		entry := "\x0a" + string(rune(len(node))) + node + "\x10" + string(rune(score))
		if valid {
			entry += "\x18\x01"
		}
		return "\x0a" + string(rune(len(entry))) + entry
	}
	for name, c := range map[string]struct {
		schema *types.Schema
		output string
		want   []types.Ranked
		err    error
	}{
		"places best first, invalid ones left out": {long, place("a", 9, true) + place("b", 99, false) + place("c", 9, true),
			[]types.Ranked{{Node: "a", Score: 9}, {Node: "c", Score: 9}}, nil},
		"nobody":                        {long, "", []types.Ranked{}, nil},
		"scores that increase":          {long, place("a", 1, true) + place("b", 2, true), nil, types.ErrRanking},
		"a node twice":                  {long, place("a", 2, true) + place("a", 1, true), nil, types.ErrRanking},
		"garbage":                       {long, "\x08\x01", nil, types.ErrDecode},
		"bare names, scores count down": {bare, "\x0a\x01a\x0a\x01b", []types.Ranked{{Node: "a", Score: 2}, {Node: "b", Score: 1}}, nil},
		"bare names, one of them twice": {bare, "\x0a\x01a\x0a\x01a", nil, types.ErrRanking},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.schema.ParseRanking([]byte(c.output), nil)
			require.ErrorIs(t, err, c.err)
			if c.err == nil {
				require.Equal(t, c.want, got)
			}
		})
	}
}
