package builder_test

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/dirhash"

	"github.com/ain-network/aind/builder"
	"github.com/ain-network/aind/sandbox/docker"
	"github.com/ain-network/aind/sandbox/sandboxtest"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

const recipe = `targets:
  worker:
    kind: go-wasm
    package: ./worker
  native:
    kind: go-image
    package: ./worker
  script:
    kind: script
    file: worker.py
  outside:
    kind: script
    file: leads/outside
  hungry:
    kind: go-wasm
    package: ./hungry
  broken:
    kind: go-wasm
    package: ./broken
`

// repository is one with programs of every kind, whose worker needs a module.
func repository(t *testing.T) (url, commit string) {
	t.Helper()
	sums := proxy(t, "package dep\n\nconst Word = \"hello\"\n")
	folder := t.TempDir()
	for name, content := range map[string]string{
		"ain-build.yaml":   recipe,
		"go.mod":           "module example.org/roots\n\ngo 1.24\n\nrequire example.org/dep v1.0.0\n",
		"go.sum":           sums,
		"worker/main.go":   "package main\n\nimport \"example.org/dep\"\n\nfunc main() { println(dep.Word) }\n",
		"hungry/main.go":   "package main\n\nimport \"example.org/absent\"\n\nfunc main() { println(absent.Word) }\n",
		"broken/main.go":   "package main\n\nfunc main() { undefined() }\n",
		"worker.py":        "class Worker: pass\n",
		".gitattributes":   "*.py filter=lfs\n",
		"submodule/README": "",
	} {
		path := filepath.Join(folder, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	require.NoError(t, os.Symlink(t.TempDir(), filepath.Join(folder, "leads")))
	inGit(t, folder, "init", "--quiet")
	inGit(t, folder, "add", ".")
	inGit(t, folder, "commit", "--quiet", "-m", "programs")
	return "file://" + folder, inGit(t, folder, "rev-parse", "HEAD")
}

func inGit(t *testing.T, folder string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{
		"-C", folder, "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "filter.lfs.clean=cat", "-c", "commit.gpgsign=false",
	}, args...)...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return strings.TrimSpace(string(out))
}

// proxy serves example.org/dep v1.0.0 from a folder, and returns what go.sum says of it.
func proxy(t *testing.T, source string) (sums string) {
	t.Helper()
	root := t.TempDir()
	folder := filepath.Join(root, "example.org", "dep", "@v")
	require.NoError(t, os.MkdirAll(folder, 0o755))
	goMod := "module example.org/dep\n"
	require.NoError(t, os.WriteFile(filepath.Join(folder, "v1.0.0.info"), []byte(`{"Version":"v1.0.0"}`), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "v1.0.0.mod"), []byte(goMod), 0o600))
	file, err := os.Create(filepath.Join(folder, "v1.0.0.zip"))
	require.NoError(t, err)
	w := zip.NewWriter(file)
	for name, content := range map[string]string{"go.mod": goMod, "dep.go": source} {
		entry, err := w.Create("example.org/dep@v1.0.0/" + name)
		require.NoError(t, err)
		_, err = entry.Write([]byte(content))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	require.NoError(t, file.Close())
	t.Setenv("GOPROXY", "file://"+root)
	zipped, err := dirhash.HashZip(file.Name(), dirhash.Hash1)
	require.NoError(t, err)
	module, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(goMod)), nil })
	require.NoError(t, err)
	return fmt.Sprintf("example.org/dep v1.0.0 %s\nexample.org/dep v1.0.0/go.mod %s\n", zipped, module)
}

func order(t *testing.T, url, commit, target string) builder.Order {
	return builder.Order{SourceURL: url, Commit: commit, Target: target, Progress: t.Logf}
}

// Two builds from two checkouts give the same bytes, by a module that go.sum names, in a container without a network.
func TestGoProgramsAreBuiltAlikeTwice(t *testing.T) {
	sandboxtest.OpenDocker(t, sandboxtest.DockerConfig(t))
	url, commit := repository(t)
	for target, begins := range map[string]string{"worker": "\x00asm", "native": "oci-layout"} {
		t.Run(target, func(t *testing.T) {
			o := order(t, url, commit, target)
			o.Twice = target == "worker"
			built, err := builder.Build(t.Context(), o)
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(string(built.Program), begins))
			require.Equal(t, jobstypes.Digest(built.Program), built.Digest)
			require.Regexp(t, "^sha256:[0-9a-f]{64}$", built.Provenance.Toolchain)
			built.Provenance.Toolchain = ""
			require.Equal(t, jobstypes.Provenance{SourceURL: url, SourceCommit: commit, Recipe: "ain-build.yaml", Target: target}, built.Provenance)
			require.NotContains(t, string(built.Program), "/tmp/", "no path of this machine")
		})
	}
	t.Run("what does not compile says why", func(t *testing.T) {
		_, err := builder.Build(t.Context(), order(t, url, commit, "broken"))
		require.ErrorIs(t, err, docker.ErrBuild)
		require.ErrorContains(t, err, "broken/main.go:3:15: undefined: undefined")
	})
	t.Run("a module that go.mod does not name", func(t *testing.T) {
		_, err := builder.Build(t.Context(), order(t, url, commit, "hungry"))
		require.ErrorIs(t, err, docker.ErrBuild)
		require.ErrorContains(t, err, "cannot find module providing package example.org/absent")
	})
}

