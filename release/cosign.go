package release

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// What cosign writes of a signature that was made with a key.
const (
	cosignType       = "cosign container image signature"
	cosignAnnotation = "dev.cosignproject.cosign/signature"
	cosignKind       = "kind"
	cosignSignatures = "dev.cosignproject.cosign/sigs"

	maxCosignBlob       = 1 << 20
	maxCosignSignatures = 100
)

// cosigned is a signature as it lies beside an image: cosign's simple signing.
type cosigned struct{ payload, signature []byte }

// CosignKey is the public half of a key that cosign signs images with.
type CosignKey struct{ public *ecdsa.PublicKey }

// ReadCosignKey reads a cosign.pub. ErrSigner says that it is none.
func ReadCosignKey(file string) (CosignKey, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return CosignKey{}, fmt.Errorf("%w: %w", ErrSigner, err)
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return CosignKey{}, fmt.Errorf("%w: %s is no public key in PEM, such as cosign generate-key-pair writes", ErrSigner, file)
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return CosignKey{}, fmt.Errorf("%w: %s: %w", ErrSigner, file, err)
	}
	public, ok := key.(*ecdsa.PublicKey)
	if !ok || public.Curve != elliptic.P256() {
		return CosignKey{}, fmt.Errorf("%w: %s: want an ECDSA key on P-256, which cosign's are", ErrSigner, file)
	}
	return CosignKey{public}, nil
}

// Verify wants one of an image's signatures to be by this key, and returns the digest of the image. The image is an
// address of a registry, or a tar file of the OCI layout that cosign save writes. ErrSigner says that the image is not
// signed by this key, ErrSignature that what the key has signed is another image.
func (k CosignKey) Verify(ctx context.Context, image string) (digest string, err error) {
	var found []cosigned
	if IsAddress(image) {
		digest, found, err = cosignedInRegistry(ctx, image)
	} else {
		digest, found, err = cosignedInLayout(image)
	}
	if err != nil {
		return "", err
	}
	for _, c := range found {
		sum := sha256.Sum256(c.payload)
		if !ecdsa.VerifyASN1(k.public, sum[:], c.signature) {
			continue
		}
		if err := checkCosigned(c.payload, digest); err != nil {
			return "", err
		}
		return digest, nil
	}
	return "", fmt.Errorf("%w: image %s has %d signatures of cosign, and none by this key", ErrSigner, digest, len(found))
}

// checkCosigned reads what a key has signed.
func checkCosigned(payload []byte, digest string) error {
	var signed struct {
		Critical struct {
			Type  string `json:"type"`
			Image struct {
				Digest string `json:"docker-manifest-digest"`
			} `json:"image"`
		} `json:"critical"`
	}
	if err := json.Unmarshal(payload, &signed); err != nil {
		return fmt.Errorf("%w: what the key has signed is not JSON: %w", ErrSignature, err)
	}
	if signed.Critical.Type != cosignType {
		return fmt.Errorf("%w: the key has signed a payload of type %.100q instead of %q", ErrSignature, signed.Critical.Type, cosignType)
	}
	if signed.Critical.Image.Digest != digest {
		return fmt.Errorf("%w: the key has signed image %.100q, and this one is %s", ErrSignature, signed.Critical.Image.Digest, digest)
	}
	return nil
}

// descriptor is a part of an OCI image, as far as signatures go.
type descriptor struct {
	Digest      string            `json:"digest"`
	Annotations map[string]string `json:"annotations"`
}

// signaturesOf reads the layers of a manifest that cosign has written. get returns a part whose digest was checked.
func signaturesOf(manifest []byte, get func(digest string) ([]byte, error)) ([]cosigned, error) {
	var m struct {
		Layers []descriptor `json:"layers"`
	}
	if err := json.Unmarshal(manifest, &m); err != nil {
		return nil, fmt.Errorf("%w: signatures of cosign: %w", ErrSignature, err)
	}
	if len(m.Layers) > maxCosignSignatures {
		return nil, fmt.Errorf("%w: %d signatures of cosign, at most %d are read", ErrSignature, len(m.Layers), maxCosignSignatures)
	}
	var found []cosigned
	for _, layer := range m.Layers {
		signature, err := base64.StdEncoding.DecodeString(layer.Annotations[cosignAnnotation])
		if err != nil || len(signature) == 0 {
			continue // not one that was made with a key
		}
		payload, err := get(layer.Digest)
		if err != nil {
			return nil, err
		}
		found = append(found, cosigned{payload, signature})
	}
	return found, nil
}

