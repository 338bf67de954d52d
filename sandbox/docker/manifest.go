package docker

import (
	"context"
	"encoding/json"
	"math"
	"regexp"
	"runtime"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Media types of Docker's own that mean the same as OCI's.
const (
	dockerIndex    = "application/vnd.docker.distribution.manifest.list.v2+json"
	dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
	dockerLayer    = "application/vnd.docker.image.rootfs.diff.tar.gzip"
)

var digestPattern = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// image is what is known of an image after its metadata was checked. Its layers are checked apart.
type image struct {
	configDigest string
	configJSON   []byte
	config       ocispec.Image
	layers       []ocispec.Descriptor
}

// checkedImage is an image that was read from end to end, with nothing found against it.
type checkedImage struct {
	image
	command command
	content []layer
}

// inspect is all that is done to an image before the engine sees any of it.
func inspect(ctx context.Context, b blobs, index []byte, entryPoint string, limit bounds) (c checkedImage, err error) {
	if c.image, err = findImage(b, index); err != nil {
		return c, err
	}
	if c.command, err = commandOf(c.image); err != nil {
		return c, err
	}
	if _, err = c.command.starting(entryPoint, nil); err != nil {
		return c, err
	}
	if packed := c.packedSize(); packed > limit.bytes {
		return c, refuse(ErrBomb, "layers of %d bytes, packed, at most %d allowed unpacked", packed, limit.bytes)
	}
	c.content, err = checkLayers(ctx, b, c.image, limit)
	return c, err
}

// packedSize of all layers, as the manifest has it.
func (i image) packedSize() (sum int64) {
	for _, l := range i.layers {
		if sum += l.Size; sum < 0 {
			return math.MaxInt64
		}
	}
	return sum
}

// findImage follows an index to the image for this platform, checking every digest on the way.
func findImage(b blobs, index []byte) (image, error) { return descend(b, index, 0) }

func descend(b blobs, document []byte, depth int) (image, error) {
	var index ocispec.Index
	if err := json.Unmarshal(document, &index); err != nil {
		return image{}, refuse(ErrLayout, "index: %v", err)
	}
	chosen, err := choose(index.Manifests)
	if err != nil {
		return image{}, err
	}
	content, err := readBlob(b, chosen.Digest.String(), chosen.Size)
	if err != nil {
		return image{}, err
	}
	switch chosen.MediaType {
	case ocispec.MediaTypeImageIndex, dockerIndex:
		if depth > 1 {
			return image{}, refuse(ErrLayout, "an index in an index in an index")
		}
		return descend(b, content, depth+1)
	}
	return readManifest(b, content)
}

// choose takes the only manifest, or the one for this platform.
func choose(manifests []ocispec.Descriptor) (ocispec.Descriptor, error) {
	var found []ocispec.Descriptor
	for _, m := range manifests {
		if !digestPattern.MatchString(m.Digest.String()) {
			return m, refuse(ErrLayout, "digest %q: want sha256: and 64 hex digits", m.Digest)
		}
		switch m.MediaType {
		case ocispec.MediaTypeImageIndex, dockerIndex, ocispec.MediaTypeImageManifest, dockerManifest:
		default:
			continue
		}
		if m.Platform == nil || m.Platform.OS == "linux" && m.Platform.Architecture == runtime.GOARCH {
			found = append(found, m)
		}
	}
	switch len(found) {
	case 0:
		return ocispec.Descriptor{}, refuse(ErrPlatform, "none of its %d manifests is for linux/%s", len(manifests), runtime.GOARCH)
	case 1:
		return found[0], nil
	}
	return ocispec.Descriptor{}, refuse(ErrLayout, "%d images for linux/%s: a layout names one", len(found), runtime.GOARCH)
}

func readManifest(b blobs, content []byte) (image, error) {
	var manifest ocispec.Manifest
	if err := json.Unmarshal(content, &manifest); err != nil {
		return image{}, refuse(ErrLayout, "manifest: %v", err)
	}
	if len(manifest.Layers) > maxLayers {
		return image{}, refuse(ErrLayout, "%d layers, at most %d can be stacked", len(manifest.Layers), maxLayers)
	}
	i := image{configDigest: manifest.Config.Digest.String(), layers: manifest.Layers}
	if !digestPattern.MatchString(i.configDigest) {
		return image{}, refuse(ErrLayout, "config digest %q: want sha256: and 64 hex digits", i.configDigest)
	}
	for _, layer := range manifest.Layers {
		if !digestPattern.MatchString(layer.Digest.String()) || layer.Size < 0 {
			return image{}, refuse(ErrLayout, "layer %q of %d bytes", layer.Digest, layer.Size)
		}
	}
	var err error
	if i.configJSON, err = readBlob(b, i.configDigest, manifest.Config.Size); err != nil {
		return image{}, err
	}
	if err := json.Unmarshal(i.configJSON, &i.config); err != nil {
		return image{}, refuse(ErrLayout, "config: %v", err)
	}
	if i.config.OS != "linux" || i.config.Architecture != runtime.GOARCH {
		return image{}, refuse(ErrPlatform, "%s/%s, this node is linux/%s", i.config.OS, i.config.Architecture, runtime.GOARCH)
	}
	if len(i.config.RootFS.DiffIDs) != len(i.layers) {
		return image{}, refuse(ErrLayout, "%d layers, and %d of them in the config", len(i.layers), len(i.config.RootFS.DiffIDs))
	}
	for _, id := range i.config.RootFS.DiffIDs {
		if !digestPattern.MatchString(id.String()) {
			return image{}, refuse(ErrLayout, "layer id %q: want sha256: and 64 hex digits", id)
		}
	}
	return i, nil
}
