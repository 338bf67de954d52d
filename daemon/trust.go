package daemon

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// Which releases an owner's policy takes, all of them signed by their job's admin.
const (
	// ReleasesAny: what the admin has signed.
	ReleasesAny = "any"
	// ReleasesAttested: what a trusted builder says it has built from public source, too.
	ReleasesAttested = "attested"
	// ReleasesListed: programs that the owner names by their digest.
	ReleasesListed = "listed"
)

func (p Policy) validateReleases() error {
	switch p.Releases {
	case "", ReleasesAny, ReleasesAttested, ReleasesListed:
	default:
		return fmt.Errorf("policy.releases %q: use %s, %s or %s", p.Releases, ReleasesAny, ReleasesAttested, ReleasesListed)
	}
	if len(p.Builders) > 0 && p.Releases != ReleasesAttested {
		return fmt.Errorf("policy.builders names %d, but policy.releases is not %s", len(p.Builders), ReleasesAttested)
	}
	if listed := p.Releases == ReleasesListed; listed != (len(p.Programs) > 0) {
		return fmt.Errorf("policy.programs names %d digests: name them where policy.releases is %s, and only there", len(p.Programs), ReleasesListed)
	}
	for _, builder := range p.Builders {
		if err := validateAddress("policy.builders", builder); err != nil {
			return err
		}
	}
	for _, digest := range p.Programs {
		if _, err := jobstypes.ParseDigest(digest); err != nil {
			return fmt.Errorf("policy.programs %q: want sha256: and 64 lower-case hex digits", digest)
		}
	}
	return nil
}

// takes says in words which releases are run.
func (p Policy) takes() string {
	switch p.Releases {
	case ReleasesListed:
		return fmt.Sprintf("%d programs that are listed", len(p.Programs))
	case ReleasesAttested:
		if len(p.Builders) > 0 {
			return fmt.Sprintf("attested by one of %d builders that are named", len(p.Builders))
		}
		return "attested by one of the chain's builders"
	}
	return "any that the job's admin has signed"
}

// Refuses says why nothing new is begun with a release; empty: it is. What was accepted before is brought to its end,
// unless the release was revoked.
func (p *Programs) Refuses(ctx context.Context, releaseID uint64) (why string, err error) {
	if releaseID == 0 {
		return "", nil // nobody evaluates
	}
	published, err := p.Catalog.Release(ctx, releaseID)
	if err != nil {
		return "", err
	}
	if published.Revoked {
		return ErrRevoked.Error(), nil
	}
	if published.Spec.ExpiresMs != 0 {
		left, err := p.Clock.Left(ctx, published.Spec.ExpiresMs)
		if err != nil {
			return "", err
		}
		if left <= 0 {
			return fmt.Sprintf("the release has expired, %s ago", -left.Round(time.Second)), nil
		}
	}
	if why := p.withholdsAll(published.Spec.Programs()); why != "" {
		return why, nil
	}
	return p.distrusts(ctx, published.Spec)
}

// names says whether the owner's policy allows a program of a release: the list is of programs, all else is about releases.
func (p Policy) names(one program.Program) bool {
	return p.Releases != ReleasesListed || contains(p.Programs, one.Digest)
}

// distrusts holds a release against the owner's policy.
func (p *Programs) distrusts(ctx context.Context, spec jobstypes.ReleaseSpec) (why string, err error) {
	switch p.Policy.Releases {
	case ReleasesListed:
		if !slices.ContainsFunc(spec.Programs(), p.Policy.names) {
			return "policy.programs does not name " + spec.Program.Digest, nil
		}
	case ReleasesAttested:
		if spec.Provenance == nil {
			return "nobody says what it was built from, and policy.releases is " + ReleasesAttested, nil
		}
		builder := spec.Provenance.Signature.Signer
		if len(p.Policy.Builders) > 0 {
			if !contains(p.Policy.Builders, builder) {
				return "policy.builders does not name its builder " + builder, nil
			}
			return "", nil
		}
		trusted, err := p.Catalog.IsBuilder(ctx, builder)
		if err != nil {
			return "", err
		}
		if !trusted {
			return "its builder " + builder + " is not one of the chain's", nil
		}
	}
	return "", nil
}

// watchRevocation ends the returned context, with ErrRevoked as its cause, soon after the release was revoked.
func (p *Programs) watchRevocation(ctx context.Context, releaseID uint64) (context.Context, context.CancelFunc) {
	watched, cancel := context.WithCancelCause(ctx)
	go func() {
		ticker := time.NewTicker(revocationFresh)
		defer ticker.Stop()
		for {
			select {
			case <-watched.Done():
				return
			case <-ticker.C:
			}
			// A chain that does not answer has revoked nothing that we know of.
			if published, err := p.Catalog.ReleaseNow(watched, releaseID); err == nil && published.Revoked {
				cancel(ErrRevoked)
				return
			}
		}
	}()
	return watched, func() { cancel(nil) }
}
