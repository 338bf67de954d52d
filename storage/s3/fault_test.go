package s3_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/s3"
)

// These tests stand in for stores and networks that fail in ways the real one
// cannot be made to: the client must not take any of it for success.

var object = bytes.Repeat([]byte("object "), 40_000)

// serve runs handler as an S3 store and returns a client of it.
func serve(t *testing.T, handler http.HandlerFunc) *s3.Store {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	cfg := valid()
	cfg.Endpoint = strings.TrimPrefix(server.URL, "http://")
	cfg.StallTimeout = time.Second
	s, err := s3.New(cfg)
	require.NoError(t, err)
	return s
}

func deadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func announce(w http.ResponseWriter, size int) {
	w.Header().Set("ETag", `"etag"`)
	w.Header().Set("Last-Modified", time.Unix(1, 0).UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Length", fmt.Sprint(size))
}

func TestGetFromAStoreThatIsNotToBeTrusted(t *testing.T) {
	flipped := bytes.Clone(object)
	flipped[len(object)/2] ^= 1
	hangUp := func(w http.ResponseWriter) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			conn.Close()
		}
	}
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request)
		err    error
	}{
		"other bytes": {func(w http.ResponseWriter, _ *http.Request) {
			announce(w, len(object))
			_, _ = w.Write(flipped)
		}, storage.ErrDigestMismatch},
		"fewer bytes than the object has": {func(w http.ResponseWriter, _ *http.Request) {
			announce(w, len(object)-1)
			_, _ = w.Write(object[:len(object)-1])
		}, storage.ErrDigestMismatch},
		"fewer bytes than announced": {func(w http.ResponseWriter, _ *http.Request) {
			announce(w, len(object))
			_, _ = w.Write(object[:len(object)-1])
			hangUp(w)
		}, storage.ErrUnavailable},
		"a connection that breaks half way": {func(w http.ResponseWriter, _ *http.Request) {
			announce(w, len(object))
			_, _ = w.Write(object[:len(object)/2])
			w.(http.Flusher).Flush()
			hangUp(w)
		}, storage.ErrUnavailable},
		"a transfer that stands still": {func(w http.ResponseWriter, r *http.Request) {
			announce(w, len(object))
			_, _ = w.Write(object[:len(object)/2])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, storage.ErrUnavailable},
		"no answer at all": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, storage.ErrUnavailable},
		"an error of its own": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
		}, storage.ErrUnavailable},
		"a refusal":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, storage.ErrDenied},
		"not having it": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, storage.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, c.answer)
			_, err := storage.ReadAll(deadline(t), s, storage.DigestOf(object), 1<<30)
			require.ErrorIs(t, err, c.err)
		})
	}
}

// sink is a store that takes objects and checks nothing, as the least careful one
// might.
type sink struct {
	objects atomic.Int32 // bodies received in full
	puts    atomic.Int32
	before  func(w http.ResponseWriter, r *http.Request) bool // true: it has answered
}

func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPut {
		w.WriteHeader(http.StatusOK) // the bucket is there
		return
	}
	s.puts.Add(1)
	if s.before != nil && s.before(w, r) {
		return
	}
	h := sha256.New()
	n, err := io.Copy(h, r.Body)
	if err != nil || n != r.ContentLength {
		return
	}
	if got := r.Header.Get("X-Amz-Content-Sha256"); got != hex.EncodeToString(h.Sum(nil)) {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `<Error><Code>XAmzContentSHA256Mismatch</Code></Error>`)
		return
	}
	s.objects.Add(1)
	w.Header().Set("ETag", `"etag"`)
}

func TestEveryUploadIsSignedOverItsDigest(t *testing.T) {
	store := &sink{}
	_, err := storage.PutBytes(deadline(t), serve(t, store.ServeHTTP), object)
	require.NoError(t, err)
	require.EqualValues(t, 1, store.objects.Load())
}

func TestWrongContentNeverReachesAStoreInFull(t *testing.T) {
	store := &sink{}
	s := serve(t, store.ServeHTTP)
	wrong := bytes.Clone(object)
	wrong[0] ^= 1
	for name, src := range map[string]io.Reader{
		"a stream":                     io.MultiReader(bytes.NewReader(wrong)),
		"a source that can be rewound": bytes.NewReader(wrong),
	} {
		_, err := s.Put(deadline(t), src,
			storage.ExpectDigest(storage.DigestOf(object)), storage.ExpectSize(int64(len(object))))
		require.ErrorIs(t, err, storage.ErrDigestMismatch, name)
	}
	require.Zero(t, store.objects.Load())
	require.EqualValues(t, 2, store.puts.Load(), "what cannot help is not tried again")
}

// turncoat yields one content when it is first read and another the second time.
type turncoat struct {
	contents [2][]byte
	io.Reader
}

func (c *turncoat) Seek(offset int64, whence int) (int64, error) {
	if whence == io.SeekStart && offset == 0 && c.Reader != nil {
		c.Reader = bytes.NewReader(c.contents[1])
	} else if c.Reader == nil {
		c.Reader = bytes.NewReader(c.contents[0])
	}
	return 0, nil
}

func TestContentThatChangesWhileItIsSentIsRefused(t *testing.T) {
	changed := bytes.Clone(object)
	changed[9] ^= 1
	for name, c := range map[string]struct {
		then []byte
		err  error
	}{
		"other bytes": {changed, storage.ErrDigestMismatch},
		"fewer bytes": {object[1:], storage.ErrSizeMismatch},
	} {
		store := &sink{}
		_, err := serve(t, store.ServeHTTP).Put(deadline(t), &turncoat{contents: [2][]byte{object, c.then}})
		require.ErrorIs(t, err, c.err, name)
		require.Zero(t, store.objects.Load(), name)
	}
}

