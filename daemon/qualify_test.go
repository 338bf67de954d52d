package daemon

import (
	"bytes"
	"math"
	"testing"

	"github.com/bufbuild/protocompile"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// everything is a reply with a field of each kind.
const everything = `syntax = "proto3";
service Worker { rpc Work(Empty) returns (Reply); }
service Evaluator { rpc Judge(Exam) returns (Ranking); }
message Empty {}
enum Color { NONE = 0; RED = 1; }
message Part { int32 n = 1; }
message Reply {
  bool flag = 1; string text = 2; bytes blob = 3; float small = 4; double big = 5; Color color = 6;
  int32 i32 = 7; uint32 u32 = 8; sint64 s64 = 9; fixed64 f64 = 10; uint64 u64 = 11; sfixed32 sf32 = 12;
  Part part = 13; repeated Part parts = 14; repeated double list = 15; map<string, Part> by_name = 16;
  oneof choice { string one = 17; int64 other = 18; }
  optional string perhaps = 19;
}
message Entry { string node = 1; Reply response = 2; }
message Exam { Empty request = 1; repeated Entry workers = 2; }
message Ranking { repeated string ranking = 1; }
`

func parse(t *testing.T, source string) *jobstypes.Schema {
	t.Helper()
	compiler := protocompile.Compiler{Resolver: &protocompile.SourceResolver{
		Accessor: protocompile.SourceAccessorFromMap(map[string]string{"job.proto": source}),
	}}
	files, err := compiler.Compile(t.Context(), "job.proto")
	require.NoError(t, err)
	set, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{protodesc.ToFileDescriptorProto(files[0])}})
	require.NoError(t, err)
	schema, err := jobstypes.ParseSchema(set, jobstypes.DefaultParams().SchemaLimits())
	require.NoError(t, err)
	return schema
}

// replies are one that has values, one without them, and one with numbers that are none.
func replies(t *testing.T, schema *jobstypes.Schema) map[string][]byte {
	t.Helper()
	full := dynamicpb.NewMessage(schema.WorkerOutput())
	s := &spoiler{seed: [32]byte{9}}
	s.message(full)
	strange := dynamicpb.NewMessage(schema.WorkerOutput())
	fields := strange.Descriptor().Fields()
	strange.Set(fields.ByName("big"), protoreflect.ValueOfFloat64(math.NaN()))
	strange.Mutable(fields.ByName("list")).List().Append(protoreflect.ValueOfFloat64(math.Inf(1)))
	all := map[string][]byte{"an empty one": nil}
	for name, message := range map[string]*dynamicpb.Message{"a full one": full, "one with numbers that are none": strange} {
		encoded, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
		require.NoError(t, err)
		all[name] = encoded
	}
	return all
}

func TestSpoiledRepliesAreOfTheTypeAndDifferent(t *testing.T) {
	schema := parse(t, everything)
	for name, reply := range replies(t, schema) {
		t.Run(name, func(t *testing.T) {
			spoiled, err := spoil(schema.WorkerOutput(), reply, [32]byte{1})
			require.NoError(t, err)
			require.NoError(t, schema.DecodeReply(spoiled))
			require.NotEqual(t, reply, spoiled)

			again, err := spoil(schema.WorkerOutput(), reply, [32]byte{1})
			require.NoError(t, err)
			require.Equal(t, spoiled, again, "the same on every machine")
			other, err := spoil(schema.WorkerOutput(), reply, [32]byte{2})
			require.NoError(t, err)
			require.NotEqual(t, spoiled, other)
		})
	}
	_, err := spoil(schema.WorkerOutput(), []byte("garbage"), [32]byte{})
	require.Error(t, err)
}

func TestReferenceSetGivesNothingAwayButTheReplies(t *testing.T) {
	schema := parse(t, everything)
	var honest [][]byte
	for _, name := range []string{"an empty one", "a full one", "one with numbers that are none"} {
		honest = append(honest, replies(t, schema)[name])
	}
	first, err := referenceSet(schema, honest, [32]byte{1})
	require.NoError(t, err)
	require.Len(t, first, 1+2*len(honest))
	again, err := referenceSet(schema, honest, [32]byte{1})
	require.NoError(t, err)
	require.Equal(t, first, again)

	other, err := referenceSet(schema, honest, [32]byte{2})
	require.NoError(t, err)
	names := map[string]bool{}
	for _, entry := range append(first, other...) {
		require.False(t, names[entry.Node], "names are the seed's own")
		names[entry.Node] = true
		require.NoError(t, schema.DecodeReply(entry.Reply))
	}
	places := func(set []jobstypes.WorkerReply) (at []int) {
		for i, entry := range set {
			if bytes.Equal(entry.Reply, honest[1]) {
				at = append(at, i)
			}
		}
		return at
	}
	moved := false
	for seed := range byte(8) {
		set, err := referenceSet(schema, honest, [32]byte{seed})
		require.NoError(t, err)
		require.Len(t, places(set), 1, "the honest reply is among them, once")
		moved = moved || places(set)[0] != places(first)[0]
	}
	require.True(t, moved, "not always in the same place")

	_, err = schema.BuildEvaluatorInput(nil, first)
	require.NoError(t, err, "it can be put to an evaluator")
}
