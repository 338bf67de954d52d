package server_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/gateway"
	"github.com/ain-network/aind/storage/s3"
	"github.com/ain-network/aind/storage/storagetest"
	s3server "github.com/ain-network/aind/storage/storagetest/server"
)

// A space of a real gateway before a real S3 store, ours or MinIO, passes the one suite.
func TestSpaceIsAStore(t *testing.T) { s3server.Each(t, spaceIsAStore) }

func spaceIsAStore(t *testing.T, store *s3server.Server) {
	w := newWorldOn(t, store)
	w.reserve(1, w.alice, 1<<30)
	storagetest.Run(t, func(t *testing.T) storage.Store { return w.space(t, w.alice, 1) })
}

// What a presigned request fixes is fixed, and what it does not say cannot be said with it.
func TestPut(t *testing.T) { s3server.Each(t, putAndCommit) }

func putAndCommit(t *testing.T, store *s3server.Server) {
	w := newWorldOn(t, store)
	token := w.token(t, w.alice)
	b := storagetest.Content(1, 1000)
	d := storage.DigestOf(b)
	request := gateway.PutRequest{Digest: d, Size: 1000}
	var answer gateway.PutAnswer
	w.ask(t, http.MethodPost, "/v1/spaces/1/put", token, request).ok(t, &answer)
	require.False(t, answer.Have)
	if store.Name == "minio" { // which takes headers that are not signed
		require.Equal(t, s3.Presigned{
			Method: http.MethodPut, URL: "/v1/spaces/1/content/" + d.String(), Header: map[string]string{"Authorization": "Bearer " + token},
		}, *answer.Upload)
	} else {
		require.Equal(t, "1000", answer.Upload.Header["Content-Length"])
		require.NotContains(t, answer.Upload.URL, w.store.SecretKey)
	}
	require.InDelta(t, time.Now().Add(15*time.Minute).UnixMilli(), answer.ExpiresMs, 60_000)

	commit := gateway.CommitRequest{Digest: d, Size: 1000}
	w.ask(t, http.MethodPost, "/v1/spaces/1/commit", token, commit).refused(t, gateway.CodeUploadMissing, "ask for one with put")
	w.ask(t, http.MethodPost, "/v1/spaces/1/put", token, request).ok(t, &answer)
	require.False(t, answer.Have, "it was not sent yet")

	put(t, w.space(t, w.alice, 1), b)
	w.ask(t, http.MethodPost, "/v1/spaces/1/put", token, request).ok(t, &answer)
	require.True(t, answer.Have)
	require.Equal(t, http.StatusNoContent, w.ask(t, http.MethodPost, "/v1/spaces/1/commit", token, commit).status, "again")
	w.ask(t, http.MethodPost, "/v1/spaces/1/put", token, gateway.PutRequest{Digest: d, Size: 999}).
		refused(t, gateway.CodeBadRequest, "size 999: content of "+d.String()+" has 1000 bytes")

	w.reserve(2, w.alice, mib)
	answer = gateway.PutAnswer{}
	w.ask(t, http.MethodPost, "/v1/spaces/2/put", token, request).ok(t, &answer)
	require.False(t, answer.Have, "what another space has does not count")
}

// Content that somebody else has sent is not had by naming its digest: neither in another space nor in the same.
func TestCommitWantsTheContent(t *testing.T) { s3server.Each(t, commitWantsTheContent) }

