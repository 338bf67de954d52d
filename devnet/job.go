package devnet

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cosmos/cosmos-sdk/version"

	"github.com/ain-network/aind/examples"
)

// sourceURL of the programs that the network is started with.
const sourceURL = "https://github.com/ain-network/aind"

// jobName is what the network's first job is called.
const jobName = "calculate-root"

// customJobName is what the job is called whose requests name their program.
const customJobName = "custom-code"

// registerJobs registers what the network is started with.
func (n *Network) registerJobs(ctx context.Context) error {
	if err := n.registerJob(ctx); err != nil {
		return err
	}
	if err := n.makeRoom(ctx, spaceNewcomers, n.state.Job); err != nil || !n.config.CustomCode {
		return err
	}
	if err := n.registerCustom(ctx); err != nil {
		return err
	}
	return n.makeRoom(ctx, spaceCustom, n.state.Custom)
}

// registerCustom registers the job whose requests name their program. Its windows leave time to fetch an image, and to judge what was trained.
func (n *Network) registerCustom(ctx context.Context) error {
	if n.state.Custom != "" {
		return nil
	}
	folder := n.config.folder("custom")
	if err := writeFiles(folder, examples.CustomCode()); err != nil {
		return err
	}
	var registered struct {
		Job string `json:"job"`
	}
	err := n.supervisor.ask(ctx, "register-custom", &registered, "registerJob",
		filepath.Join(folder, "job_schema.proto"), "requested", "requested",
		"--home", n.config.folder(accountAdmin), "--name", customJobName, "--open", "10m", "--hiring", "5m", "--reveal", "1m", "--evaluation", "2m",
		"--source", sourceURL, "--commit", sourceCommit())
	if err != nil {
		return err
	}
	n.state.Custom = registered.Job
	return n.state.write(n.config.Home)
}

// registerJob registers the paper's example, once in the life of the network. A crash before the note of it leaves a job
// behind that nobody serves.
func (n *Network) registerJob(ctx context.Context) error {
	if n.state.Job != "" {
		return nil
	}
	folder := n.config.folder("job")
	if err := writeFiles(folder, examples.CalculateRoot()); err != nil {
		return err
	}
	var registered struct {
		Job string `json:"job"`
	}
	err := n.supervisor.ask(ctx, "register-job", &registered, "registerJob",
		filepath.Join(folder, "job_schema.proto"), filepath.Join(folder, "worker.py"), filepath.Join(folder, "evaluator.py"),
		"--home", n.config.folder(accountAdmin), "--name", jobName,
		"--source", sourceURL, "--commit", sourceCommit(), "--qualification-input", "{y: 2}")
	if err != nil {
		return err
	}
	n.state.Job = registered.Job
	return n.state.write(n.config.Home)
}

// sourceCommit is the commit that this program, and with it the example, was built from.
func sourceCommit() string {
	if version.Commit != "" {
		return version.Commit
	}
	return "unknown"
}

// writeFiles copies files into a folder.
func writeFiles(folder string, files fs.FS) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	return fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(folder, name), content, 0o600)
	})
}
