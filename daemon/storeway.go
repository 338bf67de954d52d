package daemon

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

// storeWay answers what programs ask of spaces, as HTTP: GET /<space>/sha256:<hex>, of what the run's request names or what lies in spaces that
// everybody reads, and of nothing else that the daemon's account may read. A program's bytes never reach a gateway.
type storeWay struct {
	source Source
	server *http.Server
	conns  chan net.Conn
	done   chan struct{}
	once   sync.Once
}

func openStoreWay(source Source) *storeWay {
	w := &storeWay{source: source, conns: make(chan net.Conn), done: make(chan struct{})}
	w.server = &http.Server{
		Handler: w, MaxHeaderBytes: 16 << 10, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute,
		ErrorLog: log.New(io.Discard, "", 0), // what a program does wrong is no news
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, namedKey{}, conn)
		},
	}
	go func() { _ = w.server.Serve(pipes{w}) }() // until close
	return w
}

// namedConn is a connection of a run, and what the run's request names.
type namedConn struct {
	net.Conn
	named []jobstypes.Reference
}

type namedKey struct{}

// dialFor makes connections to the way for a run whose request names contents.
func (w *storeWay) dialFor(named []jobstypes.Reference) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) {
		theirs, ours := net.Pipe()
		select {
		case w.conns <- namedConn{ours, named}:
			return theirs, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-w.done:
			return nil, net.ErrClosed
		}
	}
}

func (w *storeWay) close() {
	w.once.Do(func() { close(w.done) })
	_ = w.server.Close()
}

// pipes accepts what dialFor makes.
type pipes struct{ way *storeWay }

func (p pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.way.conns:
		return conn, nil
	case <-p.way.done:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "storage"} }

// contentPath is how programs name content.
var contentPath = regexp.MustCompile(`^/([1-9][0-9]{0,19})/(sha256:[0-9a-f]{64})$`)

// ServeHTTP implements http.Handler.
func (w *storeWay) ServeHTTP(answer http.ResponseWriter, r *http.Request) {
	parts := contentPath.FindStringSubmatch(r.URL.Path)
	if r.Method != http.MethodGet || parts == nil || r.URL.RawQuery != "" {
		http.Error(answer, "ask with GET /<space>/sha256:<hex>", http.StatusForbidden)
		return
	}
	space, err := strconv.ParseUint(parts[1], 10, 64)
	if err != nil {
		http.Error(answer, "ask with GET /<space>/sha256:<hex>", http.StatusForbidden)
		return
	}
	conn, _ := r.Context().Value(namedKey{}).(namedConn)
	body, size, err := w.open(r.Context(), conn.named, space, parts[2])
	switch {
	case errors.Is(err, storage.ErrNotFound):
		http.Error(answer, "there is no such content, or it is not for this run", http.StatusNotFound)
		return
	case err != nil:
		http.Error(answer, "the store does not answer", http.StatusBadGateway) // where it is is the owner's business
		return
	}
	defer body.Close()
	answer.Header().Set("Content-Type", "application/octet-stream")
	answer.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	if _, err := io.Copy(answer, body); err != nil {
		panic(http.ErrAbortHandler) // what was said so far is not the content, or nobody listens
	}
}

// open opens content that a run may read, verified on its way.
func (w *storeWay) open(ctx context.Context, named []jobstypes.Reference, space uint64, digest string) (io.ReadCloser, int64, error) {
	i := slices.IndexFunc(named, func(ref jobstypes.Reference) bool { return ref.Space == space && ref.Digest == digest })
	if i < 0 {
		public, err := w.isPublic(ctx, space)
		if err == nil && !public {
			err = storage.ErrNotFound
		}
		if err != nil {
			return nil, 0, err
		}
	}
	store, err := w.source.At(ctx, space)
	if err != nil {
		return nil, 0, err
	}
	ref := chunk.Ref{Digest: storage.Digest(digest)}
	if i >= 0 {
		ref.Size, ref.Chunked = int64(named[i].Size_), named[i].Chunked
	} else {
		info, err := store.Stat(ctx, ref.Digest)
		if err != nil {
			return nil, 0, err
		}
		ref.Size = info.Size
	}
	body, err := chunk.Open(ctx, store, ref, chunk.Options{})
	return body, ref.Size, err
}

// isPublic tells whether everybody reads a space.
func (w *storeWay) isPublic(ctx context.Context, space uint64) (bool, error) {
	spaces, ok := w.source.(interface {
		readBy(ctx context.Context, space uint64) (storagetypes.AccessKind, error)
	})
	if !ok {
		return false, nil
	}
	kind, err := spaces.readBy(ctx, space)
	return kind == storagetypes.ACCESS_KIND_EVERYBODY, err
}

// NamedIn are the contents that the workers of a request get.
func NamedIn(request jobstypes.Request) []jobstypes.Reference {
	var named []jobstypes.Reference
	if ref := request.Spec.Input.Reference; ref != nil {
		named = append(named, *ref)
	}
	for _, file := range request.Spec.Input.Files {
		named = append(named, file.Reference)
	}
	return named
}
