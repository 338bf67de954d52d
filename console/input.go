package console

import (
	"context"
	"errors"
	"io"
	"os"

	"go.yaml.in/yaml/v3"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/reference"
	"github.com/ain-network/aind/storage/seal"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// uploads are what an order has for storage.
type uploads struct {
	contents [][]byte
	files    []storedFile
	folder   string // of files that were made for this; empty: there are none
	space    uint64 // that all of it goes into; 0: the store of a whole network
	// pin looks up what lies in a space already.
	pin func(text string) (pinned, error)
	// input of the order that does; nil: it does not.
	input *pinned
}

type storedFile struct {
	path string
	info storage.Info
}

// add takes a content up, and says how messages name it.
func (u *uploads) add(content []byte) *jobstypes.Reference {
	u.contents = append(u.contents, content)
	return &jobstypes.Reference{Digest: jobstypes.Digest(content), Size_: uint64(len(content)), Space: u.space}
}

// addFile takes a file up, sealed to the key if there is one, or names what lies in a space already; that is sealed only where readers may
// have its key.
func (u *uploads) addFile(path string, key *seal.Key, maySealed bool) (jobstypes.Reference, error) {
	if reference.Is(path) {
		found, err := u.addPinned(path, key, maySealed)
		return found.inMessage(), err
	}
	if key != nil {
		sealed, err := u.seal(path, *key)
		if err != nil {
			return jobstypes.Reference{}, err
		}
		path = sealed
	}
	file, err := os.Open(path)
	if err != nil {
		return jobstypes.Reference{}, badInput(err)
	}
	defer file.Close()
	info, err := storage.DigestReader(file)
	if err != nil {
		return jobstypes.Reference{}, err
	}
	u.files = append(u.files, storedFile{path, info})
	return jobstypes.Reference{Digest: info.Digest.String(), Size_: uint64(info.Size), Space: u.space}, nil
}

// addPinned is addFile for what lies in a space.
func (u *uploads) addPinned(text string, key *seal.Key, maySealed bool) (pinned, error) {
	found, err := u.pin(text)
	switch {
	case err != nil:
	case key != nil:
		err = badInputf("%s lies there as it is, and the order is encrypted: name a file of this machine, which is stored encrypted", text)
	case found.sealed && !maySealed:
		err = badInputf("%s is encrypted: nobody who works could open it", text)
	}
	return found, err
}

// seal seals a file into one of the folder: the digest of what is sealed is known when all of it is.
func (u *uploads) seal(path string, key seal.Key) (sealed string, err error) {
	from, err := os.Open(path)
	if err != nil {
		return "", badInput(err)
	}
	defer from.Close()
	if u.folder == "" {
		if u.folder, err = os.MkdirTemp("", "aind-order-"); err != nil {
			return "", err
		}
	}
	to, err := os.CreateTemp(u.folder, "file-")
	if err != nil {
		return "", err
	}
	w, err := key.Writer(to)
	if err == nil {
		_, err = io.Copy(w, from)
		err = errors.Join(err, w.Close())
	}
	return to.Name(), errors.Join(err, to.Close())
}

// remove removes what was made for the uploads.
func (u *uploads) remove() {
	if u.folder != "" {
		_ = os.RemoveAll(u.folder) // in the system's temporary folder, sealed
	}
}

// readInputs reads what an order has for workers and evaluator into its spec, and returns what of it goes into storage.
// It goes into the space, if there is one, and is sealed where the order says so. What was encrypted before is stored as it is: nobody but those who are granted keys could decode it.
func readInputs(
	spec *jobstypes.RequestSpec, order object, inputFile string, schema *jobstypes.Schema, params jobstypes.Params, made sealing, up *uploads,
) (*uploads, error) {
	own := spec.GrantKeys && made.what == "" // the client has encrypted it, and grants the keys
	encrypted := own && inputFile != ""
	stored, err := storedInput(order, inputFile)
	if err != nil {
		return up, err
	}
	if stored != "" {
		found, err := up.addPinned(stored, made.keys.Data, own)
		if err != nil {
			return up, badInputf("%s: %w", keyInput, err)
		}
		ref := found.inMessage()
		up.input, spec.Input.Reference = &found, &ref
	} else if err := readInput(spec, up, order, inputFile, schema, params, made, encrypted); err != nil {
		return up, err
	}
	if spec.Input.Files, err = readFiles(order, up, made.keys.Data, own); err != nil {
		return up, err
	}
	file, given, err := order.text(keyEvaluatorInput)
	if err != nil || !given {
		return up, err
	}
	set, err := up.addFile(file, made.keys.Evaluator, true)
	if err != nil {
		return up, badInputf("%s: %w", keyEvaluatorInput, err)
	}
	spec.EvaluatorInput = &jobstypes.Input{Reference: &set}
	return up, nil
}

// storedInput is the reference that an order has in place of its input; empty: it has none.
func storedInput(order object, inputFile string) (string, error) {
	node, given := order.values[keyInput]
	isText := given && node.Kind == yaml.ScalarNode && reference.Is(node.Value)
	switch {
	case isText && inputFile != "", given && reference.Is(inputFile):
		return "", badInputf("input-file: %s is given, too: leave one out", keyInput)
	case isText:
		return node.Value, nil
	case reference.Is(inputFile):
		return inputFile, nil
	}
	return "", nil
}

// readInput reads the input of this machine into the spec.
func readInput(
	spec *jobstypes.RequestSpec, up *uploads, order object, inputFile string, schema *jobstypes.Schema, params jobstypes.Params, made sealing, encrypted bool,
) error {
	content, err := readJobInput(order, inputFile, schema, encrypted)
	if err != nil {
		return err
	}
	if made.keys.Data != nil {
		if content, err = made.keys.Data.Seal(content); err != nil {
			return err
		}
	}
	if encrypted || made.keys.Data != nil || len(content) > int(params.MaxInlineBytes) {
		spec.Input.Reference = up.add(content)
	} else {
		spec.Input.Inline = content
	}
	return nil
}

// readFiles reads the files beside the input: {name: path}, or {name: ain://7/path}.
func readFiles(order object, up *uploads, key *seal.Key, maySealed bool) ([]jobstypes.NamedReference, error) {
	node, given := order.values[keyFiles]
	if !given || isNull(node) {
		return nil, nil
	}
	files, err := asObject(order.at(keyFiles), node)
	if err != nil {
		return nil, err
	}
	var named []jobstypes.NamedReference
	for _, name := range files.keys {
		path, given, err := files.text(name)
		if err != nil {
			return nil, err
		}
		if !given {
			return nil, badInputf("%s: want the path of a file", files.at(name))
		}
		ref, err := up.addFile(path, key, maySealed)
		if err != nil {
			return nil, badInputf("%s: %w", files.at(name), err)
		}
		named = append(named, jobstypes.NamedReference{Name: name, Reference: ref})
	}
	return named, nil
}

// storeAll puts uploads into the store, which is opened only if there are any.
func (s *Session) storeAll(ctx context.Context, up *uploads) error {
	if len(up.contents)+len(up.files) == 0 {
		return nil
	}
	store, err := s.openStore(ctx)
	if err != nil {
		return err
	}
	for _, content := range up.contents {
		if _, err := storage.PutBytes(ctx, store, content); err != nil {
			return err
		}
	}
	for _, file := range up.files {
		_, err := storage.PutFile(ctx, store, file.path, storage.ExpectDigest(file.info.Digest), storage.ExpectSize(file.info.Size))
		if errors.Is(err, storage.ErrDigestMismatch) || errors.Is(err, storage.ErrSizeMismatch) {
			return badInputf("%s has changed while it was read: %w", file.path, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readJobInput is the input as proto binary, checked against the job's schema unless it is encrypted.
func readJobInput(order object, file string, schema *jobstypes.Schema, encrypted bool) ([]byte, error) {
	value, given := order.values[keyInput]
	if file == "" {
		if !given {
			return nil, badInputf("%s: missing (%s)", keyInput, fieldsOf(schema.WorkerInput()))
		}
		return encodeMessage(keyInput, schema.WorkerInput(), value)
	}
	if given {
		return nil, badInputf("input-file: %s is given, too: leave one out", keyInput)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, badInputf("input-file: %w", err)
	}
	if encrypted {
		return content, nil
	}
	if err := schema.DecodeRequest(content); err != nil {
		return nil, badInputf("input-file: %s: %w (%s)", file, err, fieldsOf(schema.WorkerInput()))
	}
	return content, nil
}
