package console

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cosmossdk.io/math"
	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/daemon"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

const (
	flagFor   = "for"
	flagRead  = "read"
	flagWrite = "write"
	ruleHelp  = "owner, everybody, participants (of requests that name the content), job:0x1 (its nodes), or accounts: ain1…,ain1…"
)

func newStorage(s *Session) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "storage",
		Short: "Reserve storage, put content into it, and say who may read it",
		Long: `Storage is reserved from a provider in spaces: of one size, for some time, paid for in advance.
What is not used of the time comes back when a space is released. Two rules say who besides
its owner may read a space and who may write it. Content is named by its digest, ain://7/sha256:…,
and by the names that the space's owner gives it, ain://7/photos/cat.jpg; whoever fetches it checks
every byte.`,
		Example: `  aind storage reserve 10GiB --for 30d
  aind storage put photos ain://7/photos
  aind storage get ain://7/photos photos`,
	}
	cmd.AddCommand(
		newReserve(s), newExtend(s), newRelease(s), newSpaces(s), newGrants(s), newPut(s), newGet(s), newLs(s), newRm(s), newProviders(s), newOffer(s),
	)
	return cmd
}

// subcommands are what of a verb does something: itself, or those below it.
func subcommands(cmd *cobra.Command) []*cobra.Command {
	if !cmd.HasSubCommands() {
		return []*cobra.Command{cmd}
	}
	var all []*cobra.Command
	for _, child := range cmd.Commands() {
		all = append(all, subcommands(child)...)
	}
	return all
}

// spaceOutput is a space as JSON. Amounts are uain, times unix milliseconds of the chain clock.
type spaceOutput struct {
	Space     uint64 `json:"space,string"`
	Owner     string `json:"owner"`
	Provider  string `json:"provider"`
	Endpoint  string `json:"endpoint,omitempty"`
	Size      uint64 `json:"size_bytes,string"`
	ExpiresMs int64  `json:"expires_ms,string"`
	KeptMs    int64  `json:"keep_until_ms,string,omitempty"`
	Read      string `json:"read"`
	Write     string `json:"write"`
	Unpaid    string `json:"held_uain"`
	Folder    uint64 `json:"folder_version,string,omitempty"`
}

func newSpaceOutput(space storagetypes.Space) spaceOutput {
	return spaceOutput{
		Space: space.Id, Owner: space.Owner, Provider: space.Provider, Size: space.SizeBytes, ExpiresMs: space.ExpiresMs, KeptMs: space.KeepUntilMs,
		Read: ruleText(space.Read), Write: ruleText(space.Write), Unpaid: space.Unpaid().String(), Folder: space.Folder.Version,
	}
}

// parseSpace reads a space's number, as 7 or ain://7.
func parseSpace(text string) (uint64, error) {
	place, err := parsePlace(text)
	if err != nil || !place.IsSpace() {
		return 0, badInputf("space: %q is no space's number (as in `aind storage spaces`)", text)
	}
	return place.Space, nil
}

// parseSpan reads a span of time, with days besides Go's units.
func parseSpan(flag, text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil && n > 0 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	span, err := time.ParseDuration(text)
	if err != nil || span < time.Millisecond {
		return 0, badInputf("%s: %q is no span of time (write 30d, 12h or 90m)", flag, text)
	}
	return span, nil
}

// parseRule reads an access rule; empty: none.
func (s *Session) parseRule(flag, text string) (storagetypes.AccessRule, error) {
	rule := storagetypes.AccessRule{}
	job, isJob := strings.CutPrefix(text, "job:")
	switch {
	case text == "" || text == "owner":
		rule.Kind = storagetypes.ACCESS_KIND_OWNER
	case text == "everybody":
		rule.Kind = storagetypes.ACCESS_KIND_EVERYBODY
	case text == "participants":
		rule.Kind = storagetypes.ACCESS_KIND_PARTICIPANTS
	case isJob:
		id, err := chain.ParseJobID(job)
		if err != nil {
			return rule, badInputf("%s: %w", flag, err)
		}
		rule.Kind, rule.JobId = storagetypes.ACCESS_KIND_JOB, id
	default:
		rule.Kind = storagetypes.ACCESS_KIND_LISTED
		for _, word := range strings.Split(text, ",") {
			account, err := s.address(flag, word)
			if err != nil {
				return rule, badInputf("%s: %q: write %s", flag, word, ruleHelp)
			}
			rule.Accounts = append(rule.Accounts, account.String())
		}
		slices.Sort(rule.Accounts)
		rule.Accounts = slices.Compact(rule.Accounts)
	}
	return rule, nil
}

