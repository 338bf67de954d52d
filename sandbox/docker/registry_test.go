package docker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/distribution/distribution/v3/configuration"
	_ "github.com/distribution/distribution/v3/registry/auth/htpasswd"
	"github.com/distribution/distribution/v3/registry/handlers"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/inmemory"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/sandbox/docker/layout"
)

// LocalRegistry is a registry in this process, and what stands between it and whoever pulls.
type LocalRegistry struct {
	t       *testing.T
	url     string
	between func(w http.ResponseWriter, r *http.Request, next http.Handler) // nil: nothing
	user    string                                                          // and password; empty: anybody
	asked   atomic.Int64
}

// StartRegistry starts one, for everybody or for one user.
func StartRegistry(t *testing.T, user string) *LocalRegistry {
	t.Helper()
	r := &LocalRegistry{t: t, user: user}
	logrus.SetOutput(io.Discard) // where registries log
	cfg := &configuration.Configuration{Storage: configuration.Storage{
		"inmemory": nil, "delete": {"enabled": true}, "maintenance": {"uploadpurging": map[any]any{"enabled": false}},
	}}
	cfg.HTTP.Secret = "of this test"
	if user != "" {
		hash, err := bcrypt.GenerateFromPassword([]byte(user), bcrypt.MinCost)
		require.NoError(t, err)
		file := filepath.Join(t.TempDir(), "htpasswd")
		require.NoError(t, os.WriteFile(file, []byte(user+":"+string(hash)+"\n"), 0o600))
		cfg.Auth = configuration.Auth{"htpasswd": {"realm": "test", "path": file}}
	}
	app := handlers.NewApp(context.Background(), cfg)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.asked.Add(1)
		if r.between != nil && strings.Contains(request.URL.Path, "/sha256:") && request.Method == http.MethodGet {
			r.between(w, request, app)
			return
		}
		app.ServeHTTP(w, request)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { _ = app.Shutdown() }) // in memory, with nothing to lose
	r.url = server.URL
	return r
}

// Asked counts the requests.
func (r *LocalRegistry) Asked() int64 { return r.asked.Load() }

// Host and port.
func (r *LocalRegistry) Host() string { return strings.TrimPrefix(r.url, "http://") }

// do sends a request, wants a status and returns the header.
func (r *LocalRegistry) do(method, address, contentType string, body []byte, want int) http.Header {
	r.t.Helper()
	request, err := http.NewRequest(method, address, bytes.NewReader(body))
	require.NoError(r.t, err)
	request.Header.Set("Content-Type", contentType)
	if r.user != "" {
		request.SetBasicAuth(r.user, r.user)
	}
	answer, err := http.DefaultClient.Do(request)
	require.NoError(r.t, err)
	answer.Body.Close()
	require.Equal(r.t, want, answer.StatusCode, "%s %s", method, address)
	return answer.Header
}

// Push puts an image into the repository test/probe, under a tag, and returns its address by digest.
func (r *LocalRegistry) Push(b layout.Blobs, tag string) string {
	r.t.Helper()
	repository := r.url + "/v2/test/probe"
	for _, id := range b.Order {
		if id == b.Manifest.Digest {
			continue
		}
		begun := r.do(http.MethodPost, repository+"/blobs/uploads/", "", nil, http.StatusAccepted)
		at, err := url.Parse(begun.Get("Location"))
		require.NoError(r.t, err)
		query := at.Query()
		query.Set("digest", id.String())
		at.RawQuery = query.Encode()
		r.do(http.MethodPut, at.String(), "application/octet-stream", b.Parts[id], http.StatusCreated)
	}
	r.do(http.MethodPut, repository+"/manifests/"+tag, b.Manifest.MediaType, b.Parts[b.Manifest.Digest], http.StatusCreated)
	return r.Host() + "/test/probe@" + b.Manifest.Digest.String()
}

// puller pulls from registries of this machine, without much patience.
func puller(t *testing.T, named ...string) *images {
	t.Helper()
	cfg, err := Config{
		StateDir: t.TempDir(), WardenPath: "none", Registries: named, ImageBytes: 1 << 20, Log: slog.New(slog.DiscardHandler),
	}.withDefaults()
	require.NoError(t, err)
	i, err := openImages(nil, cfg)
	require.NoError(t, err)
	i.bounds.files = 100
	i.pulls.pace = pace{window: 10 * time.Second, bytes: 1, attempts: 3, pause: time.Millisecond}
	return i
}

