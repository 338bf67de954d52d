package console

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/storage/folder"
	"github.com/ain-network/aind/storage/gateway"
	"github.com/ain-network/aind/storage/progress"
	"github.com/ain-network/aind/storage/reference"
)

// Space is what verbs do with a space. *gateway.Space is one.
type Space interface {
	storage.Store
	// Under is the space for reading the chunks of a manifest.
	Under(root storage.Digest) storage.Store
	List(ctx context.Context, after storage.Digest, limit int) (gateway.ListAnswer, error)
	Usage(ctx context.Context) (gateway.Usage, error)
}

var _ Space = (*gateway.Space)(nil)

// standardStream stands for standard input and output.
const standardStream = "-"

// contentAt is how content of a space is named by digest.
func contentAt(space uint64, ref chunk.Ref) reference.Reference {
	return reference.Reference{Space: space, Digest: ref.Digest, Chunked: ref.Chunked}
}

// parsePlace reads what the verbs of storage name: a reference, also without its scheme.
func parsePlace(text string) (reference.Reference, error) {
	if !reference.Is(text) {
		text = reference.Scheme + text
	}
	place, err := reference.Parse(text)
	return place, badInput(err)
}

// openSpace opens a space as the account of the key.
func (s *Session) openSpace(ctx context.Context, id uint64) (Space, error) {
	connected, key, err := s.chainAndKey(ctx)
	if err != nil {
		return nil, err
	}
	if s.spaces == nil || !s.spaces.Key.Address().Equals(key.Address()) {
		s.spaces = &daemon.Spaces{
			Query: connected.Storage(), ChainID: connected.ChainID(), Key: key, Private: daemon.IsPrivate(s.settings.Endpoints()[0]),
		}
	}
	return s.env.OpenSpace(ctx, s.spaces, id)
}

type contentOutput struct {
	Content   string `json:"content"`
	Digest    string `json:"digest"`
	Size      int64  `json:"size_bytes,string"`
	Chunked   bool   `json:"chunked"`
	Encrypted bool   `json:"encrypted,omitempty"`
	Name      string `json:"name,omitempty"`
	Path      string `json:"path,omitempty"`
}

func newContentOutput(space uint64, ref chunk.Ref) contentOutput {
	return contentOutput{Content: contentAt(space, ref).String(), Digest: ref.Digest.String(), Size: ref.Size, Chunked: ref.Chunked}
}

// putOutput is what was put under names, and what these named before.
type putOutput struct {
	Name     string          `json:"name"`
	Version  uint64          `json:"folder_version,string"`
	Files    []contentOutput `json:"files"`
	Replaced []string        `json:"replaced"`
}

func newPut(s *Session) *cobra.Command {
	var o sealOptions
	cmd := &cobra.Command{
		Use:   "put FILE|FOLDER|- PLACE",
		Short: "Store a file or a folder in a space, and name it",
		Long: `Store a file, a folder, or standard input for -, in a space. With a path, ain://7/photos, it has that
name from now on; ain://7/photos/ is a folder that a file goes into. What the space calls so already is
replaced: what lay there before keeps its digest, and stays until you remove it. With a space alone a file
is stored without a name, and named by the digest that is printed.

What is larger than 64 MiB goes in chunks. Several files and chunks are under way at a time; after a break
the same command goes on where it was. Links, devices and names that not every system can have are refused.

With --encrypt content is sealed, with age, to the key in encryption.key of --home, and to those of
--recipient: digests name what comes of that. Names and sizes stay readable to whoever may list the
space. Encrypted content is sent anew after a break.`,
		Example: `  aind storage put scene.blend ain://7/scenes/room.blend
  aind storage put photos ain://7/photos --encrypt
  tar c photos | aind storage put - 7`,
		Args: cobra.ExactArgs(2),
		RunE: runs(func(ctx context.Context, args []string) error { return s.put(ctx, args[0], args[1], o) }),
	}
	o.bind(cmd.Flags())
	return cmd
}

