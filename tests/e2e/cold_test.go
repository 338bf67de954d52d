package e2e

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/sandbox/docker/layout"
	"github.com/ain-network/aind/tests/harness"
)

// TestAColdGigabyteCostsNothing publishes an image of a gigabyte that nothing makes smaller, and orders at once with a limit of three seconds.
// The worker does not have it by then: it accepts nothing, so nobody loses anything. Once it has the image it serves.
func TestAColdGigabyteCostsNothing(t *testing.T) {
	harness.NeedEngine(t)
	n := harness.StartNetwork(t, harness.Options{})
	folder := harness.CalculateRoot(t)
	compile(t, filepath.Join(harness.Root(), "examples", "calculate-root", "worker"), filepath.Join(folder, "root"), "linux", runtime.GOARCH)
	program, err := os.ReadFile(filepath.Join(folder, "root"))
	require.NoError(t, err)
	image := filepath.Join(folder, "root.tar")
	name := writeGigabyte(t, image, program)
	t.Cleanup(func() { _ = exec.Command("docker", "image", "rm", "--force", "ain.local/program:"+name).Run() }) // the worker is killed

	root := n.NewNode(t, "admin", "10", "")
	job := n.Register(t, root, folder, "--qualification-input", "{y: 4}", "--bond", "1")
	root.Start(t)
	evaluator, worker := n.NewNode(t, "evaluator", "100", "50"), n.NewNode(t, "worker", "100", "50")
	for _, node := range []*harness.Node{evaluator, worker} {
		node.Settings.Job = job
		if node.Role == "worker" {
			node.Settings.Docker = "require"
		}
		node.Start(t)
	}
	n.AwaitRunning(t, jobNumber(t, job), 1, 1)
	var published struct{}
	root.JSON(t, &published, "publishRelease", job, image, "--version", "1.1.0")
	before := n.Books(t)
	r := n.AwaitFinished(t, n.Order(t, job, "{y: 4}", "time_limit: 3000"))
	require.Equal(t, "REQUEST_STATE_CANCELLED", r.State)
	require.Empty(t, r.Assignments, "nobody accepted")
	require.Empty(t, n.Books(t).Since(before), "everything went back")
	require.NotEmpty(t, worker.Process().Said(`not taken.*its program is not ready yet`))

	worker.Process().AwaitSaid(t, `program is ready.* release=\d+ digest=sha256:`+name)
	r = n.AwaitFinished(t, n.Order(t, job, "{y: 4}", "time_limit: 20000"))
	require.Equal(t, "REQUEST_STATE_SETTLED", r.State)
	require.Equal(t, "OUTCOME_RANKED", r.Outcome)
	require.NotEmpty(t, worker.Process().Said(`"?program ran"?.* kind=image `))
}

// writeGigabyte writes an image of a program and sixteen layers of 64 MiB of noise each, and returns the digits of its digest. It is written as it
// is made: nothing of it is compressed, for nothing could be.
func writeGigabyte(t *testing.T, path string, program []byte) string {
	t.Helper()
	file, err := os.Create(path)
	require.NoError(t, err)
	defer file.Close()
	sum := sha256.New()
	w := tar.NewWriter(io.MultiWriter(file, sum))
	add := func(name string, content []byte) {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content)), ModTime: time.Unix(0, 0)}))
		_, err := w.Write(content)
		require.NoError(t, err)
	}
	blob := func(mediaType string, content []byte) ocispec.Descriptor {
		d := digest.FromBytes(content)
		add("blobs/sha256/"+d.Encoded(), content)
		return ocispec.Descriptor{MediaType: mediaType, Digest: d, Size: int64(len(content))}
	}
	config := ocispec.Image{
		Platform: ocispec.Platform{OS: "linux", Architecture: runtime.GOARCH}, Config: ocispec.ImageConfig{Entrypoint: []string{"/root"}},
		RootFS: ocispec.RootFS{Type: "layers"},
	}
	manifest := ocispec.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest}
	noise, content := rand.NewChaCha8([32]byte{}), make([]byte, 64<<20)
	for i := range 17 {
		entry := layout.Entry{Name: "root", Mode: 0o755, Content: program}
		if i > 0 {
			_, err := noise.Read(content)
			require.NoError(t, err)
			entry = layout.Entry{Name: "noise" + string(rune('a'+i)), Content: content}
		}
		layer, err := layout.Layer(entry)
		require.NoError(t, err)
		manifest.Layers = append(manifest.Layers, blob(ocispec.MediaTypeImageLayer, layer))
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, manifest.Layers[i].Digest)
	}
	manifest.Config = blob(ocispec.MediaTypeImageConfig, encode(t, config))
	index := ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex}
	index.Manifests = []ocispec.Descriptor{blob(ocispec.MediaTypeImageManifest, encode(t, manifest))}
	add("oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`))
	add("index.json", encode(t, index))
	require.NoError(t, w.Close())
	return hex.EncodeToString(sum.Sum(nil))
}

func encode(t *testing.T, document any) []byte {
	t.Helper()
	content, err := json.Marshal(document)
	require.NoError(t, err)
	return content
}