// ruleText is a rule as parseRule reads it.
func ruleText(rule storagetypes.AccessRule) string {
	switch rule.Kind {
	case storagetypes.ACCESS_KIND_JOB:
		return "job:" + chain.FormatJobID(rule.JobId)
	case storagetypes.ACCESS_KIND_LISTED:
		return strings.Join(rule.Accounts, ",")
	case storagetypes.ACCESS_KIND_UNSPECIFIED:
		return "owner"
	}
	return enumName(rule.Kind.String(), "ACCESS_KIND_")
}

// until is a time of the chain clock for people.
func until(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04 MST") }

// formatSize is a size for people.
func formatSize(bytes uint64) string {
	for _, unit := range []struct {
		name  string
		bytes uint64
	}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if bytes >= unit.bytes {
			return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(bytes)/float64(unit.bytes)), ".0") + " " + unit.name
		}
	}
	return fmt.Sprintf("%d B", bytes)
}

// spaceCost is the cost of a space for a span at a price.
func spaceCost(size, price uint64, span time.Duration) math.Int {
	return storagetypes.Term{Price: price, UntilMs: span.Milliseconds()}.Cost(size)
}

// notFound says in the user's words that there is no such thing, and leaves other errors.
func notFound(err error, format string, args ...any) error {
	if client.IsNotFound(err) {
		return badInputf(format, args...)
	}
	return fmt.Errorf("ask the chain: %w", err)
}

// space asks the chain for one.
func (s *Session) space(ctx context.Context, id uint64) (storagetypes.Space, error) {
	connected, err := s.connected(ctx)
	if err != nil {
		return storagetypes.Space{}, err
	}
	res, err := connected.Storage().Space(ctx, &storagetypes.QuerySpaceRequest{Space: id})
	if err != nil {
		return storagetypes.Space{}, notFound(err, "space: there is no space %d, or no longer (see `aind storage spaces`)", id)
	}
	return res.Space, nil
}

// provider asks the chain for one.
func (s *Session) provider(ctx context.Context, address string) (storagetypes.Provider, error) {
	res, err := s.chain.Storage().Provider(ctx, &storagetypes.QueryProviderRequest{Provider: address})
	if err != nil {
		return storagetypes.Provider{}, notFound(err, "provider: %s is none (see `aind storage providers`)", address)
	}
	return res.Provider, nil
}

// providers lists them all, the cheapest first.
func (s *Session) providers(ctx context.Context) ([]storagetypes.Provider, error) {
	var all []storagetypes.Provider
	page := &query.PageRequest{Limit: 100}
	for {
		res, err := s.chain.Storage().Providers(ctx, &storagetypes.QueryProvidersRequest{Pagination: page})
		if err != nil {
			return nil, fmt.Errorf("ask for providers: %w", err)
		}
		all = append(all, res.Providers...)
		if res.Pagination == nil || len(res.Pagination.NextKey) == 0 {
			break
		}
		page = &query.PageRequest{Key: res.Pagination.NextKey, Limit: 100}
	}
	slices.SortStableFunc(all, func(a, b storagetypes.Provider) int {
		switch {
		case a.Price != b.Price && a.Price < b.Price:
			return -1
		case a.Price != b.Price:
			return 1
		}
		return strings.Compare(a.Owner, b.Owner)
	})
	return all, nil
}

// readSize reads a size as the daemons' files have it.
func readSize(field, text string) (uint64, error) {
	if tebi, ok := strings.CutSuffix(text, "TiB"); ok {
		if n, err := strconv.ParseUint(tebi, 10, 16); err == nil {
			return n << 40, nil
		}
	}
	size, err := daemon.ParseBytes(text)
	if err != nil {
		return 0, badInputf("%s: %w", field, err)
	}
	return uint64(size), nil
}