func commitWantsTheContent(t *testing.T, store *s3server.Server) {
	w := newWorldOn(t, store)
	b := storagetest.Content(2, 5000)
	d := put(t, w.space(t, w.alice, 1), b)
	w.reserve(2, w.bob, mib)
	w.ledger.set(1, func(s *space) { s.Writers = []string{w.bob.Address().String()} })
	token := w.token(t, w.bob)
	for _, path := range []string{"/v1/spaces/1/", "/v1/spaces/2/"} {
		for range 2 {
			var answer gateway.PutAnswer
			w.ask(t, http.MethodPost, path+"put", token, gateway.PutRequest{Digest: d, Size: 5000}).ok(t, &answer)
			require.False(t, answer.Have, "whether it is there is not for bob to know")
			require.NotNil(t, answer.Upload)
			w.ask(t, http.MethodPost, path+"commit", token, gateway.CommitRequest{Digest: d, Size: 5000}).
				refused(t, gateway.CodeUploadMissing, "no upload of this content, by this account, is under way")
			w.ask(t, http.MethodPost, path+"get", token, gateway.GetRequest{Digest: d}).refused(t, gateway.CodeNotFound, "there is no such content here")
		}
	}
	// Who has the content may put it beside alice's, and then knows that it is there, and no more.
	bobs := w.space(t, w.bob, 1)
	put(t, bobs, b)
	stat, err := bobs.Stat(deadline(t), d)
	require.NoError(t, err)
	require.Equal(t, int64(5000), stat.Size)
	_, _, err = bobs.Get(deadline(t), d)
	require.ErrorIs(t, err, storage.ErrNotFound)
	usage, err := w.space(t, w.alice, 1).Usage(deadline(t))
	require.NoError(t, err)
	require.Equal(t, gateway.Usage{Reserved: mib, Stored: 5000, Objects: 1}, usage, "it counts once")

	// And bob's deletion takes nothing from alice, while hers takes it from both.
	require.NoError(t, bobs.Delete(deadline(t), d))
	_, err = bobs.Stat(deadline(t), d)
	require.ErrorIs(t, err, storage.ErrNotFound)
	got, err := storage.ReadAll(deadline(t), w.space(t, w.alice, 1), d, mib)
	require.NoError(t, err)
	require.Equal(t, b, got)
	put(t, bobs, b)
	require.NoError(t, w.space(t, w.alice, 1).Delete(deadline(t), d))
	_, err = bobs.Stat(deadline(t), d)
	require.ErrorIs(t, err, storage.ErrNotFound)
	_, err = openStore(t, w.store).Shelf("spaces/1/").Stat(deadline(t), d)
	require.ErrorIs(t, err, storage.ErrNotFound, "the object has gone")
}

// Content that two spaces have survives the deletion by either.
func TestSharedContentSurvives(t *testing.T) {
	w := newWorld(t)
	w.reserve(2, w.bob, mib)
	b := storagetest.Content(3, 2000)
	first, second := w.space(t, w.alice, 1), w.space(t, w.bob, 2)
	d := put(t, first, b)
	put(t, second, b)
	require.NoError(t, first.Delete(deadline(t), d))
	require.NoError(t, w.server.Audit(deadline(t)))
	_, err := first.Stat(deadline(t), d)
	require.ErrorIs(t, err, storage.ErrNotFound)
	got, err := storage.ReadAll(deadline(t), second, d, mib)
	require.NoError(t, err)
	require.Equal(t, b, got)
}

func TestListAndUsage(t *testing.T) {
	w := newWorld(t)
	s := w.space(t, w.alice, 1)
	sizes := map[storage.Digest]int64{}
	for i := range 5 {
		b := storagetest.Content(uint64(10+i), 100*(i+1))
		sizes[put(t, s, b)] = int64(len(b))
	}
	w.reserve(2, w.alice, mib)
	put(t, w.space(t, w.alice, 2), []byte("of another space"))
	got := map[storage.Digest]int64{}
	pages, after := 0, storage.Digest("")
	for {
		page, err := s.List(deadline(t), after, 2)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Objects), 2)
		for _, o := range page.Objects {
			require.Greater(t, o.Digest, after, "they come by digest")
			after = o.Digest
			got[o.Digest] = o.Size
		}
		pages++
		if page.Next == "" {
			break
		}
		require.Equal(t, after, page.Next)
	}
	require.Equal(t, sizes, got)
	require.Equal(t, 3, pages)
	usage, err := s.Usage(deadline(t))
	require.NoError(t, err)
	require.Equal(t, gateway.Usage{Reserved: mib, Stored: 1500, Objects: 5}, usage)

	token := w.token(t, w.alice)
	for query, words := range map[string]string{
		"limit=0": `limit "0": want 1 to 1000`, "limit=1001": "want 1 to 1000", "limit=x": "want 1 to 1000", "after=sha256:": "after: digest",
	} {
		w.ask(t, http.MethodGet, "/v1/spaces/1/list?"+query, token, "").refused(t, gateway.CodeBadRequest, words)
	}
}

