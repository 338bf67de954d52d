package release

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// Source says where the source of a job's programs is.
type Source struct {
	URL    string // of the public repository
	Commit string
	// Dirty: files differ from the commit.
	Dirty bool
}

// dirtyMark is added to the commit where files differ from it.
const dirtyMark = "-dirty"

// FindSource asks git about the repository that holds the files. What is given in known is not asked for. A dirty tree
// is refused, as nobody could find what was published, unless allowed; then the commit says so. ErrSource names the flag
// that helps.
func FindSource(ctx context.Context, known Source, allowDirty bool, files ...string) (Source, error) {
	found := known
	if known.URL == "" {
		remote, err := git(ctx, files[0], "remote", "get-url", "origin")
		if err != nil {
			return found, fmt.Errorf("%w: the folder of %s has no git remote origin: %w (give the repository's URL with --source)", ErrSource, files[0], err)
		}
		if found.URL, err = publicURL(remote); err != nil {
			return found, err
		}
	}
	if known.Commit != "" {
		return found, nil
	}
	commit, err := git(ctx, files[0], "rev-parse", "--verify", "HEAD")
	if err != nil {
		return found, fmt.Errorf("%w: %s is in no git commit: %w (give the commit with --commit)", ErrSource, files[0], err)
	}
	changed, err := changedFiles(ctx, files)
	if err != nil {
		return found, err
	}
	if len(changed) > 0 && !allowDirty {
		return found, fmt.Errorf("%w: not as in the commit: %s (commit them, or allow it with --dirty)", ErrSource, strings.Join(changed, ", "))
	}
	found.Commit, found.Dirty = commit, len(changed) > 0
	if found.Dirty {
		found.Commit += dirtyMark
	}
	return found, nil
}

// changedFiles are those that differ from the commit, those that git does not know, and those that it ignores.
func changedFiles(ctx context.Context, files []string) ([]string, error) {
	var changed []string
	for _, file := range files {
		if IsAddress(file) || IsRequested(file) { // what it names is as it was signed
			continue
		}
		status, err := git(ctx, file, "status", "--porcelain", "--ignored", "--", filepath.Base(file))
		if err != nil {
			return nil, fmt.Errorf("%w: %s is in no git commit: %w (give the commit with --commit)", ErrSource, file, err)
		}
		if status != "" {
			changed = append(changed, file)
		}
	}
	return changed, nil
}

// git runs in the folder of a file.
func git(ctx context.Context, file string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", filepath.Dir(file)}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return "", errors.New("git is not installed")
	}
	if err != nil {
		return "", errors.New(strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

// scpLike is git's short form for ssh, user@host:path.
var scpLike = regexp.MustCompile(`^(?:[\w.-]+@)?([\w.-]+):([^/].*)$`)

// publicURL turns a remote into what strangers can open: without a user, by https where it was ssh.
func publicURL(remote string) (string, error) {
	if host := scpLike.FindStringSubmatch(remote); host != nil && !strings.Contains(remote, "://") {
		return "https://" + host[1] + "/" + host[2], nil
	}
	u, err := url.Parse(remote)
	if err != nil || u.Host == "" {
		return "", fmt.Errorf("%w: the git remote %q is no public address (give one with --source)", ErrSource, remote)
	}
	u.User = nil
	if u.Scheme == "ssh" || u.Scheme == "git" {
		u.Scheme, u.Host = "https", u.Hostname()
	}
	return u.String(), nil
}
