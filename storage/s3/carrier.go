package s3

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/ain-network/aind/storage"
)

// CarrierConfig says how presigned requests are made.
type CarrierConfig struct {
	// CAFile, when set, is a PEM file with the certificates that a store's own is checked against, in place of the system's.
	CAFile string
	// SpoolDir is where content of unknown digest or size waits for its upload; the system's folder for temporary files
	// when empty.
	SpoolDir string
	// StallTimeout is how long a connection may stand still. DefaultStallTimeout when 0.
	StallTimeout time.Duration
	// PublicOnly refuses hosts on this machine and in its network: for gateways that strangers name.
	PublicOnly bool
}

// Carrier makes presigned requests, for those who hold no secret of a store. What it reads and sends it verifies as a
// Store does. It follows no redirect: a presigned request is good for one host.
type Carrier struct {
	http     *http.Client
	spoolDir string
}

// NewCarrier returns a carrier. It errs when the CA file cannot be used.
func NewCarrier(cfg CarrierConfig) (*Carrier, error) {
	settings := Config{StallTimeout: cfg.StallTimeout, CAFile: cfg.CAFile, Secure: true, publicOnly: cfg.PublicOnly}.withDefaults()
	transport, err := newTransport(settings)
	if err != nil {
		return nil, fmt.Errorf("presigned requests: %w", err)
	}
	return &Carrier{spoolDir: cfg.SpoolDir, http: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Carrier returns a carrier for requests that the store has presigned: with the same certificates and the same patience.
func (s *Store) Carrier() (*Carrier, error) {
	return NewCarrier(CarrierConfig{CAFile: s.cfg.CAFile, SpoolDir: s.cfg.SpoolDir, StallTimeout: s.cfg.StallTimeout})
}

// HTTP is the client that requests are made with: connections of bounded patience, the same certificates.
func (c *Carrier) HTTP() *http.Client { return c.http }

// Put finds out the digest and the size of src, lets send do what it must, and hands it a function that makes a presigned
// request with the content as its body. Content whose source can be rewound is tried several times, send with it.
func (c *Carrier) Put(ctx context.Context, src io.Reader, opts []storage.PutOption,
	send func(ctx context.Context, info storage.Info, upload func(Presigned) error) error,
) (storage.Info, error) {
	spec, err := storage.NewPutSpec(opts...)
	if err != nil {
		return storage.Info{}, err
	}
	content, err := prepare(ctx, c.spoolDir, src, spec)
	if err != nil {
		return storage.Info{}, err
	}
	defer content.release()
	err = repeat(ctx, content, func(wait bool) error {
		return send(ctx, content.info, func(p Presigned) error { return c.upload(ctx, p, content, wait) })
	})
	if err != nil {
		return storage.Info{}, err
	}
	return content.info, nil
}

// upload makes one presigned PUT. What was wrong with the content is the error before what the store made of it.
func (c *Carrier) upload(ctx context.Context, p Presigned, content content, wait bool) error {
	body := content.body(ctx, true)
	defer body.stop(wait)
	if content.info.Size == 0 {
		// No byte is read of an empty body, so it is checked here.
		if _, err := body.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			return err
		}
	}
	res, err := c.do(ctx, p, body, content.info.Size)
	whole, srcErr := body.outcome()
	if srcErr != nil {
		return srcErr
	}
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if !whole {
		return fmt.Errorf("%s answers that all is well before it has all of the content", res.Request.URL.Host)
	}
	return nil
}

// Get makes a presigned GET of the object d. Its errors are those of storage.Store's Get; a URL that has expired is
// storage.ErrDenied.
func (c *Carrier) Get(ctx context.Context, p Presigned, d storage.Digest) (io.ReadCloser, storage.Info, error) {
	res, err := c.do(ctx, p, nil, 0)
	if err != nil {
		return nil, storage.Info{}, err
	}
	info := storage.Info{Digest: d, Size: res.ContentLength}
	if info.Size < 0 {
		err := fmt.Errorf("%s does not say how many bytes it sends", res.Request.URL.Host)
		return nil, storage.Info{}, errors.Join(err, res.Body.Close())
	}
	reader := &carriedReader{ctx: ctx, endpoint: res.Request.URL.Host, body: res.Body}
	return &object{Verifier: storage.NewVerifier(reader, info), Closer: res.Body}, info, nil
}

// do makes a presigned request and returns the answer when it is a success.
func (c *Carrier) do(ctx context.Context, p Presigned, body io.Reader, size int64) (*http.Response, error) {
	if size == 0 && body != nil {
		body = http.NoBody
	}
	req, err := http.NewRequestWithContext(ctx, p.Method, p.URL, body)
	if err != nil {
		return nil, fmt.Errorf("presigned request: %w", err)
	}
	for name, value := range p.Header {
		req.Header.Set(name, value)
	}
	req.ContentLength = size
	if announced := req.Header.Get("Content-Length"); announced != "" && announced != strconv.FormatInt(size, 10) {
		return nil, fmt.Errorf("presigned request is for %s bytes, the content has %d", announced, size)
	}
	req.Header.Del("Content-Length") // the HTTP client writes its own
	res, err := c.http.Do(req)
	if err != nil {
		return nil, carried(ctx, req.URL.Host, err)
	}
	if res.StatusCode == http.StatusOK {
		return res, nil
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<10))
	if err != nil {
		return nil, carried(ctx, req.URL.Host, err)
	}
	return nil, refusal(res, string(text))
}

// carried gives a failure of the network its meaning. The HTTP client's words would repeat the URL.
func carried(ctx context.Context, endpoint string, err error) error {
	if ctxErr := ctx.Err(); ctxErr != nil {
		return ctxErr
	}
	if failed := (*url.Error)(nil); errors.As(err, &failed) {
		err = failed.Err
	}
	return &storage.UnavailableError{Endpoint: endpoint, Err: err}
}

// refusal gives an answer that is no success its meaning. A presigned URL is not in it: it would be good for reading.
func refusal(res *http.Response, text string) error {
	var said struct {
		Code string `xml:"Code"`
	}
	if err := xml.Unmarshal([]byte(text), &said); err != nil {
		said.Code = "" // not an S3 answer: the status has to do
	}
	code := said.Code
	host := res.Request.URL.Host
	switch {
	case res.StatusCode == http.StatusNotFound:
		return storage.ErrNotFound
	case res.StatusCode == http.StatusUnauthorized, res.StatusCode == http.StatusForbidden:
		return fmt.Errorf("%w: %s refuses the presigned request: %s", storage.ErrDenied, host, code)
	case res.StatusCode >= 500, res.StatusCode == http.StatusTooManyRequests, res.StatusCode == http.StatusRequestTimeout:
		return &storage.UnavailableError{Endpoint: host, Err: fmt.Errorf("answers %d %s", res.StatusCode, code)}
	case isDamage(code):
		return fmt.Errorf("%w: damaged on the way to %s: %s", storage.ErrDigestMismatch, host, code)
	default:
		return fmt.Errorf("%s answers %d %s", host, res.StatusCode, code)
	}
}

// carriedReader gives the errors of a broken transfer their meaning.
type carriedReader struct {
	ctx      context.Context
	endpoint string
	body     io.Reader
}

func (r *carriedReader) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = carried(r.ctx, r.endpoint, err)
	}
	return n, err
}
