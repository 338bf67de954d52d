package console

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/ain-network/aind/chain"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

func newReserve(s *Session) *cobra.Command {
	var span, provider, read, write string
	cmd := &cobra.Command{
		Use:   "reserve SIZE",
		Short: "Reserve a space, and pay for it",
		Long: `Reserve a space of a size, for some time, from the cheapest provider that has the room, or from
the one you name. It is paid for in advance; the provider earns it as time passes.`,
		Example: `  aind storage reserve 10GiB --for 30d
  aind storage reserve 1GiB --for 12h --read participants --write job:0x1`,
		Args: cobra.ExactArgs(1),
		RunE: runs(func(ctx context.Context, args []string) error {
			return s.reserve(ctx, args[0], span, provider, read, write)
		}),
	}
	cmd.Flags().StringVar(&span, flagFor, "30d", "for how long: 30d, 12h, 90m")
	cmd.Flags().StringVar(&provider, "provider", "", "address of the provider; empty: the cheapest that has the room")
	cmd.Flags().StringVar(&read, flagRead, "owner", "who may read: "+ruleHelp)
	cmd.Flags().StringVar(&write, flagWrite, "owner", "who may write: owner, job:0x1 or accounts")
	return cmd
}

func (s *Session) reserve(ctx context.Context, sizeText, spanText, provider, read, write string) error {
	size, err := readSize("size", sizeText)
	if err != nil {
		return err
	}
	span, err := parseSpan(flagFor, spanText)
	if err != nil {
		return err
	}
	msg := &storagetypes.MsgReserveSpace{SizeBytes: size, DurationMs: uint64(span.Milliseconds())}
	if msg.Read, err = s.parseRule(flagRead, read); err != nil {
		return err
	}
	if msg.Write, err = s.parseRule(flagWrite, write); err != nil {
		return err
	}
	connected, key, err := s.chainAndKey(ctx)
	if err != nil {
		return err
	}
	from, err := s.chooseProvider(ctx, provider, size)
	if err != nil {
		return err
	}
	msg.Signer, msg.Provider, msg.MaxPrice = key.Address().String(), from.Owner, from.Price
	price := spaceCost(size, from.Price, span)
	if owner, err := s.owner(ctx); err != nil {
		return err
	} else if owner == msg.Signer {
		if err := s.canPay(ctx, "size", msg.Signer, price); err != nil {
			return err
		}
	}
	receipt, err := connected.Do(ctx, key, msg)
	if err != nil {
		return err
	}
	var reserved storagetypes.MsgReserveSpaceResponse
	if err := receipt.Response(0, &reserved); err != nil {
		return err
	}
	space, err := s.space(ctx, reserved.Space)
	if err != nil {
		return err
	}
	out := newSpaceOutput(space)
	out.Endpoint = from.Endpoint
	return s.print(out, fmt.Sprintf("Space %d: %s at %s until %s, for %s AIN.",
		space.Id, formatSize(space.SizeBytes), from.Endpoint, until(space.ExpiresMs), chain.FormatAmount(price)))
}

// chooseProvider is the one named, or the cheapest that has the room.
func (s *Session) chooseProvider(ctx context.Context, named string, size uint64) (storagetypes.Provider, error) {
	if named != "" {
		address, err := s.address("provider", named)
		if err != nil {
			return storagetypes.Provider{}, err
		}
		return s.provider(ctx, address.String())
	}
	all, err := s.providers(ctx)
	if err != nil {
		return storagetypes.Provider{}, err
	}
	for _, p := range all {
		if !p.Closed && p.CapacityBytes-p.ReservedBytes >= size {
			return p, nil
		}
	}
	return storagetypes.Provider{}, badInputf("size: no provider has %s (see `aind storage providers`)", formatSize(size))
}

func newExtend(s *Session) *cobra.Command {
	var span string
	cmd := &cobra.Command{
		Use:     "extend SPACE",
		Short:   "Pay for a space longer",
		Long:    "Pay for a space longer than it was paid for, at its provider's present price.",
		Example: "  aind storage extend 7 --for 30d",
		Args:    cobra.ExactArgs(1),
		RunE:    runs(func(ctx context.Context, args []string) error { return s.extend(ctx, args[0], span) }),
	}
	cmd.Flags().StringVar(&span, flagFor, "30d", "for how much longer: 30d, 12h, 90m")
	return cmd
}

