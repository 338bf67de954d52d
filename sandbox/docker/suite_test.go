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

// A program that serves calls, in containers that go from one case to the next.
func TestImagesThatSpeakGRPCKeepTheContract(t *testing.T) {
	sandboxtest.Suite(t, sandboxtest.Fixture{
		Sandbox: sandboxtest.OpenDocker(t, sandboxtest.DockerConfig(t)), Probe: sandboxtest.ServingProbe(t), Native: true,
		Variables: []string{"AIN_PROGRAM_SOCKET=/ain/run/program.sock"},
	})
}
