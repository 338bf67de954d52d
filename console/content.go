package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/storage/gateway"
	"github.com/ain-network/aind/storage/progress"
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

// chunksMark ends the name of content that lies in chunks.
const chunksMark = "+chunks"

// standardStream stands for standard input and output.
const standardStream = "-"

// contentRef is ain://7/sha256:…, with +chunks where it lies in chunks.
type contentRef struct {
	space   uint64
	digest  storage.Digest
	chunked bool
}

func (r contentRef) String() string {
	text := daemon.SpaceURL(r.space) + "/" + r.digest.String()
	if r.chunked {
		text += chunksMark
	}
	return text
}

func parseRef(text string) (contentRef, error) {
	bad := badInputf("content: %.120q: want ain://7/sha256:…, as `aind storage put` prints it", text)
	rest, ok := strings.CutPrefix(text, "ain://")
	space, name, hasName := strings.Cut(rest, "/")
	if !ok || !hasName {
		return contentRef{}, bad
	}
	id, err := parseSpace(space)
	if err != nil {
		return contentRef{}, err
	}
	name, chunked := strings.CutSuffix(name, chunksMark)
	digest, err := storage.ParseDigest(name)
	if err != nil {
		return contentRef{}, bad
	}
	return contentRef{id, digest, chunked}, nil
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
	Content string `json:"content"`
	Digest  string `json:"digest"`
	Size    int64  `json:"size_bytes,string"`
	Chunked bool   `json:"chunked"`
	Path    string `json:"path,omitempty"`
}

func newPut(s *Session) *cobra.Command {
	return &cobra.Command{
		Use:   "put FILE SPACE",
		Short: "Store a file in a space",
		Long: `Store a file, or standard input for -, in a space, and print how it is named from now on. What is
larger than 64 MiB goes in chunks, several at a time; after a break the same command goes on where it was.`,
		Example: `  aind storage put scene.blend 7
  tar c photos | aind storage put - 7`,
		Args: cobra.ExactArgs(2),
		RunE: runs(func(ctx context.Context, args []string) error { return s.put(ctx, args[0], args[1]) }),
	}
}

func (s *Session) put(ctx context.Context, path, text string) error {
	id, err := parseSpace(text)
	if err != nil {
		return err
	}
	if path != standardStream {
		info, err := os.Stat(path)
		if err != nil {
			return badInput(err)
		}
		if !info.Mode().IsRegular() {
			return badInputf("%s is no file (pack a folder: tar c FOLDER | aind storage put - %d)", path, id)
		}
	}
	space, err := s.openSpace(ctx, id)
	if err != nil {
		return err
	}
	var ref chunk.Ref
	err = s.transfer("put "+path, func(told progress.Counter) (err error) {
		if path == standardStream {
			ref, err = chunk.Put(ctx, space, s.env.In, storage.UnknownSize, chunk.Options{Progress: told})
		} else {
			ref, err = chunk.PutFile(ctx, space, path, chunk.Options{Progress: told})
		}
		return err
	})
	if err != nil {
		return inWords(err)
	}
	named := contentRef{id, ref.Digest, ref.Chunked}
	return s.print(contentOutput{Content: named.String(), Digest: ref.Digest.String(), Size: ref.Size, Chunked: ref.Chunked}, named.String())
}

func newGet(s *Session) *cobra.Command {
	return &cobra.Command{
		Use:   "get CONTENT [FILE]",
		Short: "Fetch content of a space, checked",
		Long: `Fetch content into a file, or to standard output for -, which is the default. A file is there when all
of it is right, not before; after a break the same command goes on where it was.`,
		Example: `  aind storage get ain://7/sha256:… scene.blend
  aind storage get ain://7/sha256:…+chunks - | tar x`,
		Args: cobra.RangeArgs(1, 2),
		RunE: runs(func(ctx context.Context, args []string) error {
			path := standardStream
			if len(args) == 2 {
				path = args[1]
			}
			return s.get(ctx, args[0], path)
		}),
	}
}

