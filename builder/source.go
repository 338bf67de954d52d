package builder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// checkSource refuses what cannot be named in an attestation, or is not a whole commit.
func checkSource(source, commit string) error {
	u, err := url.Parse(source)
	if err != nil || !slices.Contains([]string{"https", "ssh", "file"}, u.Scheme) {
		return fmt.Errorf("%w: %q: want an https, ssh or file URL", ErrSource, source)
	}
	if _, has := u.User.Password(); has {
		return fmt.Errorf("%w: the URL has a password, and would be published with it", ErrSource)
	}
	if err := jobstypes.ValidateCommit("commit", commit); err != nil {
		return fmt.Errorf("%w: %w", ErrSource, err)
	}
	return nil
}

// settings keep git from running or asking anything: no hooks, no filters, no submodules, no helper of a strange protocol.
var settings = []string{
	"-c", "core.hooksPath=" + os.DevNull, "-c", "core.fsmonitor=false", "-c", "protocol.ext.allow=never", "-c", "protocol.file.allow=always",
	"-c", "submodule.recurse=false", "-c", "filter.lfs.smudge=", "-c", "filter.lfs.process=", "-c", "filter.lfs.required=false",
	"-c", "core.autocrlf=false", "-c", "advice.detachedHead=false", "-c", "safe.directory=*",
}

// checkout puts a commit of a repository into a new folder. Git checks its content against its hash.
func checkout(ctx context.Context, source, commit, folder string) error {
	if _, err := git(ctx, ".", "clone", "--quiet", "--no-checkout", "--no-recurse-submodules", "--template=", "--", source, folder); err != nil {
		return fmt.Errorf("%w: %w", ErrSource, err)
	}
	if _, err := git(ctx, folder, "checkout", "--quiet", "--detach", commit); err != nil {
		return fmt.Errorf("%w: commit %s: %w", ErrSource, commit, err)
	}
	head, err := git(ctx, folder, "rev-parse", "--verify", "HEAD")
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSource, err)
	}
	if head != commit {
		return fmt.Errorf("%w: %s is not a commit but another object; name commit %s", ErrSource, commit, head)
	}
	return nil
}

// git runs without any configuration of this machine, and without its credentials.
func git(ctx context.Context, folder string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", append(slices.Clone(settings), args...)...)
	cmd.Dir = folder
	cmd.Env = append(inherited("PATH", "HOME", "SSH_AUTH_SOCK", "https_proxy", "HTTPS_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"),
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_TERMINAL_PROMPT=0", "GIT_LFS_SKIP_SMUDGE=1", "LC_ALL=C")
	return output(cmd)
}

// inherited are variables of this process's own environment, those that are set.
func inherited(names ...string) (env []string) {
	for _, name := range names {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// output is what a command says, or the error that it gives.
func output(cmd *exec.Cmd) (string, error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("%s is not installed", filepath.Base(cmd.Path))
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", filepath.Base(cmd.Path), err, strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSpace(string(out)), nil
}
