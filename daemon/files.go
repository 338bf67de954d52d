package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/storage/seal"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// InSpaces tells whether what a request names may be for its participants alone, who can see it once they are in.
func InSpaces(request jobstypes.Request) bool {
	input := request.Spec.Input
	return input.Reference != nil && input.Reference.Space != 0 ||
		slices.ContainsFunc(input.Files, func(f jobstypes.NamedReference) bool { return f.Reference.Space != 0 })
}

// RefusesFiles says why a request's files are too much for this node; empty: they are not. Input and files together obey limits.input, but not the
// programs that a request names: those are bounded by what the cache takes.
func (k *Kit) RefusesFiles(ctx context.Context, request jobstypes.Request) (string, error) {
	requested, err := k.Programs.Requested(ctx, request.WorkerRelease)
	if err != nil {
		return "", err
	}
	sizes := map[string]uint64{}
	if ref := request.Spec.Input.Reference; ref != nil {
		sizes["its input"] = ref.Size_
	}
	programs := map[string]bool{}
	if requested {
		if task, err := ReadTask(request.Spec.Input.Inline); err == nil {
			for _, code := range []*program.Code{task.Program, task.Check} {
				if code != nil {
					programs[code.Digest] = true
				}
			}
		}
	}
	for _, file := range request.Spec.Input.Files {
		if !programs[file.Reference.Digest] {
			sizes["its file "+file.Name] = file.Reference.Size_
		}
	}
	return k.refusesSizes(sizes), nil
}

func (k *Kit) refusesSizes(sizes map[string]uint64) string {
	left := uint64(k.Config.Limits.Input)
	sum := uint64(0)
	for what, size := range sizes {
		if size > left {
			return fmt.Sprintf("%s has %d bytes, limits.input is %d", what, size, left)
		}
		sum += size // each is at most the limit: no overflow
	}
	if sum > left {
		return fmt.Sprintf("its input and files have %d bytes, limits.input is %d", sum, left)
	}
	return ""
}

// WithFiles calls use with the files that a request's workers need, by name, which are on this machine, verified, and opened with the key where they are sealed to
// one, meanwhile. It errs with what fetching or opening them does, and with what use does.
func (k *Kit) WithFiles(ctx context.Context, request jobstypes.Request, input []byte, key *seal.Key, use func(files map[string]string) error) error {
	named, err := k.filesFor(ctx, request, request.WorkerRelease, input)
	if err != nil {
		return err
	}
	return k.withNamed(ctx, named, key, use)
}

// filesFor are the files that a release's program has to have: all, or, where the request names it, those that it is made of.
func (k *Kit) filesFor(ctx context.Context, request jobstypes.Request, releaseID uint64, input []byte) ([]jobstypes.NamedReference, error) {
	named := request.Spec.Input.Files
	if len(named) == 0 {
		return nil, nil
	}
	requested, err := k.Programs.Requested(ctx, releaseID)
	if err != nil || !requested {
		return named, err
	}
	task, err := ReadTask(input)
	if err != nil {
		return nil, nil // whoever runs it says so
	}
	if releaseID == request.EvaluatorRelease {
		return filesOf(task.Check, named), nil
	}
	return filesOf(task.Program, named), nil
}

func (k *Kit) withNamed(ctx context.Context, named []jobstypes.NamedReference, key *seal.Key, use func(files map[string]string) error) (err error) {
	if len(named) == 0 {
		return use(nil)
	}
	folder, err := k.Programs.taskFolder()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	files := map[string]string{}
	for _, file := range named {
		path, free, err := k.holdFile(ctx, file, filepath.Join(folder, file.Name+".chunks"))
		if err != nil {
			return fmt.Errorf("file %s: %w", file.Name, err)
		}
		defer free()
		if key != nil {
			opened := filepath.Join(folder, file.Name)
			if err := openFile(ctx, path, opened, *key); err != nil {
				return fmt.Errorf("file %s: %w", file.Name, err)
			}
			path = opened
		}
		files[file.Name] = path
	}
	return use(files)
}