// addressProgram is a program whose artifact is an address.
func addressProgram(t *testing.T, address string) sandbox.Program {
	t.Helper()
	file := filepath.Join(t.TempDir(), "program")
	require.NoError(t, os.WriteFile(file, []byte(address), 0o600))
	return sandbox.Program{Kind: sandbox.KindImage, Digest: digestOf([]byte(address)), File: file}
}

// checkPulled does with an image in a registry all that is done before the engine sees it.
func checkPulled(i *images, p sandbox.Program) (checkedImage, error) {
	source, index, err := i.open(context.Background(), p)
	if err != nil {
		return checkedImage{}, err
	}
	defer source.close()
	return inspect(context.Background(), source, index, p.EntryPoint, i.bounds)
}

func packed(t *testing.T, content string) layout.Blobs {
	d := newDraft(t)
	d.entries[0].Content = []byte(content)
	d.pack()
	return d.blobs
}

func nothingLeft(t *testing.T, i *images) {
	t.Helper()
	left, err := os.ReadDir(i.pulls.dir)
	require.NoError(t, err)
	assert.Empty(t, left)
	assert.Empty(t, i.pulls.slots)
}

func TestATagThatIsMovedChangesNothing(t *testing.T) {
	r := StartRegistry(t, "")
	first := packed(t, "first")
	address := r.Push(first, "latest")
	r.Push(packed(t, "second"), "latest")
	i := puller(t, r.Host())
	checked, err := checkPulled(i, addressProgram(t, address+"\n"))
	require.NoError(t, err)
	assert.Equal(t, first.Order[0], checked.layers[0].Digest, "what was signed, not what the tag says now")
	nothingLeft(t, i)

	r.do(http.MethodDelete, r.url+"/v2/test/probe/manifests/"+first.Manifest.Digest.String(), "", nil, http.StatusAccepted)
	_, err = checkPulled(i, addressProgram(t, address))
	require.ErrorIs(t, err, ErrNotFound, "and not the other image")
	require.ErrorIs(t, err, ErrRegistry)
	require.NotErrorIs(t, err, sandbox.ErrBadProgram, "it may come back")
	nothingLeft(t, i)
}

func TestImagesOfARegistryArePulledWhole(t *testing.T) {
	r := StartRegistry(t, "")
	d := newDraft(t)
	d.entries[0].Content = []byte(strings.Repeat("not very random ", 100))
	d.pack()
	var told []Pull
	i := puller(t, r.Host())
	i.pulls.tell = func(p Pull) { told = append(told, p) }
	p := addressProgram(t, r.Push(d.blobs, "latest"))
	pulled, err := checkPulled(i, p)
	require.NoError(t, err)
	fromFile, err := d.check()
	require.NoError(t, err)
	assert.Equal(t, fromFile, pulled, "the same image as from its artifact")
	last := told[len(told)-1]
	assert.Equal(t, p.Digest, last.Program)
	assert.True(t, last.Done)
	assert.Equal(t, pulled.packedSize(), last.Total)
	assert.Greater(t, last.Bytes, last.Total, "layers and config")
}

func TestOnlyAddressesByDigestArePulled(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("a", 64)
	for name, address := range map[string]string{
		"a tag":            "127.0.0.1:5000/test/probe:latest",
		"a tag and digest": "127.0.0.1:5000/test/probe:latest" + digest,
		"neither":          "127.0.0.1:5000/test/probe",
		"no host":          "probe" + digest,
		"half a digest":    "127.0.0.1:5000/test/probe@sha256:aaaa",
		"another hash":     "127.0.0.1:5000/test/probe@sha512:" + strings.Repeat("a", 128),
		"a way up":         "127.0.0.1:5000/../probe" + digest,
		"a URL":            "http://127.0.0.1:5000/test/probe" + digest,
		"two lines":        "127.0.0.1:5000/test/probe" + digest + "\n\n",
		"a query":          "127.0.0.1:5000/test/probe?x" + digest,
		"nonsense":         "nonsense",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := checkPulled(puller(t), addressProgram(t, address))
			require.ErrorIs(t, err, ErrReference)
			require.ErrorIs(t, err, sandbox.ErrBadProgram)
		})
	}
	t.Run("another address than the release's", func(t *testing.T) {
		p := addressProgram(t, "127.0.0.1:5000/test/probe"+digest)
		p.Digest = "sha256:" + strings.Repeat("0", 64)
		_, err := checkPulled(puller(t), p)
		require.ErrorIs(t, err, ErrDigest)
	})
}

