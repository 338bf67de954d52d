package docker

import (
	"errors"
	"fmt"

	"github.com/ain-network/aind/sandbox"
)

// Why an image is refused before anything of it runs. All come with sandbox.ErrBadProgram.
var (
	ErrLayout     = errors.New("not an OCI image layout in a tar file")
	ErrDigest     = errors.New("bytes that are not what their digest says")
	ErrPlatform   = errors.New("image for another platform")
	ErrPath       = errors.New("path that leads out of the image")
	ErrSpecial    = errors.New("file that programs may not bring")
	ErrBomb       = errors.New("image larger than allowed")
	ErrEntryPoint = errors.New("hostile or missing entry point")
	ErrUser       = errors.New("hostile user")
	ErrWorkingDir = errors.New("hostile working directory")
	ErrVolumes    = errors.New("volumes of its own")
	ErrReference  = errors.New("not the address of an image by digest")
)

// ErrEngine wraps everything that is the engine's fault or this machine's, not the program's.
var ErrEngine = errors.New("docker engine")

// Why an image could not be had from its registry. Another time it may be; none comes with sandbox.ErrBadProgram.
var (
	// ErrRegistry wraps everything that is a registry's fault, or that of the way there.
	ErrRegistry = errors.New("registry")
	ErrNotFound = errors.New("it has no such image or part of one")
	ErrLogin    = errors.New("it does not let us read that")
	ErrSlow     = errors.New("it sends too slowly")
)

// refuse says why an image cannot be run.
func refuse(why error, format string, args ...any) error {
	return fmt.Errorf("%w: image: %w: %s", sandbox.ErrBadProgram, why, fmt.Sprintf(format, args...))
}

func engineError(doing string, err error) error {
	return fmt.Errorf("%w: %s: %w", ErrEngine, doing, err)
}
