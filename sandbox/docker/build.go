package docker

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/docker/docker/api/types/container"
	imagetypes "github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"
)

// ErrBuild says that a build's own command failed. What it said comes with it.
var ErrBuild = errors.New("build failed")

// Build is one command in a container of nothing but the folders that it is given: without a network, without a shell,
// with a root that cannot be written. It is for compiling what nobody has looked at yet.
type Build struct {
	// Host is the engine's address; empty: that of the environment.
	Host string
	// User and group of the command, who must be able to read the folders, and to write where they are writable.
	User string
	// Command with its arguments; paths are those in the container.
	Command []string
	Env     []string
	Dir     string
	// ReadOnly and Writable are folders of this machine by their place in the container.
	ReadOnly, Writable map[string]string
	MemoryBytes        int64
	CPUMillis          int64
}

// buildLog bounds what is kept of what a build says: its beginning, where compilers name the first fault.
const buildLog = 32 << 10

// Run runs the command to its end, which the context may bring forward. ErrBuild says that it failed, ErrEngine that the
// engine did.
func (b Build) Run(ctx context.Context) error {
	engine, err := dialEngine(b.Host)
	if err != nil {
		return err
	}
	defer engine.Close()
	info, err := ask(ctx, engine)
	if err != nil {
		return err
	}
	if err := able(info); err != nil {
		return err
	}
	empty, err := b.importRoot(ctx, engine)
	if err != nil {
		return engineError("make an empty image", err)
	}
	defer tidy(func(ctx context.Context) {
		_, _ = engine.ImageRemove(ctx, empty, imagetypes.RemoveOptions{Force: true})
	})
	config, host := b.settings(empty)
	created, err := engine.ContainerCreate(ctx, config, host, &network.NetworkingConfig{}, nil, "")
	if err != nil {
		return engineError("make the build's container", err)
	}
	defer tidy(func(ctx context.Context) {
		_ = engine.ContainerRemove(ctx, created.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
	})
	return follow(ctx, engine, created.ID)
}

// tidy undoes something whatever became of the build's context.
func tidy(undo func(context.Context)) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	undo(ctx)
}

// importRoot gives the engine an image of the empty folders that others are mounted on.
func (b Build) importRoot(ctx context.Context, engine client.APIClient) (name string, err error) {
	var root bytes.Buffer
	w := tar.NewWriter(&root)
	for _, folders := range []map[string]string{b.ReadOnly, b.Writable} {
		for folder := range folders {
			if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: folder[1:] + "/", Mode: 0o755}); err != nil {
				return "", err
			}
		}
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	name = "ain-build:" + newName()
	answer, err := engine.ImageImport(ctx, imagetypes.ImportSource{Source: &root, SourceName: "-"}, name, imagetypes.ImportOptions{})
	if err != nil {
		return "", err
	}
	defer answer.Close()
	return name, readProgress(answer, nil)
}

// settings are those of programs, as far as a compiler can live with them: see settingsFor.
func (b Build) settings(imageName string) (*container.Config, *container.HostConfig) {
	pids, noInit := int64(1024), false
	config := &container.Config{
		Image: imageName, Hostname: "ain", User: b.User, WorkingDir: b.Dir, Entrypoint: b.Command, Env: b.Env,
		AttachStdout: true, AttachStderr: true, Healthcheck: &container.HealthConfig{Test: []string{"NONE"}},
	}
	host := &container.HostConfig{
		NetworkMode: network.NetworkNone, IpcMode: container.IPCModeNone, CgroupnsMode: container.CgroupnsModePrivate,
		DNS: []string{"127.0.0.1"}, DNSSearch: []string{"."}, ReadonlyRootfs: true, CapDrop: []string{"ALL"},
		SecurityOpt: []string{"no-new-privileges:true", "seccomp=" + seccompProfile},
		LogConfig:   container.LogConfig{Type: "none"}, Init: &noInit, OomScoreAdj: 500,
		RestartPolicy: container.RestartPolicy{Name: container.RestartPolicyDisabled},
		Resources: container.Resources{
			Memory: b.MemoryBytes, MemorySwap: b.MemoryBytes, NanoCPUs: b.CPUMillis * 1e6, PidsLimit: &pids,
			Ulimits: []*container.Ulimit{{Name: "core", Soft: 0, Hard: 0}},
		},
	}
	for place, folder := range b.ReadOnly {
		host.Mounts = append(host.Mounts, readOnly(folder, place))
	}
	for place, folder := range b.Writable {
		host.Mounts = append(host.Mounts, mount.Mount{Type: mount.TypeBind, Source: folder, Target: place})
	}
	return config, host
}

// follow starts a container, listens to it, and says how it ended.
func follow(ctx context.Context, engine client.APIClient, id string) error {
	stream, err := engine.ContainerAttach(ctx, id, container.AttachOptions{Stream: true, Stdout: true, Stderr: true})
	if err != nil {
		return runFailed(ctx, "attach to the build's container", err)
	}
	defer stream.Close()
	said := &bytes.Buffer{}
	read := make(chan struct{})
	go func() {
		defer close(read)
		limited := &firstBytes{to: said, left: buildLog}
		_, _ = stdcopy.StdCopy(limited, limited, stream.Reader)
	}()
	ended, failed := engine.ContainerWait(ctx, id, container.WaitConditionNextExit)
	if err := engine.ContainerStart(ctx, id, container.StartOptions{}); err != nil {
		return runFailed(ctx, "start the build's container", err)
	}
	select {
	case err := <-failed:
		return runFailed(ctx, "wait for the build", err)
	case end := <-ended:
		<-read
		if end.StatusCode != 0 {
			return fmt.Errorf("%w: exit status %d: %s", ErrBuild, end.StatusCode, bytes.TrimSpace(said.Bytes()))
		}
	}
	return nil
}

// firstBytes keeps the beginning and swallows the rest, so that the container never waits.
type firstBytes struct {
	to   io.Writer
	left int
}

func (f *firstBytes) Write(p []byte) (int, error) {
	kept := p[:min(len(p), f.left)]
	f.left -= len(kept)
	_, err := f.to.Write(kept)
	return len(p), err
}
