package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ain-network/aind/sandbox/docker/layout"
)

func newImageCmd() *cobra.Command {
	var out, arch string
	var env []string
	cmd := &cobra.Command{
		Use:   "image PROGRAM | FOLDER COMMAND...",
		Short: "Put a static program, or a folder, into an image that jobs can use",
		Long: `Put one static Linux program into an image from scratch, or a folder that is the root of a system
and the command to run in it, as an OCI layout in a tar file: what registerJob and publishRelease
take. It needs neither an engine nor a registry, and the same content always gives the same image.
Other images come from docker buildx build --output type=oci.`,
		Example: `  aind image worker -o worker.tar   # built by CGO_ENABLED=0 GOOS=linux go build -o worker .
  aind image root/ -o worker.tar -- /usr/bin/python3 /srv/worker.py
  aind publishRelease 0x1 worker.tar --version 1.1.0`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				out = strings.TrimSuffix(filepath.Clean(args[0]), filepath.Ext(args[0])) + ".tar"
			}
			image, err := packImage(args[0], arch, args[1:])
			if err != nil {
				return err
			}
			image.Config.Env = env
			if err := writeImage(image, out); err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), out)
			return err
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "file to write (default: the program's name with .tar)")
	cmd.Flags().StringArrayVar(&env, "env", nil, "NAME=value that the image sets; may be given again")
	cmd.Flags().StringVar(&arch, "arch", runtime.GOARCH, "processor that a folder's programs are for, in Go's words")
	return cmd
}

func packImage(path, arch string, command []string) (layout.Image, error) {
	info, err := os.Stat(path)
	if err != nil {
		return layout.Image{}, usageError{err}
	}
	var image layout.Image
	switch {
	case info.IsDir():
		image, err = layout.FromFolder(path, arch, command)
	case len(command) > 0:
		err = fmt.Errorf("%s is a program and its own command: leave %q out", path, command)
	default:
		image, err = layout.FromBinary(path)
	}
	if err != nil {
		return image, usageError{err}
	}
	return image, nil
}

// writeImage leaves either nothing or all of an image.
func writeImage(image layout.Image, out string) error {
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
