package layout

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Folder is a folder of this machine that becomes the topmost layer of an image.
type Folder struct {
	Path string
	// At is where in the image it is found, without a leading slash; empty: the folder is the whole.
	At string
}

// Extend writes the image of a base with the folder as one more layer. change alters how it is started.
func (f Folder) Extend(w io.Writer, base *Base, change func(*ocispec.ImageConfig)) error {
	image := base.Image
	image.RootFS.DiffIDs = append([]digest.Digest{}, image.RootFS.DiffIDs...)
	image.Config.Env = append([]string{}, image.Config.Env...)
	change(&image.Config)
	image.History = nil // it says nothing about the layer that is added
	return f.write(w, base, image, append([]ocispec.Descriptor{}, base.layers...))
}

func (f Folder) write(w io.Writer, base *Base, image ocispec.Image, layers []ocispec.Descriptor) error {
	packed, err := os.CreateTemp("", "ain-layer-")
	if err != nil {
		return err
	}
	defer func() { _ = errors.Join(packed.Close(), os.Remove(packed.Name())) }()
	plain, descriptor, err := f.pack(packed)
	if err != nil {
		return fmt.Errorf("layer of %s: %w", f.Path, err)
	}
	image.RootFS.DiffIDs = append(image.RootFS.DiffIDs, plain)
	documents := Blobs{Parts: map[digest.Digest][]byte{}}
	manifest := ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest, Layers: append(layers, descriptor),
	}
	if manifest.Config, err = documents.addJSON(ocispec.MediaTypeImageConfig, image); err != nil {
		return err
	}
	top, err := documents.addJSON(ocispec.MediaTypeImageManifest, manifest)
	if err != nil {
		return err
	}
	top.Platform = &ocispec.Platform{OS: image.OS, Architecture: image.Architecture}
	index, err := json.Marshal(ocispec.Index{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex, Manifests: []ocispec.Descriptor{top},
	})
	if err != nil {
		return err
	}
	out := tar.NewWriter(w)
	add := func(name string, size int64, content io.Reader) error {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644, ModTime: time.Unix(0, 0)}
		if err := out.WriteHeader(header); err != nil {
			return err
		}
		_, err := io.Copy(out, content)
		return err
	}
	version := []byte(`{"imageLayoutVersion":"1.0.0"}`)
	if err := errors.Join(addBytes(add, "oci-layout", version), addBytes(add, "index.json", index)); err != nil {
		return err
	}
	for _, d := range documents.Order {
		if err := addBytes(add, blobName(d), documents.Parts[d]); err != nil {
			return err
		}
	}
	written := map[digest.Digest]bool{}
	for _, layer := range layers {
		if written[layer.Digest] {
			continue
		}
		written[layer.Digest] = true
		if err := base.copy(layer, add); err != nil {
			return err
		}
	}
	if _, err := packed.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if !written[descriptor.Digest] {
		if err := add(blobName(descriptor.Digest), descriptor.Size, packed); err != nil {
			return err
		}
	}
	return out.Close()
}

func blobName(d digest.Digest) string { return "blobs/sha256/" + d.Encoded() }

// pack writes the layer, compressed, and returns its digest as it is plain, and its descriptor.
func (f Folder) pack(w io.Writer) (plain digest.Digest, descriptor ocispec.Descriptor, err error) {
	packedSum, plainSum, size := sha256.New(), sha256.New(), new(counter)
	compressed := gzip.NewWriter(io.MultiWriter(w, packedSum, size))
	if err := f.tar(io.MultiWriter(compressed, plainSum)); err != nil {
		return "", descriptor, err
	}
	if err := compressed.Close(); err != nil {
		return "", descriptor, err
	}
	descriptor = ocispec.Descriptor{
		MediaType: ocispec.MediaTypeImageLayerGzip, Digest: digest.Digest("sha256:" + hex.EncodeToString(packedSum.Sum(nil))), Size: size.n,
	}
	return digest.Digest("sha256:" + hex.EncodeToString(plainSum.Sum(nil))), descriptor, nil
}

type counter struct{ n int64 }

// Write implements io.Writer.
func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

// tar writes the folder sorted by name, with neither owner nor time, readable by everybody: equal contents give equal bytes.
func (f Folder) tar(w io.Writer) error {
	root, err := os.OpenRoot(f.Path)
	if err != nil {
		return err
	}
	defer root.Close()
	out := tar.NewWriter(w)
	parent := ""
	for _, element := range splitPath(f.At) {
		parent = path.Join(parent, element)
		if err := out.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: parent + "/", Mode: 0o755, ModTime: time.Unix(0, 0)}); err != nil {
			return err
		}
	}
	err = fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		header := &tar.Header{Name: path.Join(f.At, name), Mode: 0o644, ModTime: time.Unix(0, 0)}
		if info.IsDir() || info.Mode()&0o111 != 0 {
			header.Mode = 0o755
		}
		switch info.Mode().Type() {
		case fs.ModeDir:
			header.Typeflag, header.Name = tar.TypeDir, header.Name+"/"
			return out.WriteHeader(header)
		case fs.ModeSymlink:
			header.Typeflag, header.Mode = tar.TypeSymlink, 0o777
			if header.Linkname, err = root.Readlink(name); err != nil {
				return err
			}
			return out.WriteHeader(header)
		case 0:
		default:
			return fmt.Errorf("%s is neither a file, a folder nor a link", name)
		}
		header.Typeflag, header.Size = tar.TypeReg, info.Size()
		if err := out.WriteHeader(header); err != nil {
			return err
		}
		file, err := root.Open(name)
		if err != nil {
			return err
		}
		_, err = io.Copy(out, file)
		return errors.Join(err, file.Close())
	})
	return errors.Join(err, out.Close())
}

func splitPath(name string) []string {
	if name == "" {
		return nil
	}
	dir, last := path.Split(name)
	return append(splitPath(path.Clean("/" + dir)[1:]), last)
}