func (s *Session) get(ctx context.Context, text, path string) error {
	named, err := parseRef(text)
	if err != nil {
		return err
	}
	if path == standardStream && s.isJSON() {
		return badInputf("output: the content goes to standard output: name a FILE, or leave out --output json")
	}
	space, err := s.openSpace(ctx, named.space)
	if err != nil {
		return err
	}
	ref, err := sized(ctx, space, named)
	if err != nil {
		return inWords(err)
	}
	err = s.transfer("get "+named.String(), func(told progress.Counter) error {
		if path != standardStream {
			return chunk.Get(ctx, space, ref, path, chunk.Options{Progress: told})
		}
		body, err := chunk.Open(ctx, space, ref, chunk.Options{Progress: told})
		if err != nil {
			return err
		}
		_, err = io.Copy(s.env.Out, body)
		return errors.Join(err, body.Close())
	})
	if err != nil || path == standardStream {
		return inWords(err)
	}
	return s.print(contentOutput{Content: named.String(), Digest: ref.Digest.String(), Size: ref.Size, Chunked: ref.Chunked, Path: path},
		fmt.Sprintf("%s has %s.", path, formatSize(uint64(ref.Size))))
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

// sized finds out how large content is, which a name does not say.
func sized(ctx context.Context, from storage.Store, named contentRef) (chunk.Ref, error) {
	ref := chunk.Ref{Digest: named.digest, Chunked: named.chunked}
	if !named.chunked {
		info, err := from.Stat(ctx, named.digest)
		ref.Size = info.Size
		return ref, err
	}
	content, err := storage.ReadAll(ctx, from, named.digest, chunk.MaxManifest)
	if err != nil {
		return ref, err
	}
	manifest, err := chunk.Parse(content)
	ref.Size = manifest.Size
	return ref, err
}

func newLs(s *Session) *cobra.Command {
	return &cobra.Command{
		Use:     "ls SPACE",
		Short:   "List what is in a space",
		Long:    "List what is in a space, by digest, and how full it is. Content in chunks is listed chunk by chunk.",
		Example: "  aind storage ls 7",
		Args:    cobra.ExactArgs(1),
		RunE:    runs(func(ctx context.Context, args []string) error { return s.list(ctx, args[0]) }),
	}
}

type listOutput struct {
	Space    uint64          `json:"space,string"`
	Reserved int64           `json:"reserved_bytes,string"`
	Stored   int64           `json:"stored_bytes,string"`
	Objects  []contentOutput `json:"objects"`
}

func (s *Session) list(ctx context.Context, text string) error {
	id, err := parseSpace(text)
	if err != nil {
		return err
	}
	space, err := s.openSpace(ctx, id)
	if err != nil {
		return err
	}
	usage, err := space.Usage(ctx)
	if err != nil {
		return inWords(err)
	}
	out := listOutput{Space: id, Reserved: usage.Reserved, Stored: usage.Stored, Objects: []contentOutput{}}
	var lines []string
	for after := storage.Digest(""); ; {
		page, err := space.List(ctx, after, 0)
		if err != nil {
			return inWords(err)
		}
		for _, object := range page.Objects {
			named := contentRef{space: id, digest: object.Digest}
			out.Objects = append(out.Objects, contentOutput{Content: named.String(), Digest: object.Digest.String(), Size: object.Size})
			lines = append(lines, fmt.Sprintf("%s  %s", named, formatSize(uint64(object.Size))))
		}
		if after = page.Next; after == "" {
			break
		}
	}
	lines = append(lines, fmt.Sprintf("%s of %s.", formatSize(uint64(usage.Stored)), formatSize(uint64(usage.Reserved))))
	return s.print(out, lines...)
}

func newRm(s *Session) *cobra.Command {
	return &cobra.Command{
		Use:     "rm CONTENT...",
		Short:   "Remove content from a space",
		Long:    "Remove content from a space, with all its chunks. What a request needs stays until it is over.",
		Example: "  aind storage rm ain://7/sha256:…",
		Args:    cobra.MinimumNArgs(1),
		RunE:    runs(s.remove),
	}
}

type removedOutput struct {
	Removed []string `json:"removed"`
}

func (s *Session) remove(ctx context.Context, args []string) error {
	var all []contentRef
	for _, text := range args {
		named, err := parseRef(text)
		if err != nil {
			return err
		}
		all = append(all, named)
	}
	out := removedOutput{Removed: []string{}}
	for _, named := range all {
		space, err := s.openSpace(ctx, named.space)
		if err != nil {
			return err
		}
		if err := removeContent(ctx, space, named); err != nil {
			return inWords(fmt.Errorf("%s: %w", named, err))
		}
		out.Removed = append(out.Removed, named.String())
	}
	return s.print(out, fmt.Sprintf("Removed %s.", strings.Join(out.Removed, ", ")))
}

// removeContent removes the manifest last, so that what a break leaves can be found again.
func removeContent(ctx context.Context, space Space, named contentRef) error {
	if named.chunked {
		content, err := storage.ReadAll(ctx, space, named.digest, chunk.MaxManifest)
		if err != nil {
			return err
		}
		manifest, err := chunk.Parse(content)
		if err != nil {
			return err
		}
		for _, part := range manifest.Chunks {
			if err := space.Delete(ctx, part); err != nil {
				return err
			}
		}
	}
	return space.Delete(ctx, named.digest)
}

// inWords says in the user's words what a store says; nil for nil.
func inWords(err error) error {
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return badInputf("there is no such content, or it is not for you: %w", err)
	case errors.Is(err, gateway.ErrOverQuota):
		return badInputf("the space is full (see `aind storage ls`, and reserve a larger one): %w", err)
	case errors.Is(err, storage.ErrTooLarge), errors.Is(err, gateway.ErrSpaceExpired), errors.Is(err, gateway.ErrKept), errors.Is(err, storage.ErrDenied):
		return badInput(err)
	}
	return err
}
