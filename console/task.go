package console

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/release"
	"github.com/ain-network/aind/storage"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// kindTags are the software that a node needs for each kind of code.
var kindTags = map[string]string{program.CodeWASM: "wasm", program.CodeScript: release.PythonRuntime, program.CodeImage: "docker"}

// parcel is what goes into the store with a task.
type parcel struct{ artifacts []release.Artifact }

// packTask makes a task out of files. Nothing leaves this machine.
func (s *Session) packTask(ctx context.Context, programs, args []string, r running) (*parcel, program.Task, error) {
	p := &parcel{}
	var task program.Task
	file := r.image
	if len(programs) == 1 {
		file = programs[0]
	}
	base, err := s.environmentOf(ctx, file, r)
	if err != nil {
		return nil, task, err
	}
	if task.Program, err = s.packCode(ctx, p, "program", file, base); err != nil {
		return nil, task, err
	}
	task.Program.Args = append(task.Program.Args, args...)
	for _, input := range r.inputs {
		name, path, ok := strings.Cut(input, "=")
		if !ok {
			return nil, task, badInputf("input: %q: want NAME=FILE", input)
		}
		if err := p.addFile(task.Program, name, path); err != nil {
			return nil, task, err
		}
	}
	if r.check != "" {
		if task.Check, err = s.packCode(ctx, p, "check", r.check, base); err != nil {
			return nil, task, err
		}
		for _, input := range r.inputs { // the check sees what the program saw
			name, path, _ := strings.Cut(input, "=")
			if err := p.addFile(task.Check, name, path); err != nil {
				return nil, task, err
			}
		}
	}
	if err := task.Validate(); err != nil {
		return nil, task, badInput(err)
	}
	return p, task, nil
}

// packCode makes code out of a file, or out of the name of an image. A script runs in the base, where there is one.
func (s *Session) packCode(ctx context.Context, p *parcel, field, file string, base *release.Artifact) (*program.Code, error) {
	if isScript(file) {
		if base != nil {
			p.artifacts = append(p.artifacts, *base)
			code := &program.Code{
				Kind: program.CodeImage, Digest: base.Digest, Size_: base.Size, EntryPoint: pythonCommand, Args: []string{"-B", "/ain/in/" + filepath.Base(file)},
			}
			return code, p.addFile(code, filepath.Base(file), file)
		}
		artifact, err := readArtifact(field, file)
		if err != nil {
			return nil, err
		}
		p.artifacts = append(p.artifacts, artifact)
		return &program.Code{Kind: program.CodeScript, Digest: artifact.Digest, Size_: artifact.Size}, nil
	}
	if _, err := storage.ParseDigest(file); err == nil {
		return s.storedImage(ctx, field, file)
	}
	packed, artifact, err := release.Pack(file, release.PackOptions{MaxBytes: 1 << 40})
	if err != nil {
		return nil, badInputf("%s: %w", field, err)
	}
	p.artifacts = append(p.artifacts, artifact)
	kind := program.CodeImage
	if packed.Kind == program.PROGRAM_KIND_WASM {
		kind = program.CodeWASM
	}
	return &program.Code{Kind: kind, Digest: artifact.Digest, Size_: artifact.Size}, nil
}

// storedImage is an image that the store has already.
func (s *Session) storedImage(ctx context.Context, field, digest string) (*program.Code, error) {
	store, err := s.openStore(ctx)
	if err != nil {
		return nil, err
	}
	info, err := store.Stat(ctx, storage.Digest(digest))
	if errors.Is(err, storage.ErrNotFound) {
		return nil, badInputf("%s: %s is not in the store: run the .tar file of the image once, or name its address in a registry, host/repository@%s", field, digest, digest)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", field, err)
	}
	return &program.Code{Kind: program.CodeImage, Digest: digest, Size_: uint64(info.Size)}, nil
}

// addFile shows a file to a program under a name.
func (p *parcel) addFile(code *program.Code, name, path string) error {
	artifact, err := readArtifact("input "+name, path)
	if err != nil {
		return err
	}
	code.Files = append(code.Files, program.TaskFile{Name: name, Digest: artifact.Digest, Size_: artifact.Size})
	p.artifacts = append(p.artifacts, artifact)
	return nil
}

// readArtifact computes what a file is.
func readArtifact(field, path string) (release.Artifact, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return release.Artifact{}, badInputf("%s: %s: there is no such file", field, path)
	case err != nil:
		return release.Artifact{}, badInputf("%s: %w", field, err)
	case !info.Mode().IsRegular() || info.Size() == 0:
		return release.Artifact{}, badInputf("%s: %s is no file, or an empty one", field, path)
	}
	file, err := os.Open(path)
	if err != nil {
		return release.Artifact{}, badInputf("%s: %w", field, err)
	}
	defer file.Close()
	content, err := storage.DigestReader(file)
	if err != nil {
		return release.Artifact{}, badInputf("%s: %w", field, err)
	}
	return release.Artifact{Digest: string(content.Digest), Size: uint64(content.Size), Path: path}, nil
}

