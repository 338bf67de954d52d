package model

import "errors"

// Release is a program's version.
type Release struct {
	Role    string // WORKER or EVALUATOR
	Revoked bool
}

// newest is the last release of a role that is left; 0: none.
func (w *World) newest(role string) (id int) {
	for i, release := range w.Releases {
		if release.Role == role && !release.Revoked {
			id = i + 1
		}
	}
	return id
}

// Publish adds a release.
func (w *World) Publish(role string) { w.Releases = append(w.Releases, Release{Role: role}) }

// Revoke takes a release back. The block's end ends the requests that were made with it; nobody accepts before.
func (w *World) Revoke(id int) error {
	if w.Releases[id-1].Revoked {
		return errors.New("it is revoked already")
	}
	w.Releases[id-1].Revoked = true
	return nil
}

// isRevoked says whether a program of a request is.
func (w *World) isRevoked(r *Request) bool {
	return w.Releases[r.workerRelease-1].Revoked || r.evaluatorRelease > 0 && w.Releases[r.evaluatorRelease-1].Revoked
}

// endRevoked ends a request that cannot go on without its program: what is ranked stays ranked, and who reveals may do so.
func (w *World) endRevoked(r *Request) {
	if r.Outcome != "" || !w.isRevoked(r) {
		return
	}
	switch {
	case r.State == Ranked || r.State == Challenged:
	case r.State == Revealing:
		r.revoked = true
	case r.Revealed() > 0:
		w.over(r, Revoked)
	default:
		w.over(r, NoRelease)
	}
}
