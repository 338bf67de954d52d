package warden

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// answering serves one answer to every call, on a socket.
func answering(t *testing.T, answer http.HandlerFunc) *caller {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "program.sock")
	listener, err := net.Listen("unix", socket)
	require.NoError(t, err)
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{Handler: answer, Protocols: protocols}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { server.Close() })
	c := newCaller(socket)
	require.NoError(t, c.await(t.Context()))
	return c
}

// grpc answers with a body and trailers.
func grpc(body, status, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/grpc")
		_, _ = io.WriteString(w, body)
		if status != "" {
			w.Header().Set(http.TrailerPrefix+"Grpc-Status", status)
		}
		w.Header().Set(http.TrailerPrefix+"Grpc-Message", message)
	}
}

func TestACallIsWhatGRPCSays(t *testing.T) {
	c := answering(t, func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "/pkg.Worker/Work", r.URL.Path)
		assert.Equal(t, "application/grpc", r.Header.Get("Content-Type"))
		assert.Equal(t, "trailers", r.Header.Get("Te"))
		assert.Equal(t, "42", r.Header.Get("Ain-Request"))
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		assert.Equal(t, "\x00\x00\x00\x00\x04ping", string(body))
		grpc("\x00\x00\x00\x00\x04pong", "0", "")(w, r)
	})
	for range 2 { // over one connection
		reply, err := c.call(t.Context(), "pkg.Worker/Work", map[string]string{"ain-request": "42"}, []byte("ping"), 4)
		require.NoError(t, err)
		assert.Equal(t, "pong", string(reply))
	}
}

func TestAnswersThatAreWrong(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   error
		says   string
	}{
		"a status":              {grpc("", "5", "no%20such"), statusError{5, "no such"}, "status NOT_FOUND: no such"},
		"a status nobody knows": {grpc("", "99", ""), statusError{99, ""}, "status 99"},
		"a message and a status": {
			grpc("\x00\x00\x00\x00\x01x", "13", ""), statusError{13, ""}, "INTERNAL",
		},
		"no status":          {grpc("\x00\x00\x00\x00\x01x", "", ""), errNotGRPC, `status ""`},
		"a status in words":  {grpc("\x00\x00\x00\x00\x01x", "OK", ""), errNotGRPC, `status "OK"`},
		"no message":         {grpc("", "0", ""), errNotGRPC, "without a message"},
		"a message cut off":  {grpc("\x00\x00\x00\x00\x03x", "0", ""), errNotGRPC, "cut short"},
		"two messages":       {grpc("\x00\x00\x00\x00\x01x\x00\x00\x00\x00\x01x", "0", ""), errNotGRPC, "more than one"},
		"compressed":         {grpc("\x01\x00\x00\x00\x01x", "0", ""), errNotGRPC, "compressed"},
		"more than allowed":  {grpc("\x00\x00\x00\x00\x0512345", "0", ""), errTooLarge, "larger"},
		"a length and a lie": {grpc("\x00\xff\xff\xff\xff", "0", ""), errTooLarge, "larger"},
		"a web page": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "hello")
		}, errNotGRPC, "content type \"text/plain"},
		"not found": {http.NotFound, errNotGRPC, "HTTP status 404"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := answering(t, c.answer).call(t.Context(), "Worker/Work", nil, nil, 4)
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestACallEndsWithItsTime(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	c := answering(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel(errors.New("its time is over"))
		<-r.Context().Done()
	})
	_, err := c.call(ctx, "Worker/Work", nil, nil, 4)
	require.Error(t, err)
	nobody := newCaller(filepath.Join(t.TempDir(), "nobody"))
	require.ErrorIs(t, nobody.await(ctx), context.Canceled)
}
