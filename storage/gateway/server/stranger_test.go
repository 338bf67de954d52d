package server_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/storage/gateway"
	"github.com/ain-network/aind/storage/storagetest"
	s3server "github.com/ain-network/aind/storage/storagetest/server"
)

// secret is in every piece of the content that strangers ask for.
const secret = "what nobody else may read "

// strangers are those who may not read what alice has in space 1, as they are when they ask.
type strangers struct {
	w       *world
	content []byte
	digest  storage.Digest
	absent  storage.Digest

	expired, dropped, other client.Key
	tokens                  map[string]string
	old                     string // a token whose time is over
	used                    gateway.LoginRequest
	link                    gateway.GetAnswer
	upload                  gateway.PutAnswer
}

func newStrangers(t *testing.T, store *s3server.Server) *strangers {
	s := &strangers{
		w: newWorldOn(t, store), content: []byte(strings.Repeat(secret, 100)), absent: storage.DigestOf([]byte("never put")),
		expired: client.GenerateKey(), dropped: client.GenerateKey(), other: client.GenerateKey(), tokens: map[string]string{},
	}
	w := s.w
	s.digest = put(t, w.space(t, w.alice, 1), s.content)
	s.used, _ = w.login(t, s.expired)
	s.old = w.token(t, s.expired)
	w.clock.pass(11 * time.Minute)

	// They may read now: a participant of a request, a node, and somebody with a request of another digest.
	w.reserve(2, s.other, mib)
	put(t, w.space(t, s.other, 2), []byte("of another request"))
	w.ledger.set(1, func(sp *space) {
		sp.Readers = map[storage.Digest][]string{
			s.digest: {s.expired.Address().String(), s.dropped.Address().String()},
			storage.DigestOf([]byte("another input")): {s.other.Address().String()},
		}
	})
	for name, key := range map[string]client.Key{"expired": s.expired, "dropped": s.dropped, "other": s.other, "nobody": client.GenerateKey()} {
		s.tokens[name] = w.token(t, key)
	}
	for _, name := range []string{"expired", "dropped"} {
		w.ask(t, http.MethodPost, "/v1/spaces/1/get", s.tokens[name], gateway.GetRequest{Digest: s.digest}).ok(t, &s.link)
	}
	w.ask(t, http.MethodPost, "/v1/spaces/2/put", s.tokens["other"], gateway.PutRequest{Digest: s.digest, Size: int64(len(s.content))}).ok(t, &s.upload)

	// And now they may not: the grant has ended, the node was dropped.
	w.ledger.set(1, func(sp *space) { delete(sp.Readers, s.digest) })
	w.clock.pass(2 * time.Second)
	return s
}

// Ten thousand reads by accounts that may not read get not a byte, and no answer tells content that is there from content
// that is not.
func TestTenThousandReadsByStrangers(t *testing.T) { s3server.Each(t, tenThousandReads) }

func tenThousandReads(t *testing.T, store *s3server.Server) {
	s := newStrangers(t, store)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	draw := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // which attack comes next is no secret
	attacks := []func(*testing.T, *rand.Rand) string{s.asks, s.asks, s.asks, s.asks, s.replays, s.tampers, s.puts}
	seen := map[string]int{}
	for range 10_000 {
		attack := attacks[draw.IntN(len(attacks))]
		seen[attack(t, draw)]++
	}
	for _, what := range slices.Sorted(maps.Keys(seen)) {
		t.Logf("%6d %s", seen[what], what)
	}
	require.Greater(t, len(seen), 20)
	usage, err := s.w.space(t, s.w.alice, 1).Usage(deadline(t))
	require.NoError(t, err)
	require.Equal(t, int64(1), usage.Objects)
}