func (s *Session) extend(ctx context.Context, text, spanText string) error {
	id, err := parseSpace(text)
	if err != nil {
		return err
	}
	span, err := parseSpan(flagFor, spanText)
	if err != nil {
		return err
	}
	connected, key, err := s.chainAndKey(ctx)
	if err != nil {
		return err
	}
	space, err := s.space(ctx, id)
	if err != nil {
		return err
	}
	from, err := s.provider(ctx, space.Provider)
	if err != nil {
		return err
	}
	msg := &storagetypes.MsgExtendSpace{
		Signer: key.Address().String(), Space: id, DurationMs: uint64(span.Milliseconds()), MaxPrice: from.Price,
	}
	if _, err := connected.Do(ctx, key, msg); err != nil {
		return err
	}
	return s.showSpace(ctx, id, "Space %d is yours until %s.")
}

// showSpace prints what a space is now; format takes its number and expiry.
func (s *Session) showSpace(ctx context.Context, id uint64, format string) error {
	space, err := s.space(ctx, id)
	if err != nil {
		return err
	}
	return s.print(newSpaceOutput(space), fmt.Sprintf(format, id, until(space.ExpiresMs)))
}

func newRelease(s *Session) *cobra.Command {
	return &cobra.Command{
		Use:   "release SPACE",
		Short: "Give a space back, with all that is in it",
		Long: `Give a space back: what was paid for the time to come comes back, and what is in it goes. What
requests need of it stays as long as they need it.`,
		Example: "  aind storage release 7",
		Args:    cobra.ExactArgs(1),
		RunE: runs(func(ctx context.Context, args []string) error {
			id, err := parseSpace(args[0])
			if err != nil {
				return err
			}
			connected, key, err := s.chainAndKey(ctx)
			if err != nil {
				return err
			}
			if _, err := s.space(ctx, id); err != nil {
				return err
			}
			if _, err := connected.Do(ctx, key, &storagetypes.MsgReleaseSpace{Signer: key.Address().String(), Space: id}); err != nil {
				return err
			}
			return s.print(releasedOutput{Space: id}, fmt.Sprintf("Released space %d.", id))
		}),
	}
}

type releasedOutput struct {
	Space uint64 `json:"space,string"`
}

func newSpaces(s *Session) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "spaces [ACCOUNT]",
		Short: "List spaces",
		Long:  "List the spaces of an account, yours without one, or of everybody with --all.",
		Example: `  aind storage spaces
  aind storage spaces --all`,
		Args: cobra.MaximumNArgs(1),
	}
	cmd.Flags().BoolVar(&all, "all", false, "those of everybody")
	cmd.RunE = runs(func(ctx context.Context, args []string) error {
		owner := ""
		if all && len(args) > 0 {
			return badInputf("all: an account is given, too: leave one out")
		}
		if _, err := s.connected(ctx); err != nil {
			return err
		}
		if len(args) == 1 {
			address, err := s.address("account", args[0])
			if err != nil {
				return err
			}
			owner = address.String()
		} else if !all {
			var err error
			if owner, err = s.owner(ctx); err != nil {
				return err
			}
		}
		return s.listSpaces(ctx, owner)
	})
	return cmd
}

func (s *Session) listSpaces(ctx context.Context, owner string) error {
	out := []spaceOutput{}
	rows := [][]string{{"SPACE", "SIZE", "UNTIL", "READ", "WRITE", "OWNER"}}
	page := &query.PageRequest{Limit: 100}
	for {
		res, err := s.chain.Storage().Spaces(ctx, &storagetypes.QuerySpacesRequest{Owner: owner, Pagination: page})
		if err != nil {
			return fmt.Errorf("ask for spaces: %w", err)
		}
		for _, space := range res.Spaces {
			o := newSpaceOutput(space)
			out = append(out, o)
			rows = append(rows, []string{fmt.Sprint(space.Id), formatSize(space.SizeBytes), until(space.ExpiresMs), o.Read, o.Write, space.Owner})
		}
		if res.Pagination == nil || len(res.Pagination.NextKey) == 0 {
			break
		}
		page = &query.PageRequest{Key: res.Pagination.NextKey, Limit: 100}
	}
	if len(out) == 0 {
		return s.print(out, "No spaces (reserve one with `aind storage reserve`).")
	}
	return s.print(out, table(rows...)...)
}

func newGrants(s *Session) *cobra.Command {
	var read, write string
	cmd := &cobra.Command{
		Use:   "grants SPACE",
		Short: "Show or set who may read and write a space",
		Long: `Show who besides its owner may read a space and who may write it, or set it. Whoever may read
all of a space may list it; participants read what their request names, and list nothing.`,
		Example: `  aind storage grants 7
  aind storage grants 7 --read participants
  aind storage grants 7 --write job:0x1`,
		Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&read, flagRead, "", "who may read from now on: "+ruleHelp)
	cmd.Flags().StringVar(&write, flagWrite, "", "who may write from now on: owner, job:0x1 or accounts")
	cmd.RunE = runs(func(ctx context.Context, args []string) error { return s.grants(ctx, args[0], read, write) })
	return cmd
}

