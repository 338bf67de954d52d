package console

import (
	"context"
	"os"

	"github.com/ain-network/aind/storage"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// readInputs reads what an order has for workers and evaluator into its spec, and returns what of it goes into storage.
// It is sealed where the order says so. What was encrypted before is stored as it is: nobody but those who are granted keys could decode it.
func readInputs(
	spec *jobstypes.RequestSpec, order object, inputFile string, schema *jobstypes.Schema, params jobstypes.Params, made sealing,
) (stored [][]byte, err error) {
	byReference := func(content []byte) *jobstypes.Reference {
		stored = append(stored, content)
		return &jobstypes.Reference{Digest: jobstypes.Digest(content), Size_: uint64(len(content))}
	}
	encrypted := spec.GrantKeys && made.what == "" && inputFile != ""
	content, err := readJobInput(order, inputFile, schema, encrypted)
	if err != nil {
		return nil, err
	}
	if made.keys.Data != nil {
		if content, err = made.keys.Data.Seal(content); err != nil {
			return nil, err
		}
	}
	if encrypted || made.keys.Data != nil || len(content) > int(params.MaxInlineBytes) {
		spec.Input.Reference = byReference(content)
	} else {
		spec.Input.Inline = content
	}
	file, given, err := order.text(keyEvaluatorInput)
	if err != nil || !given {
		return stored, err
	}
	if content, err = os.ReadFile(file); err != nil {
		return nil, badInputf("%s: %w", keyEvaluatorInput, err)
	}
	if made.keys.Evaluator != nil {
		if content, err = made.keys.Evaluator.Seal(content); err != nil {
			return nil, err
		}
	}
	spec.EvaluatorInput = &jobstypes.Input{Reference: byReference(content)}
	return stored, nil
}

// storeAll puts contents into the store, which is opened only if there are any.
func (s *Session) storeAll(ctx context.Context, contents [][]byte) error {
	if len(contents) == 0 {
		return nil
	}
	store, err := s.openStore()
	if err != nil {
		return err
	}
	for _, content := range contents {
		if _, err := storage.PutBytes(ctx, store, content); err != nil {
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
