package docker_test

import (
	"testing"

	"github.com/ain-network/aind/sandbox/sandboxtest"
)

func TestImagesKeepTheContract(t *testing.T) {
	sandboxtest.Suite(t, sandboxtest.Fixture{
		Sandbox: sandboxtest.OpenDocker(t, sandboxtest.DockerConfig(t)), Probe: sandboxtest.ImageProbe(t), Native: true,
	})
}