func (s *Session) grants(ctx context.Context, text, read, write string) error {
	id, err := parseSpace(text)
	if err != nil {
		return err
	}
	space, err := s.space(ctx, id)
	if err != nil {
		return err
	}
	if read == "" && write == "" {
		o := newSpaceOutput(space)
		return s.print(o, "read   "+o.Read, "write  "+o.Write)
	}
	msg := &storagetypes.MsgSetAccess{Space: id, Read: space.Read, Write: space.Write}
	if read != "" {
		if msg.Read, err = s.parseRule(flagRead, read); err != nil {
			return err
		}
	}
	if write != "" {
		if msg.Write, err = s.parseRule(flagWrite, write); err != nil {
			return err
		}
	}
	connected, key, err := s.chainAndKey(ctx)
	if err != nil {
		return err
	}
	msg.Signer = key.Address().String()
	if _, err := connected.Do(ctx, key, msg); err != nil {
		return err
	}
	if space, err = s.space(ctx, id); err != nil {
		return err
	}
	o := newSpaceOutput(space)
	return s.print(o, "read   "+o.Read, "write  "+o.Write)
}

// providerOutput is a provider as JSON.
type providerOutput struct {
	Provider string `json:"provider"`
	Endpoint string `json:"endpoint"`
	Price    uint64 `json:"price_uain_per_gib_hour,string"`
	Capacity uint64 `json:"capacity_bytes,string"`
	Reserved uint64 `json:"reserved_bytes,string"`
	Closed   bool   `json:"closed"`
}

func newProviders(s *Session) *cobra.Command {
	return &cobra.Command{
		Use:     "providers",
		Short:   "List who offers storage, the cheapest first",
		Example: "  aind storage providers",
		Args:    cobra.NoArgs,
		RunE: runs(func(ctx context.Context, _ []string) error {
			if _, err := s.connected(ctx); err != nil {
				return err
			}
			all, err := s.providers(ctx)
			if err != nil {
				return err
			}
			out := []providerOutput{}
			rows := [][]string{{"PROVIDER", "UAIN PER GIB-HOUR", "FREE", "OF", "ENDPOINT"}}
			for _, p := range all {
				out = append(out, providerOutput{p.Owner, p.Endpoint, p.Price, p.CapacityBytes, p.ReservedBytes, p.Closed})
				free := formatSize(p.CapacityBytes - p.ReservedBytes)
				if p.Closed {
					free = "closed"
				}
				rows = append(rows, []string{p.Owner, fmt.Sprint(p.Price), free, formatSize(p.CapacityBytes), p.Endpoint})
			}
			if len(out) == 0 {
				return s.print(out, "Nobody offers storage (`aind storage offer`).")
			}
			return s.print(out, table(rows...)...)
		}),
	}
}

func newOffer(s *Session) *cobra.Command {
	var price, capacity string
	var closed bool
	cmd := &cobra.Command{
		Use:   "offer ENDPOINT",
		Short: "Offer storage as a provider, or change the offer",
		Long: `Offer storage at the address of a gateway (` + "`aind store`" + ` runs one). Spaces that are reserved already
keep their price; --closed takes no new ones.`,
		Example: "  aind storage offer https://store.example.org --price 100uain --capacity 2TiB",
		Args:    cobra.ExactArgs(1),
		RunE: runs(func(ctx context.Context, args []string) error {
			amount, err := parseAmount("price", price)
			if err != nil {
				return err
			}
			if !amount.Amount.IsUint64() {
				return badInputf("price: %s is too much", price)
			}
			msg := &storagetypes.MsgRegisterProvider{Endpoint: args[0], Price: amount.Amount.Uint64(), Closed: closed}
			if msg.CapacityBytes, err = readSize("capacity", capacity); err != nil {
				return err
			}
			connected, key, err := s.chainAndKey(ctx)
			if err != nil {
				return err
			}
			msg.Signer = key.Address().String()
			if _, err := connected.Do(ctx, key, msg); err != nil {
				return err
			}
			owner, err := s.owner(ctx)
			if err != nil {
				return err
			}
			return s.print(providerOutput{Provider: owner, Endpoint: msg.Endpoint, Price: msg.Price, Capacity: msg.CapacityBytes, Closed: closed},
				fmt.Sprintf("%s offers %s at %s for %d uain per GiB-hour.", owner, formatSize(msg.CapacityBytes), msg.Endpoint, msg.Price))
		}),
	}
	cmd.Flags().StringVar(&price, "price", "0", "of a GiB for an hour; a bare number is AIN, 10uain is exact")
	cmd.Flags().StringVar(&capacity, "capacity", "100GiB", "how much may be reserved in all")
	cmd.Flags().BoolVar(&closed, "closed", false, "take no new reservations and extensions")
	return cmd
}
