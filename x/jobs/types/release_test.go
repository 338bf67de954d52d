package types_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/jobs/types"
)

func releaseSpec() types.ReleaseSpec {
	return types.ReleaseSpec{
		Role:      program.ROLE_WORKER,
		Version:   "1.2.3",
		Program:   program.Program{Kind: program.PROGRAM_KIND_SCRIPT, Digest: types.Digest([]byte("program")), Size_: 7, EntryPoint: "Worker", ABI: program.ABI_SCRIPT, Runtime: "python-wasi-3.12.0"},
		Platforms: []program.Platform{{OS: "linux", Arch: "amd64"}},
	}
}

func signRelease(t *testing.T, schemaDigest string, spec types.ReleaseSpec, key *secp256k1.PrivKey) types.Signature {
	t.Helper()
	signature, err := key.Sign(types.ReleasePAE(schemaDigest, spec))
	require.NoError(t, err)
	return types.Signature{
		Signer: sdk.AccAddress(key.PubKey().Address()).String(), PublicKey: key.PubKey().Bytes(), Signature: signature,
	}
}

func TestReleaseStatementIsInToto(t *testing.T) {
	statement := types.ReleaseStatement("sha256:abc", releaseSpec())
	require.Equal(t, `{"_type":"https://in-toto.io/Statement/v1",`+
		`"subject":[{"name":"worker","digest":{"sha256":"1310ca2c8932dbd118668bd97442558a3e1f546b5e15c69699dfbd6024f548d8"}}],`+
		`"predicateType":"https://github.com/ain-network/aind/release/v1",`+
		`"predicate":{"role":"ROLE_WORKER","version":"1.2.3","kind":"PROGRAM_KIND_SCRIPT","abi":"ABI_SCRIPT","entryPoint":"Worker",`+
		`"runtime":"python-wasi-3.12.0","size":7,"platforms":[{"os":"linux","arch":"amd64"}],"schemaDigest":"sha256:abc"}}`, string(statement))
	require.Equal(t, "DSSEv1 28 application/vnd.in-toto+json 460 "+string(statement), string(types.ReleasePAE("sha256:abc", releaseSpec())))
}

// Statements from before programs could be stateless-safe are the same bytes.
func TestReleaseStatementNamesStatelessSafeOnlyWhereItIs(t *testing.T) {
	spec := releaseSpec()
	require.NotContains(t, string(types.ReleaseStatement("sha256:abc", spec)), "tateless")
	spec.Program.StatelessSafe = true
	require.Contains(t, string(types.ReleaseStatement("sha256:abc", spec)), `"schemaDigest":"sha256:abc","statelessSafe":true}}`)
}

// Statements from before programs could reach anything are the same bytes.
func TestReleaseStatementNamesWhatAProgramReachesOnlyWhereItDoes(t *testing.T) {
	spec := releaseSpec()
	require.NotContains(t, string(types.ReleaseStatement("sha256:abc", spec)), "etwork\":")
	spec.Program.Network = []program.Network{program.NETWORK_CHAIN, program.NETWORK_STORAGE}
	require.Contains(t, string(types.ReleaseStatement("sha256:abc", spec)), `"schemaDigest":"sha256:abc","network":["NETWORK_CHAIN","NETWORK_STORAGE"]}}`)
	spec.Program.Network = nil
	spec.Alternatives = []program.Program{{Kind: program.PROGRAM_KIND_IMAGE, Network: []program.Network{program.NETWORK_STORAGE}}}
	require.Contains(t, string(types.ReleaseStatement("sha256:abc", spec)), `"size":0,"network":["NETWORK_STORAGE"]}]}}`)
}

// A release of one program says what it always said; one with alternatives names each as a subject.
func TestReleaseStatementNamesEveryAlternative(t *testing.T) {
	spec := releaseSpec()
	spec.Alternatives = []program.Program{
		{Kind: program.PROGRAM_KIND_WASM, Digest: types.Digest([]byte("module")), Size_: 6, ABI: program.ABI_STDIO_JSON},
	}
	require.Equal(t, `{"_type":"https://in-toto.io/Statement/v1",`+
		`"subject":[{"name":"worker","digest":{"sha256":"1310ca2c8932dbd118668bd97442558a3e1f546b5e15c69699dfbd6024f548d8"}},`+
		`{"name":"worker","digest":{"sha256":"`+strings.TrimPrefix(types.Digest([]byte("module")), "sha256:")+`"}}],`+
		`"predicateType":"https://github.com/ain-network/aind/release/v1",`+
		`"predicate":{"role":"ROLE_WORKER","version":"1.2.3","kind":"PROGRAM_KIND_SCRIPT","abi":"ABI_SCRIPT","entryPoint":"Worker",`+
		`"runtime":"python-wasi-3.12.0","size":7,"platforms":[{"os":"linux","arch":"amd64"}],"schemaDigest":"sha256:abc",`+
		`"alternatives":[{"kind":"PROGRAM_KIND_WASM","abi":"ABI_STDIO_JSON","entryPoint":"","runtime":"","size":6}]}}`,
		string(types.ReleaseStatement("sha256:abc", spec)))
}

