package console_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/release"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

const builtCommit = "0123456789abcdef0123456789abcdef01234567"

// built is what a builder has written of a file, in a file.
func (w *world) built(builder client.Key, artifact string) string {
	w.t.Helper()
	content, err := os.ReadFile(artifact)
	require.NoError(w.t, err)
	a, err := release.Attest(w.t.Context(), builder, jobstypes.Digest(content), jobstypes.Provenance{
		SourceURL: "https://example.org/roots.git", SourceCommit: builtCommit, Recipe: "ain-build.yaml", Target: "worker",
	})
	require.NoError(w.t, err)
	envelope, err := a.Envelope()
	require.NoError(w.t, err)
	file := filepath.Join(w.t.TempDir(), "program.dsse.json")
	require.NoError(w.t, os.WriteFile(file, envelope, 0o600))
	return file
}

func (w *world) newKey(name string) client.Key {
	w.t.Helper()
	key, _, err := fakeKeyring{}.Create(name)
	require.NoError(w.t, err)
	return key
}

func TestPublishReleaseWithAnAttestation(t *testing.T) {
	w := newWorld(t)
	w.register()
	builder := w.newKey("builder")
	attestation := w.built(builder, example("worker.py"))
	envelope := filepath.Join(t.TempDir(), "release.dsse.json")
	w.mustRun("publishRelease", "0x1", example("worker.py"), "--version", "1.1.0", "--attestation", attestation, "--expires", "1h", "--envelope", envelope)
	spec := w.chain.sent[len(w.chain.sent)-1].(*jobstypes.MsgPublishRelease).Release
	require.Equal(t, builder.Address().String(), spec.Provenance.Signature.Signer)
	require.EqualValues(t, 3_600_001, spec.ExpiresMs, "an hour after the chain's clock")
	require.NoError(t, release.Verify(spec, w.chain.jobs[0].SchemaDigest, w.keys["alice"].Address()))
	require.Contains(t, w.mustRun("jobs", "0x1"), "built by "+builder.Address().String()+" from commit "+builtCommit+", good until 1970-01-01T01:00:00Z")

	said := w.mustRun("verify", example("worker.py"), "--attestation", attestation, "--attestation", envelope,
		"--builder", builder.Address().String(), "--admin", w.keys["alice"].Address().String())
	require.Contains(t, said, "Signed by "+w.keys["alice"].Address().String()+" as ROLE_WORKER 1.1.0, good until 1970-01-01T01:00:00Z.")
	_, err := w.run("verify", example("worker.py"), "--attestation", w.built(w.newKey("another"), example("worker.py")), "--attestation", envelope)
	require.ErrorIs(t, err, release.ErrAttestation, "the admin has signed another builder's")

	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"of another program":      {[]string{"--attestation", w.built(builder, example("evaluator.py"))}, "is none of those that are published"},
		"that is no attestation":  {[]string{"--attestation", example("worker.py")}, "no DSSE envelope"},
		"that is not there":       {[]string{"--attestation", "nowhere"}, "nowhere"},
		"and a time that is over": {[]string{"--expires", "-1h"}, "is over already"},
	} {
		t.Run(name, func(t *testing.T) {
			w.chain.sent = nil
			_, err := w.run(append([]string{"publishRelease", "0x1", example("worker.py"), "--version", "2.0.0"}, c.args...)...)
			requireBadInput(t, w, err, c.says)
		})
	}
}

func TestRegisterJobWithAttestations(t *testing.T) {
	w := newWorld(t)
	builder := w.newKey("builder")
	w.register("--attestation", w.built(builder, example("evaluator.py")), "--attestation", w.built(builder, example("worker.py")))
	for _, r := range w.chain.releases {
		require.NoError(t, jobstypes.VerifyProvenance(r.Spec))
		require.Equal(t, builder.Address().String(), r.Spec.Provenance.Signature.Signer)
	}
}