func TestModulesOfOtherChecksumsAreRefused(t *testing.T) {
	url, commit := repository(t)
	proxy(t, "package dep\n\nconst Word = \"tampered\"\n")
	_, err := builder.Build(t.Context(), order(t, url, commit, "worker"))
	require.ErrorIs(t, err, builder.ErrModules)
	require.ErrorContains(t, err, "checksum mismatch")
}

func TestScriptsAreTakenAsTheyAreCommitted(t *testing.T) {
	url, commit := repository(t)
	folder := strings.TrimPrefix(url, "file://")
	require.NoError(t, os.WriteFile(filepath.Join(folder, "worker.py"), []byte("changed"), 0o600))
	built, err := builder.Build(t.Context(), order(t, url, commit, "script"))
	require.NoError(t, err)
	require.Equal(t, "class Worker: pass\n", string(built.Program))
	require.Equal(t, ".py", built.Extension)
	require.Empty(t, built.Provenance.Toolchain)
}

func TestSourcesThatAreRefused(t *testing.T) {
	url, commit := repository(t)
	tree := inGit(t, strings.TrimPrefix(url, "file://"), "rev-parse", "HEAD^{tree}")
	for name, c := range map[string]struct{ url, commit, says string }{
		"a path":                         {strings.TrimPrefix(url, "file://"), commit, "want an https, ssh or file URL"},
		"a protocol that runs commands":  {"ext::sh -c true", commit, "want an https, ssh or file URL"},
		"an option":                      {"--upload-pack=true", commit, "want an https, ssh or file URL"},
		"a password":                     {"https://me:secret@example.org/roots.git", commit, "has a password"},
		"a branch":                       {url, "main", "want the whole hash of a commit"},
		"a short hash":                   {url, commit[:12], "want the whole hash of a commit"},
		"a commit that is not there":     {url, strings.Repeat("a", 40), "commit " + strings.Repeat("a", 40)},
		"a tree":                         {url, tree, "commit " + tree},
		"a repository that is not there": {"file:///nowhere", commit, "/nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := builder.Build(t.Context(), order(t, c.url, c.commit, "script"))
			require.ErrorIs(t, err, builder.ErrSource)
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), "secret")
		})
	}
}

func TestRecipesThatAreRefused(t *testing.T) {
	folder := t.TempDir()
	inGit(t, folder, "init", "--quiet")
	for name, c := range map[string]struct{ recipe, says string }{
		"garbage":              {"{", "did not find expected node content"},
		"nothing":              {"", `no target "worker"`},
		"another target":       {"targets: {judge: {kind: script, file: a.py}}", "it has judge"},
		"an unknown field":     {"targets: {worker: {kind: script, file: a.py, run: rm}}", "field run not found"},
		"no kind":              {"targets: {worker: {file: a.py}}", "want go-wasm, go-image or script"},
		"a command":            {"targets: {worker: {kind: command}}", "want go-wasm, go-image or script"},
		"a script of no file":  {"targets: {worker: {kind: script}}", "want a path within the repository"},
		"a file above":         {"targets: {worker: {kind: script, file: ../a.py}}", "want a path within the repository"},
		"a file anywhere":      {"targets: {worker: {kind: script, file: /etc/passwd}}", "want a path within the repository"},
		"a file that is none":  {"targets: {worker: {kind: script, file: .git}}", "no file of at most"},
		"a package of another": {"targets: {worker: {kind: go-wasm, package: example.org/other}}", "want one of the module"},
		"many packages":        {"targets: {worker: {kind: go-wasm, package: ./...}}", "want one of the module"},
		"a folder above":       {"targets: {worker: {kind: go-wasm, folder: ..}}", "want a path within the repository"},
		"a folder of no code":  {"targets: {worker: {kind: go-wasm, folder: nowhere}}", "it is not there"},
		"WASM for a processor": {"targets: {worker: {kind: go-wasm, arch: arm64}}", "of an image"},
		"a strange processor":  {"targets: {worker: {kind: go-image, arch: mips}}", "of an image, amd64 or arm64"},
		"64 KiB and more":      {"#" + strings.Repeat(" ", 64<<10), "no file of at most 65536 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(filepath.Join(folder, "ain-build.yaml"), []byte(c.recipe), 0o600))
			inGit(t, folder, "add", ".")
			inGit(t, folder, "commit", "--quiet", "--allow-empty", "-m", name)
			_, err := builder.Build(t.Context(), order(t, "file://"+folder, inGit(t, folder, "rev-parse", "HEAD"), "worker"))
			require.ErrorIs(t, err, builder.ErrRecipe)
			require.ErrorContains(t, err, c.says)
		})
	}
	url, commit := repository(t)
	_, err := builder.Build(t.Context(), order(t, url, commit, "outside"))
	require.ErrorIs(t, err, builder.ErrRecipe)
	require.ErrorContains(t, err, "path escapes from parent", "links lead nowhere")
	o := order(t, url, commit, "script")
	o.Recipe = "../ain-build.yaml"
	_, err = builder.Build(t.Context(), o)
	require.ErrorIs(t, err, builder.ErrRecipe)
}
