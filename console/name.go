package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/storage/folder"
	"github.com/ain-network/aind/storage/reference"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

// attempts is how often names are read, or published, while others publish their own.
const attempts = 5

// names are what a space calls its content: the folder that its owner has published.
type names struct {
	space    storagetypes.Space
	store    Space
	manifest folder.Manifest
}

// version of the folder; 0: nothing was published.
func (n names) version() uint64 { return n.space.Folder.Version }

// digest of the published manifest; empty: there is none.
func (n names) digest() storage.Digest { return storage.Digest(n.space.Folder.Digest) }

// names asks the chain for the folder of a space, and reads it.
func (s *Session) names(ctx context.Context, id uint64, store Space) (names, error) {
	last := names{}
	for attempt := 1; ; attempt++ {
		space, err := s.space(ctx, id)
		if err != nil {
			return names{}, err
		}
		now := names{space: space, store: store}
		if now.version() == 0 {
			return now, nil
		}
		ref := chunk.Ref{Digest: now.digest(), Size: int64(space.Folder.Size_), Chunked: space.Folder.Chunked}
		now.manifest, err = folder.Read(ctx, store, ref)
		// A manifest goes when it is replaced: it may have been while we asked.
		if !errors.Is(err, storage.ErrNotFound) || now.version() == last.version() || attempt == attempts {
			if errors.Is(err, storage.ErrNotFound) {
				err = badInputf("the names of space %d are not there, or not for you (who may read: `aind storage grants %d`): %w", id, id, err)
			}
			return now, err
		}
		last = now
	}
}

// ownNames is names for whoever publishes them.
func (s *Session) ownNames(ctx context.Context, id uint64, store Space) (names, error) {
	owner, err := s.owner(ctx)
	if err != nil {
		return names{}, err
	}
	space, err := s.space(ctx, id)
	if err != nil {
		return names{}, err
	}
	if space.Owner != owner {
		return names{}, badInputf("place: space %d is that of %s, who alone names what is in it: leave out the path (aind storage put FILE %d), or reserve a space", id, space.Owner, id)
	}
	return s.names(ctx, id, store)
}

// lookup is the file of a name, or the files of a folder.
func (n names) lookup(place reference.Reference) (file folder.File, files folder.Manifest, err error) {
	file, isFile := n.manifest.Lookup(place.Path)
	if isFile && !place.InFolder {
		return file, folder.Manifest{}, nil
	}
	files = n.manifest.Below(place.Path)
	switch {
	case len(files.Files) > 0:
		return folder.File{}, files, nil
	case isFile:
		return folder.File{}, files, badInputf("%s is a file: leave out the slash at its end", place)
	}
	return folder.File{}, files, badInputf("space %d has nothing of the name %q (see `aind storage ls ain://%d`)", n.space.Id, place.Path, n.space.Id)
}

// rename replaces the names of a space by what change makes of them, and publishes that. When somebody else was faster, change is called
// again, on what is published by then.
func (s *Session) rename(
	ctx context.Context, now names, change func(ctx context.Context, now names, again bool) (folder.Manifest, error),
) (old, renamed names, err error) {
	connected, key, err := s.chainAndKey(ctx)
	if err != nil {
		return old, renamed, err
	}
	for attempt := 1; ; attempt++ {
		renamed = now
		if renamed.manifest, err = change(ctx, now, attempt > 1); err != nil {
			return old, renamed, err
		}
		if now.version() > 0 && bytes.Equal(renamed.manifest.Bytes(), now.manifest.Bytes()) {
			return now, renamed, nil // they are as they are to be
		}
		ref, err := folder.Store(ctx, now.store, renamed.manifest)
		if err != nil {
			return old, renamed, err
		}
		msg := &storagetypes.MsgPublishFolder{
			Signer: key.Address().String(), Space: now.space.Id, Digest: ref.Digest.String(), Size_: uint64(ref.Size), Replaces: now.version(),
		}
		_, err = connected.Do(ctx, key, msg)
		if err == nil {
			renamed.space.Folder = storagetypes.Folder{Digest: msg.Digest, Size_: msg.Size_, Version: msg.Replaces + 1}
			return now, renamed, s.settle(ctx, now, renamed)
		}
		if !errors.Is(err, storagetypes.ErrReplaced) {
			return old, renamed, err
		}
		if attempt == attempts {
			return old, renamed, fmt.Errorf("others keep publishing names of space %d: try again later: %w", now.space.Id, err)
		}
		if now, err = s.names(ctx, now.space.Id, now.store); err != nil {
			return old, renamed, err
		}
	}
}

// settle removes the manifest of names that were replaced. Equal names have equal manifests, and another may publish the old ones again, or
// have replaced ours and removed them: whoever does looks afterwards whether what is published is there.
func (s *Session) settle(ctx context.Context, old, now names) error {
	if err := now.restore(ctx); err != nil {
		return err
	}
	if old.version() == 0 || old.digest() == now.digest() {
		return nil
	}
	if current, err := s.space(ctx, now.space.Id); err != nil || storage.Digest(current.Folder.Digest) == old.digest() {
		return err
	}
	if err := now.store.Delete(ctx, old.digest()); err != nil {
		return nil //nolint:nilerr // it is needed by requests, or unreachable: a few bytes too many, and the names are published
	}
	current, err := s.space(ctx, now.space.Id)
	if err == nil && storage.Digest(current.Folder.Digest) == old.digest() {
		return old.restore(ctx)
	}
	return err
}

// restore stores the manifest unless it is there.
func (n names) restore(ctx context.Context) error {
	_, err := n.store.Stat(ctx, n.digest())
	if errors.Is(err, storage.ErrNotFound) {
		_, err = folder.Store(ctx, n.store, n.manifest)
	}
	return err
}
