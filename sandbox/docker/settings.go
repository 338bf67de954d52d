package docker

import (
	_ "embed"
	"fmt"
	gopath "path"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"

	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/sandbox/docker/warden"
)

// unprivileged is the user and the group of every program, whatever its image says: one that owns nothing on this machine. An image's own
// number could be that of the daemon, or of the person who runs it.
const (
	unprivileged   = "65532:65532"
	ownedByProgram = "mode=0700,uid=65532,gid=65532"
)

// Variables with which an image could ask an engine's GPU tools for devices that nobody granted.
const (
	nvidiaDevices      = "NVIDIA_VISIBLE_DEVICES"
	nvidiaCapabilities = "NVIDIA_DRIVER_CAPABILITIES"
)

const (
	wardenPath  = "/ain/warden"
	scratchPath = warden.ScratchFolder
	runBytes    = 64 << 10 // for the socket of a program that serves calls
	openFiles   = 1024
	tmpfsFiles  = 16384    // files in scratch, and as many in the output folder
	leastMemory = 16 << 20 // in which the warden starts
)

// Labels of a container. The image's own labels cannot replace them.
const (
	labelPrefix   = "network.ain."
	labelInstance = labelPrefix + "instance"
	labelStart    = labelPrefix + "start"
	labelProgram  = labelPrefix + "program"
	labelRequest  = labelPrefix + "request"
	labelWarm     = labelPrefix + "warm" // it may outlast the request that it was made for
)

// seccompProfile lists the system calls that programs may make. Everything that it does not name is refused.
//
//go:embed seccomp.json
var seccompProfile string

// settings are those of one container.
type settings struct {
	config *container.Config
	host   *container.HostConfig
	net    *network.NetworkingConfig
}

// settingsFor is everything that holds a program. Nothing of it comes from the image. inputs are by their name in the folder of inputs; the
// empty name is the folder itself.
func (b *Box) settingsFor(imageID string, run sandbox.Run, limits sandbox.Limits, inputs map[string]string) settings {
	pids := b.cfg.Processes
	noInit := false
	s := settings{
		config: &container.Config{
			Image:       imageID,
			Hostname:    "ain",
			User:        unprivileged,
			WorkingDir:  "/", // the warden goes to the program's, in the container
			Entrypoint:  []string{wardenPath, warden.Argument},
			Env:         []string{nvidiaDevices + "=void", nvidiaCapabilities + "="},
			Labels:      b.labels(run),
			OpenStdin:   true,
			StdinOnce:   true, // the container ends with the daemon
			AttachStdin: true, AttachStdout: true, AttachStderr: true,
			Healthcheck: &container.HealthConfig{Test: []string{"NONE"}},
		},
		host: &container.HostConfig{
			NetworkMode:    network.NetworkNone,
			IpcMode:        container.IPCModeNone,
			CgroupnsMode:   container.CgroupnsModePrivate,
			DNS:            []string{"127.0.0.1"}, // else the container could read which servers this machine asks
			DNSSearch:      []string{"."},
			ReadonlyRootfs: true,
			CapDrop:        []string{"ALL"},
			SecurityOpt:    []string{"no-new-privileges:true", "seccomp=" + seccompProfile},
			LogConfig:      container.LogConfig{Type: "none"}, // we keep the log, bounded; the engine keeps none
			RestartPolicy:  container.RestartPolicy{Name: container.RestartPolicyDisabled},
			Init:           &noInit,
			Runtime:        b.runtime,
			OomScoreAdj:    500, // when this machine runs out of memory programs go before its own
			Tmpfs:          map[string]string{scratchPath: tmpfs(b.cfg.ScratchBytes, "mode=1777")},
			Mounts:         []mount.Mount{readOnly(b.warden, wardenPath)},
			Resources: container.Resources{
				Memory:     limits.MemoryBytes,
				MemorySwap: limits.MemoryBytes, // no swap
				NanoCPUs:   b.cpuMillis(limits) * 1e6,
				PidsLimit:  &pids,
				Ulimits: []*container.Ulimit{
					{Name: "nofile", Soft: openFiles, Hard: openFiles},
					{Name: "core", Soft: 0, Hard: 0},
					{Name: "fsize", Soft: b.largestFile(limits), Hard: b.largestFile(limits)},
					{Name: "memlock", Soft: 64 << 10, Hard: 64 << 10},
					{Name: "msgqueue", Soft: 0, Hard: 0},
				},
			},
		},
		net: &network.NetworkingConfig{},
	}
	if len(run.GPUs) > 0 {
		s.host.DeviceRequests = []container.DeviceRequest{{Driver: "nvidia", DeviceIDs: run.GPUs, Capabilities: [][]string{{"gpu"}}}}
		s.config.Env = []string{nvidiaDevices + "=" + strings.Join(run.GPUs, ","), nvidiaCapabilities + "=compute,utility"}
	}
	if run.OutDir != "" {
		s.host.Tmpfs[warden.OutFolder] = tmpfs(limits.DiskBytes, ownedByProgram)
	}
	if run.Program.Codec == sandbox.CodecGRPC {
		s.host.Tmpfs[warden.RunFolder] = tmpfs(runBytes, ownedByProgram)
	}
	for name, path := range inputs {
		s.host.Mounts = append(s.host.Mounts, readOnly(path, gopath.Join(warden.InFolder, name)))
	}
	return s
}

// leastCPU that an engine takes, in thousandths of a core.
const leastCPU = 10

// cpuMillis is the smaller of what the run and what the owner says.
func (b *Box) cpuMillis(limits sandbox.Limits) int64 {
	if limits.CPUMillis == 0 {
		return b.cfg.CPUMillis
	}
	return min(b.cfg.CPUMillis, max(leastCPU, limits.CPUMillis))
}

// largestFile that can be written: holes cost a tmpfs nothing, but count for us.
func (b *Box) largestFile(limits sandbox.Limits) int64 {
	return max(limits.DiskBytes, b.cfg.ScratchBytes)
}

func (b *Box) labels(run sandbox.Run) map[string]string {
	labels := map[string]string{}
	for name, value := range run.Labels {
		labels[labelPrefix+strings.ToLower(name)] = value
	}
	if run.Program.Codec == sandbox.CodecGRPC {
		delete(labels, labelRequest)
		labels[labelWarm] = "true"
	}
	labels[labelInstance], labels[labelStart], labels[labelProgram] = b.instance, b.start, run.Program.Digest
	return labels
}

// tmpfs are the options of a folder in memory; it counts as the container's memory.
func tmpfs(size int64, more string) string {
	return fmt.Sprintf("rw,noexec,nosuid,nodev,size=%d,nr_inodes=%d,%s", size, tmpfsFiles, more)
}

func readOnly(from, to string) mount.Mount {
	return mount.Mount{
		Type: mount.TypeBind, Source: from, Target: to, ReadOnly: true,
		BindOptions: &mount.BindOptions{Propagation: mount.PropagationRPrivate},
	}
}