func TestWhatGoesWrongOnTheWayHasANameOfItsOwn(t *testing.T) {
	status := func(status int) func(http.ResponseWriter, *http.Request, http.Handler) {
		return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { w.WriteHeader(status) }
	}
	for name, c := range map[string]struct {
		between func(http.ResponseWriter, *http.Request, http.Handler)
		want    error
		not     error
	}{
		"unauthorised":  {status(http.StatusUnauthorized), ErrLogin, sandbox.ErrBadProgram},
		"forbidden":     {status(http.StatusForbidden), ErrLogin, sandbox.ErrBadProgram},
		"not found":     {status(http.StatusNotFound), ErrNotFound, sandbox.ErrBadProgram},
		"out of order":  {status(http.StatusServiceUnavailable), ErrRegistry, sandbox.ErrBadProgram},
		"a bad request": {status(http.StatusBadRequest), ErrRegistry, sandbox.ErrBadProgram},
		"always cut": {func(http.ResponseWriter, *http.Request, http.Handler) {
			panic(http.ErrAbortHandler)
		}, io.EOF, sandbox.ErrBadProgram},
		"slow": {func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, ErrSlow, sandbox.ErrBadProgram},
		"another content": {func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			_, _ = w.Write([]byte("{}"))
		}, ErrDigest, ErrRegistry},
		"an endless manifest": {func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			_, _ = w.Write(make([]byte, maxMetadata+1))
		}, ErrBomb, ErrRegistry},
		"a redirect to another machine without TLS": {func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			http.Redirect(w, r, "http://192.0.2.1/blob", http.StatusTemporaryRedirect)
		}, ErrRegistry, sandbox.ErrBadProgram},
	} {
		t.Run(name, func(t *testing.T) {
			r := StartRegistry(t, "")
			p := addressProgram(t, r.Push(packed(t, "program"), "latest"))
			r.between = c.between
			i := puller(t, r.Host())
			if errors.Is(c.want, ErrSlow) {
				i.pulls.pace.window = 50 * time.Millisecond
			}
			_, err := checkPulled(i, p)
			require.ErrorIs(t, err, c.want)
			require.NotErrorIs(t, err, c.not)
			nothingLeft(t, i)
		})
	}
}

func TestAPullThatTakesTooLongIsGivenUp(t *testing.T) {
	r := StartRegistry(t, "")
	p := addressProgram(t, r.Push(packed(t, strings.Repeat("program", 1000)), "latest"))
	r.between = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.Contains(r.URL.Path, "/manifests/") {
			next.ServeHTTP(w, r)
			return
		}
		<-r.Context().Done() // within its window, which is longer
	}
	i := puller(t, r.Host())
	i.pulls.timeout = 100 * time.Millisecond
	_, err := checkPulled(i, p)
	require.ErrorIs(t, err, ErrSlow)
	require.ErrorContains(t, err, "not here within 100ms")
	nothingLeft(t, i)
}

// cutting cuts every answer after n bytes.
func cutting(n int, ranges *[]string) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if !strings.Contains(r.URL.Path, "/blobs/") {
			next.ServeHTTP(w, r)
			return
		}
		*ranges = append(*ranges, r.Header.Get("Range"))
		whole := httptest.NewRecorder()
		next.ServeHTTP(whole, r)
		for key, values := range whole.Header() {
			w.Header()[key] = values
		}
		w.WriteHeader(whole.Code)
		content := whole.Body.Bytes()
		if len(content) <= n {
			_, _ = w.Write(content)
			return
		}
		_, _ = w.Write(content[:n])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
}

func TestAConnectionThatIsCutGoesOnWhereItWas(t *testing.T) {
	r := StartRegistry(t, "")
	d := newDraft(t)
	d.packLayer(bytes.Repeat([]byte{0}, 512<<10))
	plain := make([]byte, 300<<10)
	for n := range plain {
		plain[n] = byte(n * n >> 3)
	}
	layer, err := layout.Layer(layout.Entry{Name: "data", Content: plain})
	require.NoError(t, err)
	d.packLayer(layer)
	blob := d.blobs.Parts[d.blobs.Order[0]]
	address := r.Push(d.blobs, "latest")
	var ranges []string
	r.between = cutting(len(blob)*2/5, &ranges)
	i := puller(t, r.Host())
	checked, err := checkPulled(i, addressProgram(t, address))
	require.NoError(t, err)
	assert.Len(t, checked.content, 1)
	var begun []string
	for _, asked := range ranges {
		if asked != "" {
			begun = append(begun, asked)
		}
	}
	step := len(blob) * 2 / 5
	assert.Equal(t, []string{"bytes=" + strconv.Itoa(step) + "-", "bytes=" + strconv.Itoa(2*step) + "-"}, begun)
}

