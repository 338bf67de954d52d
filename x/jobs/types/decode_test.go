package types_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/ain-network/aind/x/jobs/types"
)

// everyKind has a field of every shape that proto3 knows.
const everyKind = `syntax = "proto3";
service Worker { rpc Solve(Task) returns (Task) {} }
message Task {
  double d = 1; float f = 2; int32 i32 = 3; int64 i64 = 4; uint32 u32 = 5; uint64 u64 = 6;
  sint32 s32 = 7; sint64 s64 = 8; fixed32 f32 = 9; fixed64 f64 = 10; sfixed32 sf32 = 11; sfixed64 sf64 = 12;
  bool b = 13; string s = 14; bytes y = 15; E e = 16; In in = 17;
  repeated int32 packed = 18; repeated int32 unpacked = 19 [packed = false]; repeated string texts = 20;
  repeated In ins = 21; map<string, In> by_name = 22; oneof o { string left = 23; In right = 24; } optional int32 maybe = 25;
  repeated fixed64 wide = 26;
}
message In { int32 n = 1; repeated Leaf leaves = 2; }
message Leaf { string t = 1; }
enum E { ZERO = 0; ONE = 1; }
`

func TestDecodingIsRefusedByFieldPath(t *testing.T) {
	schema, err := parse(t, everyKind)
	require.NoError(t, err)
	for name, c := range map[string]struct{ input, says string }{
		"an unknown field":                   {"\xf8\x06\x01", "Task: unknown field 111"},
		"an unknown field in a message":      {"\x8a\x01\x02\x18\x01", "Task.in: unknown field 3"},
		"an unknown field in a list":         {"\xaa\x01\x04\x12\x02\x10\x01", "Task.ins.leaves: unknown field 2"},
		"an unknown field in a map's entry":  {"\xb2\x01\x02\x18\x01", "Task.by_name: unknown field 3"},
		"an unknown field in a map's value":  {"\xb2\x01\x04\x12\x02\x18\x01", "Task.by_name.value: unknown field 3"},
		"an unknown field in a oneof":        {"\xc2\x01\x02\x18\x01", "Task.right: unknown field 3"},
		"another wire type":                  {"\x0d\x00\x00\x00\x00", "Task.d: wire type 5 instead of 1"},
		"a group":                            {"\x8b\x01\x8c\x01", "Task.in: wire type 3 instead of 2"},
		"a length beyond the end":            {"\x72\x05abc", "Task.s: longer than the message"},
		"a number that is cut off":           {"\x18\xff", "Task.i32: broken value"},
		"a number of eleven bytes":           {"\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "Task.i32: broken value"},
		"a packed list that is cut off":      {"\x92\x01\x02\x01\xff", "Task.packed: broken packed list"},
		"text that is not UTF-8":             {"\x72\x01\xff", "Task.s: not UTF-8"},
		"a tag that is cut off":              {"\x80", "Task: broken field tag"},
		"field number zero":                  {"\x00\x01", "Task: broken field tag"},
		"a packed list for a single number":  {"\x1a\x01\x01", "Task.i32: wire type 2 instead of 0"},
		"text in a map's key that is broken": {"\xb2\x01\x03\x0a\x01\xff", "Task.by_name.key: not UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			err := schema.DecodeRequest([]byte(c.input))
			require.ErrorIs(t, err, types.ErrDecode)
			require.ErrorContains(t, err, c.says)
		})
	}
}

// FuzzDecoding holds our walk against the protobuf library: what we accept, it
// decodes without unknown fields, and what it decodes so, we accept.
func FuzzDecoding(f *testing.F) {
	schema, err := parse(f, everyKind)
	require.NoError(f, err)
	for _, seed := range []string{
		"", "\x18\x05", "\x92\x01\x02\x01\x02\x98\x01\x07", "\xaa\x01\x04\x12\x02\x0a\x00", "\xb2\x01\x07\x0a\x01a\x12\x02\x08\x01",
		"\x72\x03abc", "\x8a\x01\x02\x18\x01", "\x92\x01\x02\x01\xff", "\xd2\x01\x08\x01\x02\x03\x04\x05\x06\x07\x08",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		ours := schema.DecodeRequest(input)
		message := dynamicpb.NewMessage(schema.WorkerInput())
		theirs := proto.Unmarshal(input, message)
		clean := theirs == nil && !anyUnknown(message)
		if ours == nil {
			require.True(t, clean, "we accept what the library refuses or does not know: %v", theirs)
			return
		}
		// The library drops unknown fields of map entries; only there may we be stricter.
		if clean {
			require.ErrorContains(t, ours, ".by_name")
		}
	})
}

func anyUnknown(message protoreflect.Message) bool {
	unknown := len(message.GetUnknown()) > 0
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.IsMap() && field.MapValue().Message() != nil:
			value.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
				unknown = unknown || anyUnknown(v.Message())
				return true
			})
		case field.IsMap(), field.Message() == nil:
		case field.IsList():
			for i := range value.List().Len() {
				unknown = unknown || anyUnknown(value.List().Get(i).Message())
			}
		default:
			unknown = unknown || anyUnknown(value.Message())
		}
		return true
	})
	return unknown
}
