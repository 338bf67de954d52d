package server_test

import (
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/gateway"
	"github.com/ain-network/aind/storage/storagetest"
)

// Fifty uploads race for a space that has room for ten: ten get in, the others are told why, and when all is removed all
// the room is there again.
func TestQuotaHoldsWhenFiftyUploadsRace(t *testing.T) {
	w := newWorld(t)
	w.reserve(1, w.alice, 10*10_000+9_999)
	s := w.space(t, w.alice, 1)
	var in, over atomic.Int32
	var mu sync.Mutex
	var stored []storage.Digest
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			info, err := storage.PutBytes(deadline(t), s, storagetest.Content(uint64(i), 10_000))
			switch {
			case err == nil:
				in.Add(1)
				mu.Lock()
				stored = append(stored, info.Digest)
				mu.Unlock()
			case errors.Is(err, gateway.ErrOverQuota):
				over.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	require.Equal(t, int32(10), in.Load())
	require.Equal(t, int32(40), over.Load())
	usage, err := s.Usage(deadline(t))
	require.NoError(t, err)
	require.Equal(t, gateway.Usage{Reserved: 109_999, Stored: 100_000, Objects: 10}, usage)

	_, err = storage.PutBytes(deadline(t), s, storagetest.Content(99, 10_000))
	require.ErrorContains(t, err, "space 1 has room for 9999 bytes, the content has 10000: 109999 are reserved, 100000 stored, 0 under way (over_quota)")
	put(t, s, storagetest.Content(99, 9_999))
	put(t, s, storagetest.Content(0, 0)) // nothing fits always
	for _, d := range stored {
		require.NoError(t, s.Delete(deadline(t), d))
	}
	put(t, s, storagetest.Content(98, 100_000))
}

// Room that is held for an upload is free again when the upload can no longer come, and not before.
func TestRoomIsHeldForUploads(t *testing.T) {
	w := newWorld(t)
	w.reserve(1, w.alice, 10_000)
	s := w.space(t, w.alice, 1)
	token := w.token(t, w.alice)
	b := storagetest.Content(1, 6_000)
	begin := gateway.PutRequest{Digest: storage.DigestOf(b), Size: 6_000}
	for range 3 { // the same upload, asked for again, is one
		require.Equal(t, http.StatusOK, w.ask(t, http.MethodPost, "/v1/spaces/1/put", token, begin).status)
	}
	usage, err := s.Usage(deadline(t))
	require.NoError(t, err)
	require.Equal(t, gateway.Usage{Reserved: 10_000, Pending: 6_000}, usage)
	_, err = storage.PutBytes(deadline(t), s, storagetest.Content(2, 6_000))
	require.ErrorIs(t, err, gateway.ErrOverQuota)
	require.ErrorContains(t, err, "10000 are reserved, 0 stored, 6000 under way")

	w.clock.pass(15 * time.Minute)
	require.NoError(t, w.server.Sweep(deadline(t)))
	_, err = storage.PutBytes(deadline(t), s, storagetest.Content(2, 6_000))
	require.ErrorIs(t, err, gateway.ErrOverQuota, "it may have begun in the last moment")
	w.clock.pass(2 * time.Minute)
	require.NoError(t, w.server.Sweep(deadline(t)))
	put(t, s, storagetest.Content(2, 6_000))

	token = w.token(t, w.alice)
	w.ask(t, http.MethodPost, "/v1/spaces/1/commit", token, gateway.CommitRequest{Digest: begin.Digest, Size: 6_000}).
		refused(t, gateway.CodeUploadMissing, "ask for one with put")
}

// Content that was removed does not come back by an old request without room being held for it, and what an old request
// stores once more is swept away.
func TestAnOldUploadStoresNothing(t *testing.T) {
	w := newWorld(t)
	w.reserve(1, w.alice, 10_000)
	s := w.space(t, w.alice, 1)
	token := w.token(t, w.alice)
	b := storagetest.Content(1, 6_000)
	d := storage.DigestOf(b)
	var answer gateway.PutAnswer
	w.ask(t, http.MethodPost, "/v1/spaces/1/put", token, gateway.PutRequest{Digest: d, Size: 6_000}).ok(t, &answer)
	send(t, *answer.Upload, b)
	commit := gateway.CommitRequest{Digest: d, Size: 6_000}
	require.Equal(t, http.StatusNoContent, w.ask(t, http.MethodPost, "/v1/spaces/1/commit", token, commit).status)
	require.NoError(t, s.Delete(deadline(t), d))
	other := put(t, s, storagetest.Content(2, 6_000))

	send(t, *answer.Upload, b)
	w.ask(t, http.MethodPost, "/v1/spaces/1/commit", token, commit).refused(t, gateway.CodeUploadMissing, "")
	_, err := s.Stat(deadline(t), d)
	require.ErrorIs(t, err, storage.ErrNotFound)
	shelf := openStore(t, w.store).Shelf("spaces/1/")
	_, err = shelf.Stat(deadline(t), d)
	require.NoError(t, err, "it lies there")
	w.clock.pass(20 * time.Minute)
	require.NoError(t, w.server.Sweep(deadline(t)))
	_, err = shelf.Stat(deadline(t), d)
	require.ErrorIs(t, err, storage.ErrNotFound)
	_, err = s.Stat(deadline(t), other)
	require.NoError(t, err)
}

// A damaged copy is repaired by putting the content again, also where the space is full.
func TestPutAgainWhenFull(t *testing.T) {
	w := newWorld(t)
	w.reserve(1, w.alice, 6_000)
	s := w.space(t, w.alice, 1)
	b := storagetest.Content(1, 6_000)
	put(t, s, b)
	put(t, s, b)
	usage, err := s.Usage(deadline(t))
	require.NoError(t, err)
	require.Equal(t, gateway.Usage{Reserved: 6_000, Stored: 6_000, Objects: 1}, usage)
}

func TestRefusalsByTheChain(t *testing.T) {
	w := newWorld(t)
	s := w.space(t, w.alice, 1)
	b := storagetest.Content(1, 100)
	d := put(t, s, b)

	_, err := storage.PutBytes(deadline(t), w.space(t, w.bob, 1), b)
	require.ErrorIs(t, err, storage.ErrDenied)
	require.ErrorContains(t, err, w.bob.Address().String()+" may not write to space 1: the rule is OWNER (not_allowed)")

	_, err = s.Stat(deadline(t), d) // whose answer is remembered for a moment
	require.NoError(t, err)
	w.need(1, d)
	err = s.Delete(deadline(t), d)
	require.ErrorIs(t, err, gateway.ErrKept)
	require.ErrorContains(t, err, d.String()+" is kept until ")
	w.need(1)

	w.ledger.set(1, func(s *space) { s.ExpiresMs = time.Now().UnixMilli() - 1 })
	w.clock.pass(3 * time.Second)
	_, err = storage.PutBytes(deadline(t), s, b)
	require.ErrorIs(t, err, gateway.ErrSpaceExpired)
	require.ErrorContains(t, err, "(extend it, or reserve another)")
	w.reserve(1, w.alice, mib)

	t.Run("a space of another provider is not there", func(t *testing.T) {
		w.reserve(2, w.alice, mib)
		w.ledger.set(2, func(s *space) { s.Provider = w.bob.Address().String() })
		_, err := storage.PutBytes(deadline(t), w.space(t, w.alice, 2), b)
		require.ErrorIs(t, err, storage.ErrNotFound)
	})
	t.Run("a space that the chain does not have is not there", func(t *testing.T) {
		_, err := storage.PutBytes(deadline(t), w.space(t, w.alice, 77), b)
		require.ErrorIs(t, err, storage.ErrNotFound)
	})
	t.Run("without the chain nothing is allowed beyond the moment that is remembered", func(t *testing.T) {
		token := w.token(t, w.alice)
		get := func() reply {
			return w.ask(t, http.MethodPost, "/v1/spaces/1/get", token, gateway.GetRequest{Digest: d})
		}
		require.Equal(t, http.StatusOK, get().status)
		w.ledger.change(func(l *ledger) { l.down = true })
		require.Equal(t, http.StatusOK, get().status)
		w.clock.pass(2 * time.Second)
		get().refused(t, gateway.CodeChainUnavailable, "the chain cannot be asked who may do this")
		_, err := storage.PutBytes(deadline(t), s, b)
		require.ErrorIs(t, err, storage.ErrUnavailable)
		require.Error(t, w.server.Audit(deadline(t)), "and nothing is removed")
		w.ledger.change(func(l *ledger) { l.down = false })
		require.Equal(t, http.StatusOK, get().status)
	})
	t.Run("what is allowed is remembered no longer than the space lasts", func(t *testing.T) {
		w.ledger.change(func(l *ledger) { l.nowMs = l.spaces[1].ExpiresMs - 1000 })
		w.clock.pass(3 * time.Second)
		token := w.token(t, w.alice)
		begin := gateway.PutRequest{Digest: storage.DigestOf(nil)}
		require.Equal(t, http.StatusOK, w.ask(t, http.MethodPost, "/v1/spaces/1/put", token, begin).status)
		w.ledger.change(func(l *ledger) { l.nowMs += 1000 })
		w.clock.pass(time.Second)
		w.ask(t, http.MethodPost, "/v1/spaces/1/put", token, begin).refused(t, gateway.CodeSpaceExpired, "space 1 expired at")
	})
}

// An S3 store that has gone is a named error, and says nothing of itself.
func TestStoreGone(t *testing.T) {
	w := newWorld(t)
	b := storagetest.Content(1, 100)
	token := w.token(t, w.alice)
	require.Equal(t, http.StatusOK, w.ask(t, http.MethodPost, "/v1/spaces/1/put", token, gateway.PutRequest{Digest: storage.DigestOf(b), Size: 100}).status)
	w.s3.Kill()
	got := w.ask(t, http.MethodPost, "/v1/spaces/1/commit", token, gateway.CommitRequest{Digest: storage.DigestOf(b), Size: 100})
	got.refused(t, gateway.CodeStoreUnavailable, "the store behind the gateway cannot be used now")
	require.NotContains(t, got.body, w.store.Endpoint)
	_, err := storage.PutBytes(deadline(t), w.space(t, w.alice, 1), b)
	require.ErrorIs(t, err, storage.ErrUnavailable)
}

// A gateway that has gone is a named error as well.
func TestGatewayGone(t *testing.T) {
	c, err := gateway.NewClient(gateway.Config{URL: "http://127.0.0.1:1", ChainID: chainID, Key: client.GenerateKey()})
	require.NoError(t, err)
	_, err = c.Space(1).Usage(deadline(t))
	require.ErrorIs(t, err, storage.ErrUnavailable)
	require.ErrorContains(t, err, "http://127.0.0.1:1")
}
