package daemon

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"github.com/ain-network/aind/storage/seal"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// encryptionKeyFile of the home holds what others wrap keys to.
const encryptionKeyFile = "encryption.key"

// openIdentity reads this machine's encryption key, or makes it.
func openIdentity(cfg Config) (seal.Key, error) {
	path := cfg.EncryptionKey
	if path == "" {
		path = filepath.Join(cfg.Home, encryptionKeyFile)
	}
	key, err := seal.OpenIdentity(path)
	if err != nil {
		return key, fmt.Errorf("encryption key: %w", err)
	}
	return key, nil
}

// CannotOpen says why this node could not read what a request's client encrypts; empty: it could.
func (k *Kit) CannotOpen(ctx context.Context, request jobstypes.Request) (string, error) {
	if request.Spec.GrantKeys {
		terms, err := k.Catalog.Terms(ctx, request.Spec.JobId, request.TermsVersion)
		if err != nil {
			return "", err
		}
		if terms.ByCheckpoint() {
			return "its data is encrypted, and its job verifies by checkpoint: states would be readable", nil
		}
	}
	if requested, err := k.Programs.Requested(ctx, request.WorkerRelease); requested || err != nil {
		return "its data is encrypted, and it names a program of its own", err
	}
	stated, err := k.Network.EncryptionKey(ctx, k.Owner.String())
	switch {
	case err != nil:
		return "", err
	case stated == "":
		return "its data is encrypted, and this node has not stated its encryption key yet", nil
	case stated != k.Identity.Recipient():
		return foreignKey, nil
	}
	return "", nil
}

// foreignKey is said where another machine of the same owner has stated its key.
const foreignKey = "the account's encryption key on the chain is not this machine's: copy its file and name it with encryption_key"

// Keys are those that a request's client granted us. It errs with seal.ErrKey where they are none, or do not open what the
// request says that they open, and with ErrLater where there are none yet.
func (k *Kit) Keys(ctx context.Context, request jobstypes.Request) (seal.Keys, error) {
	wrapped, err := k.Network.Grant(ctx, request.Id, k.Owner.String())
	if err != nil {
		return seal.Keys{}, err
	}
	if wrapped == nil {
		return seal.Keys{}, ErrLater
	}
	keys, err := k.Identity.Unwrap(wrapped)
	if err != nil {
		return seal.Keys{}, fmt.Errorf("key of request %d: %w", request.Id, err)
	}
	if request.Spec.GrantKeys && keys.Data == nil {
		return keys, fmt.Errorf("key of request %d: %w: none for its data", request.Id, seal.ErrKey)
	}
	if !request.Spec.GrantKeys {
		keys.Data = nil // its data is not sealed, whatever its client says
	}
	return keys, nil
}

// judgeKeys are Keys for whoever judges a request: none where it needs none.
func (k *Kit) judgeKeys(ctx context.Context, request jobstypes.Request) (seal.Keys, error) {
	if !request.Spec.JudgesNeedKeys() {
		return seal.Keys{}, nil
	}
	keys, err := k.Keys(ctx, request)
	if err == nil && request.Spec.EvaluatorInput != nil && keys.Evaluator == nil {
		err = fmt.Errorf("key of request %d: %w: none for the evaluator's input", request.Id, seal.ErrKey)
	}
	if errors.Is(err, seal.ErrKey) {
		err = fmt.Errorf("%w: %w", ErrInputUnusable, err)
	}
	return keys, err
}

// gatherEvaluatorInput reads what a request has for whoever judges it alone.
func (k *Kit) gatherEvaluatorInput(ctx context.Context, request jobstypes.Request, keys seal.Keys) ([]byte, error) {
	if request.Spec.EvaluatorInput == nil {
		return nil, nil
	}
	return OpenInput(ctx, k.Source, *request.Spec.EvaluatorInput, int64(k.Config.Limits.Input), keys.Evaluator)
}

// withEvaluatorInput calls use with the files that a program which judges sees: those of the request, and the evaluator's own input, if
// there is one.
func (k *Kit) withEvaluatorInput(content []byte, files map[string]string, use func(files map[string]string) error) (err error) {
	if content == nil {
		return use(files)
	}
	folder, err := k.Programs.taskFolder()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, jobstypes.EvaluatorInputName)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return err
	}
	all := map[string]string{jobstypes.EvaluatorInputName: path}
	maps.Copy(all, files)
	return use(all)
}
