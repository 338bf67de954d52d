package types

import "fmt"

// validateGrants checks that keys were granted to participants of requests that grant
// keys, that workers and their requests know of it, and that only a phase that needs
// keys waits for them.
func (g GenesisState) validateGrants() error {
	requests := make(map[uint64]Request, len(g.Requests))
	for _, r := range g.Requests {
		if r.AwaitingKeys && !r.mayAwaitKeys() {
			return fmt.Errorf("genesis: request %d: awaiting_keys, but it is %s and needs none", r.Id, r.State)
		}
		requests[r.Id] = r
	}
	granted := map[string]int64{}
	for _, grant := range g.Grants {
		r, known := requests[grant.RequestId]
		key := placeName(grant.RequestId, grant.Account)
		if _, twice := granted[key]; twice || !known || !r.Spec.JudgesNeedKeys() || len(grant.Key) == 0 || grant.GrantedMs == 0 {
			return fmt.Errorf("genesis: key of %s in request %d: twice, empty, without a time, or of no request that grants keys", grant.Account, grant.RequestId)
		}
		granted[key] = grant.GrantedMs
	}
	holders := map[uint64]uint32{}
	for _, a := range g.Assignments {
		if at := granted[placeName(a.RequestId, a.Worker)]; at != a.GrantedMs {
			return fmt.Errorf("genesis: assignment of %s to request %d: granted_ms %d, its key says %d", a.Worker, a.RequestId, a.GrantedMs, at)
		}
		if a.HasKey() && !a.Resigned {
			holders[a.RequestId]++
		}
	}
	for _, r := range g.Requests {
		if have := holders[r.Id]; have != r.Granted {
			return fmt.Errorf("genesis: request %d: %d workers have keys, granted says %d", r.Id, have, r.Granted)
		}
	}
	return nil
}

// mayAwaitKeys tells whether the present phase is one that could wait for keys.
func (r Request) mayAwaitKeys() bool {
	switch r.State {
	case REQUEST_STATE_RUNNING:
		return r.ClosedMs != 0 && r.GrantedMs == 0 && r.Spec.WorkersNeedKeys()
	case REQUEST_STATE_EVALUATING:
		return r.EvaluatingMs == 0 && r.Spec.JudgesNeedKeys()
	case REQUEST_STATE_CHALLENGED:
		return r.Spec.JudgesNeedKeys()
	}
	return false
}

func placeName(request uint64, account string) string { return fmt.Sprintf("%d/%s", request, account) }
