package server_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/gateway"
	"github.com/ain-network/aind/storage/gateway/server"
	"github.com/ain-network/aind/storage/s3"
	s3server "github.com/ain-network/aind/storage/storagetest/server"
)

const (
	patience = time.Minute
	chainID  = "ain-test-1"
	// gatewayEnv holds, in a child, the configuration of the gateway that it is to run.
	gatewayEnv = "AIND_TEST_GATEWAY"
)

// provider is the account that the tests' spaces are reserved from.
var provider = client.GenerateKey().Address().String()

// TestMain lets the test binary be an S3 store, which wants a process of its own, or a gateway that is killed.
func TestMain(m *testing.M) {
	s3server.Main()
	raw := os.Getenv(gatewayEnv)
	if raw == "" {
		os.Exit(m.Run())
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() { // a child never outlives its test
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	if err := runGateway(ctx, raw); err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
}

// child is a gateway in a process of its own.
type child struct {
	cmd  *exec.Cmd
	addr string
}

// launch runs a gateway and waits until it is ready.
func launch(t testing.TB, cfg childConfig) *child {
	t.Helper()
	raw, err := json.Marshal(cfg)
	require.NoError(t, err)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), gatewayEnv+"="+string(raw))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	c := &child{cmd: cmd}
	t.Cleanup(func() {
		c.kill()
		stdin.Close()
	})
	line := make(chan string, 1)
	go func() {
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if s := lines.Text(); strings.HasPrefix(s, "ready: ") || strings.HasPrefix(s, "failed: ") {
				line <- s
			}
		}
		close(line)
	}()
	select {
	case s := <-line:
		addr, ready := strings.CutPrefix(s, "ready: ")
		require.True(t, ready, "the child says %q", s)
		c.addr = addr
	case <-time.After(patience):
		require.FailNow(t, "the child says nothing")
	}
	return c
}

// kill ends the child as a crash would.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

func openStore(t testing.TB, cfg s3.Config) *s3.Store {
	t.Helper()
	store, err := s3.New(cfg)
	require.NoError(t, err)
	return store
}

// ledger is a chain for tests.
type ledger struct {
	mu     sync.Mutex
	spaces map[uint64]space
	nowMs  int64 // 0: the machine's
	down   bool
	asked  int
}

// space of the ledger. Accounts that may read a digest are under it, those that may list under "".
type space struct {
	Owner       string
	Provider    string
	Size        int64
	ExpiresMs   int64
	KeepUntilMs int64
	Writers     []string
	Readers     map[storage.Digest][]string
	Namers      map[storage.Digest][]string // others than the owner who have named a digest
	Operators   map[string]string           // their owners
	Needed      []storage.Digest
}

func (l *ledger) Access(_ context.Context, id uint64, account string, d storage.Digest) (gateway.Access, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	if l.down {
		return gateway.Access{}, gateway.ErrLedger
	}
	s, ok := l.spaces[id]
	if !ok {
		return gateway.Access{}, gateway.ErrNoSpace
	}
	acting := cmp.Or(s.Operators[account], account)
	own := acting == s.Owner
	needed := slices.Contains(s.Needed, d) || d == "" && len(s.Needed) > 0
	namedBy := s.Namers[d]
	if own {
		namedBy = nil
	}
	return gateway.Access{
		Own: own, Read: own || slices.Contains(s.Readers[d], acting), Write: own || slices.Contains(s.Writers, acting),
		Acting: acting, NamedBy: namedBy,
		Reason: "the rule is OWNER", Needed: needed, ExpiresMs: s.ExpiresMs, KeepUntilMs: s.KeepUntilMs, SizeBytes: s.Size, Provider: s.Provider, NowMs: l.now(),
	}, nil
}

func (l *ledger) Space(_ context.Context, id uint64) (gateway.Reservation, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return gateway.Reservation{}, gateway.ErrLedger
	}
	s, ok := l.spaces[id]
	if !ok {
		return gateway.Reservation{}, gateway.ErrNoSpace
	}
	return gateway.Reservation{Provider: s.Provider, ExpiresMs: s.ExpiresMs, KeepUntilMs: s.KeepUntilMs, NowMs: l.now()}, nil
}

func (l *ledger) now() int64 {
	if l.nowMs != 0 {
		return l.nowMs
	}
	return time.Now().UnixMilli()
}

// change changes the chain.
func (l *ledger) change(f func(l *ledger)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f(l)
}

// set changes a space.
func (l *ledger) set(id uint64, f func(s *space)) {
	l.change(func(l *ledger) {
		s := l.spaces[id]
		f(&s)
		l.spaces[id] = s
	})
}

// clock is the gateway's, which tests move.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// world is a gateway before a real S3 store, with a chain on which alice has space 1 of 1 MiB.
type world struct {
	s3     *s3server.Server
	store  s3.Config
	ledger *ledger
	clock  *clock
	server *server.Server
	url    string
	cfg    server.Config

	alice, bob client.Key
}

const mib = 1 << 20

func newWorld(t testing.TB, changes ...func(*server.Config)) *world {
	t.Helper()
	return newWorldOn(t, s3server.Run(t, "embedded", t.TempDir()), changes...)
}

