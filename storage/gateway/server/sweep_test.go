package server_test

import (
	"bytes"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/gateway"
	"github.com/ain-network/aind/storage/s3"
	"github.com/ain-network/aind/storage/storagetest"
	s3server "github.com/ain-network/aind/storage/storagetest/server"
)

// objects lists what the S3 store has of spaces.
func (w *world) objects(t testing.TB) []string {
	t.Helper()
	keys := []string{}
	err := openStore(t, w.store).Shelf("spaces/").Objects(deadline(t), func(o s3.Object) error {
		keys = append(keys, o.Key)
		return nil
	})
	require.NoError(t, err)
	return keys
}

func key(space int, b []byte) string {
	return fmt.Sprintf("spaces/%d/sha256/%s", space, storage.DigestOf(b).Hex())
}

// Content goes when its space has expired, not before what requests need it for is over, and not at once.
func TestSweepOfExpiredSpaces(t *testing.T) {
	w := newWorld(t)
	w.reserve(2, w.bob, mib)
	b := storagetest.Content(1, 100)
	put(t, w.space(t, w.alice, 1), b)
	put(t, w.space(t, w.bob, 2), b)
	both := []string{key(1, b), key(2, b)}
	expires := time.Now().Add(time.Hour).UnixMilli()
	hour := time.Hour.Milliseconds()
	w.ledger.set(1, func(s *space) { s.ExpiresMs = expires })
	w.ledger.set(2, func(s *space) { s.ExpiresMs, s.KeepUntilMs = expires, expires+10*hour })
	at := func(ms int64) []string {
		w.ledger.change(func(l *ledger) { l.nowMs = ms })
		require.NoError(t, w.server.Audit(deadline(t)))
		return w.objects(t)
	}
	require.Equal(t, both, at(expires))
	require.Equal(t, both, at(expires+24*hour-1))
	require.Equal(t, both[1:], at(expires+24*hour))
	require.Equal(t, both[1:], at(expires+34*hour-1))
	require.Empty(t, at(expires+34*hour))
	for id := range uint64(2) {
		listed, stored, pending := w.server.Books(t, id+1)
		require.Empty(t, listed)
		require.Zero(t, stored)
		require.Zero(t, pending)
	}
}

// A space that the chain does not know is left alone for a day: the chain may be behind, or another.
func TestSweepOfUnknownSpaces(t *testing.T) {
	w := newWorld(t)
	b := storagetest.Content(1, 100)
	put(t, w.space(t, w.alice, 1), b)
	there := []string{key(1, b)}
	known := w.ledger.spaces[1]
	forget := func() { w.ledger.change(func(l *ledger) { delete(l.spaces, 1) }) }
	after := func(d time.Duration) []string {
		w.clock.pass(d)
		require.NoError(t, w.server.Audit(deadline(t)))
		return w.objects(t)
	}
	forget()
	require.Equal(t, there, after(0))
	require.Equal(t, there, after(23*time.Hour))
	w.ledger.change(func(l *ledger) { l.spaces[1] = known })
	require.Equal(t, there, after(10*time.Hour), "it was there all the time")
	forget()
	require.Equal(t, there, after(time.Minute))
	require.Equal(t, there, after(23*time.Hour))
	w.ledger.change(func(l *ledger) { l.down = true })
	w.clock.pass(100 * time.Hour)
	require.ErrorIs(t, w.server.Audit(deadline(t)), gateway.ErrLedger)
	require.Equal(t, there, w.objects(t))
	w.ledger.change(func(l *ledger) { l.down = false })
	require.Empty(t, after(0))
}

// Objects that no space has go when they are a day old, and so do uploads in parts; what is held stays, and what is not a
// space's is not touched.
func TestSweepOfStrayObjects(t *testing.T) { s3server.Each(t, sweepOfStrayObjects) }

func sweepOfStrayObjects(t *testing.T, store *s3server.Server) {
	w := newWorldOn(t, store)
	held, stray, begun := storagetest.Content(1, 100), storagetest.Content(2, 100), storagetest.Content(3, 100)
	put(t, w.space(t, w.alice, 1), held)
	bucket := openStore(t, w.store)
	for _, space := range []string{"spaces/1/", "spaces/5/", ""} {
		_, err := storage.PutBytes(deadline(t), bucket.Shelf(space), stray)
		require.NoError(t, err)
	}
	core, err := minio.NewCore(w.store.Endpoint, &minio.Options{Creds: credentials.NewStaticV4(w.store.AccessKey, w.store.SecretKey, ""), Region: "us-east-1"})
	require.NoError(t, err)
	_, err = core.NewMultipartUpload(deadline(t), w.store.Bucket, key(1, begun), minio.PutObjectOptions{})
	require.NoError(t, err)
	uploads := func() int {
		n := 0
		for range core.ListIncompleteUploads(deadline(t), w.store.Bucket, "spaces/", true) {
			n++
		}
		return n
	}

	require.NoError(t, w.server.Audit(deadline(t)))
	require.Len(t, w.objects(t), 3, "they are young")
	if store.Name != "minio" { // which lists uploads by their whole key alone, and removes those that rest for a day itself
		require.Equal(t, 1, uploads())
	}
	w.clock.pass(25 * time.Hour)
	// Somebody is about to send what lies there already: it stays.
	token := w.token(t, w.alice)
	begin := gateway.PutRequest{Digest: storage.DigestOf(stray), Size: 100}
	require.Equal(t, http.StatusOK, w.ask(t, http.MethodPost, "/v1/spaces/1/put", token, begin).status)
	require.NoError(t, w.server.Audit(deadline(t)))
	require.ElementsMatch(t, []string{key(1, held), key(1, stray)}, w.objects(t))
	require.Zero(t, uploads())
	w.clock.pass(time.Hour)
	require.NoError(t, w.server.Audit(deadline(t)))
	require.Equal(t, []string{key(1, held)}, w.objects(t))
	got, err := storage.ReadAll(deadline(t), bucket, storage.DigestOf(stray), 100)
	require.NoError(t, err, "the store's own objects are not the gateway's")
	require.True(t, bytes.Equal(stray, got))
}
