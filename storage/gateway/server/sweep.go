package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ain-network/aind/storage/gateway"
	"github.com/ain-network/aind/storage/s3"
)

// Run sweeps until ctx ends, and audits first: a gateway that is often started does so, too.
func (s *Server) Run(ctx context.Context) {
	sweep, audit := time.NewTicker(s.cfg.SweepEvery), time.NewTicker(s.cfg.AuditEvery)
	defer sweep.Stop()
	defer audit.Stop()
	for look := s.Audit; ; {
		if err := look(ctx); err != nil && ctx.Err() == nil {
			s.cfg.Log.Warn("sweep", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-sweep.C:
			look = s.Sweep
		case <-audit.C:
			look = s.Audit
		}
	}
}

// Sweep ends uploads whose time is over, and removes objects that nothing holds any more.
func (s *Server) Sweep(ctx context.Context) error {
	for {
		ended, err := s.index.expire(s.ms())
		if err != nil {
			return fmt.Errorf("end uploads: %w", err)
		}
		if ended < batch {
			break
		}
	}
	for {
		keys, err := s.index.doomed()
		if err != nil {
			return fmt.Errorf("list what is to go: %w", err)
		}
		var errs []error // one object that cannot be removed is not in the way of the others
		for _, key := range keys {
			errs = append(errs, s.bury(ctx, key))
		}
		if err := errors.Join(errs...); err != nil {
			return fmt.Errorf("remove content: %w", err)
		}
		if len(keys) < batch {
			return nil
		}
	}
}

// bury removes the object of content that was taken away, unless somebody has it or is about to send it again.
func (s *Server) bury(ctx context.Context, key []byte) error {
	space, digest := content(key)
	defer s.lock(space, digest)()
	held, err := s.index.held(space, digest)
	if err != nil {
		return err
	}
	if !held {
		if err := shelf(s.cfg.Store, space).Delete(ctx, digest); err != nil {
			return err
		}
	}
	return s.index.buried(key)
}

// Audit looks at every space that has anything and at every object: what has expired goes, and what nothing holds.
func (s *Server) Audit(ctx context.Context) error {
	return errors.Join(s.auditSpaces(ctx), s.Sweep(ctx), s.auditObjects(ctx), s.auditUploads(ctx))
}

func (s *Server) auditSpaces(ctx context.Context) error {
	ids, err := s.index.spaces()
	if err != nil {
		return fmt.Errorf("list spaces: %w", err)
	}
	for _, id := range ids {
		over, err := s.over(ctx, id)
		if errors.Is(err, gateway.ErrLedger) {
			return fmt.Errorf("ask about space %d: %w", id, err) // the others will not be answered either
		}
		if err != nil {
			return err
		}
		for more := over; more; {
			if more, err = s.index.dropSpace(id); err != nil {
				return fmt.Errorf("remove space %d: %w", id, err)
			}
		}
		if over {
			s.cfg.Log.Info("space removed", "space", id)
		}
	}
	return nil
}

// over says whether a space's content is to go: when it has expired and nobody needs it, or when the chain has not known
// it, or not as ours, all the time of the grace.
func (s *Server) over(ctx context.Context, id uint64) (bool, error) {
	space, err := s.cfg.Ledger.Space(ctx, id)
	if err != nil && !errors.Is(err, gateway.ErrNoSpace) {
		return false, err
	}
	if err != nil || space.Provider != s.cfg.Provider {
		since, err := s.index.missing(id, s.ms())
		return err == nil && s.ms()-since >= s.cfg.Grace.Milliseconds(), err
	}
	if err := s.index.known(id); err != nil {
		return false, err
	}
	return space.NowMs >= max(space.ExpiresMs, space.KeepUntilMs)+s.cfg.Grace.Milliseconds(), nil
}

// auditObjects removes objects that no space holds and that are not young: a crash, or a presigned PUT that was used once
// more, leaves such.
func (s *Server) auditObjects(ctx context.Context) error {
	before := s.cfg.Now().Add(-s.cfg.Grace)
	return s.cfg.Store.Shelf(spacesPrefix).Objects(ctx, func(o s3.Object) error {
		space, digest, ok := parseKey(o.Key)
		if !ok || !o.Changed.Before(before) {
			return nil
		}
		held, err := s.index.held(space, digest)
		if err != nil || held {
			return err
		}
		return s.bury(ctx, contentKey(space, digest)) // looks again, under the lock
	})
}

func (s *Server) auditUploads(ctx context.Context) error {
	_, err := s.cfg.Store.Shelf(spacesPrefix).AbortUploads(ctx, s.cfg.Now().Add(-s.cfg.Grace))
	return err
}
