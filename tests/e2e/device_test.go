package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/tests/harness"
)

// saying is a program that says what is in the script that it is given, and its last word.
const saying = `package main

import (
	"fmt"
	"os"
	"strings"
)

func main() {
	for _, word := range os.Args[1:] {
		if strings.HasSuffix(word, ".py") {
			content, _ := os.ReadFile(word)
			fmt.Print(string(content))
			break
		}
	}
	fmt.Println(os.Args[len(os.Args)-1])
}
`

// sayingImage builds it as a command called called, in an image.
func sayingImage(t *testing.T, n *harness.Network, called string) string {
	t.Helper()
	folder := t.TempDir()
	write(t, filepath.Join(folder, "go.mod"), "module own\n\ngo 1.24\n")
	write(t, filepath.Join(folder, "main.go"), saying)
	root := filepath.Join(folder, "root", "usr", "bin")
	require.NoError(t, os.MkdirAll(root, 0o755))
	compile(t, folder, filepath.Join(root, called), "linux", runtime.GOARCH)
	image := filepath.Join(folder, "image.tar")
	if made := n.Client(t, "image", filepath.Join(folder, "root"), "-o", image, "--", "/usr/bin/"+called); made.Code != 0 {
		t.Fatalf("aind image: %s", made)
	}
	return image
}

// engineGate stands before the engine, notes what devices containers are to have, and lets the engine, which has none, make them without.
type engineGate struct {
	mu      sync.Mutex
	devices []string // of each container that asks for some, as JSON
}

func openEngineGate(t *testing.T) (*engineGate, string) {
	t.Helper()
	engine := strings.TrimPrefix(os.Getenv("DOCKER_HOST"), "unix://")
	if engine == "" {
		engine = "/var/run/docker.sock"
	}
	dir, err := os.MkdirTemp("", "gate") // a socket's path is short
	require.NoError(t, err)
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	require.NoError(t, err)
	g := &engineGate{}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: &httputil.ReverseProxy{
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", engine)
		}},
		FlushInterval: -1, ErrorLog: log.New(io.Discard, "", 0),
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", "engine"
			if r.In.Method == http.MethodPost && strings.HasSuffix(r.In.URL.Path, "/containers/create") {
				g.take(t, r.Out)
			}
		},
	}}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close(); _ = os.RemoveAll(dir) })
	return g, "unix://" + filepath.Join(dir, "s")
}

// take notes the devices that a container is to have, and takes them out of the request.
func (g *engineGate) take(t *testing.T, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	assert.NoError(t, err)
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber() // those of memory do not fit a float
	wanted := map[string]any{}
	if assert.NoError(t, decoder.Decode(&wanted)) {
		host := wanted["HostConfig"].(map[string]any)
		if devices, _ := host["DeviceRequests"].([]any); len(devices) > 0 {
			asked, err := json.Marshal(devices)
			assert.NoError(t, err)
			g.mu.Lock()
			g.devices = append(g.devices, string(asked))
			g.mu.Unlock()
		}
		host["DeviceRequests"] = nil
		body, err = json.Marshal(wanted)
		assert.NoError(t, err)
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
}

// TestRunWithAGPU has a worker that says it has two devices, which its machine has not. The engine is asked for exactly the one that the run gets.
func TestRunWithAGPU(t *testing.T) {
	harness.NeedEngine(t)
	n := network(t)
	image := sayingImage(t, n, "say")
	tools := t.TempDir()
	script := "#!/bin/sh\nprintf 'GPU-1f0c, Example 1, 1024\\nGPU-77aa, Example 1, 1024\\n'\n"
	require.NoError(t, os.WriteFile(filepath.Join(tools, "nvidia-smi"), []byte(script), 0o755))
	gate, host := openEngineGate(t)
	worker := n.NewNode(t, "worker", "100", "50")
	worker.Settings.Job, worker.Settings.Policy, worker.Settings.Docker = customJob(t, n), "{custom_code: true}", "require"
	worker.Settings.GPUs = []string{"all"}
	worker.Start(t, "DOCKER_HOST="+host, "PATH="+tools+":"+os.Getenv("PATH"))
	worker.AwaitMember(t, jobNumber(t, worker.Settings.Job))
	var said ran
	harness.Eventually(t, "a node with a GPU runs", harness.Patience, func() error {
		result := n.Client(t, "run", image, "--gpus", "1", "--worker", worker.Address, "--output", "json", "-o", filepath.Join(t.TempDir(), "out"), "--", "x")
		return json.Unmarshal([]byte(result.Out), &said)
	})
	assert.Equal(t, worker.Address, said.Worker)
	require.Len(t, gate.devices, 1)
	assert.Equal(t, "x\n", said.Stdout)
	assert.JSONEq(t, `[{"Driver": "nvidia", "Count": 0, "DeviceIDs": ["GPU-1f0c"], "Capabilities": [["gpu"]], "Options": null}]`, gate.devices[0])
}

// TestRunOnABaseOfARegistry runs a script in an image that is named by its address.
func TestRunOnABaseOfARegistry(t *testing.T) {
	harness.NeedEngine(t)
	n := network(t)
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	folder := t.TempDir()
	unpacked, err := exec.Command("tar", "-C", folder, "-xf", sayingImage(t, n, "python3")).CombinedOutput()
	require.NoError(t, err, "%s", unpacked)
	index, err := layout.ImageIndexFromPath(folder)
	require.NoError(t, err)
	manifest, err := index.IndexManifest()
	require.NoError(t, err)
	base, err := index.Image(manifest.Manifests[0].Digest)
	require.NoError(t, err)
	address := host + "/example/python@" + manifest.Manifests[0].Digest.String()
	reference, err := name.NewDigest(address, name.Insecure)
	require.NoError(t, err)
	require.NoError(t, remote.Write(reference, base))

	worker := n.NewNode(t, "worker", "100", "50")
	worker.Settings.Job, worker.Settings.Policy, worker.Settings.Docker = customJob(t, n), "{custom_code: true}", "require"
	worker.Settings.Registries = []string{host}
	worker.Start(t)
	worker.AwaitMember(t, jobNumber(t, worker.Settings.Job))
	script := write(t, filepath.Join(t.TempDir(), "own.py"), "print('own')\n")
	var said ran
	n.ClientJSON(t, &said, "run", script, "--base", address, "--worker", worker.Address, "-o", filepath.Join(t.TempDir(), "out"), "--", "word")
	assert.Contains(t, said.Stdout, "print('own')\nword\n")

	result := n.Client(t, "run", script, "--base", address, "-r", script)
	assert.Equal(t, 2, result.Code)
	assert.Contains(t, result.Err, "is in a registry: libraries become a layer on a .tar file")
}
