package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ain-network/aind/sandbox/docker/layout"
)

func newImageCmd() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "image PROGRAM",
		Short: "Put a static program into an image that jobs can use",
		Long: `Put one static Linux program into an image from scratch, as an OCI layout in a tar file: what
registerJob and publishRelease take. It needs neither an engine nor a registry, and the same
program always gives the same image. Images of more than one file come from
docker buildx build --output type=oci.`,
		Example: `  aind image worker -o worker.tar   # built by CGO_ENABLED=0 GOOS=linux go build -o worker .
  aind publishRelease 0x1 worker.tar --version 1.1.0`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				out = strings.TrimSuffix(args[0], filepath.Ext(args[0])) + ".tar"
			}
			if err := writeImage(args[0], out); err != nil {
				return err
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), out)
			return err
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "file to write (default: the program's name with .tar)")
	return cmd
}

// writeImage leaves either nothing or all of an image.
func writeImage(program, out string) error {
	image, err := layout.FromBinary(program)
	if err != nil {
		return usageError{err}
	}
	file, err := os.CreateTemp(filepath.Dir(out), "*.partial")
	if err != nil {
		return err
	}
	err = layout.Write(file, image)
	if err := errors.Join(err, file.Chmod(0o644), file.Close()); err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return os.Rename(file.Name(), out)
}
