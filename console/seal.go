package console

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/seal"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// What --encrypt can be.
const (
	encryptAll       = "all"
	encryptEvaluator = "evaluator"
)

// requestsFolder of the home holds the keys of requests, in a file each that is named by the digest of what they open: it is found
// whatever a crash has left unsaid about the request.
const requestsFolder = "requests"

// sealing is what of an order is sealed, and the keys that were made for it.
type sealing struct {
	what string // empty: nothing
	keys seal.Keys
}

// readSealing makes the keys that an order asks for.
func readSealing(order object, spec *jobstypes.RequestSpec) (sealing, error) {
	what, given, err := order.text(keyEncrypt)
	if err != nil || !given {
		return sealing{}, err
	}
	made := sealing{what: what}
	if spec.GrantKeys {
		return made, badInputf("%s: %s is given, too, which says that the data is encrypted already: leave one out", keyEncrypt, keyGrantKeys)
	}
	_, hasOwn := order.values[keyEvaluatorInput]
	switch what {
	case encryptAll:
		spec.GrantKeys = true
		key, err := seal.NewKey()
		if err != nil {
			return made, err
		}
		made.keys.Data = &key
	case encryptEvaluator:
		if !hasOwn {
			return made, badInputf("%s: %s is for %s, which is not given", keyEncrypt, encryptEvaluator, keyEvaluatorInput)
		}
	default:
		return made, badInputf("%s: %q is neither %s nor %s", keyEncrypt, what, encryptAll, encryptEvaluator)
	}
	if hasOwn { // a key of its own: the workers have the other
		key, err := seal.NewKey()
		if err != nil {
			return made, err
		}
		made.keys.Evaluator = &key
	}
	return made, nil
}

// canSeal refuses to seal what no node would open.
func (s *Session) canSeal(ctx context.Context, made sealing, job jobstypes.Job) error {
	if made.what == "" {
		return nil
	}
	release, err := s.chain.Jobs().Release(ctx, &jobstypes.QueryReleaseRequest{ReleaseId: job.WorkerRelease})
	if err != nil {
		return fmt.Errorf("ask for release %d: %w", job.WorkerRelease, err)
	}
	if release.Release.Spec.Program.Kind == program.PROGRAM_KIND_REQUESTED {
		return badInputf("%s: requests of this job name their program, and nobody takes such a one encrypted", keyEncrypt)
	}
	if made.keys.Data == nil {
		return nil
	}
	terms, err := s.chain.Jobs().Terms(ctx, &jobstypes.QueryTermsRequest{JobId: job.Id, Version: job.TermsVersion})
	if err != nil {
		return fmt.Errorf("ask for the terms of job %d: %w", job.Id, err)
	}
	if terms.Terms.Spec.ByCheckpoint() {
		return badInputf("%s: this job verifies by checkpoint, and the states that its workers publish would be readable", keyEncrypt)
	}
	return nil
}

// keep writes the keys where the request will be looked for. Without them nobody could ever read the data, nor its client the results.
func (s *Session) keep(made sealing, spec jobstypes.RequestSpec) error {
	if made.what == "" {
		return nil
	}
	return seal.WriteSecret(s.keysPath(spec), made.keys.Encode())
}

// keysPath is the file of a request's keys.
func (s *Session) keysPath(spec jobstypes.RequestSpec) string {
	sealed := spec.Input.Reference
	if !spec.GrantKeys {
		sealed = spec.EvaluatorInput.Reference
	}
	return filepath.Join(s.home, requestsFolder, strings.TrimPrefix(sealed.Digest, "sha256:")+".keys")
}

// errNoKeys says that a request's keys are not on this machine.
var errNoKeys = errors.New("no keys")

// keysOf are a request's keys, if this home made the request.
func (s *Session) keysOf(spec jobstypes.RequestSpec) (seal.Keys, error) {
	if !spec.JudgesNeedKeys() || spec.GrantKeys && spec.Input.Reference == nil {
		return seal.Keys{}, errNoKeys
	}
	content, err := os.ReadFile(s.keysPath(spec))
	if errors.Is(err, fs.ErrNotExist) {
		return seal.Keys{}, fmt.Errorf("%w in %s", errNoKeys, s.keysPath(spec))
	}
	if err != nil {
		return seal.Keys{}, err
	}
	keys, err := seal.DecodeKeys(content)
	if err != nil {
		return keys, fmt.Errorf("%s: %w", s.keysPath(spec), err)
	}
	return keys, nil
}

// wrapFor wraps what each of those who wait may have: workers the key of the data, who judges that of the evaluator's own input, too.
func wrapFor(keys seal.Keys, waiting []awaited) ([]jobstypes.WrappedKey, error) {
	var wrapped []jobstypes.WrappedKey
	for _, a := range waiting {
		theirs := keys
		if a.Role == enumName(program.ROLE_WORKER.String(), "ROLE_") {
			theirs.Evaluator = nil
		}
		key, err := theirs.Wrap(a.EncryptionKey)
		if err != nil {
			return nil, fmt.Errorf("key for %s: %w", a.Account, err)
		}
		wrapped = append(wrapped, jobstypes.WrappedKey{Account: a.Account, Key: key})
	}
	return wrapped, nil
}

// grantDue hands the keys to those whom a request of ours waits for, and says to whom; nobody: nothing is sent.
func (s *Session) grantDue(ctx context.Context, res *jobstypes.QueryRequestResponse) ([]string, error) {
	waiting := awaitedOf(res)
	if len(waiting) == 0 {
		return nil, nil
	}
	keys, err := s.keysOf(res.Request.Spec)
	if err != nil {
		return nil, err
	}
	msg := &jobstypes.MsgGrantKey{RequestId: res.Request.Id}
	if msg.Keys, err = wrapFor(keys, waiting); err != nil {
		return nil, err
	}
	connected, signer, err := s.chainAndKey(ctx)
	if err != nil {
		return nil, err
	}
	msg.Signer = signer.Address().String()
	if _, err := connected.Do(ctx, signer, msg); err != nil {
		return nil, err
	}
	var granted []string
	for _, a := range waiting {
		granted = append(granted, a.Role+" "+a.Account)
	}
	return granted, nil
}

// source opens what references name as the session's account.
type source struct{ *Session }

// At implements daemon.Source.
func (s source) At(ctx context.Context, space uint64) (storage.Store, error) { return s.at(ctx, space) }

// openResult reads a result, and opens it where it is sealed and its key is on this machine.
func (s *Session) openResult(ctx context.Context, spec jobstypes.RequestSpec, result jobstypes.Result) ([]byte, error) {
	if result.Reference == nil {
		return result.Inline, nil
	}
	var key *seal.Key
	if spec.GrantKeys {
		keys, err := s.keysOf(spec)
		if err != nil {
			return nil, fmt.Errorf("it is encrypted: %w", err)
		}
		key = keys.Data
	}
	return daemon.OpenResult(ctx, source{s}, result, maxShown, key)
}
