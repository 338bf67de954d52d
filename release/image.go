package release

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/storage"
)

// packImage looks at an OCI image layout in a tar file. Nodes look closer before they run it.
func packImage(file string, o PackOptions) (program.Program, Artifact, error) {
	f, err := os.Open(file)
	if err != nil {
		return program.Program{}, Artifact{}, fmt.Errorf("%w: %w", ErrProgram, err)
	}
	defer f.Close()
	if err := checkLayout(f); err != nil {
		return program.Program{}, Artifact{}, fmt.Errorf("%w: %s: %w", ErrProgram, file, err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return program.Program{}, Artifact{}, fmt.Errorf("%w: %w", ErrProgram, err)
	}
	info, err := storage.DigestReader(f)
	if err != nil {
		return program.Program{}, Artifact{}, fmt.Errorf("%w: %w", ErrProgram, err)
	}
	artifact := Artifact{Digest: string(info.Digest), Size: uint64(info.Size), Path: file}
	packed := program.Program{
		Kind: program.PROGRAM_KIND_IMAGE, ABI: program.ABI_STDIO_PROTO, Digest: artifact.Digest, Size_: artifact.Size, EntryPoint: o.EntryPoint,
	}
	if o.JSON {
		packed.ABI = program.ABI_STDIO_JSON
	}
	return packed, artifact, nil
}

var errNoLayout = errors.New("no OCI image layout: write one with docker buildx build --output type=oci, or aind image")

// checkLayout tells an image from any other tar file, before somebody signs it.
func checkLayout(r io.Reader) error {
	found := map[string]bool{}
	for entries := tar.NewReader(r); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%w: %w", errNoLayout, err)
		}
		found[path.Clean(header.Name)] = true
	}
	if !found["oci-layout"] || !found["index.json"] {
		return errNoLayout
	}
	return nil
}