func (s *Session) put(ctx context.Context, path, text string, o sealOptions) error {
	place, err := parsePlace(text)
	if err != nil {
		return err
	}
	if place.Digest != "" {
		return badInputf("place: %s names content by its digest, which follows from it: give a space, or a name", place)
	}
	isFolder, err := isFolder(path)
	if err != nil {
		return err
	}
	if place.InFolder && !isFolder {
		if path == standardStream {
			return badInputf("place: %s is a folder: standard input needs a name in it", place)
		}
		place = reference.Reference{Space: place.Space, Path: strings.TrimPrefix(place.Path+"/"+filepath.Base(path), "/")}
		if err := folder.CheckPath(place.Path); err != nil {
			return badInputf("place: path %q %w (name the file in the space otherwise)", place.Path, err)
		}
	}
	sealer, err := s.sealer(o)
	if err != nil {
		return err
	}
	if place.Path != "" || isFolder {
		return s.putNamed(ctx, path, place, isFolder, sealer)
	}
	space, err := s.openSpace(ctx, place.Space)
	if err != nil {
		return err
	}
	ref, err := s.putFile(ctx, space, path, sealer)
	if err != nil {
		return inWords(err)
	}
	out := newContentOutput(place.Space, ref)
	out.Encrypted = sealer != nil
	return s.print(out, out.Content)
}

// isFolder says whether there is a folder at a path, or else a file, or standard input.
func isFolder(path string) (bool, error) {
	if path == standardStream {
		return false, nil
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return false, badInput(err)
	case info.IsDir():
		return true, nil
	case !info.Mode().IsRegular():
		return false, badInputf("%s is a %s: give a file, a folder, or - for standard input", path, info.Mode().Type())
	}
	return false, nil
}

// putFile stores one content.
func (s *Session) putFile(ctx context.Context, space Space, path string, sealer folder.Sealer) (ref chunk.Ref, err error) {
	err = s.transfer("put "+path, func(told progress.Counter) (err error) {
		opts := chunk.Options{Progress: told, AskFirst: true}
		if path != standardStream && sealer == nil {
			ref, err = chunk.PutFile(ctx, space, path, opts)
			return err
		}
		from := s.env.In
		if path != standardStream {
			file, err := os.Open(path)
			if err != nil {
				return badInput(err)
			}
			defer file.Close()
			from = file
		}
		if sealer != nil {
			sealed := sealer(from)
			defer sealed.Close()
			from = sealed
		}
		ref, err = chunk.Put(ctx, space, from, storage.UnknownSize, opts)
		return err
	})
	return ref, err
}

// putNamed stores a file or a folder, and names it.
func (s *Session) putNamed(ctx context.Context, path string, place reference.Reference, isFolder bool, sealer folder.Sealer) error {
	space, err := s.openSpace(ctx, place.Space)
	if err != nil {
		return err
	}
	before, err := s.ownNames(ctx, place.Space, space)
	if err != nil {
		return err
	}
	var added folder.Manifest
	if isFolder {
		err = s.transfer("put "+path, func(told progress.Counter) (err error) {
			added, err = folder.PutFiles(ctx, space, path, chunk.Options{Progress: told}, sealer)
			return err
		})
		if err == nil && len(added.Files) == 0 {
			return badInputf("%s has no files", path)
		}
		added = added.In(place.Path)
	} else {
		var ref chunk.Ref
		ref, err = s.putFile(ctx, space, path, sealer)
		added = folder.Manifest{Files: []folder.File{{Path: place.Path, Digest: ref.Digest, Size: ref.Size, Chunked: ref.Chunked, Sealed: sealer != nil}}}
	}
	if err != nil {
		return inWords(err)
	}
	old, now, err := s.rename(ctx, before, func(ctx context.Context, now names, again bool) (folder.Manifest, error) {
		if again { // whoever was faster may have removed what we rely on
			if err := stillThere(ctx, space, added); err != nil {
				return folder.Manifest{}, err
			}
		}
		with, err := now.manifest.With(added)
		if err != nil {
			return with, badInputf("place: %w (remove the other first: aind storage rm)", err)
		}
		return with, nil
	})
	if err != nil {
		return inWords(err)
	}
	return s.printPut(place, added, old, now)
}

