// Package layout writes OCI image layouts in tar files: the form in which an image is a program's artifact. It needs no engine and no image
// registry. Equal contents give equal bytes, and so equal digests.
package layout

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Image is what goes into a layout.
type Image struct {
	// Architecture in Go's words.
	Architecture string
	// Config says how the program is started.
	Config ocispec.ImageConfig
	// Layers from the lowest to the topmost, see [Layer].
	Layers [][]byte
}

// Entry is a file, a folder or a link of a layer.
type Entry struct {
	Name    string
	Mode    int64  // default 0644, of folders 0755
	Content []byte // of a file
	Type    byte   // of package tar; default a file
	Link    string // where a link leads
}

// Layer packs entries, in their order, with neither owner nor time.
func Layer(entries ...Entry) ([]byte, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, e := range entries {
		header := &tar.Header{
			Typeflag: e.Type, Name: e.Name, Mode: e.Mode, Size: int64(len(e.Content)), Linkname: e.Link, ModTime: time.Unix(0, 0),
		}
		if header.Typeflag == 0 {
			header.Typeflag = tar.TypeReg
		}
		if header.Mode == 0 {
			header.Mode = 0o644
			if header.Typeflag == tar.TypeDir {
				header.Mode = 0o755
			}
		}
		if err := w.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("layer: %w", err)
		}
		if _, err := w.Write(e.Content); err != nil {
			return nil, fmt.Errorf("layer: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("layer: %w", err)
	}
	return buf.Bytes(), nil
}

// Blobs are an image's parts by digest, and the index that leads to them.
type Blobs struct {
	Parts    map[digest.Digest][]byte
	Order    []digest.Digest
	Index    ocispec.Index
	Manifest ocispec.Descriptor
}

// NewBlobs packs an image into its parts.
func NewBlobs(i Image) (Blobs, error) {
	b := Blobs{Parts: map[digest.Digest][]byte{}}
	config := ocispec.Image{
		Platform: ocispec.Platform{OS: "linux", Architecture: i.Architecture}, Config: i.Config, RootFS: ocispec.RootFS{Type: "layers"},
	}
	manifest := ocispec.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest}
	for _, layer := range i.Layers {
		packed, err := compress(layer)
		if err != nil {
			return b, err
		}
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, digestOf(layer))
		manifest.Layers = append(manifest.Layers, b.add(ocispec.MediaTypeImageLayerGzip, packed))
	}
	var err error
	if manifest.Config, err = b.addJSON(ocispec.MediaTypeImageConfig, config); err != nil {
		return b, err
	}
	if b.Manifest, err = b.addJSON(ocispec.MediaTypeImageManifest, manifest); err != nil {
		return b, err
	}
	b.Manifest.Platform = &config.Platform
	b.Index = ocispec.Index{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex, Manifests: []ocispec.Descriptor{b.Manifest},
	}
	return b, nil
}

// Write packs an image into a layout.
func Write(w io.Writer, i Image) error {
	b, err := NewBlobs(i)
	if err != nil {
		return err
	}
	return b.Write(w)
}

// Write writes the layout's tar file.
func (b Blobs) Write(w io.Writer) error {
	index, err := json.Marshal(b.Index)
	if err != nil {
		return fmt.Errorf("layout: %w", err)
	}
	entries := []Entry{{Name: "oci-layout", Content: []byte(`{"imageLayoutVersion":"1.0.0"}`)}, {Name: "index.json", Content: index}}
	for _, d := range b.Order {
		entries = append(entries, Entry{Name: "blobs/sha256/" + d.Encoded(), Content: b.Parts[d]})
	}
	packed, err := Layer(entries...)
	if err != nil {
		return err
	}
	_, err = w.Write(packed)
	return err
}

func (b *Blobs) add(mediaType string, content []byte) ocispec.Descriptor {
	d := digestOf(content)
	if _, ok := b.Parts[d]; !ok {
		b.Parts[d] = content
		b.Order = append(b.Order, d)
	}
	return ocispec.Descriptor{MediaType: mediaType, Digest: d, Size: int64(len(content))}
}

func (b *Blobs) addJSON(mediaType string, document any) (ocispec.Descriptor, error) {
	content, err := json.Marshal(document)
	if err != nil {
		return ocispec.Descriptor{}, fmt.Errorf("layout: %w", err)
	}
	return b.add(mediaType, content), nil
}

func compress(content []byte) ([]byte, error) {
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	if _, err := w.Write(content); err != nil {
		return nil, fmt.Errorf("layer: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("layer: %w", err)
	}
	return buf.Bytes(), nil
}

func digestOf(content []byte) digest.Digest {
	sum := sha256.Sum256(content)
	return digest.Digest("sha256:" + hex.EncodeToString(sum[:]))
}