func TestAConnectionThatIsCutBeginsAnewWhereItHasTo(t *testing.T) {
	r := StartRegistry(t, "")
	address := r.Push(packed(t, strings.Repeat("program", 1000)), "latest")
	var ranges []string
	cut := cutting(60, &ranges)
	r.between = func(w http.ResponseWriter, request *http.Request, next http.Handler) {
		if request.Header.Get("Range") != "" { // a registry that knows no ranges
			request.Header.Del("Range")
			next.ServeHTTP(w, request)
			return
		}
		cut(w, request, next)
	}
	_, err := checkPulled(puller(t, r.Host()), addressProgram(t, address))
	require.NoError(t, err)
}

func TestAnImageLargerThanAllowedIsNotFetched(t *testing.T) {
	r := StartRegistry(t, "")
	address := r.Push(packed(t, "program"), "latest")
	var blobs []string
	r.between = func(w http.ResponseWriter, request *http.Request, next http.Handler) {
		if strings.Contains(request.URL.Path, "/blobs/") {
			blobs = append(blobs, request.URL.Path)
		}
		next.ServeHTTP(w, request)
	}
	i := puller(t, r.Host())
	i.bounds.bytes = 10
	_, err := checkPulled(i, addressProgram(t, address))
	require.ErrorIs(t, err, ErrBomb)
	assert.Len(t, blobs, 1, "the config, and no layer: %v", blobs)
}

func TestARegistryOfThisMachineIsAskedOnlyIfItsOwnerNamesIt(t *testing.T) {
	r := StartRegistry(t, "")
	address := r.Push(packed(t, "program"), "latest")
	before := r.asked.Load()
	_, err := checkPulled(puller(t), addressProgram(t, address))
	require.ErrorIs(t, err, ErrRegistry)
	require.ErrorContains(t, err, "sandbox.docker.registries")
	assert.Equal(t, before, r.asked.Load())
}

func TestTheLoginIsThatOfDockersConfig(t *testing.T) {
	r := StartRegistry(t, "somebody")
	address := r.Push(packed(t, "program"), "latest")
	config := t.TempDir()
	t.Setenv("HOME", config)
	t.Setenv("DOCKER_CONFIG", config)
	_, err := checkPulled(puller(t, r.Host()), addressProgram(t, address))
	require.ErrorIs(t, err, ErrLogin)
	require.ErrorContains(t, err, "docker login "+r.Host())

	login := func(password string) {
		content, err := json.Marshal(map[string]any{"auths": map[string]any{r.Host(): map[string]string{"username": "somebody", "password": password}}})
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(config, "config.json"), content, 0o600))
	}
	login("wrong")
	_, err = checkPulled(puller(t, r.Host()), addressProgram(t, address))
	require.ErrorIs(t, err, ErrLogin)
	login("somebody")
	_, err = checkPulled(puller(t, r.Host()), addressProgram(t, address))
	require.NoError(t, err)
}

// served serves an image's parts without a look at them, as a hostile registry does.
func served(t *testing.T, parts map[digest.Digest][]byte) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/" {
			return
		}
		content, ok := parts[digest.Digest(r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:])]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write(content)
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// pulled is what becomes of the draft where a registry has it. It is only told of drafts that a registry could have.
func (d *draft) pulled() (_ checkedImage, could bool, _ error) {
	if d.blobs.Parts == nil || d.file != nil || len(d.blobs.Order) != len(d.blobs.Parts) {
		return checkedImage{}, false, nil
	}
	root := d.blobs.Index.Manifests[0]
	if len(d.blobs.Index.Manifests) > 1 {
		content, err := json.Marshal(d.blobs.Index)
		require.NoError(d.t, err)
		root = d.add(ocispec.MediaTypeImageIndex, content)
	}
	if root.Size > maxMetadata {
		return checkedImage{}, false, nil
	}
	host := served(d.t, d.blobs.Parts)
	i := puller(d.t, host)
	i.bounds = d.bounds
	p := addressProgram(d.t, host+"/test/probe@"+root.Digest.String())
	p.EntryPoint = d.entry
	checked, err := checkPulled(i, p)
	nothingLeft(d.t, i)
	return checked, true, err
}
