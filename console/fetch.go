package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/storage/folder"
	"github.com/ain-network/aind/storage/progress"
	"github.com/ain-network/aind/storage/reference"
	"github.com/ain-network/aind/storage/seal"
)

func newGet(s *Session) *cobra.Command {
	var sealed bool
	cmd := &cobra.Command{
		Use:   "get NAME|CONTENT [TARGET]",
		Short: "Fetch a file or a folder of a space, checked",
		Long: `Fetch a file by its name or its digest, to standard output for -, which is the default, or into a file or
a folder that is there; or a folder by its name, into TARGET. A file has its name when all of it is right,
not before; after a break the same command goes on where it was, and what is right already is not fetched
again.

Encrypted content is opened with the key in encryption.key of --home. With --sealed it is fetched as it is.`,
		Example: `  aind storage get ain://7/scenes/room.blend room.blend
  aind storage get ain://7/photos photos
  aind storage get ain://7/sha256:…+chunks - | tar x`,
		Args: cobra.RangeArgs(1, 2),
		RunE: runs(func(ctx context.Context, args []string) error {
			target := standardStream
			if len(args) == 2 {
				target = args[1]
			}
			return s.get(ctx, args[0], target, sealed)
		}),
	}
	cmd.Flags().BoolVar(&sealed, "sealed", false, "leave what is encrypted as it is")
	return cmd
}

// gotOutput is a folder that was fetched.
type gotOutput struct {
	Name  string `json:"name"`
	Path  string `json:"path"`
	Files int    `json:"files"`
	Size  int64  `json:"size_bytes,string"`
}

func (s *Session) get(ctx context.Context, text, target string, sealed bool) error {
	place, err := parsePlace(text)
	if err != nil {
		return err
	}
	if target == standardStream && s.isJSON() {
		return badInputf("output: the content goes to standard output: name a TARGET, or leave out --output json")
	}
	space, err := s.openSpace(ctx, place.Space)
	if err != nil {
		return err
	}
	if place.Digest != "" {
		ref, err := sized(ctx, space, place)
		if err != nil {
			return inWords(err)
		}
		return s.getContent(ctx, space, place, ref, target, sealed)
	}
	now, err := s.names(ctx, place.Space, space)
	if err != nil {
		return err
	}
	file, files, err := now.lookup(place)
	if err != nil {
		return err
	}
	if len(files.Files) > 0 {
		return s.getFolder(ctx, space, place, files, target, sealed)
	}
	return s.getContent(ctx, space, place, file.Ref(), target, sealed)
}

// getContent fetches one content.
func (s *Session) getContent(ctx context.Context, space Space, place reference.Reference, ref chunk.Ref, target string, sealed bool) error {
	target, err := fileTarget(place, target)
	if err != nil {
		return err
	}
	err = s.transfer("get "+place.String(), func(told progress.Counter) error {
		opts := chunk.Options{Progress: told}
		if target == standardStream {
			return s.getStream(ctx, space, ref, opts, sealed)
		}
		if sealed {
			return chunk.Get(ctx, space, ref, target, opts)
		}
		return s.getOpened(ctx, space, ref, target, opts)
	})
	if err != nil || target == standardStream {
		return inWords(err)
	}
	info, err := os.Stat(target)
	if err != nil {
		return err
	}
	out := newContentOutput(place.Space, ref)
	out.Path = target
	if place.Digest == "" {
		out.Name = place.String()
	}
	return s.print(out, fmt.Sprintf("%s has %s.", target, formatSize(uint64(info.Size()))))
}

// fileTarget is the file that content goes to: one of its name where the target is a folder.
func fileTarget(place reference.Reference, target string) (string, error) {
	if target == standardStream {
		return target, nil
	}
	info, err := os.Stat(target)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return target, nil
	}
	if err != nil {
		return "", badInput(err)
	}
	if place.Path == "" {
		return "", badInputf("target: %s is a folder: name a file in it", target)
	}
	return filepath.Join(target, path.Base(place.Path)), nil
}

// getStream writes content to standard output. What is encrypted is authenticated piece by piece.
func (s *Session) getStream(ctx context.Context, space Space, ref chunk.Ref, opts chunk.Options, sealed bool) error {
	body, err := chunk.Open(ctx, space, ref, opts)
	if err != nil {
		return err
	}
	content := io.Reader(body)
	if !sealed {
		content, err = s.openIfSealed(body)
	}
	if err == nil {
		_, err = io.Copy(s.env.Out, content)
	}
	return errors.Join(err, body.Close())
}

// fetchedSuffix ends the name of a file that was fetched, and that may be encrypted.
const fetchedSuffix = ".fetched"

// getOpened fetches content into a file, and opens it if it is encrypted.
func (s *Session) getOpened(ctx context.Context, space Space, ref chunk.Ref, target string, opts chunk.Options) error {
	fetched := target + fetchedSuffix
	if err := chunk.Get(ctx, space, ref, fetched, opts); err != nil {
		return err
	}
	is, err := isSealed(fetched)
	if err != nil {
		return err
	}
	if !is {
		if err := os.Rename(fetched, target); err != nil {
			return err
		}
		return storage.SyncDir(filepath.Dir(target))
	}
	root, err := os.OpenRoot(filepath.Dir(target))
	if err != nil {
		return err
	}
	defer root.Close()
	err = folder.OpenIn(ctx, root, filepath.Base(fetched), filepath.Base(target), s.opener())
	return errors.Join(err, os.Remove(fetched))
}

func isSealed(path string) (bool, error) {
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	beginning := make([]byte, seal.HeaderSize)
	n, err := io.ReadFull(file, beginning)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return seal.IsSealed(beginning[:n]), err
}

// getFolder fetches the files of a folder.
func (s *Session) getFolder(ctx context.Context, space Space, place reference.Reference, files folder.Manifest, target string, sealed bool) error {
	if target == standardStream {
		return badInputf("target: %s is a folder of %s: name one to fetch it into", place, count(len(files.Files), "file"))
	}
	open := s.opener()
	if sealed {
		open = nil
	}
	err := s.transfer("get "+place.String(), func(told progress.Counter) error {
		return folder.Get(ctx, space, files, target, chunk.Options{Progress: told}, open)
	})
	if err != nil {
		return inWords(err)
	}
	out := gotOutput{Name: place.String(), Path: target, Files: len(files.Files), Size: files.Size()}
	return s.print(out, fmt.Sprintf("%s has %s, %s.", target, count(out.Files, "file"), formatSize(uint64(out.Size))))
}
