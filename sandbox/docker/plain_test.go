package docker_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/sandbox/sandboxtest"
)

func TestPlainImages(t *testing.T) {
	box := sandboxtest.OpenDocker(t, sandboxtest.DockerConfig(t))
	image := sandboxtest.Image(t, sandboxtest.BuildLinux(t, sandboxtest.PlainProbe))
	image.Config.Cmd = []string{"3", "of the image"}
	p := sandboxtest.PlainProgram(t, sandbox.KindImage, sandboxtest.WriteImage(t, image))
	sandboxtest.RunPlain(t, box, p)

	run := sandbox.Run{Program: p, OutDir: t.TempDir()}
	result, err := box.Run(context.Background(), run)
	require.NoError(t, err)
	assert.Equal(t, "3,of the image||", string(result.Output), "without arguments the image's own")
	assert.Equal(t, 3, result.ExitStatus)

	run.Program.EntryPoint, run.Args, run.OutDir = "/program", []string{"4"}, t.TempDir()
	result, err = box.Run(context.Background(), run)
	require.NoError(t, err)
	assert.Equal(t, "4||", string(result.Output))

	run.OutDir, run.Args = t.TempDir(), []string{"no number"}
	result, err = box.Run(context.Background(), run)
	require.NoError(t, err)
	assert.Equal(t, 2, result.ExitStatus, "a panic")
	assert.Contains(t, string(result.Log), "no number")
}