func newWorldOn(t testing.TB, store *s3server.Server, changes ...func(*server.Config)) *world {
	t.Helper()
	w := &world{s3: store, store: store.S3(), ledger: &ledger{spaces: map[uint64]space{}}, clock: &clock{}, alice: client.GenerateKey(), bob: client.GenerateKey()}
	w.reserve(1, w.alice, mib)
	w.cfg = server.Config{
		Dir: t.TempDir(), ChainID: chainID, Provider: provider, Store: openStore(t, w.store), Ledger: w.ledger, Now: w.clock.now,
		PerAddress: 100_000, PerAccount: 100_000,
	}
	for _, change := range changes {
		change(&w.cfg)
	}
	w.serve(t)
	return w
}

// reserve gives an owner a space for a day.
func (w *world) reserve(id uint64, owner client.Key, size int64) {
	w.ledger.set(id, func(s *space) {
		*s = space{Owner: owner.Address().String(), Provider: provider, Size: size, ExpiresMs: time.Now().Add(24 * time.Hour).UnixMilli()}
	})
}

// need has requests name just these contents of a space.
func (w *world) need(id uint64, digests ...storage.Digest) {
	w.ledger.set(id, func(s *space) {
		s.Needed, s.KeepUntilMs = digests, 0
		if len(digests) > 0 {
			s.KeepUntilMs = time.Now().Add(time.Hour).UnixMilli()
		}
	})
}

// serve opens the gateway and serves it until the test ends.
func (w *world) serve(t testing.TB) {
	t.Helper()
	listener := httptest.NewUnstartedServer(nil)
	w.url = "http://" + listener.Listener.Addr().String()
	w.cfg.Name = listener.Listener.Addr().String()
	opened, err := server.Open(deadline(t), w.cfg)
	require.NoError(t, err)
	w.server = opened
	listener.Config = opened.HTTPServer()
	listener.Start()
	t.Cleanup(func() {
		listener.Close()
		require.NoError(t, opened.Close())
	})
}

func (w *world) client(t testing.TB, key client.Key) *gateway.Client {
	t.Helper()
	c, err := gateway.NewClient(gateway.Config{URL: w.url, ChainID: chainID, Key: key, CarrierConfig: s3.CarrierConfig{SpoolDir: t.TempDir()}})
	require.NoError(t, err)
	return c
}

// space is a space as somebody sees it.
func (w *world) space(t testing.TB, key client.Key, id uint64) *gateway.Space {
	return w.client(t, key).Space(id)
}

// put stores content in a space and returns its digest.
func put(t testing.TB, s storage.Store, b []byte) storage.Digest {
	t.Helper()
	info, err := storage.PutBytes(deadline(t), s, b)
	require.NoError(t, err)
	return info.Digest
}

// token logs in and returns the token.
func (w *world) token(t testing.TB, key client.Key) string {
	t.Helper()
	_, answer := w.login(t, key)
	return answer.Token
}

// login logs in by hand and returns what was sent and answered.
func (w *world) login(t testing.TB, key client.Key) (gateway.LoginRequest, gateway.LoginAnswer) {
	t.Helper()
	var nonce gateway.NonceAnswer
	w.ask(t, http.MethodPost, "/v1/nonce", "", gateway.NonceRequest{Account: key.Address().String()}).ok(t, &nonce)
	request, err := gateway.SignLogin(key, chainID, w.cfg.Name, nonce)
	require.NoError(t, err)
	var answer gateway.LoginAnswer
	w.ask(t, http.MethodPost, "/v1/login", "", request).ok(t, &answer)
	return request, answer
}

// reply is an answer as it came.
type reply struct {
	status int
	header http.Header
	body   string
}

// ask makes one request by hand.
func (w *world) ask(t testing.TB, method, path, token string, body any) reply {
	t.Helper()
	raw, isText := body.(string)
	if !isText {
		encoded, err := json.Marshal(body)
		require.NoError(t, err)
		raw = string(encoded)
	}
	req, err := http.NewRequestWithContext(deadline(t), method, w.url+path, bytes.NewReader([]byte(raw)))
	require.NoError(t, err)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return reply{res.StatusCode, res.Header, string(text)}
}

// ok requires a success and reads it.
func (r reply) ok(t testing.TB, into any) {
	t.Helper()
	require.Equal(t, http.StatusOK, r.status, r.body)
	require.NoError(t, json.Unmarshal([]byte(r.body), into))
}

// refused requires a refusal.
func (r reply) refused(t testing.TB, code, words string) {
	t.Helper()
	var refusal gateway.Error
	require.NoError(t, json.Unmarshal([]byte(r.body), &refusal), r.body)
	require.Equal(t, code, refusal.Code, refusal.Message)
	require.Contains(t, refusal.Message, words)
	require.Equal(t, refusal.Status(), r.status)
}

func deadline(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// send makes a presigned PUT.
func send(t testing.TB, p s3.Presigned, body []byte) {
	t.Helper()
	status, text := carry(t, p, body, nil)
	require.Equal(t, http.StatusOK, status, text)
}

// carry makes a presigned request that a test may change.
func carry(t testing.TB, p s3.Presigned, body []byte, change func(*http.Request)) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(deadline(t), p.Method, p.URL, bytes.NewReader(body))
	require.NoError(t, err)
	for name, value := range p.Header {
		if name != "Content-Length" {
			req.Header.Set(name, value)
		}
	}
	if change != nil {
		change(req)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(text)
}
