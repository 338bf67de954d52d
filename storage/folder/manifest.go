// Package folder names the files of a folder by digest, in a manifest that is an object too.
//
// The digest of the manifest stands for the folder. A folder holds regular files in folders: no links, no devices, no
// modes, no times, and no folders without files.
//
// Invariants: there is one way to write a manifest, so equal folders have equal digests; and no manifest that [Parse] takes
// names a file outside of the folder, or two files that some file system takes for one.
package folder

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
)

const (
	// MaxFiles is the most that a manifest names.
	MaxFiles = 100_000
	// MaxPath is the most bytes that a path has.
	MaxPath = 1024
	// MaxManifest is the most bytes that a manifest has.
	MaxManifest = 32 << 20

	kind = "folder/v1"
)

// ErrManifest: bytes are not a manifest in the one form that it can have, or files cannot be in one folder.
var ErrManifest = errors.New("not a folder manifest")

// File is one of a folder.
type File struct {
	Path    string         `json:"path"` // from the folder, with slashes
	Digest  storage.Digest `json:"digest"`
	Size    int64          `json:"size"` // of the content, in bytes
	Chunked bool           `json:"chunked"`
	// Sealed: the content is encrypted, and digest and size are those of what is stored. Nobody but its reader can know better.
	Sealed bool `json:"sealed,omitempty"`
}

// Ref is what is needed to fetch the file's content.
func (f File) Ref() chunk.Ref { return chunk.Ref{Digest: f.Digest, Size: f.Size, Chunked: f.Chunked} }

// Manifest names the files of a folder, sorted by path.
type Manifest struct {
	Files []File
}

// document is a manifest as JSON has it.
type document struct {
	Ain   string `json:"ain"`
	Files []File `json:"files"`
}

// Parse reads a manifest. Anything but its one form is ErrManifest.
func Parse(b []byte) (Manifest, error) {
	if len(b) > MaxManifest {
		return Manifest{}, fmt.Errorf("%w: it has %d bytes, at most %d are possible", ErrManifest, len(b), MaxManifest)
	}
	decoder := json.NewDecoder(bytes.NewReader(b))
	decoder.DisallowUnknownFields()
	var d document
	if err := decoder.Decode(&d); err != nil {
		return Manifest{}, fmt.Errorf("%w: %w", ErrManifest, err)
	}
	if d.Ain != kind {
		return Manifest{}, fmt.Errorf("%w: ain is %q, want %q", ErrManifest, d.Ain, kind)
	}
	m := Manifest{Files: d.Files}
	if err := m.Validate(); err != nil {
		return Manifest{}, err
	}
	if !bytes.Equal(b, m.Bytes()) {
		return Manifest{}, fmt.Errorf("%w: it is not written in canonical form (no spaces, fields in order, each once)", ErrManifest)
	}
	return m, nil
}

// Bytes returns a valid m in its one form.
func (m Manifest) Bytes() []byte {
	d := document{Ain: kind, Files: m.Files}
	if d.Files == nil {
		d.Files = []File{}
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(d); err != nil {
		panic(err) // integers and strings always have a JSON form
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// Size is that of all files together, in bytes.
func (m Manifest) Size() int64 {
	sum := int64(0)
	for _, f := range m.Files {
		sum += f.Size
	}
	return sum
}

// Lookup returns the file at a path.
func (m Manifest) Lookup(path string) (File, bool) {
	i, found := slices.BinarySearchFunc(m.Files, path, func(f File, path string) int { return strings.Compare(f.Path, path) })
	if !found {
		return File{}, false
	}
	return m.Files[i], true
}

// Validate reports the first thing about m that cannot be right.
func (m Manifest) Validate() error {
	if len(m.Files) > MaxFiles {
		return fmt.Errorf("%w: %d files, want at most %d", ErrManifest, len(m.Files), MaxFiles)
	}
	names := names{}
	for i, f := range m.Files {
		if err := CheckPath(f.Path); err != nil {
			return fmt.Errorf("%w: file %d: path %q %w", ErrManifest, i, f.Path, err)
		}
		if err := f.Ref().Validate(); err != nil {
			return fmt.Errorf("%w: file %q: %w", ErrManifest, f.Path, err)
		}
		if f.Size > chunk.MaxContent {
			return fmt.Errorf("%w: file %q: size is %d bytes, want at most %d", ErrManifest, f.Path, f.Size, int64(chunk.MaxContent))
		}
		if i > 0 && f.Path <= m.Files[i-1].Path {
			return fmt.Errorf("%w: file %q: it comes after %q, want paths in order, each once", ErrManifest, f.Path, m.Files[i-1].Path)
		}
		if err := names.add(f.Path); err != nil {
			return fmt.Errorf("%w: file %q: %w", ErrManifest, f.Path, err)
		}
	}
	return nil
}

// CheckPath refuses what is not the one plain way to name a file within a folder, on every system.
func CheckPath(p string) error {
	switch {
	case p == "":
		return errors.New("is empty")
	case len(p) > MaxPath:
		return fmt.Errorf("has %d bytes, want at most %d", len(p), MaxPath)
	case !utf8.ValidString(p):
		return errors.New("is not UTF-8")
	case strings.HasPrefix(p, "/"):
		return errors.New("is absolute, want it from the folder")
	case strings.Contains(p, `\`):
		return errors.New("has a backslash, want slashes")
	case strings.ContainsFunc(p, hidden):
		return errors.New("has a control or hidden character")
	case path.Clean(p) != p || p == "." || p == ".." || strings.HasPrefix(p, "../"):
		return errors.New("is not clean, want no empty, . or .. parts")
	}
	if at := strings.IndexAny(p, forbidden); at >= 0 {
		return fmt.Errorf("has a %q, which not every system takes in a name", p[at])
	}
	for part := range strings.SplitSeq(p, "/") {
		if strings.HasSuffix(part, ".") || strings.HasSuffix(part, " ") {
			return errors.New("has a part that ends with a dot or a space, which some systems leave out")
		}
		if before, _, _ := strings.Cut(part, "."); devices[strings.ToUpper(strings.TrimRight(before, " "))] {
			return fmt.Errorf("has %q, which is a device to some systems", part)
		}
	}
	return nil
}

// forbidden characters have a meaning of their own on some systems.
const forbidden = `<>:"|?*`

// devices that Windows has in every folder, whatever follows a dot.
var devices = deviceNames()

func deviceNames() map[string]bool {
	names := map[string]bool{"CON": true, "PRN": true, "AUX": true, "NUL": true, "CONIN$": true, "CONOUT$": true}
	for _, port := range []string{"COM", "LPT"} {
		for _, number := range "0123456789¹²³" {
			names[port+string(number)] = true
		}
	}
	return names
}

// hidden characters do not show, or begin a new line.
func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Cf)
}

// names are the files and folders so far, by what a file system that ignores case takes them for.
type names map[string]name

type name struct {
	path   string
	isFile bool
}

func (n names) add(file string) error {
	for p, isFile := file, true; p != "."; p, isFile = path.Dir(p), false {
		folded := fold(p)
		other, taken := n[folded]
		if taken && (other.path != p || other.isFile != isFile) {
			return fmt.Errorf("it clashes with %q, which some systems take for the same", other.path)
		}
		if taken {
			return nil // and so are the folders above it
		}
		n[folded] = name{p, isFile}
	}
	return nil
}

// fold maps letters that differ in case alone to one.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, s)
}
