package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/ain-network/aind/dial"
)

// pace is what is expected of a registry.
type pace struct {
	window   time.Duration // in which it must send
	bytes    int64         // at least so many of them
	attempts int           // at one part of an image, in a row
	pause    time.Duration // before the second of them; doubled before each further one
}

var usualPace = pace{window: 30 * time.Second, bytes: 128 << 10, attempts: 5, pause: 250 * time.Millisecond}

// enough of an attempt's bytes make it a success, though it did not come to its end.
const enough = 1 << 20

// remote is one repository of a registry. Only what has the digest that was asked for leaves it.
type remote struct {
	address name.Digest
	client  *http.Client
	pace    pace
}

// openRemote opens a repository. Registries that the owner named get the login of Docker's config, and may be in this network or on this machine:
// others, which strangers name, would be a way into it.
func openRemote(ctx context.Context, address name.Digest, named []string, p pace) (*remote, error) {
	host := address.Context().RegistryStr()
	trusted := slices.Contains(named, host) || host == name.DefaultRegistry && slices.Contains(named, "docker.io")
	auth := authn.Anonymous
	if trusted {
		var err error
		if auth, err = authn.Resolve(ctx, authn.DefaultKeychain, address.Context()); err != nil {
			return nil, registryError(address, "read the login of Docker's config", err)
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, p.window, ErrSlow)
	defer cancel()
	scope := address.Context().Scope(transport.PullScope)
	t, err := transport.NewWithContext(ctx, address.Context().Registry, auth, newTransport(trusted, p), []string{scope})
	if err != nil {
		return nil, registryError(address, "connect", because(ctx, err))
	}
	return &remote{address: address, client: &http.Client{Transport: t}, pace: p}, nil
}

func newTransport(trusted bool, p pace) http.RoundTripper {
	dialer := net.Dialer{Timeout: p.window}
	connect := dialer.DialContext
	if !trusted {
		connect = publicOnly(dialer)
	}
	return tlsOnly{&http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: connect,
		TLSHandshakeTimeout: p.window, ResponseHeaderTimeout: p.window, IdleConnTimeout: p.window, DisableCompression: true,
	}}
}

// publicOnly refuses connections to this machine and its network.
func publicOnly(dialer net.Dialer) func(ctx context.Context, network, address string) (net.Conn, error) {
	connect := dial.Public(dialer)
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := connect(ctx, network, address)
		if errors.Is(err, dial.ErrNotPublic) {
			err = fmt.Errorf("%w: an image comes from there only if the owner names the registry in sandbox.docker.registries", err)
		}
		return conn, err
	}
}

// tlsOnly refuses what anybody on the way could read, but for this machine.
type tlsOnly struct{ inner http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t tlsOnly) RoundTrip(request *http.Request) (*http.Response, error) {
	host := request.URL.Hostname()
	ip, err := netip.ParseAddr(host)
	if request.URL.Scheme == "https" || host == "localhost" || err == nil && ip.IsLoopback() {
		return t.inner.RoundTrip(request)
	}
	return nil, fmt.Errorf("%s://%s: a registry on another machine needs TLS", request.URL.Scheme, request.URL.Host)
}

// manifest reads a manifest or an index. Its size is not known before.
func (r *remote) manifest(ctx context.Context, digest string) ([]byte, error) {
	var content []byte
	err := r.insist(ctx, func() (int64, error) {
		return 0, r.receive(ctx, "manifests/"+digest, 0, func(answer *http.Response, body io.Reader) (err error) {
			content, err = readDocument(body, max(answer.ContentLength, 0))
			return err
		})
	})
	if err != nil {
		return nil, registryError(r.address, "manifest "+digest, err)
	}
	return content, matches(content, digest)
}

// blob reads a part of size bytes into a file. Where the connection is cut it goes on from there.
func (r *remote) blob(ctx context.Context, digest string, size int64, file *os.File, got func(int64)) error {
	var have int64
	err := r.insist(ctx, func() (brought int64, err error) {
		err = r.receive(ctx, "blobs/"+digest, have, func(answer *http.Response, body io.Reader) error {
			if answer.StatusCode == http.StatusOK { // it does not go on in the middle
				got(-have)
				have = 0
			}
			if _, err := file.Seek(have, io.SeekStart); err != nil {
				return err
			}
			brought, err = io.Copy(io.MultiWriter(file, counter(got)), io.LimitReader(body, size-have))
			if have += brought; err == nil && have < size {
				err = io.ErrUnexpectedEOF
			}
			return err
		})
		return brought, err
	})
	if err != nil {
		return registryError(r.address, "blob "+digest, err)
	}
	return nil
}

// counter tells how many bytes were written to it.
type counter func(int64)

