package sandboxtest

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/sandbox/docker"
	"github.com/ain-network/aind/sandbox/docker/layout"
)

// DockerConfig is a configuration of real parts with a state folder of its own. Where no engine answers the test is skipped, or fails if CI or
// AIND_REQUIRE_REAL is set.
func DockerConfig(t testing.TB) docker.Config {
	t.Helper()
	return docker.Config{StateDir: t.TempDir(), WardenPath: Child(t)}
}

// OpenDocker returns a sandbox for images that is closed when the test ends.
func OpenDocker(t testing.TB, cfg docker.Config) *docker.Box {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	box, err := docker.Open(ctx, cfg)
	if err != nil {
		if os.Getenv("CI") == "true" || os.Getenv("AIND_REQUIRE_REAL") == "1" {
			t.Fatal(err)
		}
		t.Skip("needs a Docker engine: ", err)
	}
	t.Cleanup(func() {
		// A container that has just ended may still be on its way out.
		removed := func() bool { return box.RemoveImages(context.Background()) == nil }
		assert.Eventually(t, removed, 20*time.Second, 100*time.Millisecond, "its images stay")
		require.NoError(t, box.Close())
	})
	return box
}

// built are the programs that this process has compiled for containers: linking one takes a second.
var built sync.Map

// BuildLinux compiles the Go program in folder source, relative to Root, for containers, and returns its path.
func BuildLinux(t testing.TB, source string) string {
	t.Helper()
	path := filepath.Join(Root(), "build", "test", source+".linux")
	if _, is := built.Load(source); is {
		return path
	}
	out, err := build(path, "./"+source, "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+runtime.GOARCH)
	require.NoError(t, err, "%s", out)
	built.Store(source, true)
	return path
}

// Image is an image from scratch: the program in file and nothing else.
func Image(t testing.TB, file string) layout.Image {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	layer, err := layout.Layer(layout.Entry{Name: "program", Mode: 0o755, Content: content})
	require.NoError(t, err)
	return layout.Image{
		Architecture: runtime.GOARCH, Config: ocispec.ImageConfig{Entrypoint: []string{"/program"}}, Layers: [][]byte{layer},
	}
}

// WriteImage writes an image to a file of the test's and returns its path.
func WriteImage(t testing.TB, i layout.Image) string {
	t.Helper()
	var buf bytes.Buffer
	require.NoError(t, layout.Write(&buf, i))
	path := filepath.Join(t.TempDir(), "image.tar")
	require.NoError(t, os.WriteFile(path, buf.Bytes(), 0o644))
	return path
}

// ImageProbe is the probe in an image from scratch.
func ImageProbe(t testing.TB) sandbox.Program {
	t.Helper()
	return probe(t, sandbox.KindImage, WriteImage(t, Image(t, BuildLinux(t, probeDir+"/probe"))))
}

// ProbeOf is the probe's program with another image.
func ProbeOf(t testing.TB, i layout.Image) sandbox.Program {
	t.Helper()
	return probe(t, sandbox.KindImage, WriteImage(t, i))
}

// ServingProbe is the probe that serves calls, in an image from scratch. how says how it misbehaves; empty: not at all.
func ServingProbe(t testing.TB, how ...string) sandbox.Program {
	t.Helper()
	img := Image(t, BuildLinux(t, probeDir+"/serving"))
	img.Config.Entrypoint = append(img.Config.Entrypoint, how...)
	p := ProbeOf(t, img)
	p.Codec = sandbox.CodecGRPC
	return p
}
