package layout

import (
	"archive/tar"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// ErrFolder says why a folder cannot be an image's root.
var ErrFolder = errors.New("not the root of an image")

// FromFolder is an image whose only layer is a folder, and which runs a command of it. Equal folders give equal images: owners and times are
// left out, and of the permissions all but whether a file may be executed, for a program's user is nobody's.
func FromFolder(root, architecture string, command []string) (Image, error) {
	if len(command) == 0 || !filepath.IsAbs(command[0]) {
		return Image{}, fmt.Errorf("%w: command %q: want the path of a program in it, from its root", ErrFolder, command)
	}
	var entries []Entry
	err := filepath.WalkDir(root, func(path string, found fs.DirEntry, err error) error { // in lexical order
		if err != nil || path == root {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		entry, err := entryOf(path, found)
		entry.Name = filepath.ToSlash(name)
		entries = append(entries, entry)
		return err
	})
	if err != nil {
		return Image{}, err
	}
	if len(entries) == 0 {
		return Image{}, fmt.Errorf("%w: %s is empty", ErrFolder, root)
	}
	layer, err := Layer(entries...)
	if err != nil {
		return Image{}, err
	}
	return Image{Architecture: architecture, Config: ocispec.ImageConfig{Entrypoint: command}, Layers: [][]byte{layer}}, nil
}

func entryOf(path string, found fs.DirEntry) (Entry, error) {
	switch kind := found.Type(); {
	case kind.IsDir():
		return Entry{Type: tar.TypeDir}, nil
	case kind&fs.ModeSymlink != 0:
		link, err := os.Readlink(path)
		return Entry{Type: tar.TypeSymlink, Mode: 0o777, Link: link}, err
	case !kind.IsRegular():
		return Entry{}, fmt.Errorf("%w: %s is a %s: images hold files, folders and links", ErrFolder, path, kind)
	}
	info, err := found.Info()
	if err != nil {
		return Entry{}, err
	}
	content, err := os.ReadFile(path)
	entry := Entry{Content: content}
	if info.Mode()&0o111 != 0 {
		entry.Mode = 0o755
	}
	return entry, err
}