// Statements of programs that lie in no space are the same bytes as before there were any.
func TestReleaseStatementNamesSpacesOnlyWhereThereAreSome(t *testing.T) {
	spec := releaseSpec()
	spec.Alternatives = []program.Program{{Kind: program.PROGRAM_KIND_WASM, ABI: program.ABI_STDIO_JSON, Digest: types.Digest([]byte("module")), Size_: 6}}
	require.NotContains(t, string(types.ReleaseStatement("sha256:abc", spec)), "space")
	spec.Program.Space, spec.Alternatives[0].Space = 7, 8
	require.Contains(t, string(types.ReleaseStatement("sha256:abc", spec)), `"runtime":"","size":6,"space":8}],"space":7}}`)
}

func TestReleaseSignature(t *testing.T) {
	admin, stranger := secp256k1.GenPrivKeyFromSecret([]byte("admin")), secp256k1.GenPrivKeyFromSecret([]byte("stranger"))
	address := sdk.AccAddress(admin.PubKey().Address())
	schema := types.Digest([]byte("schema"))
	good := func() types.ReleaseSpec {
		spec := releaseSpec()
		spec.Signatures = []types.Signature{signRelease(t, schema, spec, admin)}
		return spec
	}
	require.NoError(t, types.VerifyRelease(schema, good(), address))

	for name, c := range map[string]struct {
		change func(*types.ReleaseSpec)
		says   string
	}{
		"no signature":        {func(s *types.ReleaseSpec) { s.Signatures = nil }, "must sign it"},
		"a stranger's":        {func(s *types.ReleaseSpec) { s.Signatures[0] = signRelease(t, schema, *s, stranger) }, "instead of the job's admin"},
		"a stranger's key":    {func(s *types.ReleaseSpec) { s.Signatures[0].PublicKey = stranger.PubKey().Bytes() }, "public key is not that of"},
		"a short key":         {func(s *types.ReleaseSpec) { s.Signatures[0].PublicKey = nil }, "key of 0"},
		"a short signature":   {func(s *types.ReleaseSpec) { s.Signatures[0].Signature = s.Signatures[0].Signature[:63] }, "signature of 63"},
		"a flipped bit":       {func(s *types.ReleaseSpec) { s.Signatures[0].Signature[10] ^= 1 }, "not over this program"},
		"another digest":      {func(s *types.ReleaseSpec) { s.Program.Digest = types.Digest([]byte("other")) }, "not over this program"},
		"another role":        {func(s *types.ReleaseSpec) { s.Role = program.ROLE_EVALUATOR }, "not over this program"},
		"another version":     {func(s *types.ReleaseSpec) { s.Version = "1.2.4" }, "not over this program"},
		"another size":        {func(s *types.ReleaseSpec) { s.Program.Size_++ }, "not over this program"},
		"another kind":        {func(s *types.ReleaseSpec) { s.Program.Kind = program.PROGRAM_KIND_WASM }, "not over this program"},
		"stateless-safe":      {func(s *types.ReleaseSpec) { s.Program.StatelessSafe = true }, "not over this program"},
		"what it reaches":     {func(s *types.ReleaseSpec) { s.Program.Network = []program.Network{program.NETWORK_CHAIN} }, "not over this program"},
		"in a space":          {func(s *types.ReleaseSpec) { s.Program.Space = 1 }, "not over this program"},
		"another ABI":         {func(s *types.ReleaseSpec) { s.Program.ABI = program.ABI_STDIO_JSON }, "not over this program"},
		"another entry point": {func(s *types.ReleaseSpec) { s.Program.EntryPoint = "Other" }, "not over this program"},
		"another runtime":     {func(s *types.ReleaseSpec) { s.Program.Runtime = "python-wasi-3.13.0" }, "not over this program"},
		"an alternative more": {func(s *types.ReleaseSpec) { s.Alternatives = []program.Program{{}} }, "not over this program"},
		"another platform":    {func(s *types.ReleaseSpec) { s.Platforms = nil }, "not over this program"},
		"another schema's": {func(s *types.ReleaseSpec) {
			s.Signatures[0] = signRelease(t, types.Digest(nil), *s, admin)
		}, "not over this program"},
	} {
		t.Run(name, func(t *testing.T) {
			spec := good()
			c.change(&spec)
			err := types.VerifyRelease(schema, spec, address)
			require.ErrorIs(t, err, types.ErrSignature)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestVersions(t *testing.T) {
	for _, good := range []string{"0.0.1", "1.0.0", "1.2.3-rc.1", "1.2.3+build.7", "10.20.30-a+b"} {
		require.NoError(t, types.CheckVersion("version", good), good)
	}
	for _, bad := range []string{"", "1", "1.2", "v1.2.3", "1.2.3.4", "01.2.3", "1.2.x", "1.2.3-", "latest"} {
		require.ErrorIs(t, types.CheckVersion("version", bad), types.ErrVersion, "%q", bad)
	}
	require.NoError(t, types.CheckVersion("version", "1.0.0-"+strings.Repeat("a", 58)), "64 bytes")
	require.ErrorIs(t, types.CheckVersion("version", "1.0.0-"+strings.Repeat("a", 59)), types.ErrVersion)
	require.True(t, types.IsNewerVersion("1.10.0", "1.9.0"))
	require.True(t, types.IsNewerVersion("1.0.0", "1.0.0-rc.1"))
	require.False(t, types.IsNewerVersion("1.0.0", "1.0.0"))
	require.False(t, types.IsNewerVersion("1.0.0+b", "1.0.0+a"), "builds of one version are not newer than each other")
}