func TestVerify(t *testing.T) {
	w := newWorld(t)
	builder, stranger := w.newKey("builder"), w.newKey("stranger")
	file := w.built(builder, example("worker.py"))
	content, err := os.ReadFile(example("worker.py"))
	require.NoError(t, err)
	digest := jobstypes.Digest(content)
	w.dial = os.ErrPermission // nobody asks the chain
	require.Equal(t, example("worker.py")+" is "+digest+".\n"+
		"Built by "+builder.Address().String()+" from https://example.org/roots.git at commit "+builtCommit+", target worker of ain-build.yaml.\n",
		w.mustRun("verify", example("worker.py"), "--attestation", file, "--builder", builder.Address().String()))
	var answer struct {
		Digest string
		Built  struct {
			Builder string
			Commit  string `json:"source_commit"`
		}
	}
	require.NoError(t, json.Unmarshal([]byte(w.mustRun("verify", example("worker.py"), "--attestation", file, "--output", "json")), &answer))
	require.Equal(t, digest, answer.Digest)
	require.Equal(t, builder.Address().String(), answer.Built.Builder)
	require.Equal(t, builtCommit, answer.Built.Commit)

	for name, c := range map[string]struct {
		args []string
		want error
		says string
	}{
		"a tampered program":     {[]string{example("evaluator.py"), "--attestation", file}, release.ErrAttestation, "it is about program " + digest},
		"another builder":        {[]string{example("worker.py"), "--attestation", file, "--builder", stranger.Address().String()}, release.ErrBuilder, "whom --builder does not name"},
		"nobody's admin":         {[]string{example("worker.py"), "--attestation", file, "--admin", stranger.Address().String()}, release.ErrSigner, "no admin has signed"},
		"a file that is garbage": {[]string{example("worker.py"), "--attestation", example("worker.py")}, release.ErrAttestation, "no DSSE envelope"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.run(append([]string{"verify"}, c.args...)...)
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, c.says)
		})
	}
	for name, args := range map[string][]string{
		"attestation: none":            {example("worker.py")},
		"is not an address":            {example("worker.py"), "--attestation", file, "--builder", "me"},
		"no such file or directory":    {"nowhere.py", "--attestation", file},
		"open there: no such file or ": {"there", "--attestation", file},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.run(append([]string{"verify"}, args...)...)
			requireBadInput(t, w, err, name)
		})
	}
}

func TestVerifyAsksTheChain(t *testing.T) {
	w := newWorld(t)
	builder := w.newKey("builder")
	w.register("--attestation", w.built(builder, example("worker.py")))
	verify := func(artifact string, args ...string) (string, error) {
		return w.run(append([]string{"verify", artifact, "--release", "1"}, args...)...)
	}
	said, err := verify(example("worker.py"))
	require.NoError(t, err)
	require.Contains(t, said, "The chain does not trust this builder.\n")
	require.Contains(t, said, "Signed by "+w.keys["alice"].Address().String()+" as ROLE_WORKER 1.0.0, release 1 of its job 0x1.\n")
	w.chain.builders = []string{builder.Address().String()}
	said, err = verify(example("worker.py"))
	require.NoError(t, err)
	require.Contains(t, said, "The chain trusts this builder.\n")

	_, err = verify(example("evaluator.py"))
	require.ErrorIs(t, err, release.ErrSignature)
	require.ErrorContains(t, err, "release 1 is program sha256:")
	_, err = verify(example("worker.py"), "--admin", builder.Address().String())
	require.ErrorIs(t, err, release.ErrSigner)
	_, err = w.run("verify", example("worker.py"), "--release", "9")
	w.chain.sent = nil
	requireBadInput(t, w, err, "there is no release 9")

	w.chain.releases[0].Revoked = true
	_, err = verify(example("worker.py"))
	require.ErrorIs(t, err, release.ErrRevoked)
	w.chain.releases[0].Revoked = false
	spec := &w.chain.releases[0].Spec
	spec.ExpiresMs, spec.Signatures = 1, nil
	require.NoError(t, release.Sign(t.Context(), w.keys["alice"], w.chain.jobs[0].SchemaDigest, spec))
	_, err = verify(example("worker.py"))
	require.ErrorIs(t, err, release.ErrExpired)
	spec.ExpiresMs = 0
	_, err = verify(example("worker.py"))
	require.ErrorIs(t, err, release.ErrSignature)
}

