package harness

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Repository is a public one with the recipe of a script, and the whole hash of its commit.
func Repository(t testing.TB) (url, commit string) {
	t.Helper()
	folder := t.TempDir()
	for name, content := range map[string]string{
		"ain-build.yaml": "targets:\n  worker:\n    kind: script\n    file: worker.py\n",
		"worker.py":      "class Worker: pass\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"init", "--quiet"}, {"add", "."}, {"commit", "--quiet", "-m", "a script"}, {"rev-parse", "HEAD"}} {
		command := exec.CommandContext(t.Context(), "git", append([]string{"-C", folder, "-c", "user.name=a", "-c", "user.email=a@example.org"}, args...)...)
		out, err := command.Output()
		if err != nil {
			t.Fatalf("git %q: %s", args, err)
		}
		commit = strings.TrimSpace(string(out))
	}
	return "file://" + folder, commit
}
