package sandbox_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/sandbox/sandboxtest"
)

// counted is a sandbox that says who it is.
type counted struct {
	name   string
	closed int
}

func (c *counted) Supports(sandbox.Kind) bool                     { return true }
func (c *counted) Prepare(context.Context, sandbox.Program) error { return nil }
func (c *counted) Run(context.Context, sandbox.Run) (*sandbox.Result, error) {
	return &sandbox.Result{Output: []byte(c.name)}, nil
}
func (c *counted) Close() error { c.closed++; return errors.New(c.name) }

func TestEveryKindRunsInItsSandbox(t *testing.T) {
	modules, images := &counted{name: "modules"}, &counted{name: "images"}
	kinds := sandbox.Kinds{sandbox.KindWASM: modules, sandbox.KindScript: modules, sandbox.KindImage: images}
	for kind, want := range map[sandbox.Kind]string{sandbox.KindWASM: "modules", sandbox.KindScript: "modules", sandbox.KindImage: "images"} {
		require.NoError(t, kinds.Prepare(context.Background(), sandbox.Program{Kind: kind}))
		result, err := kinds.Run(context.Background(), sandbox.Run{Program: sandbox.Program{Kind: kind}})
		require.NoError(t, err)
		assert.Equal(t, want, string(result.Output))
	}
	assert.True(t, kinds.Supports(sandbox.KindImage))
	assert.False(t, kinds.Supports("exe"))
	_, err := kinds.Run(context.Background(), sandbox.Run{Program: sandbox.Program{Kind: "exe"}})
	require.ErrorIs(t, err, sandbox.ErrUnsupported)
	require.ErrorIs(t, kinds.Prepare(context.Background(), sandbox.Program{Kind: "exe"}), sandbox.ErrUnsupported)

	err = kinds.Close()
	require.ErrorContains(t, err, "modules")
	require.ErrorContains(t, err, "images")
	assert.Equal(t, []int{1, 1}, []int{modules.closed, images.closed}, "each once")
}

func TestANodeWithoutAnEngineRefusesImagesByName(t *testing.T) {
	box := sandboxtest.Open(t, sandboxtest.Config(t))
	p := sandbox.Program{Kind: sandbox.KindImage, File: "image.tar", Digest: "sha256:" + strings.Repeat("0", 64)}
	err := box.Prepare(context.Background(), p)
	require.ErrorIs(t, err, sandbox.ErrUnsupported)
	require.ErrorContains(t, err, "sandbox.docker.use")
}
