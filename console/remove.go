package console

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/folder"
	"github.com/ain-network/aind/storage/gateway"
	"github.com/ain-network/aind/storage/reference"
)

func newRm(s *Session) *cobra.Command {
	return &cobra.Command{
		Use:   "rm NAME|CONTENT...",
		Short: "Remove names of a space, and content that has none",
		Long: `Remove names of files or folders, and then their content as far as no other name has it; or content by its
digest, with its chunks, unless it has a name. What requests need stays until they are over: you are told
what it is, to remove it later.`,
		Example: `  aind storage rm ain://7/photos/cat.jpg
  aind storage rm ain://7/sha256:…`,
		Args: cobra.MinimumNArgs(1),
		RunE: runs(s.remove),
	}
}

type removedOutput struct {
	Removed []string `json:"removed"`
	Kept    []string `json:"kept"`
}

func (s *Session) remove(ctx context.Context, args []string) error {
	var all []reference.Reference
	for _, text := range args {
		place, err := parsePlace(text)
		if err != nil {
			return err
		}
		if place.IsSpace() {
			return badInputf("%s is a space: name what is to go of it, or give it back (aind storage release %d)", text, place.Space)
		}
		all = append(all, place)
	}
	out := removedOutput{Removed: []string{}, Kept: []string{}}
	for _, place := range all {
		space, err := s.openSpace(ctx, place.Space)
		if err != nil {
			return err
		}
		if place.Digest != "" {
			err = s.removeContent(ctx, space, place)
		} else {
			var kept []string
			kept, err = s.removeName(ctx, space, place)
			out.Kept = append(out.Kept, kept...)
		}
		if err != nil {
			return inWords(fmt.Errorf("%s: %w", place, err))
		}
		out.Removed = append(out.Removed, place.String())
	}
	if len(out.Kept) > 0 {
		s.progress("%s stays, as requests need it: remove it later: %s", count(len(out.Kept), "content"), some(out.Kept))
	}
	return s.print(out, fmt.Sprintf("Removed %s.", some(out.Removed)))
}

// removeContent removes content by its digest, unless it has a name.
func (s *Session) removeContent(ctx context.Context, space Space, content reference.Reference) error {
	now, err := s.names(ctx, content.Space, space)
	if err != nil {
		return err
	}
	if path, named := now.manifest.Named(content.Digest); named {
		return badInputf("it has the name %s: remove that", reference.Reference{Space: content.Space, Path: path})
	}
	needed, err := now.needed(ctx)
	if err != nil {
		return err
	}
	if needed[content.Digest] {
		return badInputf("it is part of content that has a name, or of the names themselves")
	}
	return now.discard(ctx, needed, content.Digest, content.Chunked)
}

// removeName removes a name, then the content that has no other. It returns what of it requests need.
func (s *Session) removeName(ctx context.Context, space Space, place reference.Reference) (kept []string, err error) {
	before, err := s.ownNames(ctx, place.Space, space)
	if err != nil {
		return nil, err
	}
	var gone []folder.File
	_, now, err := s.rename(ctx, before, func(_ context.Context, now names, _ bool) (folder.Manifest, error) {
		if _, _, err := now.lookup(place); err != nil {
			return folder.Manifest{}, err
		}
		without, removed := now.manifest.Without(place.Path)
		gone = removed
		return without, nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(gone, func(a, b folder.File) int { return compareDigests(a.Digest, b.Digest) })
	gone = slices.CompactFunc(gone, func(a, b folder.File) bool { return a.Digest == b.Digest })
	needed, err := now.needed(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range gone {
		if _, named := now.manifest.Named(f.Digest); named {
			continue
		}
		// Another may have published since, and named what is to go.
		current, err := s.space(ctx, place.Space)
		if err != nil {
			return kept, err
		}
		if current.Folder.Version != now.version() {
			return kept, badInputf("others publish names of space %d: the name is gone, but not its content (see `aind storage ls %d`)", place.Space, place.Space)
		}
		err = now.discard(ctx, needed, f.Digest, f.Chunked)
		if errors.Is(err, gateway.ErrKept) {
			kept = append(kept, contentAt(place.Space, f.Ref()).String())
		} else if err != nil {
			return kept, err
		}
	}
	return kept, nil
}

func compareDigests(a, b storage.Digest) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// discard removes content, and its chunks, but nothing that content with a name is made of. The chunk manifest goes last, so that what a
// break leaves can be found again.
func (n names) discard(ctx context.Context, needed map[storage.Digest]bool, digest storage.Digest, chunked bool) error {
	var parts []storage.Digest
	if chunked {
		manifest, err := chunksOf(ctx, n.store, digest)
		if err != nil {
			return err
		}
		parts = manifest.Chunks
	}
	for _, part := range append(parts, digest) {
		if needed[part] {
			continue
		}
		if err := n.store.Delete(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// needed are the objects that content with a name is made of, and the names themselves.
func (n names) needed(ctx context.Context) (map[storage.Digest]bool, error) {
	needed := map[storage.Digest]bool{n.digest(): true}
	for _, f := range n.manifest.Files {
		if needed[f.Digest] {
			continue
		}
		needed[f.Digest] = true
		if !f.Chunked {
			continue
		}
		manifest, err := chunksOf(ctx, n.store, f.Digest)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Path, err)
		}
		for _, part := range manifest.Chunks {
			needed[part] = true
		}
	}
	return needed, nil
}
