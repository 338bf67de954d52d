package console

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/seal"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// uploads are what an order has for storage.
type uploads struct {
	contents [][]byte
	files    []storedFile
	folder   string // of files that were made for this; empty: there are none
	space    uint64 // that all of it goes into; 0: the store of a whole network
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

// addFile takes a file up, sealed to the key if there is one.
func (u *uploads) addFile(path string, key *seal.Key) (jobstypes.Reference, error) {
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
	spec *jobstypes.RequestSpec, order object, inputFile string, schema *jobstypes.Schema, params jobstypes.Params, made sealing, space uint64,
) (*uploads, error) {
	up := &uploads{space: space}
	encrypted := spec.GrantKeys && made.what == "" && inputFile != ""
	content, err := readJobInput(order, inputFile, schema, encrypted)
	if err != nil {
		return up, err
	}
	if made.keys.Data != nil {
		if content, err = made.keys.Data.Seal(content); err != nil {
			return up, err
		}
	}
	if encrypted || made.keys.Data != nil || len(content) > int(params.MaxInlineBytes) {
		spec.Input.Reference = up.add(content)
	} else {
		spec.Input.Inline = content
	}
	if spec.Input.Files, err = readFiles(order, up, made.keys.Data); err != nil {
		return up, err
	}
	file, given, err := order.text(keyEvaluatorInput)
	if err != nil || !given {
		return up, err
	}
	own, err := up.addFile(file, made.keys.Evaluator)
	if err != nil {
		return up, badInputf("%s: %w", keyEvaluatorInput, err)
	}
	spec.EvaluatorInput = &jobstypes.Input{Reference: &own}
	return up, nil
}

// readFiles reads the files beside the input: {name: path}.
func readFiles(order object, up *uploads, key *seal.Key) ([]jobstypes.NamedReference, error) {
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
		ref, err := up.addFile(path, key)
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
