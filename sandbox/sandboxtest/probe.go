package sandboxtest

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/ain-network/aind/sandbox"
)

// Request is the probe's input, testdata/probe.proto.
type Request struct {
	Action string
	N      int64
	Data   []byte
	Path   string
}

// Reply is the probe's output.
type Reply struct {
	Text  string
	N     int64
	Data  []byte
	Names []string
}

// Encode returns the message, proto binary.
func (r Request) Encode() (b []byte) {
	b = protowire.AppendString(protowire.AppendTag(b, 1, protowire.BytesType), r.Action)
	b = protowire.AppendVarint(protowire.AppendTag(b, 2, protowire.VarintType), uint64(r.N))
	b = protowire.AppendBytes(protowire.AppendTag(b, 3, protowire.BytesType), r.Data)
	return protowire.AppendString(protowire.AppendTag(b, 4, protowire.BytesType), r.Path)
}

// DecodeReply reads what a sandbox returned.
func DecodeReply(t testing.TB, b []byte) (r Reply) {
	t.Helper()
	for len(b) > 0 {
		field, kind, n := protowire.ConsumeTag(b)
		require.NoError(t, protowire.ParseError(n))
		b = b[n:]
		if kind == protowire.VarintType {
			v, n := protowire.ConsumeVarint(b)
			require.NoError(t, protowire.ParseError(n))
			r.N, b = int64(v), b[n:]
			continue
		}
		v, n := protowire.ConsumeBytes(b)
		require.NoError(t, protowire.ParseError(n))
		b = b[n:]
		switch field {
		case 1:
			r.Text = string(v)
		case 3:
			r.Data = v
		case 4:
			r.Names = append(r.Names, string(v))
		}
	}
	return r
}

const probeDir = "sandbox/sandboxtest/testdata"

// WASMProbe builds the probe for WASM.
func WASMProbe(t testing.TB) sandbox.Program {
	t.Helper()
	return probe(t, sandbox.KindWASM, BuildWASM(t, probeDir+"/probe"))
}

// ScriptProbe is the probe in Python.
func ScriptProbe(t testing.TB) sandbox.Program {
	t.Helper()
	return probe(t, sandbox.KindScript, filepath.Join(Root(), probeDir, "probe.py"))
}

func probe(t testing.TB, kind sandbox.Kind, file string) sandbox.Program {
	t.Helper()
	return sandbox.Program{
		Kind: kind, File: file, Digest: Digest(t, file), Schema: Schema(t, probeDir+"/probe.proto"), Service: "Prober", Method: "Probe",
	}
}
