package escape_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// document is a part of what the engine is asked for.
type document = map[string]any

// gate stands between a sandbox and its engine. It passes everything on as it is, but for what it was told to take out of the settings of
// new containers: so a defence is taken away without any hook in the sandbox.
type gate struct {
	engine string // path of its socket
	path   string // of ours

	mu    sync.Mutex
	edits []func(config, host document)
	made  []string // ids of containers
	log   int64    // bytes that the engine kept of what the last container said
}

func openGate(t testing.TB) *gate {
	t.Helper()
	address := os.Getenv("DOCKER_HOST")
	if address == "" {
		address = "unix:///var/run/docker.sock"
	}
	// A path of a socket has no more than some hundred bytes; those of t.TempDir may be longer.
	dir, err := os.MkdirTemp("", "gate")
	require.NoError(t, err)
	g := &gate{engine: strings.TrimPrefix(address, "unix://"), path: filepath.Join(dir, "s")}
	listener, err := net.Listen("unix", g.path)
	require.NoError(t, err)
	proxy := &httputil.ReverseProxy{
		Transport:     &http.Transport{DialContext: g.dial},
		FlushInterval: -1,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", "engine"
			if g.creates(r.In) {
				g.edit(r.Out)
			}
			if id, ok := removes(r.In); ok {
				g.readLog(id)
			}
		},
		ModifyResponse: g.remember,
	}
	server := &http.Server{Handler: proxy, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); _ = os.RemoveAll(dir) })
	return g
}

func (g *gate) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "unix", g.engine)
}

func (g *gate) creates(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/containers/create")
}

// removes says which container a request removes.
func removes(r *http.Request) (string, bool) {
	_, id, found := strings.Cut(r.URL.Path, "/containers/")
	return id, found && r.Method == http.MethodDelete
}

// readLog counts what the engine has kept of what a container said.
func (g *gate) readLog(id string) {
	client := &http.Client{Transport: &http.Transport{DialContext: g.dial, DisableKeepAlives: true}, Timeout: time.Minute}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.log = 0
	answer, err := client.Get("http://engine/v1.41/containers/" + id + "/logs?stdout=1&stderr=1")
	if err != nil {
		return
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusOK {
		g.log, _ = io.Copy(io.Discard, answer.Body)
	}
}

func (g *gate) kept() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.log
}

// without has the containers made from now on lack the defences.
func (g *gate) without(edits ...func(config, host document)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.edits = edits
}

func (g *gate) edit(r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil || len(g.edits) == 0 {
		r.Body = io.NopCloser(bytes.NewReader(body))
		return
	}
	// Numbers stay as they are written: those of memory do not fit a float.
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	config := document{}
	if err := decoder.Decode(&config); err == nil {
		for _, edit := range g.edits {
			edit(config, config["HostConfig"].(document))
		}
		if body, err = json.Marshal(config); err != nil {
			panic(err) // it was JSON
		}
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
}

func (g *gate) remember(r *http.Response) error {
	if !g.creates(r.Request) || r.StatusCode != http.StatusCreated {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var made struct{ ID string }
	if err := json.Unmarshal(body, &made); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.made = append(g.made, made.ID)
	return nil
}

func (g *gate) containers() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string{}, g.made...)
}

// ask asks the engine, and returns the status of its answer with what it says, decoded if it is JSON.
func (g *gate) ask(t testing.TB, method, path string, body document) (int, document) {
	t.Helper()
	content, err := json.Marshal(body)
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(context.Background(), method, "http://engine/v1.41"+path, bytes.NewReader(content))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{DialContext: g.dial, DisableKeepAlives: true}, Timeout: time.Minute}
	answer, err := client.Do(request)
	require.NoError(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	found := document{}
	if json.Unmarshal(text, &found) != nil {
		found["text"] = string(text)
	}
	return answer.StatusCode, found
}

// must asks for what has to succeed.
func (g *gate) must(t testing.TB, method, path string, body document) document {
	t.Helper()
	status, answer := g.ask(t, method, path, body)
	require.Less(t, status, 300, "%s %s: %v", method, path, answer)
	return answer
}

// neighbour starts a container of somebody else's, from the same image, and returns its id.
func (g *gate) neighbour(t testing.TB, image, mark string) string {
	t.Helper()
	made := g.must(t, http.MethodPost, "/containers/create", document{
		"Image": image, "Entrypoint": []string{"/program", "hold", mark}, "User": "65532:65532",
		"HostConfig": document{"NetworkMode": "none"},
	})
	id := fmt.Sprint(made["Id"])
	t.Cleanup(func() { g.ask(t, http.MethodDelete, "/containers/"+id+"?force=1&v=1", nil) })
	g.must(t, http.MethodPost, "/containers/"+id+"/start", nil)
	return id
}