// parcelInput puts a task into an order, or, where it is too large for the chain, into the parcel. Where the parcel goes into a space, the order
// names what is in it: nodes look there, and may read what it names.
func (s *Session) parcelInput(p *parcel, task program.Task, space uint64, spec *jobstypes.RequestSpec, params jobstypes.Params) error {
	content, err := task.Marshal()
	if err != nil {
		return err
	}
	if space != 0 {
		spec.Input.Files = filesIn(task, space)
	}
	if len(content) <= int(params.MaxInlineBytes) {
		spec.Input.Inline = content
		return nil
	}
	if space != 0 {
		return badInputf("program: its arguments and inputs take %d bytes of at most %d, and nodes must see them before they accept: put inputs into an archive, or arguments into a file",
			len(content), params.MaxInlineBytes)
	}
	artifact := release.Artifact{Digest: string(storage.DigestOf(content)), Size: uint64(len(content)), Path: "the task", Content: content}
	p.artifacts = append(p.artifacts, artifact)
	spec.Input.Reference = &jobstypes.Reference{Digest: artifact.Digest, Size_: artifact.Size}
	return nil
}

// filesIn are the contents of a task that lies in a space, each once, under names that no two have.
func filesIn(task program.Task, space uint64) []jobstypes.NamedReference {
	var files []jobstypes.NamedReference
	add := func(digest string, size uint64) {
		ref := jobstypes.Reference{Digest: digest, Size_: size, Space: space}
		if !slices.ContainsFunc(files, func(f jobstypes.NamedReference) bool { return f.Reference == ref }) {
			files = append(files, jobstypes.NamedReference{Name: storage.Digest(digest).Hex(), Reference: ref})
		}
	}
	for _, code := range []*program.Code{task.Program, task.Check} {
		if code == nil {
			continue
		}
		add(code.Digest, code.Size_)
		for _, file := range code.Files {
			add(file.Digest, file.Size_)
		}
	}
	return files
}

// storeParcel puts into the store what is not there yet.
func (s *Session) storeParcel(ctx context.Context, p *parcel) error {
	if len(p.artifacts) == 0 {
		return nil
	}
	store, err := s.openStore(ctx)
	if err != nil {
		return err
	}
	done := map[string]bool{}
	for _, artifact := range p.artifacts {
		if done[artifact.Digest] {
			continue
		}
		done[artifact.Digest] = true
		switch _, err := store.Stat(ctx, storage.Digest(artifact.Digest)); {
		case err == nil:
			continue
		case !errors.Is(err, storage.ErrNotFound):
			return fmt.Errorf("look for %s: %w", artifact.Path, err)
		}
		s.progress("uploading %s, %d bytes, %s", artifact.Path, artifact.Size, artifact.Digest)
		if err := put(ctx, store, artifact); err != nil {
			return fmt.Errorf("upload %s: %w", artifact.Path, err)
		}
	}
	space, err := s.storeSpace()
	if err != nil || space != 0 { // nodes have the runtime of scripts, or cannot read it here
		return err
	}
	if slices.ContainsFunc(p.artifacts, func(a release.Artifact) bool { return filepath.Ext(a.Path) == ".py" }) {
		return s.offerRuntime(ctx, store)
	}
	return nil
}

func contains(words []string, word string) bool { return slices.Contains(words, word) }

// parseBytes reads 512MiB; nothing is 0.
func parseBytes(field, text string) (uint64, error) {
	if text == "" {
		return 0, nil
	}
	size, err := daemon.ParseBytes(text)
	if err != nil || size <= 0 {
		return 0, badInputf("%s: %q: want a size such as 512MiB or 2GiB", field, text)
	}
	return uint64(size), nil
}

var coresPattern = regexp.MustCompile(`^\d{1,6}(\.\d{1,3})?$`)

// parseMillis reads 0.5 as 500; nothing is 0.
func parseMillis(field, text string) (uint64, error) {
	if text == "" {
		return 0, nil
	}
	if !coresPattern.MatchString(text) {
		return 0, badInputf("%s: %q: want a number such as 2 or 0.5", field, text)
	}
	whole, fraction, _ := strings.Cut(text, ".")
	millis, err := strconv.ParseUint(whole+(fraction + "000")[:3], 10, 64)
	if err != nil {
		return 0, badInputf("%s: %w", field, err)
	}
	return millis, nil
}

func isScript(file string) bool { return strings.EqualFold(filepath.Ext(file), ".py") }
