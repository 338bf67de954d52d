package daemontest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/seal"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// NewSealKey makes a key as a client does for a request.
func NewSealKey(t testing.TB) *seal.Key {
	t.Helper()
	key, err := seal.NewKey()
	require.NoError(t, err)
	return &key
}

// PutSealed seals content to a key and stores it.
func PutSealed(t testing.TB, store storage.Store, key *seal.Key, content []byte) *jobstypes.Reference {
	t.Helper()
	sealed, err := key.Seal(content)
	require.NoError(t, err)
	info, err := storage.PutBytes(t.Context(), store, sealed)
	require.NoError(t, err)
	return &jobstypes.Reference{Digest: info.Digest.String(), Size_: uint64(info.Size)}
}

// StateKey has an owner that is no daemon state an encryption key.
func (c *Chain) StateKey(owner, recipient string) {
	c.read(func(s *state) { s.keys[owner] = recipient })
}

// StatedKey is what an owner has stated; empty: nothing.
func (c *Chain) StatedKey(owner string) (recipient string) {
	c.read(func(s *state) { recipient = s.keys[owner] })
	return recipient
}

// Awaited lists whom the present phase waits for: the encryption keys by account.
func (c *Chain) Awaited(requestID uint64) map[string]string {
	awaited := map[string]string{}
	r, assignments := c.Peek(requestID)
	switch {
	case !r.AwaitingKeys:
	case r.State == jobstypes.REQUEST_STATE_EVALUATING:
		awaited[r.Evaluator] = r.EvaluatorEncryptionKey
	case r.State == jobstypes.REQUEST_STATE_CHALLENGED:
		awaited[r.Pending().Resolver] = r.Pending().EncryptionKey
	default:
		for worker, a := range assignments {
			if !a.HasKey() {
				awaited[worker] = a.EncryptionKey
			}
		}
	}
	return awaited
}

// Grant waits until the request waits for an account's key, and grants it.
func (c *Chain) Grant(t testing.TB, requestID uint64, account string, keys seal.Keys) {
	t.Helper()
	var recipient string
	Eventually(t, "a key is awaited", func() (waits bool) {
		recipient, waits = c.Awaited(requestID)[account]
		return waits
	})
	wrapped, err := keys.Wrap(recipient)
	require.NoError(t, err)
	c.GrantRaw(t, requestID, account, wrapped)
}

// GrantRaw grants whatever is given.
func (c *Chain) GrantRaw(t testing.TB, requestID uint64, account string, wrapped []byte) {
	t.Helper()
	r, _ := c.Peek(requestID)
	c.DoAs(t, r.Client, &jobstypes.MsgGrantKey{RequestId: requestID, Keys: []jobstypes.WrappedKey{{Account: account, Key: wrapped}}})
}
