package server_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/gateway"
	"github.com/ain-network/aind/storage/gateway/server"
	"github.com/ain-network/aind/storage/storagetest"
)

// begin asks for an upload into space 1 that nobody sends.
func (w *world) begin(t testing.TB, token string, n, size int) reply {
	t.Helper()
	d := storage.DigestOf(fmt.Append([]byte(token), n))
	return w.ask(t, http.MethodPost, "/v1/spaces/1/put", token, gateway.PutRequest{Digest: d, Size: int64(size)})
}

// Uploads that never come hold half of the free room at most, and end.
func TestUploadsThatNeverComeHoldTheirShare(t *testing.T) {
	w := newWorld(t)
	w.reserve(1, w.alice, 100_000)
	carol := client.GenerateKey()
	w.ledger.set(1, func(s *space) { s.Writers = []string{w.bob.Address().String(), carol.Address().String()} })
	owner := w.space(t, w.alice, 1)
	put(t, owner, storagetest.Content(1, 20_000))
	bob := w.token(t, w.bob)
	for n := range 40 {
		require.Equal(t, http.StatusOK, w.begin(t, bob, n, 1_000).status)
	}
	for n := range 100 {
		w.begin(t, bob, 40+n, 1_000).refused(t, gateway.CodeOverQuota, "uploads of "+w.bob.Address().String()+
			" into space 1 may hold 40000 bytes, 50 % of what others leave free: 40000 are under way, the content has 1000 (commit those first, send it in chunks, or ask for a larger space)")
	}
	require.Equal(t, http.StatusOK, w.begin(t, bob, 7, 1_000).status, "one that is under way goes on")
	require.Equal(t, http.StatusOK, w.begin(t, bob, 200, 0).status, "nothing fits always")

	// The next has half of what is left, and the owner all of it.
	_, err := storage.PutBytes(deadline(t), w.space(t, carol, 1), storagetest.Content(2, 20_001))
	require.ErrorIs(t, err, gateway.ErrOverQuota)
	put(t, w.space(t, carol, 1), storagetest.Content(2, 20_000))
	put(t, w.space(t, carol, 1), storagetest.Content(3, 10_000))
	put(t, owner, storagetest.Content(4, 10_000))
	_, err = storage.PutBytes(deadline(t), owner, storagetest.Content(5, 1))
	require.ErrorContains(t, err, "100000 are reserved, 60000 stored, 40000 under way")

	w.clock.pass(17 * time.Minute)
	require.NoError(t, w.server.Sweep(deadline(t)))
	put(t, owner, storagetest.Content(5, 40_000))
	held, uploads := w.server.Held(t, 1, "")
	require.Zero(t, held+uploads)
}

// The number of uploads that are under way is bounded for owners and others, and for a space. Those that have come do not
// count.
func TestNumberOfUploadsIsBounded(t *testing.T) {
	w := newWorld(t, func(c *server.Config) { c.OwnerUploads, c.AccountUploads = 5, 3 })
	w.ledger.set(1, func(s *space) { s.Writers = []string{w.bob.Address().String()} })
	for _, who := range []struct {
		key  client.Key
		most int
	}{{w.alice, 5}, {w.bob, 3}} {
		key, most := who.key, who.most
		s := w.space(t, key, 1)
		for i := range 10 {
			put(t, s, storagetest.Content(uint64(i), 100))
		}
		token := w.token(t, key)
		for n := range most {
			require.Equal(t, http.StatusOK, w.begin(t, token, n, 1).status)
		}
		words := fmt.Sprintf("%s has %d uploads into space 1 under way, and may have %d: send and commit those, or wait until their time is over", key.Address(), most, most)
		w.begin(t, token, most, 1).refused(t, gateway.CodeOverQuota, words)
		w.begin(t, token, most, 0).refused(t, gateway.CodeOverQuota, words)
		require.Equal(t, http.StatusOK, w.begin(t, token, 0, 1).status)
	}
	t.Run("also after a restart", func(t *testing.T) {
		held, uploads := w.server.Held(t, 1, "")
		require.Equal(t, []int64{8, 8}, []int64{held, uploads})
		require.NoError(t, w.server.Close())
		w.serve(t)
		held, uploads = w.server.Held(t, 1, "")
		require.Equal(t, []int64{8, 8}, []int64{held, uploads})
		token := w.token(t, w.bob)
		w.begin(t, token, 9, 1).refused(t, gateway.CodeOverQuota, "has 3 uploads")
	})
}

func TestNumberOfUploadsOfASpaceIsBounded(t *testing.T) {
	w := newWorld(t)
	w.server.Begin(t, 1, 4095)
	token := w.token(t, w.alice)
	require.Equal(t, http.StatusOK, w.begin(t, token, 1, 1).status)
	w.begin(t, token, 2, 1).refused(t, gateway.CodeOverQuota, "space 1 has 4096 uploads under way, and may have 4096: try again in some minutes")
	w.clock.pass(17 * time.Minute)
	require.NoError(t, w.server.Sweep(deadline(t)))
	require.Equal(t, http.StatusOK, w.begin(t, w.token(t, w.alice), 2, 1).status)
}

func TestLimitsOfUploadsAreChecked(t *testing.T) {
	good := newWorld(t).cfg
	for words, change := range map[string]func(c *server.Config){
		"owner uploads -1, account uploads 0: want 0 for the default, or up to 4096":   func(c *server.Config) { c.OwnerUploads = -1 },
		"owner uploads 4097, account uploads 0: want 0 for the default, or up to 4096": func(c *server.Config) { c.OwnerUploads = 4097 },
		"owner uploads 0, account uploads 4097: want 0 for the default, or up to 4096": func(c *server.Config) { c.AccountUploads = 4097 },
		"account share 101: want 0 for the default, or 1 to 100 percent":               func(c *server.Config) { c.AccountShare = 101 },
	} {
		cfg := good
		change(&cfg)
		require.EqualError(t, cfg.Validate(), words)
	}
}