// holdFile has a file on this machine until free is called. What lies in chunks goes to the path that is given: the cache knows contents by
// what they hash to.
func (k *Kit) holdFile(ctx context.Context, file jobstypes.NamedReference, path string) (held string, free func(), err error) {
	from, err := k.Source.At(ctx, file.Reference.Space)
	if err != nil {
		return "", nil, err
	}
	ref := file.Reference
	if ref.Chunked {
		digest := storage.Digest(ref.Digest)
		return path, func() {}, chunk.Get(ctx, from, chunk.Ref{Digest: digest, Size: int64(ref.Size_), Chunked: true}, path, chunk.Options{})
	}
	held, err = k.Contents.Hold(ctx, from, ref.Digest, ref.Size_)
	return held, func() { k.Contents.Free(ref.Digest) }, err
}

// openFile opens sealed content into another file, whose content is right only if there is no error.
func openFile(ctx context.Context, sealed, path string, key seal.Key) error {
	from, err := os.Open(sealed)
	if err != nil {
		return err
	}
	defer from.Close()
	opened, err := key.Reader(from)
	if err != nil {
		return err
	}
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, opened)
	return errors.Join(err, to.Close(), ctx.Err())
}

// HaveFiles has a request's files on this machine, verified, without opening them. Of those in chunks, and of those that programs are made of which
// the request names, it only sees that they are there: who runs one of them fetches what is its.
func (k *Kit) HaveFiles(ctx context.Context, request jobstypes.Request) error {
	requested, err := k.Programs.Requested(ctx, request.WorkerRelease)
	if err != nil {
		return err
	}
	for _, file := range request.Spec.Input.Files {
		if err := k.haveFile(ctx, file, requested); err != nil {
			return fmt.Errorf("file %s: %w", file.Name, err)
		}
	}
	return nil
}

func (k *Kit) haveFile(ctx context.Context, file jobstypes.NamedReference, seen bool) error {
	if !file.Reference.Chunked && !seen {
		_, free, err := k.holdFile(ctx, file, "")
		if err == nil {
			free()
		}
		return err
	}
	from, err := k.Source.At(ctx, file.Reference.Space)
	if err != nil {
		return err
	}
	digest := storage.Digest(file.Reference.Digest)
	if !file.Reference.Chunked {
		info, err := from.Stat(ctx, digest)
		if err == nil && uint64(info.Size) != file.Reference.Size_ {
			err = fmt.Errorf("%w: it has %d bytes, the reference says %d", storage.ErrSizeMismatch, info.Size, file.Reference.Size_)
		}
		return err
	}
	content, err := storage.ReadAll(ctx, from, digest, chunk.MaxManifest)
	if err != nil {
		return err
	}
	manifest, err := chunk.Parse(content)
	if err != nil {
		return err
	}
	if uint64(manifest.Size) != file.Reference.Size_ {
		return fmt.Errorf("%w: its chunks have %d bytes, the reference says %d", storage.ErrSizeMismatch, manifest.Size, file.Reference.Size_)
	}
	if rooted, ok := from.(chunk.Rooted); ok {
		from = rooted.Under(digest)
	}
	for _, part := range manifest.Chunks { // few: the owner's limit bounds the size
		if _, err := from.Stat(ctx, part); err != nil {
			return fmt.Errorf("a chunk: %w", err)
		}
	}
	return nil
}

// withFiles is WithFiles for whoever judges by running one of a request's programs, for which Gather has looked whether the files are there: what is not as announced or cannot be
// opened nobody could have used.
func (k *Kit) withFiles(ctx context.Context, request jobstypes.Request, releaseID uint64, m Material, use func(files map[string]string) error) error {
	named, err := k.filesFor(ctx, request, releaseID, m.Input)
	if err != nil {
		return err
	}
	began := false
	err = k.withNamed(ctx, named, m.key, func(files map[string]string) error {
		began = true
		return use(files)
	})
	if err != nil && !began && IsForGood(err) && !errors.Is(err, storage.ErrTooLarge) {
		return fmt.Errorf("%w: %w", ErrInputUnusable, err)
	}
	return err
}
