package console

import (
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/ain-network/aind/release"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/storage/reference"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// pinned is the content that a person has referred to, by digest: what a name stands for may be another content tomorrow.
type pinned struct {
	place  reference.Reference
	ref    chunk.Ref
	sealed bool // as far as its name says
}

// inMessage is how messages name the content.
func (p pinned) inMessage() jobstypes.Reference {
	return jobstypes.Reference{Digest: p.ref.Digest.String(), Size_: uint64(p.ref.Size), Space: p.place.Space, Chunked: p.ref.Chunked}
}

// pin looks up what a reference of a message stands for, and tells the person.
func (s *Session) pin(ctx context.Context, text string) (pinned, error) {
	place, err := reference.Parse(text)
	if err != nil {
		return pinned{}, badInput(err)
	}
	p := pinned{place: place}
	if place.IsSpace() {
		return p, badInputf("%s is a space: name content of it", text)
	}
	space, err := s.openSpace(ctx, place.Space)
	if err != nil {
		return p, err
	}
	if place.Digest != "" {
		if p.ref, err = sized(ctx, space, place); err != nil {
			return p, inWords(fmt.Errorf("%s: %w", place, err))
		}
		return p, nil
	}
	now, err := s.names(ctx, place.Space, space)
	if err != nil {
		return p, err
	}
	file, files, err := now.lookup(place)
	if err != nil {
		return p, err
	}
	if len(files.Files) > 0 {
		return p, badInputf("%s is a folder: name a file in it", place)
	}
	p.ref, p.sealed = file.Ref(), file.Sealed
	s.progress("%s is %s", place, contentAt(place.Space, p.ref))
	return p, nil
}

// content reads what is pinned, checked.
func (s *Session) content(ctx context.Context, p pinned) ([]byte, error) {
	space, err := s.openSpace(ctx, p.place.Space)
	if err != nil {
		return nil, err
	}
	body, err := chunk.Open(ctx, space, p.ref, chunk.Options{})
	if err != nil {
		return nil, inWords(err)
	}
	defer body.Close()
	content, err := io.ReadAll(body)
	return content, inWords(err)
}

// checkInput holds an input that lies in a space against the job's schema.
func (s *Session) checkInput(ctx context.Context, input pinned, schema *jobstypes.Schema) error {
	content, err := s.content(ctx, input)
	if err != nil {
		return err
	}
	if err := schema.DecodeRequest(content); err != nil {
		return badInputf("%s: %s: %w (%s)", keyInput, input.place, err, fieldsOf(schema.WorkerInput()))
	}
	return nil
}

// programs are files of this machine in place of those that a person has named, which may lie in spaces.
type programs struct {
	files  []string
	folder string
	// held are the spaces that have a file's content as one object, by the file.
	held map[string]uint64
}

// onThisMachine are those of some files that lie in no space.
func onThisMachine(files []string) []string {
	return slices.DeleteFunc(slices.Clone(files), reference.Is)
}

// isIn says whether a space has a program already.
func (p *programs) isIn(artifact release.Artifact, space uint64) bool {
	held, fetched := p.held[artifact.Path]
	return fetched && held == space
}

// remove removes what was fetched.
func (p *programs) remove() {
	if p.folder != "" {
		_ = os.RemoveAll(p.folder) // in the system's temporary folder, public anyway
	}
}

// fetchPrograms has programs on this machine, checked. The ending of a name says what kind of program it is.
func (s *Session) fetchPrograms(ctx context.Context, files []string) (*programs, error) {
	p := &programs{held: map[string]uint64{}}
	for i, file := range files {
		if reference.Is(file) {
			var err error
			if file, err = s.fetchProgram(ctx, p, i, file); err != nil {
				return p, err
			}
		}
		p.files = append(p.files, file)
	}
	return p, nil
}

func (s *Session) fetchProgram(ctx context.Context, p *programs, i int, text string) (file string, err error) {
	found, err := s.pin(ctx, text)
	switch {
	case err != nil:
		return "", err
	case found.place.Path == "":
		return "", badInputf("%s has no name, whose ending says what kind of program it is: name it, ain://%d/worker.py", text, found.place.Space)
	case found.sealed:
		return "", badInputf("%s is encrypted: nodes could not run it", text)
	}
	if p.folder == "" {
		if p.folder, err = os.MkdirTemp("", "aind-programs-"); err != nil {
			return "", err
		}
	}
	folder := filepath.Join(p.folder, fmt.Sprint(i))
	if err := os.Mkdir(folder, 0o700); err != nil {
		return "", err
	}
	space, err := s.openSpace(ctx, found.place.Space)
	if err != nil {
		return "", err
	}
	file = filepath.Join(folder, path.Base(found.place.Path))
	if err := chunk.Get(ctx, space, found.ref, file, chunk.Options{}); err != nil {
		return "", inWords(fmt.Errorf("%s: %w", text, err))
	}
	if !found.ref.Chunked {
		p.held[file] = found.place.Space
	}
	return file, nil
}
