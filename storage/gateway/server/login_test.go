package server_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/gateway"
	"github.com/ain-network/aind/storage/gateway/server"
)

const refusedLogin = "the login is refused"

func TestLogin(t *testing.T) {
	w := newWorld(t)
	request, answer := w.login(t, w.alice)
	require.Len(t, answer.Token, 64)
	require.InDelta(t, time.Now().Add(10*time.Minute).UnixMilli(), answer.ExpiresMs, 60_000)
	usage := func(token string) reply { return w.ask(t, http.MethodGet, "/v1/spaces/1/usage", token, "") }
	require.Equal(t, http.StatusOK, usage(answer.Token).status)

	t.Run("a nonce is good once", func(t *testing.T) {
		w.ask(t, http.MethodPost, "/v1/login", "", request).refused(t, gateway.CodeUnauthenticated, refusedLogin)
	})
	t.Run("of a race of one login one is let in", func(t *testing.T) {
		var nonce gateway.NonceAnswer
		w.ask(t, http.MethodPost, "/v1/nonce", "", gateway.NonceRequest{Account: w.alice.Address().String()}).ok(t, &nonce)
		login, err := gateway.SignLogin(w.alice, chainID, w.cfg.Name, nonce)
		require.NoError(t, err)
		var in atomic.Int32
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if w.ask(t, http.MethodPost, "/v1/login", "", login).status == http.StatusOK {
					in.Add(1)
				}
			})
		}
		all.Wait()
		require.Equal(t, int32(1), in.Load())
	})
	t.Run("a nonce of another account, another gateway, another life or none is refused", func(t *testing.T) {
		var nonce gateway.NonceAnswer
		w.ask(t, http.MethodPost, "/v1/nonce", "", gateway.NonceRequest{Account: w.bob.Address().String()}).ok(t, &nonce)
		for what, change := range map[string]func(n *gateway.NonceAnswer){
			"of another account": func(*gateway.NonceAnswer) {},
			"of another life":    func(n *gateway.NonceAnswer) { n.ExpiresMs += 1000 },
			"made up":            func(n *gateway.NonceAnswer) { n.Nonce = strings.Repeat("00", 40) },
			"in capitals":        func(n *gateway.NonceAnswer) { n.Nonce = strings.ToUpper(n.Nonce) },
			"none":               func(n *gateway.NonceAnswer) { n.Nonce = "" },
		} {
			n := nonce
			change(&n)
			login, err := gateway.SignLogin(w.alice, chainID, w.cfg.Name, n)
			require.NoError(t, err)
			w.ask(t, http.MethodPost, "/v1/login", "", login).refused(t, gateway.CodeUnauthenticated, refusedLogin)
			_ = what
		}
		login, err := gateway.SignLogin(w.bob, chainID, "other", gateway.NonceAnswer{ChainID: chainID, Gateway: "other", Nonce: nonce.Nonce, ExpiresMs: nonce.ExpiresMs})
		require.NoError(t, err)
		w.ask(t, http.MethodPost, "/v1/login", "", login).refused(t, gateway.CodeUnauthenticated, refusedLogin)
		login, err = gateway.SignLogin(w.bob, chainID, w.cfg.Name, nonce)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, w.ask(t, http.MethodPost, "/v1/login", "", login).status, "which is the right one")
	})
	t.Run("an account that the chain does not know gets the same answers", func(t *testing.T) {
		token := w.token(t, client.GenerateKey())
		usage(token).refused(t, gateway.CodeNotFound, "there is no such content here, or you may not read it")
	})
	t.Run("a login says nothing of what is wrong", func(t *testing.T) {
		for _, body := range []any{
			gateway.LoginRequest{}, gateway.LoginRequest{Account: "x"},
			gateway.LoginRequest{Account: w.alice.Address().String(), Nonce: request.Nonce, PubKey: request.PubKey, Signature: make([]byte, 64)},
		} {
			got := w.ask(t, http.MethodPost, "/v1/login", "", body)
			require.Equal(t, w.ask(t, http.MethodPost, "/v1/login", "", request).body, got.body)
		}
	})
	t.Run("a nonce is good for a minute", func(t *testing.T) {
		var nonce gateway.NonceAnswer
		w.ask(t, http.MethodPost, "/v1/nonce", "", gateway.NonceRequest{Account: w.alice.Address().String()}).ok(t, &nonce)
		login, err := gateway.SignLogin(w.alice, chainID, w.cfg.Name, nonce)
		require.NoError(t, err)
		w.clock.pass(time.Minute)
		w.ask(t, http.MethodPost, "/v1/login", "", login).refused(t, gateway.CodeUnauthenticated, refusedLogin)
	})
	t.Run("a token ends with logout", func(t *testing.T) {
		token := w.token(t, w.alice)
		require.Equal(t, http.StatusNoContent, w.ask(t, http.MethodPost, "/v1/logout", token, "").status)
		usage(token).refused(t, gateway.CodeUnauthenticated, "log in first")
	})
	t.Run("a token is good for ten minutes", func(t *testing.T) {
		token := w.token(t, w.alice)
		w.clock.pass(10*time.Minute - time.Second)
		require.Equal(t, http.StatusOK, usage(token).status)
		w.clock.pass(time.Second)
		usage(token).refused(t, gateway.CodeUnauthenticated, "log in first")
	})
	t.Run("an account has its newest tokens", func(t *testing.T) {
		first := w.token(t, w.alice)
		for range 64 {
			require.Equal(t, http.StatusOK, usage(w.token(t, w.alice)).status)
		}
		usage(first).refused(t, gateway.CodeUnauthenticated, "log in first")
	})
	t.Run("what is no token is refused", func(t *testing.T) {
		for _, token := range []string{"", "x", strings.Repeat("0", 64), answer.Token + "0", strings.ToUpper(w.token(t, w.alice))} {
			usage(token).refused(t, gateway.CodeUnauthenticated, "log in first")
		}
	})
}