// What the caller has measured is not hashed again here, so it is the store that finds out.
func TestMeasuredContentThatHasChangedIsRefusedByTheStore(t *testing.T) {
	store := &sink{}
	changed := bytes.Clone(object)
	changed[9] ^= 1
	for name, c := range map[string]struct {
		then []byte
		err  error
	}{
		"other bytes": {changed, storage.ErrDigestMismatch},
		"fewer bytes": {object[1:], storage.ErrSizeMismatch},
	} {
		_, err := serve(t, store.ServeHTTP).Put(deadline(t), bytes.NewReader(c.then), storage.ExpectDigest(storage.DigestOf(object)),
			storage.ExpectSize(int64(len(object))), storage.Measured())
		require.ErrorIs(t, err, c.err, name)
	}
	require.Zero(t, store.objects.Load())
}

func TestPutIsTriedAgainWhereThatCanHelp(t *testing.T) {
	for name, fail := range map[string]func(w http.ResponseWriter, r *http.Request){
		"an error of the store": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"a broken connection": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.CopyN(io.Discard, r.Body, 1000)
			if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
				conn.Close()
			}
		},
		"an answer before the content has come": func(http.ResponseWriter, *http.Request) {},
	} {
		t.Run(name, func(t *testing.T) {
			store := &sink{}
			store.before = func(w http.ResponseWriter, r *http.Request) bool {
				if store.puts.Load() > 1 {
					return false
				}
				fail(w, r)
				return true
			}
			s := serve(t, store.ServeHTTP)
			large := bytes.Repeat(object, 100) // more than the network's buffers take
			info, err := storage.PutBytes(deadline(t), s, large)
			require.NoError(t, err)
			require.Equal(t, storage.DigestOf(large), info.Digest)
			require.EqualValues(t, 2, store.puts.Load())
			require.EqualValues(t, 1, store.objects.Load())

			store.puts.Store(0)
			_, err = s.Put(deadline(t), io.MultiReader(bytes.NewReader(large)),
				storage.ExpectDigest(info.Digest), storage.ExpectSize(info.Size))
			require.ErrorIs(t, err, storage.ErrUnavailable, "a stream cannot be sent again")
			require.EqualValues(t, 1, store.puts.Load())
		})
	}
}

func TestDamageOnTheWayIsNamed(t *testing.T) {
	store := &sink{before: func(w http.ResponseWriter, r *http.Request) bool {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `<Error><Code>XAmzContentSHA256Mismatch</Code><Message>damaged</Message></Error>`)
		return true
	}}
	_, err := storage.PutBytes(deadline(t), serve(t, store.ServeHTTP), object)
	require.ErrorIs(t, err, storage.ErrDigestMismatch)
	require.ErrorContains(t, err, "on the way")
}

// A path that swallows packets: the connection stands, and nothing ever comes.
func TestSilenceEndsInAnError(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close() // it accepts nobody: the kernel takes the bytes, and that is all
	cfg := valid()
	cfg.Endpoint = l.Addr().String()
	cfg.StallTimeout = 300 * time.Millisecond
	s, err := s3.New(cfg)
	require.NoError(t, err)
	for name, call := range map[string]func() error{
		"get": func() error { _, _, err := s.Get(deadline(t), storage.DigestOf(object)); return err },
		"put": func() error { _, err := storage.PutBytes(deadline(t), s, object); return err },
	} {
		require.ErrorIs(t, call(), storage.ErrUnavailable, name)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, _, err = s.Get(ctx, storage.DigestOf(object))
	require.ErrorIs(t, err, context.DeadlineExceeded, "the caller's deadline is told from the network's")
}

// A slow transfer that moves is not a stalled one, in either direction.
func TestSlownessIsNotSilence(t *testing.T) {
	const piece = 1000
	tick := func(r *http.Request) {
		select {
		case <-time.After(150 * time.Millisecond):
		case <-r.Context().Done():
		}
	}
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodHead:
			w.WriteHeader(http.StatusOK)
		case http.MethodPut:
			_, err := io.Copy(io.Discard, r.Body)
			if err == nil {
				w.Header().Set("ETag", `"etag"`)
			}
		case http.MethodGet:
			announce(w, 12*piece)
			for range 12 {
				_, _ = w.Write(object[:piece])
				w.(http.Flusher).Flush()
				tick(r)
			}
		}
	})
	slow := bytes.Repeat(object[:piece], 12)
	begin := time.Now()
	_, err := storage.ReadAll(deadline(t), s, storage.DigestOf(slow), 1<<20)
	require.NoError(t, err)
	require.Greater(t, time.Since(begin), time.Second, "it took longer than the stall timeout")

	pr, pw := io.Pipe()
	go func() {
		ticker := time.NewTicker(150 * time.Millisecond)
		defer ticker.Stop()
		for range 12 {
			<-ticker.C
			if _, err := pw.Write(object[:piece]); err != nil {
				return
			}
		}
		pw.Close()
	}()
	_, err = s.Put(deadline(t), pr, storage.ExpectDigest(storage.DigestOf(slow)), storage.ExpectSize(int64(len(slow))))
	require.NoError(t, err)
}