// asks asks for what is there and for what is not, by the same route, and holds the answers against each other.
func (s *strangers) asks(t *testing.T, draw *rand.Rand) string {
	names := slices.Sorted(maps.Keys(s.tokens))
	name := names[draw.IntN(len(names))]
	routes := map[string]func(d storage.Digest) reply{
		"get": func(d storage.Digest) reply {
			return s.w.ask(t, http.MethodPost, "/v1/spaces/1/get", s.tokens[name], gateway.GetRequest{Digest: d})
		},
		"stat": func(d storage.Digest) reply {
			return s.w.ask(t, http.MethodPost, "/v1/spaces/1/stat", s.tokens[name], gateway.GetRequest{Digest: d})
		},
		"get as a chunk": func(d storage.Digest) reply {
			return s.w.ask(t, http.MethodPost, "/v1/spaces/1/get", s.tokens[name], gateway.GetRequest{Digest: d, Root: d})
		},
		"delete": func(d storage.Digest) reply {
			return s.w.ask(t, http.MethodDelete, "/v1/spaces/1/"+d.String(), s.tokens[name], "")
		},
		"list": func(storage.Digest) reply {
			return s.w.ask(t, http.MethodGet, "/v1/spaces/1/list", s.tokens[name], "")
		},
		"usage": func(storage.Digest) reply {
			return s.w.ask(t, http.MethodGet, "/v1/spaces/1/usage", s.tokens[name], "")
		},
	}
	keys := slices.Sorted(maps.Keys(routes))
	route := keys[draw.IntN(len(keys))]
	there, absent := routes[route](s.digest), routes[route](s.absent)
	there.refused(t, gateway.CodeNotFound, "there is no such content here, or you may not read it")
	there.header.Del("Date")
	absent.header.Del("Date")
	require.Equal(t, absent, there)
	return name + " " + route
}

// replays uses tokens and logins that have had their time.
func (s *strangers) replays(t *testing.T, draw *rand.Rand) string {
	switch draw.IntN(3) {
	case 0:
		got := s.w.ask(t, http.MethodPost, "/v1/spaces/1/get", s.old, gateway.GetRequest{Digest: s.digest})
		got.refused(t, gateway.CodeUnauthenticated, "log in first")
		return "replayed token"
	case 1:
		s.w.ask(t, http.MethodPost, "/v1/login", "", s.used).refused(t, gateway.CodeUnauthenticated, refusedLogin)
		return "replayed login"
	default:
		forged := s.used
		forged.Account = s.w.alice.Address().String()
		s.w.ask(t, http.MethodPost, "/v1/login", "", forged).refused(t, gateway.CodeUnauthenticated, refusedLogin)
		return "login as alice with another's signature"
	}
}

// tampers changes a presigned request that was good for something else.
func (s *strangers) tampers(t *testing.T, draw *rand.Rand) string {
	own := *s.upload.Upload
	path := "/spaces/1/sha256/" + s.digest.Hex()
	if strings.HasPrefix(own.URL, "/") {
		return s.tampersWithRelay(t, draw)
	}
	changes := map[string]func(r *http.Request){
		"method": func(r *http.Request) { r.Method, r.Body, r.ContentLength = http.MethodGet, nil, 0 },
		"key": func(r *http.Request) {
			r.Method, r.Body, r.ContentLength, r.URL.Path = http.MethodGet, nil, 0, "/ain"+path
		},
		"size": func(r *http.Request) {
			size := draw.IntN(len(s.content))
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(s.content[:size])), int64(size)
		},
		"checksum": func(r *http.Request) {
			r.Header.Set("X-Amz-Checksum-Sha256", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
		},
		"copy": func(r *http.Request) { r.Header.Set("X-Amz-Copy-Source", "/ain"+path) },
		"expiry": func(r *http.Request) {
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "X-Amz-Expires=900", "X-Amz-Expires=9000", 1)
		},
		"signature": func(r *http.Request) { r.URL.RawQuery = flip(r.URL.RawQuery, draw) },
		"host":      func(r *http.Request) { r.Host = fmt.Sprintf("host%d.example.org", draw.IntN(1000)) },
	}
	names := slices.Sorted(maps.Keys(changes))
	name := names[draw.IntN(len(names))]
	status, text := carry(t, own, s.content, changes[name])
	require.GreaterOrEqual(t, status, http.StatusBadRequest, "%s: %s", name, text)
	require.NotContains(t, text, secret)
	return "upload with another " + name
}

