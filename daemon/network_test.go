package daemon

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/program"
)

const reaching = goodConfig + "sandbox: {docker: {use: prefer}, network: [chain, storage], "

func TestAnOwnerSaysWhatProgramsReach(t *testing.T) {
	cfg, err := readConfig(t, reaching+"network_limits: {connections: 3, sent: 1MiB, received: 2MiB, idle: 5s}}\n")
	require.NoError(t, err)
	cfg = cfg.WithDefaults()
	require.NoError(t, cfg.Validate())
	require.Subset(t, cfg.Capability().Tags, []string{"docker", "network-chain", "network-storage"})
	places, err := newPlaces(cfg, nil)
	require.NoError(t, err)
	t.Cleanup(places.close)
	n := places.networkOf([]string{"storage"}, nil)
	require.Len(t, n.Ways, 1)
	require.Equal(t, "AIN_STORAGE", n.Ways[0].Variable)
	require.Equal(t, "http://127.0.0.1:9000", n.Ways[0].URL, "its credentials are nobody's business")
	require.Equal(t, []int64{3, 1 << 20, 2 << 20, int64(5 * time.Second)}, []int64{int64(n.Connections), n.SentBytes, n.ReceivedBytes, int64(n.Idle)})
	require.Empty(t, places.networkOf(nil, nil).Ways, "a program that does not ask for it reaches nothing")

	cfg, err = readConfig(t, goodConfig)
	require.NoError(t, err)
	require.Empty(t, cfg.Sandbox.Network, "by default nothing")
	places, err = newPlaces(cfg, nil)
	require.NoError(t, err)
	require.Empty(t, places.networkOf([]string{"chain", "storage"}, nil).Ways, "an owner who does not say so gives nothing")
	places.close()
}

func TestConfigsThatLetProgramsReachWhatTheyCannot(t *testing.T) {
	docker := "docker: {use: prefer}, "
	for content, says := range map[string]string{
		docker + "network: [internet]":                                  `sandbox.network "internet": use chain or storage`,
		docker + "network: [http://10.0.0.1]":                           `sandbox.network "http://10.0.0.1": use chain or storage`,
		docker + "network: [chain, chain]":                              "sandbox.network names chain twice",
		"network: [storage]":                                            "sandbox.network names storage, and no images are run",
		docker + "kinds: [wasm], network: [storage]":                    "sandbox.network names storage, and no images are run",
		docker + "network: [chain], network_limits: {connections: -1}":  "sandbox.network_limits.connections -1: use 1 to 256",
		docker + "network: [chain], network_limits: {connections: 257}": "sandbox.network_limits.connections 257: use 1 to 256",
		docker + "network: [chain], network_limits: {idle: 1ms}":        "sandbox.network_limits.idle 1ms: use at least 10ms",
		docker + "network: [chain], network_limits: {idle: -1s}":        "sandbox.network_limits.idle -1s: use at least 10ms",
	} {
		cfg, err := readConfig(t, goodConfig+"sandbox: {"+content+"}\n")
		require.NoError(t, err, content)
		require.ErrorContains(t, cfg.WithDefaults().Validate(), says)
		require.NotEmpty(t, cfg.WithDefaults().Diagnose(healthy()).Failures, content)
	}
}

