package worker

import (
	"fmt"

	"github.com/ain-network/aind/daemon"
)

// Config is what the owner of a worker decides.
type Config struct {
	daemon.Config `yaml:",inline"`
	// Concede says when the worker gives up its right to challenge a ranking, so that the request can be settled before
	// the window ends: satisfied: only if the ranking names it as valid, or always. Empty: satisfied.
	Concede Concede `yaml:"concede"`
}

// Concede is a policy.
type Concede string

// The policies.
const (
	ConcedeAlways    Concede = "always"
	ConcedeSatisfied Concede = "satisfied"
)

// Validate names the field that is wrong, and the fix.
func (c Config) Validate() error {
	switch c.Concede {
	case "", ConcedeAlways, ConcedeSatisfied:
	default:
		return fmt.Errorf("concede %q: use %s or %s", c.Concede, ConcedeAlways, ConcedeSatisfied)
	}
	return c.Config.WithDefaults().Validate()
}
