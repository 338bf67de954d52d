package docker

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/zstd"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Bounds of what an image may unpack to.
type bounds struct {
	bytes int64 // of all layers together
	files int
}

// layer is a checked layer: what the engine is given of it.
type layer struct {
	descriptor ocispec.Descriptor
	diffID     string
	size       int64 // uncompressed
}

// checkLayers reads every layer from end to end: digests before and after decompression, where its entries lead and what they are, and how
// much they unpack to. Nothing is written anywhere.
func checkLayers(ctx context.Context, b blobs, i image, limit bounds) ([]layer, error) {
	var checked []layer
	for n, descriptor := range i.layers {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		l := layer{descriptor: descriptor, diffID: i.config.RootFS.DiffIDs[n].String()}
		if err := l.check(b, &limit); err != nil {
			return nil, err
		}
		checked = append(checked, l)
	}
	return checked, nil
}

func (l *layer) check(b blobs, left *bounds) error {
	compressed, err := b.open(l.descriptor.Digest.String(), l.descriptor.Size)
	if err != nil {
		return err
	}
	defer compressed.Close()
	sum := sha256.New()
	tee := io.TeeReader(compressed, sum)
	contentErr := l.read(tee, left)
	if _, err := io.Copy(io.Discard, tee); err != nil {
		return fmt.Errorf("layer %s: %w", l.descriptor.Digest, err)
	}
	// A layer that is not the one that was asked for is that first of all, whatever is in it.
	if got := "sha256:" + hex.EncodeToString(sum.Sum(nil)); got != l.descriptor.Digest.String() {
		return refuse(ErrDigest, "layer %s has digest %s", l.descriptor.Digest, got)
	}
	return contentErr
}

// read unpacks a layer into nothing.
func (l *layer) read(packed io.Reader, left *bounds) error {
	plain, err := decompress(packed, l.descriptor.MediaType)
	if err != nil {
		return err
	}
	defer plain.Close()
	sum := sha256.New()
	count := &countingReader{r: io.TeeReader(io.LimitReader(plain, left.bytes+1), sum)}
	if err := checkEntries(count, left); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, count); err != nil {
		return refuse(ErrLayout, "layer %s: %v", l.descriptor.Digest, err)
	}
	if l.size = count.n; l.size > left.bytes {
		return refuse(ErrBomb, "layer %s unpacks to more than the %d bytes that are left", l.descriptor.Digest, left.bytes)
	}
	left.bytes -= l.size
	if got := "sha256:" + hex.EncodeToString(sum.Sum(nil)); got != l.diffID {
		return refuse(ErrDigest, "layer %s unpacks to %s, the config says %s", l.descriptor.Digest, got, l.diffID)
	}
	return nil
}

// decompress reads a layer as its media type says it is packed.
func decompress(r io.Reader, mediaType string) (io.ReadCloser, error) {
	switch mediaType {
	case ocispec.MediaTypeImageLayer:
		return io.NopCloser(r), nil
	case ocispec.MediaTypeImageLayerGzip, dockerLayer:
		plain, err := gzip.NewReader(bufio.NewReaderSize(r, 64<<10))
		if err != nil {
			return nil, refuse(ErrLayout, "layer: %v", err)
		}
		return plain, nil
	case ocispec.MediaTypeImageLayerZstd:
		plain, err := zstd.NewReader(r, zstd.WithDecoderMaxMemory(128<<20), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, refuse(ErrLayout, "layer: %v", err)
		}
		return plain.IOReadCloser(), nil
	}
	return nil, refuse(ErrLayout, "layer of type %q: use tar, tar+gzip or tar+zstd", mediaType)
}

// checkEntries reads a layer's tar file to its end.
func checkEntries(r io.Reader, left *bounds) error {
	entries := tar.NewReader(r)
	var logical int64 // of files with holes, too
	for {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			if errors.Is(err, io.ErrUnexpectedEOF) {
				return refuse(ErrBomb, "a layer is cut short, or unpacks to more than the %d bytes that are left", left.bytes)
			}
			return refuse(ErrLayout, "layer: %v", err)
		}
		if left.files--; left.files < 0 {
			return refuse(ErrBomb, "more files than allowed")
		}
		if logical += header.Size; header.Size < 0 || logical < 0 || logical > left.bytes {
			return refuse(ErrBomb, "file %q of %d bytes: more than the %d bytes that are left", header.Name, header.Size, left.bytes)
		}
		if err := checkEntry(header); err != nil {
			return err
		}
	}
}

func checkEntry(header *tar.Header) error {
	if leadsOut(header.Name) {
		return refuse(ErrPath, "layer entry %q", header.Name)
	}
	switch header.Typeflag {
	case tar.TypeReg, tar.TypeDir, tar.TypeXGlobalHeader, tar.TypeGNUSparse:
	case tar.TypeSymlink:
		// May lead anywhere: the engine unpacks within the image, and there programs follow it.
	case tar.TypeLink:
		if leadsOut(header.Linkname) {
			return refuse(ErrPath, "layer entry %q links to %q", header.Name, header.Linkname)
		}
	default:
		return refuse(ErrSpecial, "layer entry %q of type %q: only files, folders and links", header.Name, header.Typeflag)
	}
	return nil
}

// leadsOut says whether a name goes above the folder that it is unpacked in. A leading slash stands for that folder.
func leadsOut(name string) bool {
	if strings.ContainsRune(name, 0) {
		return true
	}
	clean := path.Clean(strings.TrimLeft(name, "/"))
	return clean == ".." || strings.HasPrefix(clean, "../")
}
