package builder

import "errors"

// Errors of this package. They come with what they are about, and the fix.
var (
	// ErrSource: the commit cannot be had.
	ErrSource = errors.New("source cannot be checked out")
	// ErrRecipe: the recipe is missing, or says what cannot be built.
	ErrRecipe = errors.New("recipe refused")
	// ErrToolchain: there is no Go toolchain that could compile in a container.
	ErrToolchain = errors.New("no toolchain")
	// ErrModules: the modules that the source names cannot be had, or are others.
	ErrModules = errors.New("modules refused")
	// ErrDiffers: a second build of the same gave other bytes.
	ErrDiffers = errors.New("build is not reproducible")
)
