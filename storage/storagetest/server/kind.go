package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/ain-network/aind/storage/embedded"
)

// ErrNoMinIO: this machine has no MinIO.
var ErrNoMinIO = errors.New("there is no build/tools/minio: run `make build/tools/minio`, or name another with " + EnvMinIO)

// MinIO is the path of the server.
func MinIO() (string, error) {
	if path := os.Getenv(EnvMinIO); path != "" {
		return path, nil
	}
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; folder = filepath.Dir(folder) {
		path := filepath.Join(folder, "build", "tools", "minio")
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
		if folder == filepath.Dir(folder) {
			return "", ErrNoMinIO
		}
	}
}

func minioCommand(binary string) func(s *Server) *exec.Cmd {
	return func(s *Server) *exec.Cmd {
		cmd := exec.Command(binary, "server", "--quiet", "--address", s.Addr, s.Dir)
		cmd.Env = append(os.Environ(), "MINIO_ROOT_USER="+accessKey, "MINIO_ROOT_PASSWORD="+secretKey, "MINIO_BROWSER=off", "MINIO_UPDATE=off")
		return cmd
	}
}

func embeddedCommand(s *Server) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envEmbedded+"="+s.Addr+" "+s.Dir)
	cmd.Stderr = os.Stderr
	return cmd
}

// serve runs the embedded store. at is its address, a space and its folder.
func serve(at string) error {
	addr, dir, _ := strings.Cut(at, " ")
	return embedded.Run(context.Background(), embedded.Config{
		Dir: dir, Listen: addr, AccessKey: accessKey, SecretKey: secretKey,
		Ready: func(addr string) { fmt.Println("ready:", addr) },
		Log:   func(msg string, err error) { fmt.Fprintln(os.Stderr, msg, err) },
	})
}