// Links name the address that clients know, and the store is asked at its own.
func TestLinksNameThePublicAddress(t *testing.T) {
	w := newWorld(t)
	public := w.store
	public.Endpoint, public.Secure = "store.example.org", true
	w.cfg.Links, w.cfg.Dir = openStore(t, public), t.TempDir()
	w.serve(t)
	var answer gateway.PutAnswer
	w.ask(t, http.MethodPost, "/v1/spaces/1/put", w.token(t, w.alice), gateway.PutRequest{Digest: storage.DigestOf(nil)}).ok(t, &answer)
	require.Contains(t, answer.Upload.URL, "https://store.example.org/ain/spaces/1/sha256/")
	_, err := w.client(t, w.alice).Space(1).Stat(deadline(t), storage.DigestOf(nil))
	require.ErrorIs(t, err, storage.ErrNotFound)
}

// A client sends no content in the clear to another machine, whatever the gateway says.
func TestClientRefusesLinksInTheClear(t *testing.T) {
	w := newWorld(t)
	public := w.store
	public.Endpoint = "store.example.org:9000"
	w.cfg.Links, w.cfg.Dir = openStore(t, public), t.TempDir()
	w.serve(t)
	_, err := storage.PutBytes(deadline(t), w.space(t, w.alice, 1), []byte("content"))
	require.ErrorContains(t, err, "names a store that is not reached by https://")
}

// An upload through the gateway is what was begun: by the account, of the size, of the content.
func TestRelay(t *testing.T) {
	w := newWorldOn(t, s3server.Run(t, "minio", t.TempDir()))
	token := w.token(t, w.alice)
	b := storagetest.Content(1, 1000)
	d := storage.DigestOf(b)
	path := "/v1/spaces/1/content/" + d.String()
	send := func(token string, body []byte) reply { return w.ask(t, http.MethodPut, path, token, string(body)) }
	send(token, b).refused(t, gateway.CodeUploadMissing, "ask for one with put")
	begin := gateway.PutRequest{Digest: d, Size: 1000}
	require.Equal(t, http.StatusOK, w.ask(t, http.MethodPost, "/v1/spaces/1/put", token, begin).status)

	send("", b).refused(t, gateway.CodeUnauthenticated, "log in first")
	send(w.token(t, w.bob), b).refused(t, gateway.CodeNotAllowed, "may not write to space 1")
	send(token, b[1:]).refused(t, gateway.CodeBadRequest, "content-length 999: the upload is of 1000 bytes")
	send(token, storagetest.Content(2, 1000)).refused(t, gateway.CodeBadRequest, "body: it is not the content of "+d.String())
	w.ask(t, http.MethodPut, "/v1/spaces/1/content/x", token, "").refused(t, gateway.CodeBadRequest, "digest: digest")
	require.Empty(t, w.objects(t))
	commit := func() reply {
		return w.ask(t, http.MethodPost, "/v1/spaces/1/commit", token, gateway.CommitRequest{Digest: d, Size: 1000})
	}
	commit().refused(t, gateway.CodeUploadMissing, "")
	for range 2 {
		require.Equal(t, http.StatusOK, send(token, b).status)
		require.Equal(t, http.StatusNoContent, commit().status)
	}
	got, err := storage.ReadAll(deadline(t), w.space(t, w.alice, 1), d, mib)
	require.NoError(t, err)
	require.Equal(t, b, got)
	w.clock.pass(20 * time.Minute)
	send(w.token(t, w.alice), b).refused(t, gateway.CodeUploadMissing, "")
	w.s3.Kill()
	require.Equal(t, http.StatusOK, w.ask(t, http.MethodPost, "/v1/spaces/1/put", w.token(t, w.alice), gateway.PutRequest{Digest: d, Size: 1000, Again: true}).status)
	send(w.token(t, w.alice), b).refused(t, gateway.CodeStoreUnavailable, "the store behind the gateway cannot be used now")
}
