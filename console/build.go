package console

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ain-network/aind/builder"
	"github.com/ain-network/aind/release"
)

func newBuild(s *Session) *cobra.Command {
	var o builder.Order
	var out string
	cmd := &cobra.Command{
		Use:   "build URL",
		Short: "Build a job's program from its public source, and sign where it comes from",
		Long: `Build a program as anybody can build it again: a clean checkout of one commit of a git
repository, Go modules by the checksums of go.sum, and a compiler in a container without a
network. The recipe in the repository, ain-build.yaml, names the targets:

  targets:
    worker:
      kind: go-wasm        # or go-image, or script
      package: ./worker    # of the Go module in folder; a script has a file instead

Beside the program you get its attestation, signed with your key: what registerJob and
publishRelease take with --attestation. It needs git, Go, and a Docker engine for Go programs.`,
		Example: `  aind build https://example.org/roots.git --commit 0123456789abcdef0123456789abcdef01234567 --target worker --twice`,
		Args:    cobra.ExactArgs(1),
		RunE: runs(func(ctx context.Context, args []string) error {
			o.SourceURL = args[0]
			return s.build(ctx, o, out)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Commit, "commit", "", "whole hash of the commit")
	flags.StringVar(&o.Recipe, "recipe", builder.RecipeFile, "path of the recipe in the repository")
	flags.StringVar(&o.Target, "target", "worker", "target of the recipe")
	flags.BoolVar(&o.Twice, "twice", false, "build it a second time, from a second checkout, and refuse it if it differs")
	flags.StringVar(&o.Go, "go", "", "folder of the Go toolchain; empty: that of the go command")
	flags.StringVar(&o.Engine, "docker-host", "", "address of the Docker engine; empty: that of the environment")
	flags.StringVarP(&out, "out", "o", "", "file to write; empty: the target's name. The attestation's name ends in .dsse.json")
	return cmd
}

type buildOutput struct {
	Program     string `json:"program"`
	Digest      string `json:"digest"`
	Size        int    `json:"size"`
	Attestation string `json:"attestation"`
	Builder     string `json:"builder"`
	Toolchain   string `json:"toolchain"`
}

func (s *Session) build(ctx context.Context, o builder.Order, out string) error {
	key, err := s.signer()
	if err != nil {
		return err
	}
	o.Progress = s.progress
	built, err := builder.Build(ctx, o)
	if err != nil {
		return buildError(err)
	}
	attestation, err := release.Attest(ctx, key, built.Digest, built.Provenance)
	if err != nil {
		return err
	}
	envelope, err := attestation.Envelope()
	if err != nil {
		return err
	}
	if out == "" {
		out = o.Target + built.Extension
	}
	beside := out + ".dsse.json"
	if err := writeWhole(out, built.Program); err != nil {
		return err
	}
	if err := writeWhole(beside, envelope); err != nil {
		return err
	}
	answer := buildOutput{
		Program: out, Digest: built.Digest, Size: len(built.Program), Attestation: beside, Builder: key.Address().String(),
		Toolchain: built.Provenance.Toolchain,
	}
	return s.print(answer, "Built "+out+", "+built.Digest+".", "Its attestation, signed by "+answer.Builder+", is "+beside+".")
}

// buildError marks what the user, or the recipe, has to change.
func buildError(err error) error {
	for _, wrong := range []error{builder.ErrSource, builder.ErrRecipe, builder.ErrToolchain} {
		if errors.Is(err, wrong) {
			return badInput(err)
		}
	}
	return err
}

// writeWhole leaves either nothing or all of a file.
func writeWhole(file string, content []byte) error {
	partial, err := os.CreateTemp(filepath.Dir(file), "*.partial")
	if err != nil {
		return err
	}
	_, err = partial.Write(content)
	if err := errors.Join(err, partial.Chmod(0o644), partial.Close()); err != nil {
		return errors.Join(err, os.Remove(partial.Name()))
	}
	return os.Rename(partial.Name(), file)
}
