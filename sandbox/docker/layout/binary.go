package layout

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// ErrBinary says why a file cannot be an image's only one.
var ErrBinary = errors.New("not a static Linux program")

// FromBinary is an image from scratch that holds one static program and runs it.
func FromBinary(path string) (Image, error) {
	architecture, err := architectureOf(path)
	if err != nil {
		return Image{}, fmt.Errorf("%s: %w", path, err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return Image{}, err
	}
	layer, err := Layer(Entry{Name: "program", Mode: 0o755, Content: content})
	if err != nil {
		return Image{}, err
	}
	return Image{Architecture: architecture, Config: ocispec.ImageConfig{Entrypoint: []string{"/program"}}, Layers: [][]byte{layer}}, nil
}

// architectureOf reads for which processors a program is, in Go's words.
func architectureOf(path string) (string, error) {
	program, err := elf.Open(path)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrBinary, err)
	}
	defer program.Close()
	for _, segment := range program.Progs {
		if segment.Type == elf.PT_INTERP {
			return "", fmt.Errorf("%w: it needs libraries that an image from scratch has not: link it statically (CGO_ENABLED=0, -static)", ErrBinary)
		}
	}
	switch program.Machine {
	case elf.EM_X86_64:
		return "amd64", nil
	case elf.EM_AARCH64:
		return "arm64", nil
	}
	return "", fmt.Errorf("%w: it is for %s: programs run on amd64 and arm64", ErrBinary, program.Machine)
}
