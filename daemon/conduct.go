package daemon

import (
	"fmt"
	"strconv"
	"time"

	"github.com/ain-network/aind/sandbox"
)

const (
	firstRest = 10 * time.Second
	mostRest  = time.Hour
)

// conduct is how a release's program has behaved on this machine.
type conduct struct {
	Failures int `json:"failures,omitempty"` // since the last success
	// RestUntil is when it may be accepted again, by this machine's date: it is the owner's rule, nobody else's.
	RestUntil time.Time `json:"rest_until,omitzero"`
	// TypicalMs is how long a run takes, on the long side; 0: never measured.
	TypicalMs int64  `json:"typical_ms,omitempty"`
	LastError string `json:"last_error,omitempty"`
}

func conductKey(releaseID uint64) string { return "conduct/" + strconv.FormatUint(releaseID, 10) }

// remember notes how a run went. Failures that are not the program's say nothing about it.
func (p *Programs) remember(releaseID uint64, result *sandbox.Result, err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var c conduct
	if _, err := p.Journal.Get(conductKey(releaseID), &c); err != nil {
		return err
	}
	switch {
	case err == nil:
		took := max(1, result.Wall.Milliseconds())
		c = conduct{TypicalMs: max(took, (7*c.TypicalMs+took)/8)}
	case IsProgramFault(err):
		rest := firstRest << min(c.Failures, 20)
		c.Failures++
		c.RestUntil = time.Now().Add(min(rest, mostRest))
		c.LastError = err.Error()
	default:
		return nil
	}
	return p.Journal.Put(conductKey(releaseID), c)
}

// Resting says why a release is left alone for now; empty: it is not.
func (p *Programs) Resting(releaseID uint64) (string, error) {
	var c conduct
	if _, err := p.Journal.Get(conductKey(releaseID), &c); err != nil {
		return "", err
	}
	if left := time.Until(c.RestUntil); left > 0 {
		return fmt.Sprintf("its program failed %d times in a row (%s), next try in %s", c.Failures, c.LastError, left.Round(time.Second)), nil
	}
	return "", nil
}

// Typical is how long a run of a release takes, on the long side; 0: not known.
func (p *Programs) Typical(releaseID uint64) (time.Duration, error) {
	var c conduct
	_, err := p.Journal.Get(conductKey(releaseID), &c)
	return time.Duration(c.TypicalMs) * time.Millisecond, err
}
