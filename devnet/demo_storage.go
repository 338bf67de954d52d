package devnet

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	sdkmath "cosmossdk.io/math"

	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/storage/gateway"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

const (
	// What the client reserves for its letter, and for how long.
	demoGiB  = 256
	demoSpan = "1h"

	demoLetter = "Nobody but the client reads this.\n"
)

// showStorage shows what every space has, and lets the client keep a letter in one of its own that a worker cannot read.
func (s *story) showStorage(ctx context.Context) error {
	if err := s.showSpaces(ctx); err != nil {
		return err
	}
	begun, err := s.network.chain.Now(ctx)
	if err != nil {
		return err
	}
	before, err := s.wallet(ctx, accountStore)
	if err != nil {
		return err
	}
	if err := s.keepLetter(ctx); err != nil {
		return err
	}
	after, err := s.wallet(ctx, accountStore)
	if err != nil {
		return err
	}
	ended, err := s.network.chain.Now(ctx)
	if err != nil {
		return err
	}
	s.earned = after.Sub(before)
	if most := sdkmath.NewInt(demoGiB * storePrice).MulRaw(ended - begun).QuoRaw(3_600_000); !s.earned.IsPositive() || s.earned.GT(most) {
		return fmt.Errorf("the store earned %s uain, want more than nothing and at most %s", s.earned, most)
	}
	s.say("   client gives the space back: the store has earned %s AIN of it", chain.FormatAmount(s.earned))
	return nil
}

// showSpaces shows whose the spaces are, who reads them, what they have and what was paid for them.
func (s *story) showSpaces(ctx context.Context) error {
	row := func(space, name, read, has, paid string) {
		s.say("   %-8s %-17s %-12s %22s %12s", space, name, read, has, paid)
	}
	row("", "of", "read by", "has", "AIN a year")
	for _, p := range s.network.config.plots() {
		id := s.network.spaceOf(p.name)
		found, err := s.network.chain.Storage().Space(ctx, &storagetypes.QuerySpaceRequest{Space: id})
		if err != nil {
			return fmt.Errorf("ask for space %d: %w", id, err)
		}
		held, err := s.network.chain.Escrow().Hold(ctx, &escrowtypes.QueryHoldRequest{Id: found.Space.HoldId})
		if err != nil {
			return fmt.Errorf("ask for the hold of space %d: %w", id, err)
		}
		usage, err := s.usage(ctx, p.owner, id)
		if err != nil {
			return err
		}
		has := "nothing"
		if usage.Objects > 0 {
			has = fmt.Sprintf("%s in %s", sizeText(usage.Stored), count(uint64(usage.Objects), "object"))
		}
		read := strings.ToLower(strings.TrimPrefix(found.Space.Read.Kind.String(), "ACCESS_KIND_"))
		row("space "+strconv.FormatUint(id, 10), p.name, read, has, decimals(held.Hold.Balance))
	}
	return nil
}

// usage asks the gateway, as the owner of a space, how full it is.
func (s *story) usage(ctx context.Context, owner string, space uint64) (gateway.Usage, error) {
	key, err := s.network.key(owner)
	if err != nil {
		return gateway.Usage{}, err
	}
	login, err := gateway.NewClient(gateway.Config{URL: s.network.gateway(), ChainID: chainID, Key: key})
	if err != nil {
		return gateway.Usage{}, err
	}
	return login.Space(space).Usage(ctx)
}

// keepLetter has the client reserve a space, store a letter in it, read it and give the space back, and a worker ask for it in vain.
func (s *story) keepLetter(ctx context.Context) error {
	do := s.network.supervisor
	home := []string{"--home", s.network.config.Client()}
	var reserved struct {
		Space string `json:"space"`
		Held  string `json:"held_uain"`
	}
	if err := do.ask(ctx, "storage", &reserved, append([]string{"storage", "reserve", fmt.Sprintf("%dGiB", demoGiB), "--for", demoSpan}, home...)...); err != nil {
		return err
	}
	held, ok := sdkmath.NewIntFromString(reserved.Held)
	if !ok {
		return fmt.Errorf("aind storage reserve says that %q uain are held", reserved.Held)
	}
	s.say("   client reserves %d GiB for an hour: space %s, %s AIN held", demoGiB, reserved.Space, chain.FormatAmount(held))

	letter := filepath.Join(s.network.config.Client(), "letter.txt")
	if err := os.WriteFile(letter, []byte(demoLetter), 0o600); err != nil {
		return err
	}
	var put struct {
		Content string `json:"content"`
	}
	if err := do.ask(ctx, "storage", &put, append([]string{"storage", "put", letter, reserved.Space}, home...)...); err != nil {
		return err
	}
	s.say("   client stores a letter there: %s", put.Content)
	if err := s.askForLetter(ctx, put.Content); err != nil {
		return err
	}
	var released struct{}
	return do.ask(ctx, "storage", &released, append([]string{"storage", "release", reserved.Space}, home...)...)
}

// askForLetter has a worker ask for the letter, which is told nothing, and the client, which reads it.
func (s *story) askForLetter(ctx context.Context, content string) error {
	stranger := s.network.config.workers()[0]
	var out, said bytes.Buffer
	err := s.network.supervisor.do(ctx, "storage", &out, &said, "storage", "get", content, "--home", s.network.config.folder(stranger.folder),
		"--from", stranger.name, "--keyring-backend", "test", "--node", s.network.RPC())
	if err == nil || out.Len() > 0 {
		return fmt.Errorf("%s was given %q of the client's letter", stranger.name, out.Bytes())
	}
	const refusal = "there is no such content, or it is not for you"
	if !strings.Contains(said.String(), refusal) {
		return fmt.Errorf("%s asks for the client's letter: %w", stranger.name, err)
	}
	s.say("   %s asks for it: %s", stranger.name, refusal)
	out.Reset()
	if err := s.network.supervisor.do(ctx, "storage", &out, &said, "storage", "get", content, "--home", s.network.config.Client()); err != nil {
		return err
	}
	if out.String() != demoLetter {
		return fmt.Errorf("the client's letter came back as %q", out.String())
	}
	s.say("   client asks for it: %s", strings.TrimSpace(out.String()))
	return nil
}

// wallet of a member, in uain.
func (s *story) wallet(ctx context.Context, name string) (sdkmath.Int, error) {
	found, err := s.network.chain.Bank().Balance(ctx, &banktypes.QueryBalanceRequest{Address: s.network.state.Accounts[name], Denom: chain.Denom})
	if err != nil {
		return sdkmath.Int{}, fmt.Errorf("ask for the wallet of %s: %w", name, err)
	}
	return found.Balance.Amount, nil
}

// sizeText is a size in the unit that fits.
func sizeText(bytes int64) string {
	switch {
	case bytes >= 1<<20:
		return fmt.Sprintf("%d.%d MiB", bytes>>20, bytes>>10%1024*10/1024)
	case bytes >= 1<<10:
		return fmt.Sprintf("%d KiB", bytes>>10)
	}
	return fmt.Sprintf("%d bytes", bytes)
}
