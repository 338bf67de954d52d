package docker

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
)

// Bounds of an image's metadata. Real images stay far below them.
const (
	maxMetadata = 4 << 20 // of one JSON document
	maxEntries  = 4096    // of the artifact's own tar file
	maxLayers   = 127     // what the engine can stack
)

// blobs are the parts of an image, by digest.
type blobs interface {
	// open returns a part of exactly size bytes. Nothing says that the bytes are those of the digest.
	open(digest string, size int64) (io.ReadCloser, error)
}

// artifact is an OCI image layout in a tar file. The file is read once from end to end, to check its digest and to learn where its parts
// are; nothing is unpacked.
type artifact struct {
	file  *os.File
	index []byte
	parts map[string]section // by digest
}

// section is where a part lies in the file.
type section struct{ offset, size int64 }

// openArtifact checks a file's digest and finds the parts of the layout in it. Its errors are ErrDigest, ErrLayout, ErrPath and those of
// the file.
func openArtifact(file, digest string) (_ *artifact, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("program file: %w", err)
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	a := &artifact{file: f, parts: map[string]section{}}
	sum := sha256.New()
	r := &countingReader{r: io.TeeReader(bufio.NewReaderSize(f, 1<<20), sum)}
	layoutErr := a.scan(r)
	if _, err := io.Copy(io.Discard, r); err != nil {
		return nil, fmt.Errorf("program file: %w", err)
	}
	// A file that is not the one that was asked for is that first of all, whatever is in it.
	if got := "sha256:" + hex.EncodeToString(sum.Sum(nil)); got != digest {
		return nil, refuse(ErrDigest, "%s has digest %s, not %s: fetch it again", file, got, digest)
	}
	return a, layoutErr
}

func (a *artifact) scan(r *countingReader) error {
	entries := tar.NewReader(r)
	version := false
	for n := 0; ; n++ {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return refuse(ErrLayout, "%v", err)
		}
		if n >= maxEntries {
			return refuse(ErrLayout, "more than %d entries", maxEntries)
		}
		name := path.Clean(header.Name)
		if path.IsAbs(header.Name) || name == ".." || strings.HasPrefix(name, "../") {
			return refuse(ErrPath, "entry %q", header.Name)
		}
		switch header.Typeflag {
		case tar.TypeReg:
		case tar.TypeDir, tar.TypeXGlobalHeader:
			continue
		default:
			return refuse(ErrLayout, "entry %q is neither a file nor a folder", header.Name)
		}
		switch {
		case name == "oci-layout":
			version = true
		case name == "index.json":
			if a.index != nil {
				return refuse(ErrLayout, "two files index.json")
			}
			if a.index, err = readMetadata(entries, header.Size); err != nil {
				return err
			}
		case strings.HasPrefix(name, "blobs/sha256/"):
			a.parts["sha256:"+path.Base(name)] = section{offset: r.n, size: header.Size}
		}
	}
	if !version || a.index == nil {
		return refuse(ErrLayout, "no oci-layout or no index.json at its top: make one with docker buildx build --output type=oci")
	}
	return nil
}

func (a *artifact) open(digest string, size int64) (io.ReadCloser, error) {
	s, ok := a.parts[digest]
	switch {
	case !ok:
		return nil, refuse(ErrLayout, "no blob %s", digest)
	case s.size != size:
		return nil, refuse(ErrDigest, "blob %s has %d bytes, its descriptor says %d", digest, s.size, size)
	}
	return io.NopCloser(io.NewSectionReader(a.file, s.offset, s.size)), nil
}

func (a *artifact) close() { a.file.Close() }

func readMetadata(r io.Reader, size int64) ([]byte, error) {
	content, err := readDocument(r, size)
	if err != nil && !errors.Is(err, ErrBomb) {
		return nil, refuse(ErrLayout, "%v", err)
	}
	return content, err
}

// readDocument reads to the end, within bounds.
func readDocument(r io.Reader, size int64) ([]byte, error) {
	if size > maxMetadata {
		return nil, refuse(ErrBomb, "a document of %d bytes, at most %d allowed", size, maxMetadata)
	}
	content, err := io.ReadAll(io.LimitReader(r, maxMetadata+1))
	if err != nil {
		return nil, err
	}
	if len(content) > maxMetadata {
		return nil, refuse(ErrBomb, "a document of more than %d bytes", maxMetadata)
	}
	return content, nil
}

// readBlob reads a document and checks its digest.
func readBlob(b blobs, digest string, size int64) ([]byte, error) {
	if size < 0 || size > maxMetadata {
		return nil, refuse(ErrBomb, "document %s of %d bytes, at most %d allowed", digest, size, maxMetadata)
	}
	r, err := b.open(digest, size)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	content, err := readMetadata(r, size)
	if err != nil {
		return nil, err
	}
	if err := matches(content, digest); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(content), nil
}

// matches checks a digest.
func matches(content []byte, digest string) error {
	sum := sha256.Sum256(content)
	if got := "sha256:" + hex.EncodeToString(sum[:]); got != digest {
		return refuse(ErrDigest, "blob %s has digest %s", digest, got)
	}
	return nil
}

// countingReader knows how many bytes were read through it.
type countingReader struct {
	r io.Reader
	n int64
}

// Read implements io.Reader.
func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
