package release_test

import (
	"archive/tar"
	"bytes"
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

	"github.com/ain-network/aind/release"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// cosigner signs as cosign sign --key does.
type cosigner struct{ *ecdsa.PrivateKey }

func newCosigner(t *testing.T) cosigner {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return cosigner{key}
}

func (c cosigner) public(t *testing.T) release.CosignKey {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&c.PublicKey)
	require.NoError(t, err)
	key, err := release.ReadCosignKey(write(t, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
	require.NoError(t, err)
	return key
}

func (c cosigner) sign(t *testing.T, payload string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(payload))
	signature, err := ecdsa.SignASN1(rand.Reader, c.PrivateKey, sum[:])
	require.NoError(t, err)
	return base64.StdEncoding.EncodeToString(signature)
}

// simple is cosign's payload about an image.
func simple(digest, kind string) string {
	return fmt.Sprintf(`{"critical":{"identity":{"docker-reference":"example.org/me/worker"},"image":{"docker-manifest-digest":%q},"type":%q},"optional":null}`, digest, kind)
}

const cosignKind = "cosign container image signature"

// parts are those of an image with signatures, by digest.
type parts map[string][]byte

func (p parts) add(content []byte) string {
	digest := jobstypes.Digest(content)
	p[digest] = content
	return digest
}

// signatures is a manifest as cosign writes it.
func (p parts) signatures(t *testing.T, payload, signature string) string {
	t.Helper()
	manifest, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
		"config": map[string]any{"mediaType": "application/vnd.oci.image.config.v1+json", "digest": p.add([]byte("{}")), "size": 2},
		"layers": []any{map[string]any{
			"mediaType": "application/vnd.dev.cosign.simplesigning.v1+json", "digest": p.add([]byte(payload)), "size": len(payload),
			"annotations": map[string]string{"dev.cosignproject.cosign/signature": signature},
		}},
	})
	require.NoError(t, err)
	return p.add(manifest)
}

// layout is a tar file as cosign save and tar write it.
func (p parts) layout(t *testing.T, image, signatures string) string {
	t.Helper()
	index := fmt.Sprintf(`{"schemaVersion":2,"manifests":[{"digest":%q,"annotations":{"kind":"dev.cosignproject.cosign/image"}},{"digest":%q,"annotations":{"kind":"dev.cosignproject.cosign/sigs"}}]}`, image, signatures)
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	files := map[string][]byte{"oci-layout": []byte(`{"imageLayoutVersion":"1.0.0"}`), "index.json": []byte(index)}
	for digest, content := range p {
		files["blobs/sha256/"+strings.TrimPrefix(digest, "sha256:")] = content
	}
	for name, content := range files {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: "./" + name, Mode: 0o644, Size: int64(len(content))}))
		_, err := w.Write(content)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	file := filepath.Join(t.TempDir(), "image.tar")
	require.NoError(t, os.WriteFile(file, packed.Bytes(), 0o600))
	return file
}

// TestImagesSignedByCosign: by the key, about this image, and nothing else.
func TestImagesSignedByCosign(t *testing.T) {
	signer, stranger := newCosigner(t), newCosigner(t)
	for name, c := range map[string]struct {
		payload func(image string) string
		signer  cosigner
		change  func(p parts, payload string)
		want    error
		says    string
	}{
		"signed":                  {signer: signer},
		"signed by another key":   {signer: stranger, want: release.ErrSigner, says: "1 signatures of cosign, and none by this key"},
		"another image's":         {signer: signer, payload: func(string) string { return simple(jobstypes.Digest(nil), cosignKind) }, want: release.ErrSignature, says: "the key has signed image"},
		"another kind of payload": {signer: signer, payload: func(image string) string { return simple(image, "atomic container signature") }, want: release.ErrSignature, says: "a payload of type"},
		"garbage":                 {signer: signer, payload: func(string) string { return "garbage" }, want: release.ErrSignature, says: "is not JSON"},
		"a tampered payload": {
			signer: signer, change: func(p parts, payload string) { p[jobstypes.Digest([]byte(payload))] = []byte("tampered") },
			want: release.ErrSignature, says: "is another",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := parts{}
			image := p.add([]byte(`{"schemaVersion":2}`))
			payload := simple(image, cosignKind)
			if c.payload != nil {
				payload = c.payload(image)
			}
			signatures := p.signatures(t, payload, c.signer.sign(t, payload))
			if c.change != nil {
				c.change(p, payload)
			}
			digest, err := signer.public(t).Verify(t.Context(), p.layout(t, image, signatures))
			if c.want == nil {
				require.NoError(t, err)
				require.Equal(t, image, digest)
				return
			}
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, c.says)
		})
	}
	_, err := signer.public(t).Verify(t.Context(), write(t, []byte("no tar file")))
	require.ErrorIs(t, err, release.ErrProgram)
	_, err = release.ReadCosignKey(write(t, []byte("no key")))
	require.ErrorIs(t, err, release.ErrSigner)
}

// TestImagesSignedInARegistry asks where cosign has pushed the signature.
func TestImagesSignedInARegistry(t *testing.T) {
	signer := newCosigner(t)
	p := parts{}
	image := p.add([]byte(`{"schemaVersion":2}`))
	payload := simple(image, cosignKind)
	signatures := p.signatures(t, payload, signer.sign(t, payload))
	tag := "/v2/me/worker/manifests/" + strings.Replace(image, ":", "-", 1) + ".sig"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, ok := p[r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]]
		switch {
		case r.URL.Path == "/v2/":
			return
		case r.URL.Path == tag:
			w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
			content = p[signatures]
		case !ok:
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write(content)
	}))
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "http://") + "/me/worker@" + image
	digest, err := signer.public(t).Verify(t.Context(), address)
	require.NoError(t, err)
	require.Equal(t, image, digest)
	_, err = newCosigner(t).public(t).Verify(t.Context(), address)
	require.ErrorIs(t, err, release.ErrSigner)
	_, err = signer.public(t).Verify(t.Context(), strings.TrimSuffix(address, image)+jobstypes.Digest(nil))
	require.ErrorIs(t, err, release.ErrSigner)
	require.ErrorContains(t, err, "ask for the signatures of")
}

// The rest is signed as cosign does it; this was signed by cosign, see testdata/cosign.
func TestAnImageThatCosignItselfSigned(t *testing.T) {
	key, err := release.ReadCosignKey("testdata/cosign/cosign.pub")
	require.NoError(t, err)
	digest, err := key.Verify(t.Context(), "testdata/cosign/worker.tar")
	require.NoError(t, err)
	require.Equal(t, "sha256:9dea137a3ef19f21e318b4a83e8029ef98e5e539d7732b9af4c6c1cf38f7dd4d", digest)

	_, err = newCosigner(t).public(t).Verify(t.Context(), "testdata/cosign/worker.tar")
	require.ErrorIs(t, err, release.ErrSigner)

	// Another image in its place, with the signature that is there.
	content, err := os.ReadFile("testdata/cosign/worker.tar")
	require.NoError(t, err)
	other := strings.ReplaceAll(string(content), `"architecture":"amd64"`, `"architecture":"arm64"`)
	require.NotEqual(t, string(content), other)
	_, err = key.Verify(t.Context(), write(t, []byte(other)))
	require.ErrorIs(t, err, release.ErrSignature)
}
