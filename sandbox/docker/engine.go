package docker

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/docker/docker/api/types/system"
	"github.com/docker/docker/api/types/versions"
	"github.com/docker/docker/client"
)

// oldestAPI is the oldest that has everything that settings.go asks for: that of Docker 20.10.
const oldestAPI = "1.41"

// connect also says which runtime programs run in.
func connect(ctx context.Context, cfg Config) (_ *client.Client, runtime string, _ error) {
	engine, err := dialEngine(cfg.Host)
	if err != nil {
		return nil, "", err
	}
	if runtime, err = check(ctx, engine, cfg); err != nil {
		engine.Close()
		return nil, "", err
	}
	return engine, runtime, nil
}

func dialEngine(host string) (*client.Client, error) {
	options := []client.Opt{client.FromEnv, client.WithAPIVersionNegotiation()}
	if host != "" {
		options = append(options, client.WithHost(host))
	}
	engine, err := client.NewClientWithOpts(options...)
	if err != nil {
		return nil, engineError("connect", err)
	}
	return engine, nil
}

func check(ctx context.Context, engine *client.Client, cfg Config) (runtime string, _ error) {
	info, err := ask(ctx, engine)
	if err != nil {
		return "", err
	}
	if err := able(info); err != nil {
		return "", err
	}
	if !info.SwapLimit {
		cfg.Log.Warn("the kernel does not limit swap: a program's memory may be swapped out beyond its limit (boot with swapaccount=1, or without swap)")
	}
	runtime, missing := cfg.chooseRuntime(namesOf(info.Runtimes))
	switch {
	case missing != "" && cfg.RuntimeUse == RuntimeRequire:
		return "", fmt.Errorf("%w: %s", ErrEngine, missing)
	case missing != "":
		cfg.Log.Warn("programs run in the engine's own runtime", "why", missing)
	case runtime != "":
		cfg.Log.Info("programs run in a stronger runtime", "name", runtime)
	}
	return runtime, nil
}

// ask asks an engine what it is, if it is one that can be used.
func ask(ctx context.Context, engine *client.Client) (info system.Info, _ error) {
	if !strings.HasPrefix(engine.DaemonHost(), "unix://") {
		return info, fmt.Errorf("%w: host %q: use unix:///path, an engine on this machine", ErrEngine, engine.DaemonHost())
	}
	if _, err := engine.Ping(ctx); err != nil {
		return info, engineError("connect to "+engine.DaemonHost(), err)
	}
	engine.NegotiateAPIVersion(ctx)
	if versions.LessThan(engine.ClientVersion(), oldestAPI) {
		return info, fmt.Errorf("%w: it speaks version %s of its API: install one that speaks %s (Docker 20.10)", ErrEngine, engine.ClientVersion(), oldestAPI)
	}
	info, err := engine.Info(ctx)
	if err != nil {
		return info, engineError("ask what it can do", err)
	}
	return info, nil
}

// able errs where an engine could not hold a program to what settings.go says.
func able(info system.Info) error {
	for _, need := range []struct {
		what string
		has  bool
	}{
		{"Linux containers", info.OSType == "linux"},
		{"seccomp", hasSeccomp(info)},
		{"a memory limit", info.MemoryLimit},
		{"a CPU quota", info.CPUCfsQuota},
		{"a limit of processes", info.PidsLimit},
	} {
		if !need.has {
			return fmt.Errorf("%w: it has not %s, without which no stranger's program is run", ErrEngine, need.what)
		}
	}
	return nil
}

// readInstance reads the name under which this sandbox's containers are known, or makes one.
func readInstance(dir string) (string, error) {
	path := filepath.Join(dir, "instance")
	content, err := os.ReadFile(path)
	if err == nil && len(content) == 32 {
		return string(content), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("docker state folder: %w", err)
	}
	name := newName()
	return name, os.WriteFile(path, []byte(name), 0o600)
}

// newName is one that nobody else has.
func newName() string {
	id := make([]byte, 16)
	rand.Read(id) // never fails
	return hex.EncodeToString(id)
}

// copyWarden puts the warden where it can be read by the user that containers have, and where an update of aind does not change it under a
// container's feet.
func copyWarden(from, dir string) (string, error) {
	source, err := os.Open(from)
	if err != nil {
		return "", fmt.Errorf("warden: %w", err)
	}
	defer source.Close()
	to := filepath.Join(dir, "warden")
	fresh, err := os.OpenFile(to+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o755)
	if err != nil {
		return "", fmt.Errorf("warden: %w", err)
	}
	_, err = io.Copy(fresh, source)
	if err := errors.Join(err, fresh.Chmod(0o755), fresh.Close()); err != nil {
		return "", fmt.Errorf("warden: %w", err)
	}
	return to, os.Rename(to+".new", to)
}