func (s *Session) printPut(place reference.Reference, added folder.Manifest, old, now names) error {
	out := putOutput{Name: place.String(), Version: now.version(), Files: []contentOutput{}, Replaced: []string{}}
	for _, f := range added.Files {
		file := newContentOutput(place.Space, f.Ref())
		file.Name, file.Encrypted = reference.Reference{Space: place.Space, Path: f.Path}.String(), f.Sealed
		out.Files = append(out.Files, file)
		if before, was := old.manifest.Lookup(f.Path); was && before.Digest != f.Digest {
			if _, named := now.manifest.Named(before.Digest); !named {
				out.Replaced = append(out.Replaced, contentAt(place.Space, before.Ref()).String())
			}
		}
	}
	lines := []string{place.String()}
	if n := len(out.Replaced); n > 0 {
		s.progress("%s replaced, which stays until you remove it: %s", count(n, "content"), some(out.Replaced))
	}
	return s.print(out, lines...)
}

// some of many, for people.
func some(all []string) string {
	const most = 5
	if len(all) > most {
		return strings.Join(all[:most], ", ") + " …"
	}
	return strings.Join(all, ", ")
}

// transfer tells the person how far a transfer is, unless a program listens.
func (s *Session) transfer(what string, do func(told progress.Counter) error) error {
	if s.isJSON() {
		return do(progress.None{})
	}
	line := progress.Start(s.env.Err, what)
	defer line.Stop()
	return do(line)
}

// sized finds out how large content is, which a digest does not say.
func sized(ctx context.Context, from storage.Store, named reference.Reference) (chunk.Ref, error) {
	ref := chunk.Ref{Digest: named.Digest, Chunked: named.Chunked}
	if !named.Chunked {
		info, err := from.Stat(ctx, named.Digest)
		ref.Size = info.Size
		return ref, err
	}
	manifest, err := chunksOf(ctx, from, named.Digest)
	ref.Size = manifest.Size
	return ref, err
}

// chunksOf reads the chunk manifest of a digest.
func chunksOf(ctx context.Context, from storage.Store, digest storage.Digest) (chunk.Manifest, error) {
	content, err := storage.ReadAll(ctx, from, digest, chunk.MaxManifest)
	if err != nil {
		return chunk.Manifest{}, err
	}
	return chunk.Parse(content)
}

// stillThere says whether a space has all that files are made of.
func stillThere(ctx context.Context, space Space, files folder.Manifest) error {
	for _, f := range files.Files {
		from, parts := storage.Store(space), []storage.Digest{f.Digest}
		if f.Chunked {
			manifest, err := chunksOf(ctx, space, f.Digest)
			if err != nil {
				return removedMeanwhile(f, err)
			}
			from, parts = space.Under(f.Digest), manifest.Chunks
		}
		for _, part := range parts {
			if _, err := from.Stat(ctx, part); err != nil {
				return removedMeanwhile(f, err)
			}
		}
	}
	return nil
}

func removedMeanwhile(f folder.File, err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return badInputf("%s: its content was removed by somebody while it was stored: do it again (%w)", f.Path, err)
	}
	return err
}

// inWords says in the user's words what a store says; nil for nil.
func inWords(err error) error {
	var said inputError
	switch {
	case errors.As(err, &said):
		return err
	case errors.Is(err, storage.ErrNotFound):
		return badInputf("there is no such content, or it is not for you: %w", err)
	case errors.Is(err, gateway.ErrOverQuota):
		return badInputf("the space is full (see `aind storage ls`, and reserve a larger one): %w", err)
	case errors.Is(err, storage.ErrTooLarge), errors.Is(err, gateway.ErrSpaceExpired), errors.Is(err, gateway.ErrKept), errors.Is(err, storage.ErrDenied),
		errors.Is(err, folder.ErrManifest), errors.Is(err, folder.ErrNotAFile):
		return badInput(err)
	}
	return err
}
