package escape_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/sandbox/docker"
	"github.com/ain-network/aind/sandbox/docker/layout"
	"github.com/ain-network/aind/sandbox/sandboxtest"
)

// mark is in the command line of the neighbour's process.
const mark = "ain-escape-neighbour"

// world is a sandbox for images, the machine around it, and what of the machine's a program might be after.
type world struct {
	gate     *gate
	box      *docker.Box
	slow     *docker.Box // whose programs have a part of a processor
	probe    sandbox.Program
	defences map[string]defence
	order    order
	secrets  string          // folder of the machine's
	store    string          // where programs that may reach something are led
	stays    sandbox.Program // serves calls
	visits   int64           // that were paid to it
	proxy    string          // where one would lead that is none of ours
	found    map[string]map[string]report
}

// order and report are testdata/probe's.
type (
	order struct {
		Attempts                                           []string
		HostFile, Socket, TCP, UDP, Abstract, Listen, Host string
		SHM                                                int
		Mark                                               string
		N                                                  int64
	}
	report struct {
		Reached, Error string
		N              int64
	}
)

func newWorld(t *testing.T) *world {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("the probe makes system calls of amd64")
	}
	unchanged(t)
	w := &world{gate: openGate(t), secrets: t.TempDir(), found: map[string]map[string]report{}, defences: map[string]defence{}}
	w.noTraces(t)
	cfg := sandboxtest.DockerConfig(t)
	cfg.Host, cfg.CPUMillis = "unix://"+w.gate.path, 2000
	w.box = sandboxtest.OpenDocker(t, cfg)
	w.probe = programOf(t, sandbox.KindImage, sandboxtest.WriteImage(t, probeImage(t)))
	require.NoError(t, w.box.Prepare(context.Background(), w.probe))
	w.stays = sandboxtest.ServingProbe(t)
	w.machine(t)
	slow := sandboxtest.DockerConfig(t)
	slow.Host, slow.CPUMillis = cfg.Host, slowCPU
	w.slow = sandboxtest.OpenDocker(t, slow)
	neighbour := w.gate.neighbour(t, w.image(), mark)
	for name, d := range ofContainers {
		w.defences[name] = d
	}
	set := func(name string, engine func(config, host document)) {
		d := w.defences[name]
		d.engine = engine
		w.defences[name] = d
	}
	set("no files of machine", func(_, host document) { bind(host, w.secrets, w.secrets) })
	set("no socket of engine", func(_, host document) { bind(host, w.gate.engine, w.order.Socket) })
	set("network of nobody else's", func(config, host document) {
		host["NetworkMode"] = "container:" + neighbour
		config["Hostname"], host["Dns"], host["DnsSearch"] = "", nil, nil // which cannot be set then
	})
	set("own processes", func(_, host document) { host["PidMode"] = "container:" + neighbour })
	return w
}

// image is the name under which the engine has the probe.
func (w *world) image() string {
	return "ain.local/program:" + strings.TrimPrefix(w.probe.Digest, "sha256:")
}

// machine sets up what a program might be after.
func (w *world) machine(t *testing.T) {
	t.Helper()
	host, err := os.Hostname()
	require.NoError(t, err)
	w.order = order{
		HostFile: filepath.Join(w.secrets, "secret"), Socket: "/engine.sock", Host: host, Mark: mark,
		Abstract: fmt.Sprintf("@ain-escape-%d", os.Getpid()), SHM: 0x61696e00 + os.Getpid()&0xff,
	}
	require.NoError(t, os.WriteFile(w.order.HostFile, []byte("the machine's secret"), 0o644))
	segment, err := unix.SysvShmGet(w.order.SHM, 4096, unix.IPC_CREAT|0o666)
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = unix.SysvShmCtl(segment, unix.IPC_RMID, nil) })
	tcp := listening(t, "tcp", "127.0.0.1:0")
	listening(t, "unix", w.order.Abstract)
	w.order.TCP = tcp.Addr().String()
	w.store, w.proxy = visited(t, shop), visited(t, lead)
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	w.order.UDP = udp.LocalAddr().String()
	go func() {
		buf := make([]byte, 16)
		for {
			_, from, err := udp.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = udp.WriteTo([]byte("machine"), from)
		}
	}()
	// A port that is free, and that a process of the machine calls all the time.
	free := listening(t, "tcp", "127.0.0.1:0")
	w.order.Listen = free.Addr().String()
	require.NoError(t, free.Close())
	ended := make(chan struct{})
	ticks := time.NewTicker(50 * time.Millisecond)
	go func() {
		for {
			select {
			case <-ended:
				return
			case <-ticks.C:
				if c, err := net.Dial("tcp", w.order.Listen); err == nil {
					_, _ = c.Write([]byte("machine"))
					c.Close()
				}
			}
		}
	}()
	t.Cleanup(func() { udp.Close(); ticks.Stop(); close(ended) })
}

