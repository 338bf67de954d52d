package sandbox

import (
	"context"
	"os"
	"testing"

	"github.com/bufbuild/protocompile"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// allKinds is testdata/kinds.proto's message.
func allKinds(t testing.TB) protoreflect.MessageDescriptor {
	t.Helper()
	source, err := os.ReadFile("testdata/kinds.proto")
	require.NoError(t, err)
	compiler := protocompile.Compiler{Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{
		Accessor: protocompile.SourceAccessorFromMap(map[string]string{"kinds.proto": string(source)}),
	})}
	files, err := compiler.Compile(context.Background(), "kinds.proto")
	require.NoError(t, err)
	return files[0].Messages().ByName("All")
}

func parseText(t testing.TB, desc protoreflect.MessageDescriptor, text string) protoreflect.Message {
	t.Helper()
	msg := dynamicpb.NewMessage(desc)
	require.NoError(t, prototext.Unmarshal([]byte(text), msg))
	return msg
}

func TestPlainJSONIsWhatTheShimReads(t *testing.T) {
	desc := allKinds(t)
	for text, want := range map[string]string{
		``: `{}`,
		`a_double: 0.1 a_float: 0.1 an_int64: -9223372036854775808 a_uint64: 18446744073709551615`: `{"a_double":0.1,"a_float":` +
			`0.10000000149011612,"an_int64":-9223372036854775808,"a_uint64":18446744073709551615}`,
		`a_double: nan a_float: -inf doubles: [inf, 1e300, -0]`:  `{"a_double":"NaN","a_float":"-Infinity","doubles":["Infinity",1e+300,-0]}`,
		`a_string: "\" \\ \n <\303\266>" some_bytes: "\000\377"`: `{"a_string":"\" \\ \n \u003cö\u003e","some_bytes":"AP8="}`,
		`color: BLUE colors: [RED, BLUE]`:                        `{"color":-2,"colors":[1,-2]}`,
		`by_name {key: "b" value: 1} by_name {key: "a"}`:         `{"by_name":[["a",0],["b",1]]}`,
		`by_id {key: 10 value {text: "x"}} by_id {key: 9}`:       `{"by_id":[[9,{}],[10,{"text":"x"}]]}`,
		`by_flag {key: true value: "x"} by_flag {key: false}`:    `{"by_flag":[[false,""],[true,"eA=="]]}`,
		`maybe: 0 maybe_text: "" right {}`:                       `{"maybe":0,"maybe_text":"","right":{}}`,
		`at {seconds: 1 nanos: 2}`:                               `{"at":{"seconds":1,"nanos":2}}`,
	} {
		msg := parseText(t, desc, text)
		got, err := appendPlain(nil, msg)
		require.NoError(t, err)
		assert.Equal(t, want, string(got))
		back, err := parsePlain(desc, got)
		require.NoError(t, err)
		assert.True(t, proto.Equal(msg.Interface(), back.Interface()), "%s came back as %v", want, back)
	}
}

func TestPlainJSONThatIsNoMessage(t *testing.T) {
	desc := allKinds(t)
	deep := ""
	for range maxNesting {
		deep += `{"inners":[`
	}
	for text, names := range map[string]string{
		``:                             "JSON",
		`{} {}`:                        "more than one",
		`[]`:                           "object",
		`{"nobody":1}`:                 "nobody",
		`{"a_string":1}`:               "a_string",
		`{"a_string":null}`:            "a_string",
		`{"an_int32":2147483648}`:      "an_int32",
		`{"an_int32":1.5}`:             "an_int32",
		`{"a_uint64":-1}`:              "a_uint64",
		`{"an_int64":"1"}`:             "an_int64",
		`{"a_double":1e999}`:           "a_double",
		`{"a_float":1e39}`:             "a_float",
		`{"a_double":"nine"}`:          "a_double",
		`{"a_bool":0}`:                 "a_bool",
		`{"some_bytes":"?"}`:           "some_bytes",
		`{"color":"RED"}`:              "color",
		`{"numbers":1}`:                "numbers",
		`{"numbers":[{}]}`:             "numbers",
		`{"inner":[]}`:                 "Inner",
		`{"by_name":{"a":1}}`:          "by_name",
		`{"by_name":[["a"]]}`:          "by_name",
		`{"by_name":[[1,1]]}`:          "key",
		`{"inner":{"deeper":{"x":1}}}`: "x",
		deep:                           "JSON",
	} {
		_, err := parsePlain(desc, []byte(text))
		assert.ErrorContains(t, err, names, text)
	}
}

func TestPlainJSONNestsNoDeeperThanTheChainAllows(t *testing.T) {
	nested := func(depth int) string {
		text := "{}"
		for range depth {
			text = `{"deeper":{"more":[` + text + `]}}`
		}
		return `{"inner":` + text + `}`
	}
	_, err := parsePlain(allKinds(t), []byte(nested(15)))
	require.NoError(t, err)
	_, err = parsePlain(allKinds(t), []byte(nested(16)))
	require.ErrorContains(t, err, "deeper than 32")
}

// FuzzPlainJSON: whatever a script writes is either refused or a message that survives the way out and back.
func FuzzPlainJSON(f *testing.F) {
	desc := allKinds(f)
	f.Add(`{"a_double":0.1,"by_id":[[1,{"text":"x"}]],"doubles":["NaN",1e-320],"right":{},"at":{"nanos":-1}}`)
	f.Add(`{"a_float":3.4028236e38,"color":7,"numbers":[1,2],"by_flag":[[true,"eA=="],[true,""]]}`)
	f.Fuzz(func(t *testing.T, text string) {
		msg, err := parsePlain(desc, []byte(text))
		if err != nil {
			return
		}
		plain, err := appendPlain(nil, msg)
		require.NoError(t, err)
		back, err := parsePlain(desc, plain)
		require.NoError(t, err, "%s", plain)
		if !proto.Equal(msg.Interface(), back.Interface()) {
			t.Fatalf("%s became %s", text, plain)
		}
	})
}
