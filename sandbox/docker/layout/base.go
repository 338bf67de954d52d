package layout

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// ErrBase says why an image cannot be extended.
var ErrBase = errors.New("not an image that can be extended")

// maxDocument bounds what of a base is read into memory at once.
const maxDocument = 4 << 20

// Base is an image in a layout's tar file. Digests of its layers are not checked: whoever runs the image does.
type Base struct {
	// Image says how it is started, and what its layers are.
	Image  ocispec.Image
	layers []ocispec.Descriptor
	file   *os.File
	parts  map[digest.Digest]span
}

type span struct{ offset, size int64 }

// OpenBase finds the one image for Linux and the architecture, in Go's words.
func OpenBase(file, architecture string) (*Base, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	b := &Base{file: f, parts: map[digest.Digest]span{}}
	if err := b.read(architecture); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %s: %w", ErrBase, file, err), f.Close())
	}
	return b, nil
}

// Close closes the file.
func (b *Base) Close() error { return b.file.Close() }

func (b *Base) read(architecture string) error {
	var index ocispec.Index
	for entries := tar.NewReader(b.file); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		offset, err := b.file.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		switch name := path.Clean(header.Name); {
		case name == "index.json":
			if err := json.NewDecoder(io.LimitReader(entries, maxDocument)).Decode(&index); err != nil {
				return fmt.Errorf("index.json: %w", err)
			}
		case strings.HasPrefix(name, "blobs/sha256/"):
			b.parts[digest.Digest("sha256:"+path.Base(name))] = span{offset, header.Size}
		}
	}
	manifest, err := b.manifest(index, architecture, 2)
	if err != nil {
		return err
	}
	b.layers = manifest.Layers
	if err := b.decode(manifest.Config, &b.Image); err != nil {
		return err
	}
	if len(b.Image.RootFS.DiffIDs) != len(b.layers) {
		return fmt.Errorf("%d layers, its config knows %d", len(b.layers), len(b.Image.RootFS.DiffIDs))
	}
	return nil
}

// manifest finds the image in an index, or in an index in it.
func (b *Base) manifest(index ocispec.Index, architecture string, depth int) (found ocispec.Manifest, err error) {
	for _, d := range index.Manifests {
		if p := d.Platform; p != nil && (p.OS != "linux" || p.Architecture != architecture) {
			continue
		}
		if strings.Contains(d.MediaType, "index") || strings.Contains(d.MediaType, "list") {
			var inner ocispec.Index
			if err := b.decode(d, &inner); err != nil || depth == 0 {
				return found, errors.Join(err, errors.New("no image for linux/"+architecture))
			}
			return b.manifest(inner, architecture, depth-1)
		}
		return found, b.decode(d, &found)
	}
	return found, errors.New("no image for linux/" + architecture)
}

func (b *Base) decode(d ocispec.Descriptor, into any) error {
	part, ok := b.parts[d.Digest]
	if !ok || part.size > maxDocument {
		return fmt.Errorf("document %s is missing, or has more than %d bytes", d.Digest, maxDocument)
	}
	content := make([]byte, part.size)
	if _, err := b.file.ReadAt(content, part.offset); err != nil {
		return err
	}
	if digestOf(content) != d.Digest {
		return fmt.Errorf("document %s has another digest", d.Digest)
	}
	return json.Unmarshal(content, into)
}

// copy hands a layer on.
func (b *Base) copy(layer ocispec.Descriptor, add func(string, int64, io.Reader) error) error {
	part, ok := b.parts[layer.Digest]
	if !ok {
		return fmt.Errorf("%w: layer %s is missing", ErrBase, layer.Digest)
	}
	return add(blobName(layer.Digest), part.size, io.NewSectionReader(b.file, part.offset, part.size))
}

// PythonVersion is the newest of an image's python3 that a layer brings, as 3.11; empty: none was found.
func (b *Base) PythonVersion() (string, error) {
	found := ""
	for i := len(b.layers) - 1; i >= 0 && found == ""; i-- {
		part, ok := b.parts[b.layers[i].Digest]
		if !ok {
			return "", fmt.Errorf("%w: layer %s is missing", ErrBase, b.layers[i].Digest)
		}
		plain, err := decompress(io.NewSectionReader(b.file, part.offset, part.size), b.layers[i].MediaType)
		if err != nil {
			return "", err
		}
		for entries := tar.NewReader(plain); ; {
			header, err := entries.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return "", fmt.Errorf("layer %s: %w", b.layers[i].Digest, err)
			}
			if version := pythonIn(header.Name); version != "" {
				found = version
			}
		}
	}
	return found, nil
}

// pythonIn reads 3.11 out of …/bin/python3.11.
func pythonIn(name string) string {
	version, ok := strings.CutPrefix(path.Base(name), "python")
	if !ok || path.Base(path.Dir(name)) != "bin" || !strings.HasPrefix(version, "3.") || strings.Trim(version[2:], "0123456789") != "" || len(version) < 3 {
		return ""
	}
	return version
}

func addBytes(add func(string, int64, io.Reader) error, name string, content []byte) error {
	return add(name, int64(len(content)), bytes.NewReader(content))
}

func decompress(r io.Reader, mediaType string) (io.Reader, error) {
	switch {
	case strings.HasSuffix(mediaType, "gzip"):
		return gzip.NewReader(r)
	case strings.HasSuffix(mediaType, "zstd"):
		return zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
	}
	return r, nil
}