// A client logs in anew when its token has ended before it expected, and refuses a gateway of another name or chain.
func TestClientLogsIn(t *testing.T) {
	w := newWorld(t)
	c := w.client(t, w.alice)
	put(t, c.Space(1), []byte("first"))
	w.clock.pass(20 * time.Minute)
	put(t, c.Space(1), []byte("second"))
	require.NoError(t, c.Logout(deadline(t)))
	require.NoError(t, c.Logout(deadline(t)), "again")
	put(t, c.Space(1), []byte("third"))

	cfg := gateway.Config{URL: w.url, Name: "store.example.org", ChainID: chainID, Key: w.alice}
	other, err := gateway.NewClient(cfg)
	require.NoError(t, err)
	_, err = other.Space(1).Usage(deadline(t))
	require.ErrorContains(t, err, `want "store.example.org" of chain "ain-test-1" (is its address right?)`)
	cfg.Name, cfg.ChainID = "", "ain-2"
	other, err = gateway.NewClient(cfg)
	require.NoError(t, err)
	_, err = other.Space(1).Usage(deadline(t))
	require.ErrorContains(t, err, `want "`+w.cfg.Name+`" of chain "ain-2"`)
}

func TestClientConfig(t *testing.T) {
	key := client.GenerateKey()
	for url, want := range map[string]string{
		"":                         "want https://host",
		"store.example.org":        "want https://host",
		"ftp://store.example.org":  "want https://host",
		"https://u:p@example.org":  "want https://host",
		"https://example.org/path": "want https://host",
		"https://example.org?x=1":  "want https://host",
		"http://store.example.org": "plain HTTP is for this machine only: use https://",
		"http://10.0.0.1:9001":     "plain HTTP is for this machine only",
	} {
		_, err := gateway.NewClient(gateway.Config{URL: url, ChainID: "c", Key: key})
		require.ErrorContains(t, err, want, url)
	}
	for _, url := range []string{"http://localhost:1", "http://127.0.0.2", "http://[::1]:9", "https://example.org:9001/"} {
		_, err := gateway.NewClient(gateway.Config{URL: url, ChainID: "c", Key: key})
		require.NoError(t, err, url)
	}
	_, err := gateway.NewClient(gateway.Config{URL: "http://example.org", Insecure: true, ChainID: "c", Key: key})
	require.NoError(t, err)
	_, err = gateway.NewClient(gateway.Config{URL: "https://example.org", Key: key})
	require.ErrorContains(t, err, "chain id is empty")
	_, err = gateway.NewClient(gateway.Config{URL: "https://example.org", ChainID: "c"})
	require.ErrorContains(t, err, "key is missing")
}

