// Package reference reads and writes how people name content: by digest, ain://7/sha256:…, and by the name that its space
// gives it, ain://7/photos/cat.jpg.
package reference

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/folder"
)

const (
	// Scheme begins every reference.
	Scheme = "ain://"
	// chunksMark ends a digest that is that of a chunk manifest.
	chunksMark = "+chunks"
	// digestMark begins a digest. No path begins with it: names have no colons.
	digestMark = "sha256:"
)

// ErrReference: a text names neither a space nor anything in one.
var ErrReference = errors.New("no reference (write ain://7/sha256:…, or ain://7/path)")

// Reference is a space, or content of one by digest or by name.
type Reference struct {
	Space uint64
	// Digest of the content; empty: it is named by Path, or the space as a whole is meant.
	Digest storage.Digest
	// Chunked: the digest is that of a chunk manifest.
	Chunked bool
	// Path of a file or a folder among the names of the space.
	Path string
	// InFolder: the text ends in a slash, so what it names is a folder.
	InFolder bool
}

// Is says whether a text is meant as a reference. Whatever else it is, it is then no path of this machine.
func Is(text string) bool { return strings.HasPrefix(text, Scheme) }

// Parse reads ain://7, ain://7/sha256:…, the same with +chunks, and ain://7/path. Else it is ErrReference.
func Parse(text string) (Reference, error) {
	rest, ok := strings.CutPrefix(text, Scheme)
	if !ok {
		return Reference{}, fmt.Errorf("%.120q: %w", text, ErrReference)
	}
	number, name, inside := strings.Cut(rest, "/")
	space, err := strconv.ParseUint(number, 10, 64)
	if err != nil || space == 0 || number != strconv.FormatUint(space, 10) {
		return Reference{}, fmt.Errorf("%.120q: %.40q is no space's number: %w", text, number, ErrReference)
	}
	r := Reference{Space: space}
	if strings.HasPrefix(name, digestMark) {
		name, r.Chunked = strings.CutSuffix(name, chunksMark)
		if r.Digest, err = storage.ParseDigest(name); err != nil {
			return Reference{}, fmt.Errorf("%.120q: %w: %w", text, err, ErrReference)
		}
		return r, nil
	}
	if r.Path, r.InFolder = strings.CutSuffix(name, "/"); r.Path == "" {
		r.InFolder = inside
	}
	if name != "" {
		if err := folder.CheckPath(r.Path); err != nil {
			return Reference{}, fmt.Errorf("%.120q: path %.120q %w: %w", text, r.Path, err, ErrReference)
		}
	}
	return r, nil
}

// Of is a reference to a space.
func Of(space uint64) Reference { return Reference{Space: space} }

// IsSpace says whether r is a space as a whole.
func (r Reference) IsSpace() bool { return r.Digest == "" && r.Path == "" }

// String is the text that Parse reads.
func (r Reference) String() string {
	text := Scheme + strconv.FormatUint(r.Space, 10)
	switch {
	case r.Digest != "" && r.Chunked:
		return text + "/" + r.Digest.String() + chunksMark
	case r.Digest != "":
		return text + "/" + r.Digest.String()
	case r.Path != "":
		text += "/" + r.Path
	}
	if r.InFolder {
		text += "/"
	}
	return text
}
