package harness

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// OddJob is a folder with the schema and the programs of a job whose worker does what it should, or goes wrong in the way
// that the request names: {misbehave: crash, size: 0}. The programs are job_schema.proto, worker.wasm and evaluator.wasm,
// and speak JSON.
func OddJob(t testing.TB) string {
	t.Helper()
	folder := t.TempDir()
	source := filepath.Join(Root(), "tests", "harness", "testdata", "odd")
	CopyFile(t, filepath.Join(source, "job_schema.proto"), folder)
	for _, role := range []string{"worker", "evaluator"} {
		cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=",
			"-o", filepath.Join(folder, role+".wasm"), "./"+role)
		cmd.Dir = source
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=wasip1", "GOARCH=wasm")
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("build the %s: %s: %s", role, err, said)
		}
	}
	return folder
}

// OddImage builds the odd job's worker for a container, into its folder, and returns the image's file.
func OddImage(t testing.TB, folder string) string {
	t.Helper()
	program := filepath.Join(folder, "worker")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", program, "./worker")
	cmd.Dir = filepath.Join(Root(), "tests", "harness", "testdata", "odd")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the worker: %s: %s", err, said)
	}
	image := filepath.Join(folder, "worker.tar")
	if made := (Command{Args: []string{"image", program, "-o", image}}).Run(t); made.Code != 0 {
		t.Fatalf("aind image: %s", made)
	}
	return image
}

// CalculateRoot is a folder with a copy of the paper's example.
func CalculateRoot(t testing.TB) string {
	t.Helper()
	folder := t.TempDir()
	for _, file := range []string{"job_schema.proto", "worker.py", "evaluator.py"} {
		CopyFile(t, filepath.Join(Root(), "examples", "calculate-root", file), folder)
	}
	return folder
}

// GRPCImages builds the images of examples/calculate-root-grpc into a folder, beside the schema.
func GRPCImages(t testing.TB) string {
	t.Helper()
	if _, err := exec.LookPath("apt-get"); err != nil {
		RequireReal(t, "Debian's apt-get")
	}
	binary, err := Binary()
	if err != nil {
		t.Fatal(err)
	}
	example, folder := filepath.Join(Root(), "examples", "calculate-root-grpc"), t.TempDir()
	CopyFile(t, filepath.Join(example, "job_schema.proto"), folder)
	build := exec.Command(filepath.Join(example, "build"), folder)
	build.Env = append(os.Environ(), "AIND="+binary)
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the images: %s: %s", err, said)
	}
	return folder
}

// CopyFile copies a file into a folder.
func CopyFile(t testing.TB, file, folder string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, filepath.Base(file)), content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Register registers the job in a folder as a node of the network, or as its client where root is nil, and returns its id
// as 0x1.
func (n *Network) Register(t testing.TB, root *Node, folder string, more ...string) string {
	t.Helper()
	kind := ".py"
	switch {
	case exists(filepath.Join(folder, "worker.wasm")):
		kind = ".wasm"
		more = append(more, "--json")
	case exists(filepath.Join(folder, "worker.tar")):
		kind = ".tar"
	}
	args := []string{"registerJob", filepath.Join(folder, "job_schema.proto"), filepath.Join(folder, "worker"+kind)}
	if evaluator := filepath.Join(folder, "evaluator"+kind); exists(evaluator) {
		args = append(args, evaluator)
	}
	args = append(append(args, "--source", "https://example.org/job", "--commit", strings.Repeat("a", 40)), more...)
	var answer struct{ Job string }
	if root == nil {
		n.ClientJSON(t, &answer, args...)
	} else {
		root.JSON(t, &answer, args...)
	}
	return answer.Job
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