// listening answers everybody who says something.
func listening(t *testing.T, network, address string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.SetDeadline(time.Now().Add(time.Second))
			_, _ = c.Read(make([]byte, 16))
			_, _ = c.Write([]byte("machine"))
			_ = c.Close()
		}
	}()
	return l
}

// input is a file of the machine's that everybody may write to.
func (w *world) input(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.WriteFile(path, []byte("input"), 0o600))
	require.NoError(t, os.Chmod(path, 0o666))
	return path
}

// run makes one container without the defences.
func (w *world) run(t *testing.T, off []string, o order, limits sandbox.Limits, out string) (*sandbox.Result, error) {
	t.Helper()
	w.gate.without(w.edits(t, off)...)
	defer w.gate.without()
	data, err := json.Marshal(o)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	box := w.box
	if o.Attempts[0] == "burn" {
		box = w.slow
	}
	var network sandbox.Network
	if reaches(o.Attempts[0]) {
		network = w.ways(o.Attempts[0], off)
	}
	return box.Run(ctx, sandbox.Run{
		Network: network,
		Program: w.probe, Input: sandboxtest.Request{Data: data}.Encode(), Inputs: map[string]string{"data": w.input(t)}, OutDir: out,
		Limits: w.limits(off, limits),
	})
}

// together runs all attempts that share a container with these defences off.
func (w *world) together(t *testing.T, off []string) map[string]report {
	t.Helper()
	key := strings.Join(off, ", ")
	if found := w.found[key]; found != nil {
		return found
	}
	o := w.order
	for _, a := range inContainers {
		contained, control := a.runs()
		for _, set := range append(contained, control) {
			if strings.Join(set, ", ") == key && !slices.Contains(o.Attempts, a.name) {
				o.Attempts = append(o.Attempts, a.name)
			}
		}
	}
	result, err := w.run(t, off, o, sandbox.Limits{WallTime: 2 * time.Minute}, t.TempDir())
	require.NoError(t, err, "without %q", off)
	found := map[string]report{}
	require.NoError(t, json.Unmarshal([]byte(sandboxtest.DecodeReply(t, result.Output).Text), &found))
	w.found[key] = found
	return found
}

func programOf(t testing.TB, kind sandbox.Kind, file string) sandbox.Program {
	t.Helper()
	return sandbox.Program{
		Kind: kind, File: file, Digest: sandboxtest.Digest(t, file), Service: "Prober", Method: "Probe",
		Schema: sandboxtest.Schema(t, "sandbox/sandboxtest/testdata/probe.proto"),
	}
}

// exit42 is a program for 32 bit kernels: mov eax, 1; mov ebx, 42; int 0x80.
var exit42 = []byte{0xb8, 1, 0, 0, 0, 0xbb, 42, 0, 0, 0, 0xcd, 0x80}

func i386() []byte {
	header := []byte{
		0x7f, 'E', 'L', 'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 3, 0, 1, 0, 0, 0, 0x54, 0x80, 4, 8, 0x34, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0x34, 0, 0x20, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 4, 8, 0, 0x80, 4, 8, 0x60, 0, 0, 0,
		0x60, 0, 0, 0, 5, 0, 0, 0, 0, 0x10, 0, 0,
	}
	return append(header, exit42...)
}

// capability is that of raw sockets, as a file's attribute: version 2, effective, permitted.
const capability = "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// probeImage has, besides the probe, what an image may bring to help it.
func probeImage(t testing.TB) layout.Image {
	t.Helper()
	program, err := os.ReadFile(sandboxtest.BuildLinux(t, "tests/escape/testdata/probe"))
	require.NoError(t, err)
	var layer bytes.Buffer
	archive := tar.NewWriter(&layer)
	for _, h := range []tar.Header{
		{Name: "program", Mode: 0o755},
		{Name: "setuid", Mode: 0o4755},
		{Name: "capable", Mode: 0o755, PAXRecords: map[string]string{"SCHILY.xattr.security.capability": capability}},
		{Name: "i386", Mode: 0o755},
		{Name: "secret", Mode: 0o600},
		{Name: "world/", Mode: 0o777, Typeflag: tar.TypeDir},
		{Name: "world/file", Mode: 0o666},
	} {
		content := program
		switch h.Name {
		case "i386":
			content = i386()
		case "secret", "world/file":
			content = []byte("content")
		case "world/":
			content = nil
		}
		h.Size, h.ModTime = int64(len(content)), time.Unix(0, 0)
		require.NoError(t, archive.WriteHeader(&h))
		_, err := archive.Write(content)
		require.NoError(t, err)
	}
	require.NoError(t, archive.Close())
	return layout.Image{
		Architecture: runtime.GOARCH, Config: ocispec.ImageConfig{Entrypoint: []string{"/program"}}, Layers: [][]byte{layer.Bytes()},
	}
}
