package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/gateway"
	"github.com/ain-network/aind/storage/s3"
)

// attack tries one way of reading what one may not, and says what was wrong with the answer.
func (s *strangers) attack(t *testing.T, draw *rand.Rand) error {
	var (
		what string
		err  error
	)
	switch draw.IntN(10) {
	case 0:
		what, err = s.replays(t, draw)
	case 1, 2:
		what, err = s.tampers(t, draw)
	default:
		what, err = s.asks(t, draw)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[what]++
	if err != nil {
		err = fmt.Errorf("%s: %w", what, err)
	}
	return err
}

// asks asks for what is there and for what is not, by the same route, and holds the answers against each other.
func (s *strangers) asks(t *testing.T, draw *rand.Rand) (string, error) {
	one := s.all[draw.IntN(len(s.all))]
	routes := []string{"/get", "/stat", "as a chunk", "delete", "/list", "/usage"}
	route := routes[draw.IntN(len(routes))]
	do := func(d storage.Digest) answer {
		begun := time.Now()
		got := s.route(t, one, route, d)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.times[d != s.absent] = append(s.times[d != s.absent], time.Since(begun))
		return got
	}
	order := []storage.Digest{one.content, s.absent}
	turned := draw.IntN(2) == 1 // who goes first is no advantage
	if turned {
		slices.Reverse(order)
	}
	first, last := do(order[0]), do(order[1])
	if first.status != http.StatusNotFound || !reflect.DeepEqual(first, last) || strings.Contains(first.body, hidden) {
		return one.name + ": " + route, fmt.Errorf("there and not there are told apart (turned: %t): %v, %v", turned, first, last)
	}
	return one.name + ": " + route, nil
}

func (s *strangers) route(t *testing.T, one stranger, route string, d storage.Digest) answer {
	base := fmt.Sprintf("/v1/spaces/%d", one.space)
	switch route {
	case "as a chunk":
		return s.ask(t, http.MethodPost, base+"/get", one.token, gateway.GetRequest{Digest: d, Root: d})
	case "delete":
		return s.ask(t, http.MethodDelete, base+"/"+d.String(), one.token, nil)
	case "/list", "/usage":
		return s.ask(t, http.MethodGet, base+route, one.token, nil)
	default:
		return s.post(t, route, one, d)
	}
}

// replays uses tokens and logins that have had their time, or are another's.
func (s *strangers) replays(t *testing.T, draw *rand.Rand) (string, error) {
	one := s.all[draw.IntN(len(s.all))]
	var (
		what string
		got  answer
	)
	switch draw.IntN(4) {
	case 0:
		what, one.token = "a token that was given back", s.old
		got = s.post(t, "/get", one, one.content)
	case 1:
		what, one.token = "a token with another digit", flipped(one.token, draw)
		got = s.post(t, "/get", one, one.content)
	case 2:
		what, got = "a login once more", s.ask(t, http.MethodPost, "/v1/login", "", s.used)
	default:
		what, got = "a login as another account", s.ask(t, http.MethodPost, "/v1/login", "", s.foreign)
	}
	if got.status != http.StatusUnauthorized || strings.Contains(got.body, hidden) {
		return what, fmt.Errorf("the answer is %v", got)
	}
	return what, nil
}

// tampers changes presigned requests that are good for content of one's own.
func (s *strangers) tampers(t *testing.T, draw *rand.Rand) (string, error) {
	pick := []s3.Presigned{s.read, s.upload}[draw.IntN(2)]
	p := s3.Presigned{Method: pick.Method, URL: pick.URL, Header: map[string]string{}}
	for name, value := range pick.Header {
		p.Header[name] = value
	}
	body := []byte(nil)
	if p.Method == http.MethodPut {
		body = []byte("of one's own")
	}
	host, rest, _ := strings.Cut(strings.TrimPrefix(p.URL, "http://"), "/")
	_, query, _ := strings.Cut(rest, "?")
	what := []string{"key", "method", "checksum", "expiry", "signature", "size", "copy"}[draw.IntN(7)]
	switch what {
	case "key":
		p.URL = "http://" + host + s.victim + "?" + query
	case "method":
		p.Method = []string{http.MethodDelete, http.MethodPost, http.MethodHead}[draw.IntN(3)]
	case "checksum":
		p.URL += "&x-amz-checksum-mode=DISABLED"
		p.Header["X-Amz-Checksum-Sha256"] = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
	case "expiry":
		p.URL = strings.NewReplacer("X-Amz-Expires=60", "X-Amz-Expires=6000", "X-Amz-Expires=900", "X-Amz-Expires=9000").Replace(p.URL)
	case "signature":
		p.URL = p.URL[:len(p.URL)-64] + flipped(p.URL[len(p.URL)-64:], draw)
	case "size":
		p.URL = "http://" + host + s.victim + "?" + query
		body = append(body, "and more"...)
	case "copy":
		p.Header["X-Amz-Copy-Source"] = s.victim
		p.Header["X-Amz-Metadata-Directive"] = "REPLACE"
		p.URL = "http://" + host + s.victim + "?" + query
	}
	what = p.Method + " with another " + what
	got, err := send(t, p.Method, p.URL, body, p.Header)
	if err != nil {
		return what, err
	}
	if got.status < http.StatusBadRequest || strings.Contains(got.body, hidden) {
		return what, fmt.Errorf("the answer is %v", got)
	}
	return what, nil
}

// flipped is a text of hexadecimal digits with another one at some place.
func flipped(digits string, draw *rand.Rand) string {
	at, digit := draw.IntN(len(digits)), "0123456789abcdef"[draw.IntN(16)]
	if digits[at] == digit {
		digit = "123456789abcdef0"[strings.IndexByte("0123456789abcdef", digit)]
	}
	return digits[:at] + string(digit) + digits[at+1:]
}
