package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/gateway"
)

// maxBody is the most that a request may say: everything large goes past the gateway.
const maxBody = 16 << 10

var errToken = gateway.Errorf(gateway.CodeUnauthenticated, "log in first: POST /v1/nonce, POST /v1/login, then send the token as \"Authorization: Bearer …\"")

// Handler answers the gateway's requests.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/nonce", s.open(s.nonce))
	mux.HandleFunc("POST /v1/login", s.open(s.login))
	mux.HandleFunc("POST /v1/logout", s.closed(s.logout))
	mux.HandleFunc("POST /v1/spaces/{space}/put", s.closed(s.put))
	mux.HandleFunc("PUT /v1/spaces/{space}/content/{digest}", s.known(s.relay, flowing))
	mux.HandleFunc("POST /v1/spaces/{space}/commit", s.closed(s.commit))
	mux.HandleFunc("POST /v1/spaces/{space}/get", s.closed(s.get))
	mux.HandleFunc("POST /v1/spaces/{space}/stat", s.closed(s.stat))
	mux.HandleFunc("GET /v1/spaces/{space}/list", s.closed(s.list))
	mux.HandleFunc("GET /v1/spaces/{space}/usage", s.closed(s.usage))
	mux.HandleFunc("DELETE /v1/spaces/{space}/{digest}", s.closed(s.remove))
	mux.HandleFunc("/", s.open(func(*call) (any, *gateway.Error) {
		return nil, gateway.Errorf(gateway.CodeBadRequest, "there is no such route, see storage/gateway/README.md")
	}))
	return mux
}

// HTTPServer is the handler with limits on how long a client may take.
func (s *Server) HTTPServer() *http.Server {
	return &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: time.Minute, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}
}

// call is one request.
type call struct {
	*http.Request

	token   string
	account string // whose token it is
	space   uint64
}

func (c *call) ctx() context.Context { return c.Context() }

// handler answers a call with something to write as JSON; nil is an answer without content.
type handler func(c *call) (any, *gateway.Error)

// open serves anybody, as often as one address may ask.
func (s *Server) open(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		if wait, ok := s.addresses.allow(network(r.RemoteAddr)); !ok {
			refuse(w, tooOften(w, wait))
			return
		}
		answer, refusal := h(&call{Request: r})
		respond(w, answer, refusal)
	}
}

// network is what counts as one address: an IPv4 address, or the /64 that one customer of an IPv6 network is given.
func network(remote string) string {
	addr, err := netip.ParseAddrPort(remote)
	if err != nil {
		return remote
	}
	ip := addr.Addr().Unmap()
	if ip.Is4() {
		return ip.String()
	}
	prefix, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return ip.String()
	}
	return prefix.String()
}

// closed serves whoever is logged in and says little.
func (s *Server) closed(h handler) http.HandlerFunc {
	return s.known(h, func(w http.ResponseWriter, r *http.Request) { r.Body = http.MaxBytesReader(w, r.Body, maxBody) })
}

// known serves whoever is logged in, as often as one account may ask, after prepare has bounded the request.
func (s *Server) known(h handler, prepare func(http.ResponseWriter, *http.Request)) http.HandlerFunc {
	limited := s.open(func(c *call) (any, *gateway.Error) { return nil, errToken })
	return func(w http.ResponseWriter, r *http.Request) {
		token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		account, ok := s.logins.account(token)
		if !bearer || !ok {
			limited(w, r) // tokens are not to be guessed
			return
		}
		if wait, ok := s.accounts.allow(account); !ok {
			refuse(w, tooOften(w, wait))
			return
		}
		prepare(w, r)
		c := &call{Request: r, token: token, account: account}
		if text := r.PathValue("space"); text != "" {
			space, err := strconv.ParseUint(text, 10, 64)
			if err != nil || space == 0 || strconv.FormatUint(space, 10) != text {
				refuse(w, gateway.Errorf(gateway.CodeBadRequest, "space %q: want its number", text))
				return
			}
			c.space = space
		}
		answer, refusal := h(c)
		respond(w, answer, refusal)
	}
}

func tooOften(w http.ResponseWriter, wait time.Duration) *gateway.Error {
	seconds := int64(wait/time.Second) + 1
	w.Header().Set("Retry-After", strconv.FormatInt(seconds, 10))
	return gateway.Errorf(gateway.CodeTooMany, "too many requests, try again in %d s", seconds)
}

func respond(w http.ResponseWriter, answer any, refusal *gateway.Error) {
	switch {
	case refusal != nil:
		refuse(w, refusal)
	case answer == nil:
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNoContent)
	default:
		writeJSON(w, http.StatusOK, answer)
	}
}

func refuse(w http.ResponseWriter, refusal *gateway.Error) { writeJSON(w, refusal.Status(), refusal) }

func writeJSON(w http.ResponseWriter, status int, answer any) {
	raw, err := json.Marshal(answer)
	if err != nil {
		status, raw = http.StatusInternalServerError, []byte(`{"code":"internal","message":"the answer cannot be written"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(raw, '\n')) // a client that has gone misses its answer
}

// body reads what a call says, which must be just the fields that there are.
func (c *call) body(into any) *gateway.Error {
	decoder := json.NewDecoder(c.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return gateway.Errorf(gateway.CodeBadRequest, "body: want a JSON object of the route's fields and at most %d bytes: %v", maxBody, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return gateway.Errorf(gateway.CodeBadRequest, "body: want one JSON object and nothing after it")
	}
	return nil
}

func checkDigest(field string, d storage.Digest) *gateway.Error {
	if err := d.Validate(); err != nil {
		return gateway.Errorf(gateway.CodeBadRequest, "%s: %v", field, err)
	}
	return nil
}

func (s *Server) nonce(c *call) (any, *gateway.Error) {
	var req gateway.NonceRequest
	if refusal := c.body(&req); refusal != nil {
		return nil, refusal
	}
	if address, err := sdk.AccAddressFromBech32(req.Account); err != nil || address.String() != req.Account {
		return nil, gateway.Errorf(gateway.CodeBadRequest, "account %q: want an address, ain1…", req.Account)
	}
	nonce, expires := s.logins.nonce(req.Account)
	return gateway.NonceAnswer{
		ChainID: s.cfg.ChainID, Gateway: s.cfg.Name, Nonce: nonce, ExpiresMs: expires.UnixMilli(),
		Text: gateway.LoginText(s.cfg.ChainID, s.cfg.Name, nonce, expires.UnixMilli()),
	}, nil
}

func (s *Server) login(c *call) (any, *gateway.Error) {
	var req gateway.LoginRequest
	if refusal := c.body(&req); refusal != nil {
		return nil, refusal
	}
	token, until, refusal := s.logins.login(s.cfg.ChainID, s.cfg.Name, req)
	if refusal != nil {
		return nil, refusal
	}
	return gateway.LoginAnswer{Token: token, ExpiresMs: until.UnixMilli()}, nil
}

func (s *Server) logout(c *call) (any, *gateway.Error) {
	s.logins.logout(c.token)
	return nil, nil
}
