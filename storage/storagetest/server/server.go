// Package server runs real S3 servers, each in a process of its own, for tests and benchmarks: the store that `aind store`
// runs, and MinIO, which others run. They can be killed at any moment, and end with whoever started them.
package server

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ain-network/aind/storage/embedded"
	"github.com/ain-network/aind/storage/s3"
)

const (
	accessKey = "owner"
	secretKey = "owner-secret-0123456789"
	bucket    = embedded.DefaultBucket
	patience  = time.Minute

	// EnvMinIO names another MinIO than build/tools/minio.
	EnvMinIO = "AIND_MINIO"
	// envEmbedded holds, in a child, the folder and the address of the embedded store that it is to run.
	envEmbedded = "AIND_TEST_EMBEDDED"
)

// Main must be called first thing by programs that use Embedded, in TestMain or main: in a child it serves and does not
// return.
func Main() {
	at := os.Getenv(envEmbedded)
	if at == "" {
		return
	}
	if err := serve(at); err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Server is a server that runs, or has been killed.
type Server struct {
	// Name of the kind: embedded or minio.
	Name string
	Addr string // host:port
	Dir  string // where it keeps its objects, and nobody else anything

	command func(s *Server) *exec.Cmd
	ready   func(s *Server, out io.Reader) error
	cmd     *exec.Cmd
	stdin   io.Closer
}

// Kinds are the names that Start takes.
func Kinds() []string { return []string{"embedded", "minio"} }

// Start runs a server of a kind on a folder. Kill must be called. ErrNoMinIO says that this machine has none.
func Start(kind, dir string) (*Server, error) {
	s := &Server{Name: kind, Dir: dir, Addr: "127.0.0.1:0", command: embeddedCommand, ready: (*Server).readAddr}
	if kind == "minio" {
		binary, err := MinIO()
		if err != nil {
			return nil, err
		}
		if s.Addr, err = freeAddr(); err != nil {
			return nil, err
		}
		s.command, s.ready = minioCommand(binary), (*Server).awaitHealth
	}
	return s, s.run()
}

// Restart runs a server that was killed again, on the same folder and address.
func (s *Server) Restart() error { return s.run() }

// S3 is how its owner reaches it. Each caller gives a folder for spooled content, if it needs one.
func (s *Server) S3() s3.Config {
	return s3.Config{Endpoint: s.Addr, Bucket: bucket, AccessKey: accessKey, SecretKey: secretKey}
}

// PID is that of the process, or of the one that it is a child of.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Kill ends the server as a crash would, and waits for its end.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	_ = s.stdin.Close()
	_ = s.cmd.Wait()
	s.cmd = nil
}

// run starts the process through a shell, which kills it when our end of its standard input is closed: by Kill, or because
// this process is gone.
func (s *Server) run() error {
	s.cmd = s.command(s)
	s.cmd.Args = append([]string{"sh", "-c", `"$@" </dev/null & cat >/dev/null; kill -9 $!; wait`, "sh"}, s.cmd.Args...)
	s.cmd.Path = "/bin/sh"
	stdin, err := s.cmd.StdinPipe()
	if err != nil {
		return err
	}
	s.stdin = stdin
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		return fmt.Errorf("start %s: %w", s.Name, err)
	}
	if err := s.ready(s, stdout); err != nil {
		s.Kill()
		return fmt.Errorf("start %s: %w", s.Name, err)
	}
	return nil
}

// awaitHealth asks until the server says that it serves.
func (s *Server) awaitHealth(out io.Reader) error {
	said := make(chan string, 1)
	go func() {
		text, _ := io.ReadAll(io.LimitReader(out, 64<<10))
		said <- string(text)
		_, _ = io.Copy(io.Discard, out)
	}()
	client := http.Client{Timeout: time.Second}
	end, pace := time.After(patience), time.NewTicker(20*time.Millisecond)
	defer pace.Stop()
	for {
		if resp, err := client.Get("http://" + s.Addr + "/minio/health/ready"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case text := <-said:
			return fmt.Errorf("it ended: %s", text)
		case <-end:
			return errors.New("it does not say that it serves")
		case <-pace.C:
		}
	}
}

// readAddr reads the line in which a child says where it serves.
func (s *Server) readAddr(out io.Reader) error {
	line := make(chan string, 1)
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if text := lines.Text(); strings.HasPrefix(text, "ready: ") || strings.HasPrefix(text, "failed: ") {
				line <- text
			}
		}
		close(line)
	}()
	select {
	case text := <-line:
		addr, ready := strings.CutPrefix(text, "ready: ")
		if !ready {
			return fmt.Errorf("it says %q", text)
		}
		s.Addr = addr
		return nil
	case <-time.After(patience):
		return errors.New("it does not say that it serves")
	}
}

// freeAddr is an address at which nobody listens.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// Each runs a test on a server of each kind, in folders that the tests' own directory holds. A kind that this machine lacks
// is skipped, or fails where nothing may be lacking.
func Each(t *testing.T, run func(t *testing.T, s *Server)) {
	for _, kind := range Kinds() {
		t.Run(kind, func(t *testing.T) { run(t, Run(t, kind, t.TempDir())) })
	}
}

// Run is Start for a test, which ends it.
func Run(t testing.TB, kind, dir string) *Server {
	t.Helper()
	s, err := Start(kind, dir)
	if errors.Is(err, ErrNoMinIO) && os.Getenv("CI") != "true" && os.Getenv("AIND_REQUIRE_REAL") != "1" {
		t.Skip("needs MinIO: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	return s
}

// File is where an embedded store keeps the object of a digest's hex digits.
func (s *Server) File(hex string) string {
	return filepath.Join(s.Dir, "objects", bucket, "sha256", hex)
}