// One address may ask so often, and one account; another is not held up by it.
func TestRates(t *testing.T) {
	w := newWorld(t, func(c *server.Config) { c.PerAddress, c.PerAccount = 1, 1 })
	w.clock.pass(time.Hour)
	alice, bob := w.token(t, w.alice), w.token(t, w.bob)
	var last reply
	refused := 0
	for range 12 {
		last = w.ask(t, http.MethodGet, "/v1/spaces/1/usage", alice, "")
		if last.status == http.StatusTooManyRequests {
			refused++
		}
	}
	require.GreaterOrEqual(t, refused, 1)
	last.refused(t, gateway.CodeTooMany, "too many requests, try again in 1 s")
	require.Equal(t, "1", last.header.Get("Retry-After"))
	w.ask(t, http.MethodGet, "/v1/spaces/1/usage", bob, "").refused(t, gateway.CodeNotFound, "")

	for range 12 {
		last = w.ask(t, http.MethodGet, "/v1/spaces/1/usage", "guess", "")
	}
	last.refused(t, gateway.CodeTooMany, "too many requests")
	w.ask(t, http.MethodPost, "/v1/nonce", "", gateway.NonceRequest{Account: w.alice.Address().String()}).refused(t, gateway.CodeTooMany, "")
	w.clock.pass(3 * time.Second)
	w.token(t, w.alice)
	require.Equal(t, http.StatusOK, w.ask(t, http.MethodGet, "/v1/spaces/1/usage", alice, "").status)
}

// A body is what the route wants, and no more.
func TestBadRequests(t *testing.T) {
	w := newWorld(t)
	token := w.token(t, w.alice)
	d := storage.DigestOf(nil).String()
	for _, c := range []struct{ method, path, body, code, words string }{
		{"POST", "/v1/nonce", "", gateway.CodeBadRequest, "body: want a JSON object"},
		{"POST", "/v1/nonce", `{"account":"x"}`, gateway.CodeBadRequest, `account "x": want an address`},
		{"POST", "/v1/nonce", `{"account":"x","more":1}`, gateway.CodeBadRequest, `unknown field "more"`},
		{"POST", "/v1/nonce", `{"account":"x"}{}`, gateway.CodeBadRequest, "nothing after it"},
		{"POST", "/v1/nonce", `{"account":"` + strings.Repeat("x", 20_000) + `"}`, gateway.CodeBadRequest, "at most 16384 bytes"},
		{"POST", "/v1/spaces/x/put", `{}`, gateway.CodeBadRequest, `space "x": want its number`},
		{"POST", "/v1/spaces/0/put", `{}`, gateway.CodeBadRequest, `space "0": want its number`},
		{"POST", "/v1/spaces/01/put", `{}`, gateway.CodeBadRequest, `space "01": want its number`},
		{"POST", "/v1/spaces/1/put", `{}`, gateway.CodeBadRequest, "digest: digest is empty"},
		{"POST", "/v1/spaces/1/put", `{"digest":"` + d + `","size":-1}`, gateway.CodeBadRequest, "size -1: want 0 or more bytes"},
		{"POST", "/v1/spaces/1/put", `{"digest":"` + d + `","size":5368709121}`, gateway.CodeTooLarge, "one object has at most 5368709120 bytes"},
		{"POST", "/v1/spaces/1/commit", `{"digest":"sha256:"}`, gateway.CodeBadRequest, "digest: digest"},
		{"POST", "/v1/spaces/1/get", `{"digest":"../etc"}`, gateway.CodeBadRequest, "digest: digest"},
		{"POST", "/v1/spaces/1/get", `{"digest":"` + d + `","root":"x"}`, gateway.CodeBadRequest, "root: digest"},
		{"DELETE", "/v1/spaces/1/x", "", gateway.CodeBadRequest, "digest: digest"},
		{"GET", "/v1/spaces/1/put", "", gateway.CodeBadRequest, "there is no such route"},
		{"GET", "/", "", gateway.CodeBadRequest, "there is no such route"},
	} {
		w.ask(t, c.method, c.path, token, c.body).refused(t, c.code, c.words)
	}
}