// Write implements io.Writer.
func (c counter) Write(p []byte) (int, error) {
	c(int64(len(p)))
	return len(p), nil
}

// insist tries again after failures that may pass. An attempt says how many bytes it brought.
func (r *remote) insist(ctx context.Context, attempt func() (int64, error)) error {
	pause := r.pace.pause
	for failed := 1; ; failed++ {
		n, err := attempt()
		if n >= enough {
			failed, pause = 1, r.pace.pause
		}
		if err == nil || lasting(err) || ctx.Err() != nil {
			return because(ctx, err)
		}
		if failed >= r.pace.attempts {
			return fmt.Errorf("after %d attempts: %w", failed, err)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return because(ctx, err)
		}
		pause *= 2
	}
}

// lasting tells that another attempt would bring the same.
func lasting(err error) bool {
	var answered *answerError
	if errors.As(err, &answered) {
		return answered.status < 500 && answered.status != http.StatusTooManyRequests && answered.status != http.StatusRequestTimeout
	}
	var file *os.PathError
	return errors.Is(err, ErrBomb) || errors.Is(err, ErrLogin) || errors.As(err, &file)
}

// answerError is an answer that is not what was asked for.
type answerError struct {
	status int
	err    error // for people
}

// Error implements error.
func (e *answerError) Error() string { return e.err.Error() }

// Unwrap gives one of our errors, where the answer means one.
func (e *answerError) Unwrap() error { return e.err }

// accepted are the types of manifests that can be read.
var accepted = strings.Join([]string{ocispec.MediaTypeImageManifest, ocispec.MediaTypeImageIndex, dockerManifest, dockerIndex}, ", ")

// get asks for a part of the repository, from a byte on.
func (r *remote) get(ctx context.Context, what string, from int64) (*http.Response, error) {
	repo := r.address.Context()
	address := url.URL{Scheme: repo.Scheme(), Host: repo.RegistryStr(), Path: "/v2/" + repo.RepositoryStr() + "/" + what}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", accepted)
	if strings.HasPrefix(what, "blobs/") {
		request.Header.Del("Accept")
	}
	if from > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
	}
	response, err := r.client.Do(request)
	if err != nil {
		return nil, answerOf(err)
	}
	switch {
	case response.StatusCode == http.StatusOK:
		return response, nil
	case response.StatusCode == http.StatusPartialContent && from > 0 &&
		strings.HasPrefix(response.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", from)):
		return response, nil
	}
	response.Body.Close()
	return nil, &answerError{response.StatusCode, meaning(response.StatusCode)}
}

// answerOf finds the registry's answer in what its authentication says.
func answerOf(err error) error {
	var refused *transport.Error
	if errors.As(err, &refused) {
		return &answerError{refused.StatusCode, meaning(refused.StatusCode)}
	}
	return err
}

// meaning of a status, as one of our errors where it is one.
func meaning(status int) error {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return ErrLogin
	case http.StatusNotFound:
		return ErrNotFound
	}
	return fmt.Errorf("it answers %d %s", status, http.StatusText(status))
}

// because is why a context ended, if it has.
func because(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// receive reads one answer, for as long as it keeps the pace.
func (r *remote) receive(ctx context.Context, what string, from int64, read func(*http.Response, io.Reader) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	answer, err := r.get(ctx, what, from)
	if err != nil {
		return because(ctx, err)
	}
	defer answer.Body.Close()
	body := &meter{r: answer.Body}
	go r.watch(ctx, cancel, body)
	return because(ctx, read(answer, body))
}

// watch ends what comes too slowly.
func (r *remote) watch(ctx context.Context, cancel context.CancelCauseFunc, body *meter) {
	ticker := time.NewTicker(r.pace.window)
	defer ticker.Stop()
	for last := int64(0); ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			now := body.n.Load()
			if now-last < r.pace.bytes {
				cancel(ErrSlow)
				return
			}
			last = now
		}
	}
}

// meter knows, for another goroutine, how many bytes were read through it.
type meter struct {
	r io.Reader
	n atomic.Int64
}

// Read implements io.Reader.
func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.n.Add(int64(n))
	return n, err
}

// registryError keeps what is wrong with an image apart from what is wrong with where it comes from.
func registryError(address name.Digest, doing string, err error) error {
	if errors.Is(err, ErrBomb) {
		return err
	}
	err = answerOf(err)
	if errors.Is(err, ErrLogin) {
		err = fmt.Errorf("%w: log in with docker login %s, and name it in sandbox.docker.registries", err, address.Context().RegistryStr())
	}
	return fmt.Errorf("%w %s: %s: %w", ErrRegistry, address.Context().Name(), doing, err)
}
