package release_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/release"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

const builtCommit = "0123456789abcdef0123456789abcdef01234567"

func attestation(t *testing.T, by key, program string) release.Attestation {
	t.Helper()
	a, err := release.Attest(t.Context(), by, program, jobstypes.Provenance{
		SourceURL: "https://example.org/roots.git", SourceCommit: builtCommit, Recipe: "ain-build.yaml", Target: "worker",
		Toolchain: jobstypes.Digest([]byte("toolchain")),
	})
	require.NoError(t, err)
	return a
}

func write(t *testing.T, content []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "program.dsse.json")
	require.NoError(t, os.WriteFile(file, content, 0o600))
	return file
}

func TestAttestation(t *testing.T) {
	builder, digest := newKey(), jobstypes.Digest([]byte("program"))
	a := attestation(t, builder, digest)
	envelope, err := a.Envelope()
	require.NoError(t, err)
	read, err := release.ReadAttestation(write(t, envelope))
	require.NoError(t, err)
	require.Equal(t, a, read)
	require.Equal(t, builder.Address().String(), read.Provenance.Signature.Signer)
	require.NoError(t, read.Of(digest))
	err = read.Of(jobstypes.Digest([]byte("other")))
	require.ErrorIs(t, err, release.ErrAttestation)
	require.ErrorContains(t, err, "it is about program "+digest)

	releases := []jobstypes.ReleaseSpec{{}, {}}
	releases[1].Program.Digest = digest
	require.NoError(t, release.Attach(releases, []release.Attestation{read}))
	require.Nil(t, releases[0].Provenance)
	require.NoError(t, jobstypes.VerifyProvenance(releases[1]), "as the chain checks it")
	require.ErrorIs(t, release.Attach(releases[:1], []release.Attestation{read}), release.ErrAttestation)
}

// Whatever is done to an envelope, it is refused, and the error says what is wrong.
func TestEnvelopesThatAreRefused(t *testing.T) {
	builder := newKey()
	a := attestation(t, builder, jobstypes.Digest([]byte("program")))
	good, err := a.Envelope()
	require.NoError(t, err)
	changed := func(change func(*dsse.Envelope)) []byte {
		var e dsse.Envelope
		require.NoError(t, json.Unmarshal(good, &e))
		change(&e)
		content, err := json.Marshal(e)
		require.NoError(t, err)
		return content
	}
	signed := func(kind string, statement []byte) []byte {
		signature, err := builder.Sign(dsse.PAE(kind, statement))
		require.NoError(t, err)
		return changed(func(e *dsse.Envelope) {
			e.PayloadType, e.Payload = kind, base64.StdEncoding.EncodeToString(statement)
			e.Signatures[0].Sig = base64.StdEncoding.EncodeToString(signature)
		})
	}
	statement := jobstypes.ProvenanceStatement(a.Program, a.Provenance)
	for name, c := range map[string]struct {
		content []byte
		says    string
	}{
		"garbage":           {[]byte("garbage"), "no DSSE envelope"},
		"nothing":           {nil, "no DSSE envelope"},
		"an empty object":   {[]byte("{}"), "payload of type"},
		"two envelopes":     {append(bytes.Clone(good), good...), "more than one DSSE envelope"},
		"64 KiB and more":   {append(bytes.Repeat([]byte(" "), 64<<10), good...), "more than 65536 bytes"},
		"no signature":      {changed(func(e *dsse.Envelope) { e.Signatures = nil }), "0 signatures instead of one"},
		"two signatures":    {changed(func(e *dsse.Envelope) { e.Signatures = append(e.Signatures, e.Signatures[0]) }), "2 signatures instead of one"},
		"no key":            {changed(func(e *dsse.Envelope) { e.Signatures[0].KeyID = "" }), "want the signer's compressed secp256k1 key"},
		"another's key":     {changed(func(e *dsse.Envelope) { e.Signatures[0].KeyID = hex.EncodeToString(newKey().PubKey().Bytes()) }), "not over its payload"},
		"a flipped digit":   {changed(func(e *dsse.Envelope) { e.Signatures[0].Sig = "AAAA" + e.Signatures[0].Sig[4:] }), "not over its payload"},
		"no base64":         {changed(func(e *dsse.Envelope) { e.Payload = "?" }), "payload: illegal base64"},
		"another commit":    {changed(func(e *dsse.Envelope) { e.Payload = recoded(t, e.Payload, builtCommit, strings.Repeat("a", 40)) }), "not over its payload"},
		"another payload":   {signed("text/plain", statement), `a payload of type "text/plain"`},
		"a later field":     {signed(jobstypes.ReleasePayloadType, bytes.Replace(statement, []byte(`"predicate":{`), []byte(`"predicate":{"x":1,`), 1)), "says more"},
		"another statement": {signed(jobstypes.ReleasePayloadType, []byte(`{"predicateType":"https://example.org"}`)), `is about "https://example.org"`},
		"another builder": {signed(jobstypes.ReleasePayloadType, bytes.ReplaceAll(statement,
			[]byte(builder.Address().String()), []byte(newKey().Address().String()))), "and is signed by " + builder.Address().String()},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := release.ReadAttestation(write(t, c.content))
			require.ErrorIs(t, err, release.ErrAttestation)
			require.ErrorContains(t, err, c.says)
		})
	}
	_, err = release.ReadAttestation(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, release.ErrAttestation)
}

// recoded replaces within a payload.
func recoded(t *testing.T, payload, from, to string) string {
	t.Helper()
	content, err := base64.StdEncoding.DecodeString(payload)
	require.NoError(t, err)
	return base64.StdEncoding.EncodeToString(bytes.ReplaceAll(content, []byte(from), []byte(to)))
}

func TestFetchDownloadsNothingWhoseAttestationDoesNotHold(t *testing.T) {
	f := newFixture(t)
	cache := openCache(t, t.TempDir(), 1<<20)
	spec := f.publish(t, "program")
	attested := func(program string) jobstypes.ReleaseSpec {
		attested := spec
		p := attestation(t, newKey(), program).Provenance
		attested.Provenance, attested.Signatures = &p, nil
		require.NoError(t, release.Sign(t.Context(), f.admin, schemaDigest, &attested))
		return attested
	}
	_, err := f.fetch(t, cache, attested(jobstypes.Digest([]byte("another program"))))
	require.ErrorIs(t, err, release.ErrAttestation)
	require.Zero(t, f.store.gets.Load())
	_, err = f.fetch(t, cache, attested(spec.Program.Digest))
	require.NoError(t, err)
}
