package folder

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/ain-network/aind/storage"
)

// Below are the files in the folder p, by their paths from there; in all of m for "".
func (m Manifest) Below(p string) Manifest {
	if p == "" {
		return Manifest{Files: slices.Clone(m.Files)}
	}
	var below Manifest
	for _, f := range m.Files {
		if rest, ok := strings.CutPrefix(f.Path, p+"/"); ok {
			f.Path = rest
			below.Files = append(below.Files, f)
		}
	}
	return below
}

// In is m in the folder p; m itself for "".
func (m Manifest) In(p string) Manifest {
	if p == "" {
		return m
	}
	in := Manifest{Files: slices.Clone(m.Files)}
	for i := range in.Files {
		in.Files[i].Path = p + "/" + in.Files[i].Path
	}
	return in
}

// With is m and the files of other, which replace those of the same paths. It errs with ErrManifest where they cannot be in one folder.
func (m Manifest) With(other Manifest) (Manifest, error) {
	with := Manifest{Files: slices.Clone(other.Files)}
	for _, f := range m.Files {
		if _, replaced := other.Lookup(f.Path); !replaced {
			with.Files = append(with.Files, f)
		}
	}
	slices.SortFunc(with.Files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	if err := with.Validate(); err != nil {
		return Manifest{}, err
	}
	if n := len(with.Bytes()); n > MaxManifest {
		return Manifest{}, fmt.Errorf("%w: it would have %d bytes, at most %d are possible", ErrManifest, n, MaxManifest)
	}
	return with, nil
}

// Without is m without the file, or the files of the folder, at p, and those files as m has them.
func (m Manifest) Without(p string) (Manifest, []File) {
	var without Manifest
	var removed []File
	for _, f := range m.Files {
		if f.Path == p || strings.HasPrefix(f.Path, p+"/") {
			removed = append(removed, f)
		} else {
			without.Files = append(without.Files, f)
		}
	}
	return without, removed
}

// Named says which path has the content of a digest, of those that have it the first.
func (m Manifest) Named(d storage.Digest) (string, bool) {
	for _, f := range m.Files {
		if f.Digest == d {
			return f.Path, true
		}
	}
	return "", false
}
