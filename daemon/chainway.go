package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
)

const (
	maxQuestion = 64 << 10 // of a program to the chain
	askTimeout  = 30 * time.Second
)

// askable are the methods of a node's RPC that programs may call: what the chain says, to everybody in the same way. Those that send something,
// that subscribe, that search, or that tell about the node itself are not among them.
var askable = map[string]bool{
	"abci_info": true, "abci_query": true, "block": true, "block_by_hash": true, "block_results": true, "commit": true,
	"consensus_params": true, "header": true, "header_by_hash": true, "tx": true, "validators": true,
}

// askablePath is a query of a module, or a key of a store. Not among them are the services that simulate or broadcast.
var askablePath = regexp.MustCompile(`^(/[A-Za-z0-9_.]+\.Query/[A-Za-z0-9_]+|/store/[A-Za-z0-9_]+/key)$`)

// chainWay answers queries of programs, as HTTP, with what the daemon's own nodes say. A program's bytes never reach a node: each question is
// read, held against the lists above, and asked anew.
type chainWay struct {
	nodes  []string
	client *http.Client
	server *http.Server
	conns  chan net.Conn
	done   chan struct{}
	once   sync.Once
}

// openChainWay asks nodes, CometBFT RPC endpoints, in their order.
func openChainWay(nodes []string) *chainWay {
	w := &chainWay{conns: make(chan net.Conn), done: make(chan struct{}), client: &http.Client{
		Timeout:       askTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute},
	}}
	for _, node := range nodes {
		w.nodes = append(w.nodes, strings.TrimSuffix(strings.Replace(node, "tcp://", "http://", 1), "/"))
	}
	w.server = &http.Server{
		Handler: w, MaxHeaderBytes: 16 << 10, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: askTimeout, IdleTimeout: time.Minute,
		ErrorLog: log.New(io.Discard, "", 0), // what a program does wrong is no news
	}
	go func() { _ = w.server.Serve(listener{w}) }() // until close
	return w
}

// dial makes a connection to the way itself.
func (w *chainWay) dial(ctx context.Context) (net.Conn, error) {
	theirs, ours := net.Pipe()
	select {
	case w.conns <- ours:
		return theirs, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-w.done:
		return nil, net.ErrClosed
	}
}

func (w *chainWay) close() {
	w.once.Do(func() { close(w.done) })
	_ = w.server.Close()
	w.client.CloseIdleConnections()
}

// listener accepts what dial makes.
type listener struct{ way *chainWay }

func (l listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.way.conns:
		return conn, nil
	case <-l.way.done:
		return nil, net.ErrClosed
	}
}

func (l listener) Close() error   { return nil }
func (l listener) Addr() net.Addr { return &net.UnixAddr{Name: "chain"} }

// errAsked says why a question is not passed on.
var errAsked = errors.New("not passed on")

// ServeHTTP implements http.Handler.
func (w *chainWay) ServeHTTP(answer http.ResponseWriter, r *http.Request) {
	path, body, err := question(r)
	if err != nil {
		http.Error(answer, err.Error(), http.StatusForbidden)
		return
	}
	found, err := w.ask(r.Context(), path, body)
	if err != nil {
		http.Error(answer, "no node answers", http.StatusBadGateway) // where they are is the owner's business
		return
	}
	defer found.Body.Close()
	answer.Header().Set("Content-Type", found.Header.Get("Content-Type"))
	answer.WriteHeader(found.StatusCode)
	_, _ = io.Copy(answer, found.Body) // who does not hear it has hung up
}

// ask asks the first node that answers. body is nil for a GET.
func (w *chainWay) ask(ctx context.Context, path string, body []byte) (*http.Response, error) {
	var problems []error
	for _, node := range w.nodes {
		method := http.MethodGet
		if body != nil {
			method = http.MethodPost
		}
		r, err := http.NewRequestWithContext(ctx, method, node+path, bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		r.Header.Set("Content-Type", "application/json")
		found, err := w.client.Do(r)
		if err == nil {
			return found, nil
		}
		problems = append(problems, err)
	}
	return nil, errors.Join(problems...)
}

// question is what a program asks, in our words: a path, or a body of JSON-RPC.
func question(r *http.Request) (path string, body []byte, err error) {
	switch {
	case r.Method == http.MethodGet:
		return questionOfURL(r.URL)
	case r.Method == http.MethodPost && r.URL.Path == "/":
		body, err = questionOfBody(r.Body)
		return "/", body, err
	}
	return "", nil, fmt.Errorf("%w: %s %.100q: GET a method, or POST JSON-RPC to /", errAsked, r.Method, r.URL.Path)
}

func questionOfURL(u *url.URL) (string, []byte, error) {
	method := strings.TrimPrefix(u.Path, "/")
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "", nil, fmt.Errorf("%w: %w", errAsked, err)
	}
	for name, all := range values {
		if len(all) != 1 {
			return "", nil, fmt.Errorf("%w: %.100q is said %d times", errAsked, name, len(all))
		}
	}
	var path string
	if method == "abci_query" {
		if err := json.Unmarshal([]byte(values.Get("path")), &path); err != nil {
			return "", nil, fmt.Errorf("%w: path %.100q: write it in quotes", errAsked, values.Get("path"))
		}
	}
	return "/" + method + "?" + values.Encode(), nil, checkQuestion(method, path)
}

// call is one of JSON-RPC.
type call struct {
	Version string                     `json:"jsonrpc"`
	ID      json.RawMessage            `json:"id"`
	Method  string                     `json:"method"`
	Params  map[string]json.RawMessage `json:"params"`
}

func questionOfBody(r io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, maxQuestion+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errAsked, err)
	}
	if len(body) > maxQuestion {
		return nil, fmt.Errorf("%w: a question of more than %d bytes", errAsked, maxQuestion)
	}
	var c call
	if err := json.Unmarshal(body, &c); err != nil {
		return nil, fmt.Errorf("%w: one call of JSON-RPC, with params by name: %w", errAsked, err)
	}
	var path string
	if c.Method == "abci_query" {
		if err := json.Unmarshal(c.Params["path"], &path); err != nil {
			return nil, fmt.Errorf("%w: params.path: %w", errAsked, err)
		}
	}
	if err := checkQuestion(c.Method, path); err != nil {
		return nil, err
	}
	if c.Params == nil {
		c.Params = map[string]json.RawMessage{}
	}
	return json.Marshal(c)
}

func checkQuestion(method, path string) error {
	if !askable[method] {
		return fmt.Errorf("%w: method %.100q is none that programs may call", errAsked, method)
	}
	if method == "abci_query" && !askablePath.MatchString(path) {
		return fmt.Errorf("%w: path %.200q is no module's query: /package.Query/Method, or /store/name/key", errAsked, path)
	}
	return nil
}
