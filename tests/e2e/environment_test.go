package e2e

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/tests/harness"
)

// wheelIndex serves a package index with one library, tiny 1.0, whose function says a word.
func wheelIndex(t *testing.T, word string) *httptest.Server {
	t.Helper()
	const name = "tiny-1.0-py3-none-any.whl"
	var wheel bytes.Buffer
	w := zip.NewWriter(&wheel)
	record := ""
	add := func(path, content string) {
		file, err := w.Create(path)
		require.NoError(t, err)
		_, err = file.Write([]byte(content))
		require.NoError(t, err)
		sum := sha256.Sum256([]byte(content))
		record += fmt.Sprintf("%s,sha256=%s,%d\n", path, base64.RawURLEncoding.EncodeToString(sum[:]), len(content))
	}
	add("tiny.py", "def say():\n    return "+fmt.Sprintf("%q", word)+"\n")
	add("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
	add("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
	add("tiny-1.0.dist-info/RECORD", record)
	require.NoError(t, w.Close())
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/simple/tiny/":
			fmt.Fprintf(out, `<html><body><a href="/files/%s">%s</a></body></html>`, name, name)
		case "/files/" + name:
			_, _ = out.Write(wheel.Bytes())
		default:
			http.NotFound(out, r)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

// baseImage is what `make images` built.
func baseImage(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(harness.Root(), "build", "images", name+".tar")
	if _, err := os.Stat(path); err != nil {
		harness.RequireReal(t, "the base image "+name+": run make images")
	}
	return path
}

// A script's libraries come from an index of the test's own and become a layer on a base image, once for the same base, libraries and index.
func TestRunAScriptWithLibraries(t *testing.T) {
	harness.NeedEngine(t)
	n := network(t)
	base, index := baseImage(t, "python"), wheelIndex(t, "from a library")
	folder := t.TempDir()
	script := write(t, filepath.Join(folder, "say.py"), "import sys, tiny\nprint(tiny.say(), sys.argv[1:])\n")
	libraries := write(t, filepath.Join(folder, "requirements.txt"), "tiny==1.0\n")
	run := func(more ...string) harness.Result {
		return n.Client(t, append([]string{"run", script, "--base", base, "--index-url", index.URL + "/simple"}, more...)...)
	}
	result := run("-r", libraries, "--", "a")
	require.Zero(t, result.Code, "%s", result)
	assert.Equal(t, "from a library ['a']\n", result.Out)
	assert.Contains(t, result.Err, "installing "+libraries+" for Python 3.")
	index.Close()
	result = run("-r", libraries, "--", "b")
	require.Zero(t, result.Code, "%s", result)
	assert.Equal(t, "from a library ['b']\n", result.Out)
	assert.NotContains(t, result.Err, "installing", "the environment is there already")

	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"no index answers":   {[]string{"-r", write(t, filepath.Join(folder, "other.txt"), "tiny>=1\n")}, "requirements: pip: "},
		"no such file":       {[]string{"-r", filepath.Join(folder, "gone.txt")}, "gone.txt: there is no such file"},
		"nothing to install": {nil, "index-url: there is nothing to take from it"},
	} {
		t.Run(name, func(t *testing.T) {
			result := run(c.args...)
			assert.Equal(t, 2, result.Code, "%s", result)
			assert.Contains(t, result.Err, c.says)
		})
	}
	result = n.Client(t, "run", script, "-r", libraries)
	assert.Equal(t, 2, result.Code)
	assert.Contains(t, result.Err, "base: missing: libraries become a layer on an image with python3")
}
