package storagetest

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Kind is what a [Proxy] does to a request or to its answer.
type Kind int

// Kinds of faults. They strike the body that carries content: of the request where that is a PUT, else of the answer.
const (
	// Cut ends the connection after At bytes.
	Cut Kind = iota + 1
	// Flip changes a bit of the byte at At.
	Flip
	// Shorten announces and passes on only the first At bytes.
	Shorten
	// Lengthen announces a byte more than there are, and adds it.
	Lengthen
	// Stall passes At bytes on, and then nothing, with the connection open.
	Stall
	// Slow waits for a hundredth of a second before every 64 KiB.
	Slow
	// Refuse answers 503 without asking the server.
	Refuse
)

// Fault is something that goes wrong on the way.
type Fault struct {
	Kind   Kind
	Method string // of the requests that it strikes
	Skip   int    // how many of them pass first
	Times  int    // how many it strikes after those; all when 0
	At     int64  // a place in the body. Bodies that end before it are not struck
	// Then is called when it strikes, before anything else happens.
	Then func()
}

// Proxy stands between a client and a server, and does harm.
type Proxy struct {
	Addr string // host:port

	target string
	client http.Client
	over   chan struct{} // closed when the test ends

	mu    sync.Mutex
	fault Fault
	seen  int
	asked map[string]int
}

// NewProxy starts a proxy of the server at target, a host and port. It ends with the test.
func NewProxy(t testing.TB, target string) *Proxy {
	p := &Proxy{target: target, client: http.Client{Transport: &http.Transport{DisableCompression: true}}, over: make(chan struct{}), asked: map[string]int{}}
	server := httptest.NewServer(p)
	p.Addr = strings.TrimPrefix(server.URL, "http://")
	t.Cleanup(func() {
		close(p.over)
		p.client.CloseIdleConnections()
		server.CloseClientConnections()
		server.Close()
	})
	return p
}

// Set arms a fault in place of the last one, and counts anew. The zero fault does nothing.
func (p *Proxy) Set(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault, p.seen, p.asked = f, 0, map[string]int{}
}

// Asked is how many requests of a method there were for objects since Set.
func (p *Proxy) Asked(method string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[method]
}

// strikes returns the fault that a request meets.
func (p *Proxy) strikes(r *http.Request) (Fault, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !strings.Contains(r.URL.Path, "/sha256/") {
		return Fault{}, false
	}
	p.asked[r.Method]++
	if r.Method != p.fault.Method || r.Method == http.MethodPut && r.ContentLength <= p.fault.At {
		return Fault{}, false
	}
	p.seen++
	n := p.seen - p.fault.Skip
	return p.fault, n > 0 && (p.fault.Times == 0 || n <= p.fault.Times)
}

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault, struck := p.strikes(r)
	if !struck {
		fault = Fault{}
	} else if fault.Then != nil && fault.Kind == 0 {
		fault.Then()
	}
	if fault.Kind == Refuse {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	up := r.Clone(ctx)
	up.RequestURI, up.URL.Scheme, up.URL.Host = "", "http", p.target
	if r.Method == http.MethodPut && fault.Kind != 0 {
		body := &harmed{src: r.Body, fault: fault, cancel: cancel, over: p.over}
		up.Body, up.ContentLength = io.NopCloser(body), fault.length(r.ContentLength)
	}
	resp, err := p.client.Do(up)
	if err != nil {
		hangUp(w)
		return
	}
	defer resp.Body.Close()
	p.answer(w, r, resp, fault, cancel)
}

// answer passes a server's answer on, harmed if it carries content.
func (p *Proxy) answer(w http.ResponseWriter, r *http.Request, resp *http.Response, fault Fault, cancel func()) {
	body := io.Reader(resp.Body)
	for name, values := range resp.Header {
		w.Header()[name] = values
	}
	length := resp.ContentLength
	if r.Method == http.MethodGet && fault.Kind != 0 && resp.StatusCode == http.StatusOK && length > fault.At {
		length = fault.length(length)
		body = &harmed{src: resp.Body, fault: fault, cancel: cancel, over: p.over}
	}
	if length >= 0 {
		w.Header().Set("Content-Length", strconv.FormatInt(length, 10))
	}
	w.WriteHeader(resp.StatusCode)
	if r.Method == http.MethodHead {
		return
	}
	if n, err := io.Copy(w, body); err != nil || length >= 0 && n != length {
		hangUp(w)
	}
}

// length is what a harmed body announces.
func (f Fault) length(n int64) int64 {
	switch f.Kind {
	case Shorten:
		return f.At
	case Lengthen:
		return n + 1
	default:
		return n
	}
}

// hangUp ends the connection, whatever was sent before.
func hangUp(http.ResponseWriter) { panic(http.ErrAbortHandler) }

// harmed is a body that something happens to.
type harmed struct {
	src    io.Reader
	fault  Fault
	cancel func()
	over   <-chan struct{}
	passed int64
	added  bool
}

// Read implements io.Reader.
func (h *harmed) Read(b []byte) (int, error) {
	if h.fault.Kind == Slow {
		b = b[:min(len(b), 64<<10)]
		select {
		case <-time.After(10 * time.Millisecond):
		case <-h.over:
			return 0, io.ErrUnexpectedEOF
		}
	}
	if left := h.fault.At - h.passed; left > 0 {
		b = b[:min(int64(len(b)), left)]
	} else if left == 0 {
		if h.fault.Then != nil {
			h.fault.Then()
		}
		switch h.fault.Kind {
		case Cut:
			h.cancel()
			return 0, io.ErrUnexpectedEOF
		case Shorten:
			return 0, io.EOF
		case Stall:
			<-h.over
			return 0, io.ErrUnexpectedEOF
		case Flip:
			n, err := io.ReadFull(h.src, b[:1])
			b[0] ^= 1
			h.passed += int64(n)
			return n, err
		}
	}
	n, err := h.src.Read(b)
	h.passed += int64(n)
	if err == io.EOF && h.fault.Kind == Lengthen && !h.added {
		if n < len(b) {
			b[n], h.added = 0, true
			n++
		}
		return n, nil
	}
	return n, err
}