// tampersWithRelay does so with an upload that goes through the gateway, without having the content.
func (s *strangers) tampersWithRelay(t *testing.T, draw *rand.Rand) string {
	own := *s.upload.Upload
	own.URL = s.w.url + own.URL
	junk := bytes.Repeat([]byte{'x'}, len(s.content))
	path := "/ain/spaces/1/sha256/" + s.digest.Hex()
	changes := map[string]func(r *http.Request){
		"content": func(*http.Request) {},
		"method":  func(r *http.Request) { r.Method, r.Body, r.ContentLength = http.MethodGet, nil, 0 },
		"key":     func(r *http.Request) { r.URL.Path = strings.Replace(r.URL.Path, "spaces/2", "spaces/1", 1) },
		"size": func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(junk[1:])), int64(len(junk)-1)
		},
		"checksum": func(r *http.Request) {
			r.Header.Set("X-Amz-Checksum-Sha256", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
		},
		"copy": func(r *http.Request) {
			r.Header.Set("X-Amz-Copy-Source", path)
			r.Header.Set("X-Amz-Metadata-Directive", "REPLACE")
		},
		"archive": func(r *http.Request) { r.Header.Set("X-Amz-Meta-Snowball-Auto-Extract", "true") },
		"token":   func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+s.tokens["nobody"]) },
		"host":    func(r *http.Request) { r.Host = "example.org" },
	}
	names := slices.Sorted(maps.Keys(changes))
	name := names[draw.IntN(len(names))]
	status, text := carry(t, own, junk, changes[name])
	require.GreaterOrEqual(t, status, http.StatusBadRequest, "%s: %s", name, text)
	require.NotContains(t, text, secret)
	s.w.ask(t, http.MethodPost, "/v1/spaces/2/commit", s.tokens["other"], gateway.CommitRequest{Digest: s.digest, Size: int64(len(s.content))}).
		refused(t, gateway.CodeUploadMissing, "")
	return "relayed upload with another " + name
}

// flip changes one digit of the signature.
func flip(query string, draw *rand.Rand) string {
	at := len(query) - 1 - draw.IntN(64)
	digit := "0123456789abcdef"[draw.IntN(16)]
	if query[at] == digit {
		digit = 'g'
	}
	return query[:at] + string(digit) + query[at+1:]
}

// puts claims to have the content: in a space of the stranger's own, without sending it.
func (s *strangers) puts(t *testing.T, draw *rand.Rand) string {
	token := s.tokens["other"]
	if draw.IntN(2) == 0 {
		s.w.ask(t, http.MethodPost, "/v1/spaces/2/commit", token, gateway.CommitRequest{Digest: s.digest, Size: int64(len(s.content))}).
			refused(t, gateway.CodeUploadMissing, "")
		return "commit of what was not sent"
	}
	s.w.ask(t, http.MethodPost, "/v1/spaces/1/put", token, gateway.PutRequest{Digest: s.digest, Size: int64(len(s.content))}).
		refused(t, gateway.CodeNotAllowed, "")
	return "put into the space of another"
}

// A download that was handed out while it was allowed ends with its minute, and nothing makes it longer.
func TestLinksEnd(t *testing.T) { s3server.Each(t, linksEnd) }

func linksEnd(t *testing.T, store *s3server.Server) {
	s := newStrangers(t, store)
	status, text := carry(t, s.link.Download, nil, nil)
	require.Equal(t, http.StatusOK, status, "it was handed out when it was allowed: for its minute it is good")
	require.Equal(t, string(s.content), text)
	require.Contains(t, s.link.Download.URL, "X-Amz-Expires=60")
	res, err := http.Get(s.link.Download.URL)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, "application/octet-stream", res.Header.Get("Content-Type"), "no browser takes it for a page")
	require.Equal(t, "attachment", res.Header.Get("Content-Disposition"))
	status, text = carry(t, s.link.Download, nil, func(r *http.Request) {
		r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "X-Amz-Expires=60", "X-Amz-Expires=6000", 1)
	})
	require.Equal(t, http.StatusForbidden, status)
	require.NotContains(t, text, secret)
}

// How long a refusal takes does not say whether the content is there: the index is not looked into before the chain has
// said that the account may read.
func TestTimingSaysNothing(t *testing.T) {
	s := newStrangers(t, s3server.Run(t, "embedded", t.TempDir()))
	const rounds = 500
	times := map[storage.Digest][]time.Duration{}
	for range rounds {
		for _, d := range []storage.Digest{s.digest, s.absent} {
			begun := time.Now()
			s.w.ask(t, http.MethodPost, "/v1/spaces/1/get", s.tokens["nobody"], gateway.GetRequest{Digest: d})
			times[d] = append(times[d], time.Since(begun))
		}
	}
	median := func(d storage.Digest) time.Duration {
		slices.Sort(times[d])
		return times[d][rounds/2]
	}
	t.Logf("median of %d refusals: there %s, absent %s", rounds, median(s.digest), median(s.absent))
	require.InEpsilon(t, float64(median(s.absent)), float64(median(s.digest)), 0.5)
}

