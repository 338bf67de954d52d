package daemon

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/storage/local"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

// shelves are spaces that the daemon's account may read, all of them; everybody reads 5, and 9 does not answer.
type shelves struct{ storage.Store }

func (s shelves) At(_ context.Context, space uint64) (storage.Store, error) {
	if space == 9 {
		return nil, errors.New("10.0.0.1 refuses the connection")
	}
	return s.Store, nil
}

func (s shelves) readBy(_ context.Context, space uint64) (storagetypes.AccessKind, error) {
	switch space {
	case 5:
		return storagetypes.ACCESS_KIND_EVERYBODY, nil
	case 6:
		return 0, storage.ErrNotFound
	}
	return storagetypes.ACCESS_KIND_PARTICIPANTS, nil
}

// fetch says bytes to the way of a run, as its program would, and returns the answer's status line and content.
func fetch(t *testing.T, w *storeWay, named []jobstypes.Reference, request string) (status string, content []byte, err error) {
	t.Helper()
	conn, err := w.dialFor(named)(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	go func() { _, _ = io.WriteString(conn, request) }()
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer answer.Body.Close()
	content, err = io.ReadAll(answer.Body)
	return answer.Status, content, err
}

func TestProgramsReadOfSpacesWhatTheirRequestNames(t *testing.T) {
	store, err := local.Open(t.TempDir())
	require.NoError(t, err)
	w := openStoreWay(shelves{store})
	t.Cleanup(w.close)
	small, large := []byte("what a request names"), bytes.Repeat([]byte("0123456789abcdef"), (65<<20)/16)
	info, err := storage.PutBytes(t.Context(), store, small)
	require.NoError(t, err)
	chunked, err := chunk.Put(t.Context(), store, bytes.NewReader(large), int64(len(large)), chunk.Options{})
	require.NoError(t, err)
	secret, err := storage.PutBytes(t.Context(), store, []byte("what another request names"))
	require.NoError(t, err)
	named := NamedIn(jobstypes.Request{Spec: jobstypes.RequestSpec{Input: jobstypes.Input{
		Reference: &jobstypes.Reference{Digest: info.Digest.String(), Size_: uint64(info.Size), Space: 7},
		Files: []jobstypes.NamedReference{
			{Name: "large", Reference: jobstypes.Reference{Digest: chunked.Digest.String(), Size_: uint64(chunked.Size), Space: 8, Chunked: true}},
			{Name: "away", Reference: jobstypes.Reference{Digest: info.Digest.String(), Size_: uint64(info.Size), Space: 9}},
			{Name: "wrong", Reference: jobstypes.Reference{Digest: info.Digest.String(), Size_: 1, Space: 10}},
		},
	}}})
	const none, form = "there is no such content, or it is not for this run\n", "ask with GET /<space>/sha256:<hex>\n"
	at := func(space, digest string) string { return get("/" + space + "/" + digest) }
	for name, c := range map[string]struct {
		request, status string
		content         []byte
	}{
		"the input":                       {at("7", info.Digest.String()), "200 OK", small},
		"a file in chunks":                {at("8", chunked.Digest.String()), "200 OK", large},
		"what everybody reads":            {at("5", secret.Digest.String()), "200 OK", []byte("what another request names")},
		"what is not there":               {at("5", storage.DigestOf(nil).String()), "404 Not Found", []byte(none)},
		"what another request names":      {at("7", secret.Digest.String()), "404 Not Found", []byte(none)},
		"what it names, in another space": {at("8", info.Digest.String()), "404 Not Found", []byte(none)},
		"a space that is gone":            {at("6", info.Digest.String()), "404 Not Found", []byte(none)},
		"a store that does not answer":    {at("9", info.Digest.String()), "502 Bad Gateway", []byte("the store does not answer\n")},
		"content of another size":         {at("10", info.Digest.String()), "502 Bad Gateway", []byte("the store does not answer\n")},
		"the store of the network":        {at("0", info.Digest.String()), "403 Forbidden", []byte(form)},
		"a space beyond all":              {at("99999999999999999999", info.Digest.String()), "403 Forbidden", []byte(form)},
		"another form of a digest":        {at("7", strings.ToUpper(info.Digest.Hex())), "403 Forbidden", []byte(form)},
		"a way around":                    {at("7", "../8/"+info.Digest.String()), "403 Forbidden", []byte(form)},
		"a list":                          {get("/7/"), "403 Forbidden", []byte(form)},
		"words behind it":                 {at("7", info.Digest.String()+"?x=1"), "403 Forbidden", []byte(form)},
		"to write":                        {"PUT /7/" + info.Digest.String() + " HTTP/1.1\r\nHost: s\r\nContent-Length: 0\r\n\r\n", "403 Forbidden", []byte(form)},
		"to delete":                       {"DELETE /7/" + info.Digest.String() + " HTTP/1.1\r\nHost: s\r\n\r\n", "403 Forbidden", []byte(form)},
		"another machine":                 {"GET http://169.254.169.254/latest/meta-data HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n", "403 Forbidden", []byte(form)},
		"a tunnel":                        {"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n", "403 Forbidden", []byte(form)},
	} {
		t.Run(name, func(t *testing.T) {
			status, content, err := fetch(t, w, named, c.request)
			require.NoError(t, err)
			require.Equal(t, c.status, status)
			require.True(t, bytes.Equal(c.content, content), "%.100q", content)
		})
	}
	status, _, err := fetch(t, w, nil, at("7", info.Digest.String()))
	require.NoError(t, err)
	require.Equal(t, "404 Not Found", status, "a run of another request")

	w.close()
	w.close()
	_, err = w.dialFor(nil)(t.Context())
	require.ErrorIs(t, err, net.ErrClosed)
}

func TestAWayToSpaces(t *testing.T) {
	cfg, err := readConfig(t, strings.Replace(reaching, "s3+http://KEY:SECRET@127.0.0.1:9000/bucket", "ain://7", 1)+"}\n")
	require.NoError(t, err)
	cfg.Store = "ain://7"
	cfg = cfg.WithDefaults()
	require.NoError(t, cfg.Validate())
	store, err := local.Open(t.TempDir())
	require.NoError(t, err)
	info, err := storage.PutBytes(t.Context(), store, []byte("content"))
	require.NoError(t, err)
	places, err := newPlaces(cfg, shelves{store})
	require.NoError(t, err)
	t.Cleanup(places.close)
	n := places.networkOf([]string{"storage"}, []jobstypes.Reference{{Digest: info.Digest.String(), Size_: 7, Space: 7}})
	require.Len(t, n.Ways, 1)
	require.Equal(t, "AIN_STORAGE", n.Ways[0].Variable)
	require.Equal(t, "http://", n.Ways[0].Prefix)
	require.Empty(t, n.Ways[0].URL, "there is no one address")
	conn, err := n.Ways[0].Dial(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	go func() { _, _ = io.WriteString(conn, get("/7/"+info.Digest.String())) }()
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, "content", string(content))
}
