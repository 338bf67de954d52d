package types

import "fmt"

// validateCheckpoints checks that digests belong to workers of requests whose terms are by checkpoint, and that nothing else is
// drawn.
func (g GenesisState) validateCheckpoints() error {
	terms := make(map[[2]uint64]TermsSpec, len(g.Terms))
	for _, t := range g.Terms {
		terms[[2]uint64{t.JobId, t.Version}] = t.Spec
	}
	rules := make(map[uint64]TermsSpec, len(g.Requests))
	for _, r := range g.Requests {
		spec := terms[[2]uint64{r.Spec.JobId, r.TermsVersion}]
		rules[r.Id] = spec
		if n := len(r.Draw); n != 0 && (n != DigestSize || !spec.ByCheckpoint()) {
			return fmt.Errorf("genesis: request %d: draw of %d bytes; a request by checkpoint has %d, any other none", r.Id, n, DigestSize)
		}
	}
	places := make(map[string]bool, len(g.Assignments))
	for _, a := range g.Assignments {
		places[placeName(a.RequestId, a.Worker)] = true
	}
	seen := make(map[string]bool, len(g.Checkpoints))
	for _, c := range g.Checkpoints {
		key := placeName(c.RequestId, c.Worker)
		if seen[key] || !places[key] {
			return fmt.Errorf("genesis: checkpoints of %s in request %d: twice, or of no worker", c.Worker, c.RequestId)
		}
		seen[key] = true
		if err := (&MsgPublishCheckpoints{Digests: c.Digests}).Validate(rules[c.RequestId]); err != nil {
			return fmt.Errorf("genesis: checkpoints of %s in request %d: %w", c.Worker, c.RequestId, err)
		}
	}
	return nil
}
