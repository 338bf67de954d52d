package release

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"regexp"

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
	return imageProgram(artifact, o), artifact, nil
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

// addressPattern is where a registry has an image: host/repository@sha256:….
var addressPattern = regexp.MustCompile(`^[^\s/@]+(/[^\s/@:]+)+@sha256:[0-9a-f]{64}$`)

// likeAddress is what people write instead.
var likeAddress = regexp.MustCompile(`^([\w.-]+(:\d+)?(/[^\s/]+)*/)?[\w.-]+[:@][^\s/]+$`)

// IsAddress tells whether a program is named by where a registry has its image, instead of by a file.
func IsAddress(name string) bool { return addressPattern.MatchString(name) }

// requested stands in the place of a program's file where each request names the program.
const requested = "requested"

// IsRequested tells whether a program is left to each request, instead of being named by a file.
func IsRequested(name string) bool { return name == requested }

// packAddress makes the address of an image its artifact: one line of text. Who signs the artifact signs the digest in it, and so the image.
func packAddress(address string, o PackOptions) (program.Program, Artifact) {
	content := []byte(address + "\n")
	artifact := Artifact{Digest: string(storage.DigestOf(content)), Size: uint64(len(content)), Path: address, Content: content}
	return imageProgram(artifact, o), artifact
}

// imageProgram is how an image is run, wherever it is.
func imageProgram(artifact Artifact, o PackOptions) program.Program {
	packed := program.Program{
		Kind: program.PROGRAM_KIND_IMAGE, ABI: program.ABI_STDIO_PROTO, Digest: artifact.Digest, Size_: artifact.Size, EntryPoint: o.EntryPoint,
		Network: o.Network,
	}
	switch {
	case o.GRPC:
		packed.ABI, packed.StatelessSafe = program.ABI_GRPC, o.StatelessSafe
	case o.JSON:
		packed.ABI = program.ABI_STDIO_JSON
	}
	return packed
}