func TestAProgramIsWithheldWhatTheOwnerDoesNotAllow(t *testing.T) {
	image := func(network ...program.Network) program.Program {
		return program.Program{Kind: program.PROGRAM_KIND_IMAGE, Network: network}
	}
	chain, storage := image(program.NETWORK_CHAIN), image(program.NETWORK_STORAGE)
	both := image(program.NETWORK_CHAIN, program.NETWORK_STORAGE)
	module := program.Program{Kind: program.PROGRAM_KIND_WASM}
	for name, c := range map[string]struct {
		allowed []Place
		release []program.Program
		why     string
	}{
		"asks for nothing":                 {nil, []program.Program{module}, ""},
		"is not allowed":                   {nil, []program.Program{chain}, "it wants to reach chain, which sandbox.network does not name"},
		"is allowed":                       {[]Place{PlaceChain}, []program.Program{chain}, ""},
		"asks for another":                 {[]Place{PlaceChain}, []program.Program{storage}, "it wants to reach storage, which sandbox.network does not name"},
		"asks for more":                    {[]Place{PlaceChain}, []program.Program{both}, "it wants to reach storage, which sandbox.network does not name"},
		"asks for what nobody knows":       {[]Place{PlaceChain, PlaceStorage}, []program.Program{image(7)}, "it wants to reach 7, which sandbox.network does not name"},
		"has an alternative":               {nil, []program.Program{both, module}, ""},
		"has an alternative that asks too": {nil, []program.Program{both, storage}, "it wants to reach chain, which sandbox.network does not name"},
	} {
		t.Run(name, func(t *testing.T) {
			p := Programs{Places: &Places{config: SandboxConfig{Network: c.allowed}}}
			require.Equal(t, c.why, p.withholdsAll(c.release))
		})
	}
}

// node is what a program must not reach but through us: it notes all that it is asked.
type node struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

func openNode(t *testing.T) *node {
	t.Helper()
	n := &node{}
	n.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		n.mu.Lock()
		defer n.mu.Unlock()
		n.asked = append(n.asked, r.Method+" "+r.URL.String()+" "+string(body))
		w.Header().Set("X-Node", "its own business")
		_, _ = io.WriteString(w, "answer")
	}))
	t.Cleanup(n.Close)
	return n
}

