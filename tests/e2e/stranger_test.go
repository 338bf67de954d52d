package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/gateway"
	"github.com/ain-network/aind/storage/s3"
	"github.com/ain-network/aind/tests/harness"
)

const (
	// hidden is in every piece of the content that strangers ask for.
	hidden = "what nobody else may read\n"
	// manyReads are tried in all, by so many at one time.
	manyReads, readers = 10_000, 4
)

// stranger is somebody who may not read some content, though it once might or reads what lies beside it.
type stranger struct {
	name    string
	token   string
	space   uint64
	content storage.Digest
}

// strangers ask a gateway of a real chain.
type strangers struct {
	g       *gatewayWorld
	all     []stranger
	absent  storage.Digest
	old     string // a token that was given back
	used    gateway.LoginRequest
	foreign gateway.LoginRequest // names an account with another's signature
	upload  s3.Presigned         // good for content of a stranger's own
	read    s3.Presigned
	victim  string // the key of content at the S3 store

	mu    sync.Mutex
	seen  map[string]int
	times map[bool][]time.Duration // by whether the content is there
}

// TestTenThousandReadsOnARealChain has accounts read what the chain does not let them: a grant that was taken back, a node
// that was dropped, participants of another request, a space whose time is over, tokens and links that are not theirs.
func TestTenThousandReadsOnARealChain(t *testing.T) {
	s := newStrangers(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	begun := time.Now()
	var all sync.WaitGroup
	for n := range readers {
		all.Go(func() {
			draw := rand.New(rand.NewPCG(seed, uint64(n))) //nolint:gosec // which attack comes next is no secret
			for range manyReads / readers {
				if err := s.attack(t, draw); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	took := time.Since(begun)
	for _, what := range slices.Sorted(maps.Keys(s.seen)) {
		t.Logf("%6d %s", s.seen[what], what)
	}
	there, absent := median(s.times[true]), median(s.times[false])
	t.Logf("%d reads in %s; a refusal took %s where there is something, %s where not (medians)", manyReads, took.Round(time.Second), there, absent)
	require.Less(t, took, time.Minute)
	require.Greater(t, len(s.seen), 20)
	require.InEpsilon(t, float64(absent), float64(there), 0.5)
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

// newStrangers makes a job with a worker that has worked on one request, spaces, and everybody who may read something of
// them and then no longer.
func newStrangers(t *testing.T) *strangers {
	s := &strangers{
		g: startGateway(t, "requests_per_address: 100000", "requests_per_account: 100000"), absent: storage.DigestOf([]byte("never put")),
		seen: map[string]int{}, times: map[bool][]time.Duration{},
	}
	n := s.g.network
	root, owner, friend := n.NewNode(t, "admin", "100", ""), n.NewNode(t, "client", "100", ""), n.NewNode(t, "friend", "100", "")
	root.Settings.Store = "ain://" + strconv.FormatUint(s.open(t, root, "2h", "everybody"), 10)
	job := n.Register(t, root, filepath.Join("..", "..", "examples", "word-count"), "--qualification-input", "{min_letters: 1}", "--hiring", "30s",
		"--evaluation", "60s", "--challenge", "60s", "--bond", "1")
	root.Start(t)
	var worker *harness.Node
	for _, role := range []string{"evaluator", "worker"} {
		worker = n.NewNode(t, role, "100", "60")
		worker.Settings.Job, worker.Settings.Store = job, "ain://"+strconv.FormatUint(s.open(t, worker, "2h", "participants"), 10)
		worker.Start(t)
	}
	n.AwaitRunning(t, jobNumber(t, job), 1, 1)

	// The worker takes part in the first request, and reads nothing of the second.
	inputs := s.open(t, owner, "2h", "participants")
	owner.Settings.Store = "ain://" + strconv.FormatUint(inputs, 10)
	first, second := s.order(t, owner, job, "first", ""), s.order(t, owner, job, "second", ", worker_node: ["+friend.Address+"]")
	s.reads(t, worker, inputs, first)
	s.may("participant of another request", s.token(t, worker), inputs, second)

	listed, nodes, brief := s.open(t, owner, "2h", friend.Address), s.open(t, owner, "2h", "job:"+job), s.open(t, owner, "1m", "everybody")
	content := s.put(t, owner, listed)
	s.reads(t, friend, listed, content)
	owner.Tx(t, "storage", "set-access", strconv.FormatUint(listed, 10))
	s.may("grant that was taken back", s.token(t, friend), listed, content)
	s.victim = fmt.Sprintf("/ain/spaces/%d/sha256/%s", listed, content.Hex())

	content = s.put(t, owner, nodes)
	s.reads(t, worker, nodes, content)
	var dropped struct{ Node string }
	root.JSON(t, &dropped, "drop", job, worker.Address, "--reason", "not needed")
	s.may("node that was dropped", s.token(t, worker), nodes, content)

	nobody := n.NewNode(t, "nobody", "1", "")
	s.may("nobody", s.token(t, nobody), inputs, first)
	s.may("nobody, where nodes of a job read", s.token(t, nobody), nodes, content)
	content = s.put(t, owner, brief)
	s.reads(t, nobody, brief, content)
	harness.Eventually(t, "the space ends", 2*time.Minute, func() error {
		if _, err := s.g.space(t, owner, brief).Usage(t.Context()); err == nil {
			return fmt.Errorf("space %d is there", brief)
		}
		return nil
	})
	s.may("space that has ended", s.token(t, nobody), brief, content)
	s.may("owner of a space that has ended", s.token(t, owner), brief, content)
	for _, one := range s.all { // what was allowed is remembered for two seconds
		harness.Eventually(t, one.name+" may no longer read", harness.Patience, func() error {
			if r := s.post(t, "/get", one, one.content); r.status != http.StatusNotFound {
				return fmt.Errorf("the answer is %d %s", r.status, r.body)
			}
			return nil
		})
	}
	s.links(t, friend) // last: one of them is good for a minute
	return s
}

// open reserves a space, and returns its number.
func (s *strangers) open(t *testing.T, owner *harness.Node, lasts, read string) uint64 {
	t.Helper()
	var reserved struct {
		Space uint64 `json:"space,string"`
	}
	owner.JSON(t, &reserved, "storage", "reserve", "64MiB", "--for", lasts, "--provider", s.g.provider.Address, "--read", read)
	return reserved.Space
}

// order asks for work on a file that lies in the client's space, and returns the file's digest.
func (s *strangers) order(t *testing.T, owner *harness.Node, job, name, more string) storage.Digest {
	t.Helper()
	content := name + " " + strings.Repeat(hidden, 100)
	file := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	var answer struct{ Request string }
	order := []string{"requestJob", "{job_id: " + job + ", job_input: {min_letters: 3}, files: {text: " + file + "}, reward: [1, 1], time_limit: 60s, max_workers: 1" + more + "}"}
	if more != "" {
		order = append(order, "--detach")
	}
	owner.JSON(t, &answer, order...)
	return storage.DigestOf([]byte(content))
}

// put stores a piece of content.
func (s *strangers) put(t *testing.T, owner *harness.Node, space uint64) storage.Digest {
	t.Helper()
	info, err := storage.PutBytes(t.Context(), s.g.space(t, owner, space), []byte(strconv.FormatUint(space, 10)+strings.Repeat(hidden, 100)))
	require.NoError(t, err)
	return info.Digest
}

// reads shows that an account may read: what it is refused later, it was not by mistake.
func (s *strangers) reads(t *testing.T, n *harness.Node, space uint64, d storage.Digest) {
	t.Helper()
	s.g.eventually(t, "the content is read", func() error {
		got, err := storage.ReadAll(t.Context(), s.g.space(t, n, space), d, 1<<20)
		if err == nil && !strings.Contains(string(got), hidden) {
			err = fmt.Errorf("it is %q", got)
		}
		return err
	})
}

// may notes what somebody may not read.
func (s *strangers) may(name, token string, space uint64, d storage.Digest) {
	s.all = append(s.all, stranger{name, token, space, d})
}

// links has somebody be given requests that are good for content of its own, and tokens that are good no longer.
func (s *strangers) links(t *testing.T, n *harness.Node) {
	t.Helper()
	own := s.open(t, n, "2h", "owner")
	d := s.put(t, n, own)
	mine := stranger{token: s.token(t, n), space: own}
	var get gateway.GetAnswer
	s.post(t, "/get", mine, d).into(t, &get)
	s.read = get.Download
	good, err := send(t, s.read.Method, s.read.URL, nil, s.read.Header)
	require.NoError(t, err)
	require.Contains(t, good.body, hidden, "it is good for what it names")
	body := []byte("of one's own")
	var put gateway.PutAnswer
	s.ask(t, http.MethodPost, fmt.Sprintf("/v1/spaces/%d/put", own), mine.token,
		gateway.PutRequest{Digest: storage.DigestOf(body), Size: int64(len(body))}).into(t, &put)
	s.upload = *put.Upload

	s.old = s.token(t, n)
	require.Equal(t, http.StatusNoContent, s.ask(t, http.MethodPost, "/v1/logout", s.old, nil).status)
	s.used = s.sign(t, keyOf(t, n))
	require.Equal(t, http.StatusOK, s.ask(t, http.MethodPost, "/v1/login", "", s.used).status)
	s.foreign = s.sign(t, keyOf(t, n))
	s.foreign.Account = s.g.provider.Address
}

// sign signs a fresh nonce.
func (s *strangers) sign(t *testing.T, key client.Key) gateway.LoginRequest {
	t.Helper()
	var nonce gateway.NonceAnswer
	s.ask(t, http.MethodPost, "/v1/nonce", "", gateway.NonceRequest{Account: key.Address().String()}).into(t, &nonce)
	login, err := gateway.SignLogin(key, chainID, s.g.address, nonce)
	require.NoError(t, err)
	return login
}

func (s *strangers) token(t *testing.T, n *harness.Node) string {
	t.Helper()
	var answer gateway.LoginAnswer
	s.ask(t, http.MethodPost, "/v1/login", "", s.sign(t, keyOf(t, n))).into(t, &answer)
	return answer.Token
}

// answer as it came.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) into(t *testing.T, value any) {
	t.Helper()
	require.Equal(t, http.StatusOK, a.status, a.body)
	require.NoError(t, json.Unmarshal([]byte(a.body), value))
}

// ask makes one request of the gateway.
func (s *strangers) ask(t *testing.T, method, path, token string, body any) answer {
	t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(t, err)
	if body == nil {
		raw = nil
	}
	got, err := send(t, method, "http://"+s.g.address+path, raw, map[string]string{"Authorization": "Bearer " + token})
	require.NoError(t, err)
	return got
}

func (s *strangers) post(t *testing.T, route string, one stranger, d storage.Digest) answer {
	t.Helper()
	return s.ask(t, http.MethodPost, fmt.Sprintf("/v1/spaces/%d%s", one.space, route), one.token, gateway.GetRequest{Digest: d})
}

func send(t *testing.T, method, url string, body []byte, header map[string]string) (answer, error) {
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	for name, value := range header {
		if name != "Content-Length" {
			req.Header.Set(name, value)
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	res.Header.Del("Date")
	return answer{res.StatusCode, res.Header, string(text)}, err
}
