package types_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/jobs/types"
)

func provenance() types.Provenance {
	return types.Provenance{
		SourceURL: "https://example.org/roots.git", SourceCommit: "0123456789abcdef0123456789abcdef01234567",
		Recipe: "ain-build.yaml", Target: "worker", Toolchain: types.Digest([]byte("toolchain")),
		Signature: types.Signature{Signer: sdk.AccAddress(secp256k1.GenPrivKeyFromSecret([]byte("builder")).PubKey().Address()).String()},
	}
}

func TestProvenanceStatementIsSLSA(t *testing.T) {
	p := provenance()
	statement := string(types.ProvenanceStatement(releaseSpec().Program.Digest, p))
	require.Equal(t, `{"_type":"https://in-toto.io/Statement/v1",`+
		`"subject":[{"name":"program","digest":{"sha256":"1310ca2c8932dbd118668bd97442558a3e1f546b5e15c69699dfbd6024f548d8"}}],`+
		`"predicateType":"https://slsa.dev/provenance/v1",`+
		`"predicate":{"buildDefinition":{"buildType":"https://github.com/ain-network/aind/build/v1",`+
		`"externalParameters":{"repository":"https://example.org/roots.git","commit":"0123456789abcdef0123456789abcdef01234567","recipe":"ain-build.yaml","target":"worker"},`+
		`"resolvedDependencies":[{"name":"source","uri":"git+https://example.org/roots.git@0123456789abcdef0123456789abcdef01234567","digest":{"gitCommit":"0123456789abcdef0123456789abcdef01234567"}},`+
		`{"name":"toolchain","digest":{"sha256":"`+strings.TrimPrefix(p.Toolchain, "sha256:")+`"}}]},`+
		`"runDetails":{"builder":{"id":"urn:ain:builder:`+p.Signature.Signer+`"}}}}`, statement)
	require.Equal(t, fmt.Sprintf("DSSEv1 28 application/vnd.in-toto+json %d %s", len(statement), statement),
		string(types.ProvenancePAE(releaseSpec().Program.Digest, p)))

	digest, read, err := types.ParseProvenance([]byte(statement))
	require.NoError(t, err)
	require.Equal(t, releaseSpec().Program.Digest, digest)
	require.Equal(t, p, read)

	p.Toolchain = ""
	statement = string(types.ProvenanceStatement(releaseSpec().Program.Digest, p))
	require.NotContains(t, statement, "toolchain")
	_, read, err = types.ParseProvenance([]byte(statement))
	require.NoError(t, err)
	require.Equal(t, p, read)
}

func TestStatementsThatAreNotOurs(t *testing.T) {
	statement := string(types.ProvenanceStatement(releaseSpec().Program.Digest, provenance()))
	for name, c := range map[string]struct{ statement, says string }{
		"garbage":                {"{", "is not JSON"},
		"nothing":                {"", "is not JSON"},
		"another predicate":      {strings.Replace(statement, types.ProvenanceType, "https://slsa.dev/provenance/v0.2", 1), `is about "https://slsa.dev/provenance/v0.2"`},
		"no subject":             {`{"predicateType":"https://slsa.dev/provenance/v1"}`, "0 subjects"},
		"one more field":         {strings.Replace(statement, `"predicate":{`, `"predicate":{"more":1,`, 1), "says more"},
		"another order":          {strings.Replace(statement, `"recipe":"ain-build.yaml","target":"worker"`, `"target":"worker","recipe":"ain-build.yaml"`, 1), "in another way"},
		"a space":                {" " + statement, "in another way"},
		"sources that disagree":  {strings.Replace(statement, "git+https://example.org/roots.git@", "git+https://example.org/fork.git@", 1), "in another way"},
		"another kind of build":  {strings.Replace(statement, types.BuildType, "https://example.org/build", 1), "in another way"},
		"a builder of elsewhere": {strings.Replace(statement, types.BuilderID, "https://github.com/", 1), "in another way"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := types.ParseProvenance([]byte(c.statement))
			require.ErrorIs(t, err, types.ErrAttestation)
			require.ErrorContains(t, err, c.says)
		})
	}
}

// The root's statement binds the builder's, and says nothing of what is not there.
func TestReleaseStatementBindsProvenanceAndExpiry(t *testing.T) {
	spec := releaseSpec()
	without := string(types.ReleaseStatement("sha256:abc", spec))
	require.NotContains(t, without, "provenance")
	require.NotContains(t, without, "expiresMs")
	p := provenance()
	spec.Provenance, spec.ExpiresMs = &p, 1_700_000_000_000
	with := string(types.ReleaseStatement("sha256:abc", spec))
	sum := strings.TrimPrefix(types.Digest(types.ProvenanceStatement(spec.Program.Digest, p)), "sha256:")
	require.Equal(t, strings.TrimSuffix(without, "}}")+
		`,"expiresMs":1700000000000,"provenance":{"builder":"`+p.Signature.Signer+`","digest":{"sha256":"`+sum+`"}}}}`, with)
}