// TestVerifyKnowsEveryProgramOfARelease: its admin's envelope is about all of them.
func TestVerifyKnowsEveryProgramOfARelease(t *testing.T) {
	w := newWorld(t)
	w.register()
	image := filepath.Join(t.TempDir(), "module.wasm")
	require.NoError(t, os.WriteFile(image, []byte{0, 'a', 's', 'm', 1, 0, 0, 0}, 0o600))
	envelope := filepath.Join(t.TempDir(), "release.json")
	w.mustRun("publishRelease", "0x1", example("worker.py"), "--or", image, "--version", "1.1.0", "--envelope", envelope)
	for _, file := range []string{example("worker.py"), image} {
		require.Contains(t, w.mustRun("verify", file, "--attestation", envelope), "1.1.0")
	}
	_, err := w.run("verify", example("evaluator.py"), "--attestation", envelope)
	require.ErrorIs(t, err, release.ErrSignature)
}

func TestStatsShowsThePrograms(t *testing.T) {
	w := newWorld(t)
	w.register()
	require.NotContains(t, w.mustRun("stats", "0x1"), "On this machine")
	content := `{"1":{"JobID":1,"ReleaseID":1,"Role":3,"Version":"1.0.0","State":"ready"},` +
		`"2":{"JobID":2,"ReleaseID":2,"Role":3,"Version":"9.0.0","State":"ready"},` +
		`"4":{"JobID":1,"ReleaseID":4,"Role":3,"Version":"1.2.0","State":"refused","Why":"policy.programs does not name it"},` +
		`"3":{"JobID":1,"ReleaseID":3,"Role":3,"Version":"1.1.0","State":"preparing"}}`
	require.NoError(t, os.WriteFile(filepath.Join(w.home, "programs.json"), []byte(content), 0o600))
	said := w.mustRun("stats", "0x1")
	require.Contains(t, said, "On this machine worker 1.2.0, release 4, is refused: policy.programs does not name it.\n"+
		"On this machine worker 1.1.0, release 3, is preparing.\n"+
		"On this machine worker 1.0.0, release 1, is ready.\n")
	require.NotContains(t, said, "9.0.0")
	require.NoError(t, os.WriteFile(filepath.Join(w.home, "programs.json"), []byte("{"), 0o600))
	_, err := w.run("stats", "0x1")
	require.ErrorContains(t, err, "programs.json")
}

func TestVerifyAnImageThatCosignSigned(t *testing.T) {
	w := newWorld(t)
	w.dial = os.ErrPermission // nobody asks the chain
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "cosign.pub")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o600))
	image := jobstypes.Digest([]byte("image"))
	payload := fmt.Sprintf(`{"critical":{"image":{"docker-manifest-digest":%q},"type":"cosign container image signature"}}`, image)
	sum := sha256.Sum256([]byte(payload))
	signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	require.NoError(t, err)
	manifest := fmt.Sprintf(`{"schemaVersion":2,"layers":[{"digest":%q,"size":%d,"annotations":{"dev.cosignproject.cosign/signature":%q}}]}`,
		jobstypes.Digest([]byte(payload)), len(payload), base64.StdEncoding.EncodeToString(signature))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, strings.Replace(image, ":", "-", 1)+".sig"):
			w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
			_, _ = w.Write([]byte(manifest))
		case strings.HasSuffix(r.URL.Path, jobstypes.Digest([]byte(payload))):
			_, _ = w.Write([]byte(payload))
		case r.URL.Path != "/v2/":
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()
	repository := strings.TrimPrefix(server.URL, "http://") + "/me/worker@"
	require.Contains(t, w.mustRun("verify", repository+image, "--key", file), "Image "+image+" is signed by cosign with this key.\n")
	_, err = w.run("verify", repository+jobstypes.Digest(nil), "--key", file)
	require.ErrorIs(t, err, release.ErrSigner)
	_, err = w.run("verify", repository+image, "--key", example("worker.py"))
	requireBadInput(t, w, err, "is no public key in PEM")
}