// The chunks of a manifest are read by who may read the manifest, and nothing else is.
func TestChunksUnderTheirRoot(t *testing.T) {
	w := newWorld(t)
	w.reserve(1, w.alice, 1<<30)
	owner := w.space(t, w.alice, 1)
	first, last, stray := storagetest.Content(1, 16*mib), storagetest.Content(2, 100), storagetest.Content(3, 100)
	for _, b := range [][]byte{first, last, stray} {
		put(t, owner, b)
	}
	manifest := fmt.Appendf(nil, `{"ain":"chunks/v1","size":%d,"chunk":16777216,"chunks":["%s","%s"]}`,
		16*mib+100, storage.DigestOf(first), storage.DigestOf(last))
	root := put(t, owner, manifest)
	plain := put(t, owner, []byte("no manifest"))
	bob := w.bob.Address().String()
	w.ledger.set(1, func(s *space) { s.Readers = map[storage.Digest][]string{root: {bob}, plain: {bob}} })

	reader := w.space(t, w.bob, 1)
	_, _, err := reader.Get(deadline(t), storage.DigestOf(last))
	require.ErrorIs(t, err, storage.ErrNotFound, "the chain names the manifest alone")
	under := reader.Under(root)
	for _, b := range [][]byte{manifest, first, last} {
		got, err := storage.ReadAll(deadline(t), under, storage.DigestOf(b), 1<<30)
		require.NoError(t, err)
		require.Equal(t, storage.DigestOf(b), storage.DigestOf(got))
		_, err = under.Stat(deadline(t), storage.DigestOf(b))
		require.NoError(t, err)
	}
	for what, c := range map[string]struct {
		store storage.Store
		d     storage.Digest
	}{
		"content that is no chunk of it":         {under, storage.DigestOf(stray)},
		"a root that is no manifest":             {reader.Under(plain), storage.DigestOf(last)},
		"a root that is not there":               {reader.Under(storage.DigestOf([]byte("none"))), storage.DigestOf(last)},
		"a root that the account may not read":   {reader.Under(storage.DigestOf(first)), storage.DigestOf(last)},
		"somebody who may not read the manifest": {w.space(t, client.GenerateKey(), 1).Under(root), storage.DigestOf(last)},
	} {
		_, _, err := c.store.Get(deadline(t), c.d)
		require.ErrorIs(t, err, storage.ErrNotFound, what)
	}
}

// Large content goes into a space as chunks and is read, with nothing but its manifest named, as one.
func TestLargeContent(t *testing.T) {
	w := newWorld(t)
	w.reserve(1, w.alice, 1<<30)
	owner := w.space(t, w.alice, 1)
	const size = chunk.Threshold + 5*mib
	ref, err := chunk.Put(deadline(t), owner, storagetest.Stream(7, size), size, chunk.Options{})
	require.NoError(t, err)
	require.True(t, ref.Chunked)
	usage, err := owner.Usage(deadline(t))
	require.NoError(t, err)
	require.Equal(t, int64(6), usage.Objects, "five chunks and their manifest")

	w.ledger.set(1, func(s *space) { s.Readers = map[storage.Digest][]string{ref.Digest: {w.bob.Address().String()}} })
	path := filepath.Join(t.TempDir(), "content")
	require.NoError(t, chunk.Get(deadline(t), w.space(t, w.bob, 1), ref, path, chunk.Options{}))
	err = chunk.Get(deadline(t), w.space(t, client.GenerateKey(), 1), ref, path, chunk.Options{})
	require.ErrorIs(t, err, storage.ErrNotFound)
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	got, err := storage.DigestReader(f)
	require.NoError(t, err)
	want, err := storage.DigestReader(storagetest.Stream(7, size))
	require.NoError(t, err)
	require.Equal(t, want, got)
}