// cosignedInLayout reads an image's digest and signatures from a tar file.
func cosignedInLayout(file string) (digest string, found []cosigned, err error) {
	parts, err := smallParts(file)
	if errors.Is(err, ErrSignature) {
		return "", nil, fmt.Errorf("%s: %w", file, err)
	}
	if err != nil {
		return "", nil, fmt.Errorf("%w: %s: %w", ErrProgram, file, err)
	}
	get := func(digest string) ([]byte, error) {
		content, ok := parts["blobs/"+strings.Replace(digest, ":", "/", 1)]
		if sum := sha256.Sum256(content); !ok || "sha256:"+hex.EncodeToString(sum[:]) != digest {
			return nil, fmt.Errorf("%w: %s: part %.100s is missing, too large, or another", ErrSignature, file, digest)
		}
		return content, nil
	}
	var index struct {
		Manifests []descriptor `json:"manifests"`
	}
	if err := json.Unmarshal(parts["index.json"], &index); err != nil {
		return "", nil, fmt.Errorf("%w: %s: %w: %w", ErrProgram, file, errNoLayout, err)
	}
	for _, m := range index.Manifests {
		if m.Annotations[cosignKind] != cosignSignatures {
			if digest != "" {
				return "", nil, fmt.Errorf("%w: %s: it holds more than one image", ErrProgram, file)
			}
			digest = m.Digest
			continue
		}
		manifest, err := get(m.Digest)
		if err != nil {
			return "", nil, err
		}
		more, err := signaturesOf(manifest, get)
		if err != nil {
			return "", nil, err
		}
		found = append(found, more...)
	}
	if digest == "" {
		return "", nil, fmt.Errorf("%w: %s: it holds no image", ErrProgram, file)
	}
	_, err = get(digest)
	return digest, found, err
}

// smallParts are the files of a tar file that are no layers. What is named by its digest, layers too, has to have it: else the signature would be about
// something that is not there.
func smallParts(file string) (map[string][]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	parts := map[string][]byte{}
	for entries := tar.NewReader(f); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return parts, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errNoLayout, err)
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		sum, content := sha256.New(), new(bytes.Buffer)
		kept := io.Writer(content)
		if header.Size > maxCosignBlob {
			kept = io.Discard
		}
		if _, err := io.Copy(io.MultiWriter(sum, kept), entries); err != nil {
			return nil, err
		}
		name := path.Clean(header.Name)
		if want, isPart := strings.CutPrefix(name, "blobs/sha256/"); isPart && hex.EncodeToString(sum.Sum(nil)) != want {
			return nil, fmt.Errorf("%w: part sha256:%.64s is another", ErrSignature, want)
		}
		if header.Size > maxCosignBlob {
			continue
		}
		if len(parts) > 10*maxCosignSignatures {
			return nil, fmt.Errorf("%w: more than %d parts", errNoLayout, 10*maxCosignSignatures)
		}
		parts[name] = content.Bytes()
	}
}

// cosignedInRegistry asks for what cosign has pushed beside an image: a tag of its digest.
func cosignedInRegistry(ctx context.Context, address string) (digest string, found []cosigned, err error) {
	image, err := name.NewDigest(address)
	if err != nil {
		return "", nil, fmt.Errorf("%w: %w", ErrProgram, err)
	}
	digest = image.DigestStr()
	tag := image.Context().Tag(strings.Replace(digest, ":", "-", 1) + ".sig")
	signatures, err := remote.Image(tag, remote.WithContext(ctx))
	if err != nil {
		return "", nil, fmt.Errorf("%w: ask for the signatures of %s: %w", ErrSigner, address, err)
	}
	manifest, err := signatures.RawManifest()
	if err != nil {
		return "", nil, fmt.Errorf("%w: %w", ErrSigner, err)
	}
	get := func(digest string) ([]byte, error) {
		layer, err := remote.Layer(image.Context().Digest(digest), remote.WithContext(ctx))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrSignature, err)
		}
		content, err := layer.Compressed()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrSignature, err)
		}
		defer content.Close()
		payload, err := io.ReadAll(io.LimitReader(content, maxCosignBlob))
		if sum := sha256.Sum256(payload); err != nil || "sha256:"+hex.EncodeToString(sum[:]) != digest {
			return nil, errors.Join(fmt.Errorf("%w: part %s is another, or too large", ErrSignature, digest), err)
		}
		return payload, nil
	}
	found, err = signaturesOf(manifest, get)
	return digest, found, err
}