// send says bytes to the way, as a program would, and returns the answer's status line and the rest.
func send(t *testing.T, w *chainWay, request string) (status, rest string) {
	t.Helper()
	conn, err := w.dial(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	go func() { _, _ = io.WriteString(conn, request) }() // it may be refused before it was said to its end
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NotContains(t, answer.Header, "X-Node")
	return answer.Status, string(body)
}

func get(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: chain\r\n\r\n" }

func post(body string) string {
	return fmt.Sprintf("POST / HTTP/1.1\r\nHost: chain\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

func TestProgramsAskTheChainAndSendItNothing(t *testing.T) {
	n := openNode(t)
	w := openChainWay([]string{"http://127.0.0.1:1", strings.Replace(n.URL, "http://", "tcp://", 1)})
	t.Cleanup(w.close)
	query := `/abci_query?path="/ain.jobs.v1.Query/Job"&data=0x0801`
	for request, want := range map[string]string{
		get("/header"):         "GET /header? ",
		get("/block?height=7"): "GET /block?height=7 ",
		get(query):             `GET /abci_query?data=0x0801&path=%22%2Fain.jobs.v1.Query%2FJob%22 `,
		get(`/abci_query?path="/store/bank/key"&data=0x02`):                       `GET /abci_query?data=0x02&path=%22%2Fstore%2Fbank%2Fkey%22 `,
		post(`{"jsonrpc":"2.0","id":1,"method":"block","params":{"height":"7"}}`): `POST / {"jsonrpc":"2.0","id":1,"method":"block","params":{"height":"7"}}`,
		post(`{"jsonrpc":"2.0","id":1,"method":"abci_info"}`):                     `POST / {"jsonrpc":"2.0","id":1,"method":"abci_info","params":{}}`,
		// What is asked is what was checked, whatever else was said.
		post(`{"jsonrpc":"2.0","id":1,"method":"broadcast_tx_sync","Method":"block","extra":1}`): `POST / {"jsonrpc":"2.0","id":1,"method":"block","params":{}}`,
	} {
		n.asked = nil
		status, body := send(t, w, request)
		require.Equal(t, "200 OK", status, body)
		require.Equal(t, "answer", body)
		require.Equal(t, []string{want}, n.asked)
	}
}

func TestWhatProgramsMayNotAskTheChain(t *testing.T) {
	n := openNode(t)
	w := openChainWay([]string{n.URL})
	t.Cleanup(w.close)
	for name, c := range map[string]struct{ request, says string }{
		"a transaction":                 {get("/broadcast_tx_sync?tx=0x00"), `method "broadcast_tx_sync" is none that programs may call`},
		"a transaction, posted":         {post(`{"jsonrpc":"2.0","id":1,"method":"broadcast_tx_async","params":{"tx":"AA=="}}`), "none that programs may call"},
		"evidence":                      {get("/broadcast_evidence"), "none that programs may call"},
		"what the node knows of others": {get("/net_info"), "none that programs may call"},
		"what the node is":              {get("/status"), "none that programs may call"},
		"a search":                      {get(`/tx_search?query="x"`), "none that programs may call"},
		"a profile":                     {get("/debug/pprof/heap"), "none that programs may call"},
		"an unsafe method":              {get("/unsafe_flush_mempool"), "none that programs may call"},
		"a subscription":                {"GET /websocket HTTP/1.1\r\nHost: chain\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "none that programs may call"},
		"nothing":                       {get("/"), "none that programs may call"},
		"a way around":                  {get("/block/../broadcast_tx_sync"), "none that programs may call"},
		"an encoded way around":         {get("/block%2f..%2fnet_info"), "none that programs may call"},
		"another machine":               {"GET http://169.254.169.254/latest/meta-data HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n", "none that programs may call"},
		"a tunnel":                      {"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n", "GET a method, or POST JSON-RPC to /"},
		"a service that broadcasts":     {get(`/abci_query?path="/cosmos.tx.v1beta1.Service/BroadcastTx"`), "is no module's query"},
		"a simulation":                  {get(`/abci_query?path="/app/simulate"`), "is no module's query"},
		"a path in hex":                 {get("/abci_query?path=0x2f6170702f73696d756c617465"), "write it in quotes"},
		"two paths":                     {get(`/abci_query?path="/ain.jobs.v1.Query/Job"&path="/app/simulate"`), "is said 2 times"},
		"a path that goes on":           {get(`/abci_query?path="/ain.jobs.v1.Query/Job/../../app/simulate"`), "is no module's query"},
		"no path":                       {post(`{"method":"abci_query","params":{}}`), "params.path"},
		"a posted simulation":           {post(`{"method":"abci_query","params":{"path":"/app/simulate"}}`), "is no module's query"},
		"params by place":               {post(`{"method":"abci_query","params":["/app/simulate"]}`), "with params by name"},
		"several calls":                 {post(`[{"method":"block"},{"method":"broadcast_tx_sync"}]`), "one call of JSON-RPC"},
		"a call and another behind it":  {post(`{"method":"block"}{"method":"broadcast_tx_sync"}`), "one call of JSON-RPC"},
		"a long question":               {post(`{"method":"block","id":"` + strings.Repeat("x", 70_000) + `"}`), "more than 65536 bytes"},
		"another method of HTTP":        {"DELETE /block HTTP/1.1\r\nHost: chain\r\n\r\n", "GET a method, or POST JSON-RPC to /"},
		"JSON-RPC to another path":      {"POST /block HTTP/1.1\r\nHost: chain\r\nContent-Length: 0\r\n\r\n", "GET a method, or POST JSON-RPC to /"},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := send(t, w, c.request)
			assert.Equal(t, "403 Forbidden", status)
			assert.Contains(t, body, "not passed on: ")
			assert.Contains(t, body, c.says)
			assert.Empty(t, n.asked)
		})
	}
}

func TestANodeThatIsDownIsNotNamed(t *testing.T) {
	w := openChainWay([]string{"http://127.0.0.1:1"})
	status, body := send(t, w, get("/block"))
	require.Equal(t, "502 Bad Gateway", status)
	require.Equal(t, "no node answers\n", body)
	w.close()
	w.close()
	_, err := w.dial(t.Context())
	require.ErrorIs(t, err, net.ErrClosed)
}
