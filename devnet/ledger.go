package devnet

import (
	"context"
	"fmt"
	"io"
	"strings"

	"cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/types/query"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	distributiontypes "github.com/cosmos/cosmos-sdk/x/distribution/types"

	"github.com/ain-network/aind/chain"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
)

// Lines of a ledger that are no member's.
const (
	lineKeepers  = "chain's keepers"
	linePromised = "held by escrow"
	lineOthers   = "everything else"
)

// ledger is who has how much, in uain: wallet and stake together. Its lines add up to the supply.
type ledger struct {
	lines  []string
	amount map[string]math.Int
	supply math.Int
}

// ledger reads all balances of the chain. Between two reads of it nothing may move that is not to be seen.
func (n *Network) ledger(ctx context.Context) (*ledger, error) {
	supply, err := n.chain.Bank().SupplyOf(ctx, &banktypes.QuerySupplyOfRequest{Denom: chain.Denom})
	if err != nil {
		return nil, fmt.Errorf("ask for the supply: %w", err)
	}
	l := &ledger{amount: map[string]math.Int{}, supply: supply.Amount.Amount}
	names := map[string]string{
		module(authtypes.FeeCollectorName):   lineKeepers,
		module(distributiontypes.ModuleName): lineKeepers,
		module(escrowtypes.ModuleName):       linePromised,
	}
	for _, m := range n.config.members() {
		names[n.state.Accounts[m.name]] = m.name
		l.add(m.name, math.ZeroInt())
	}
	for _, line := range []string{lineKeepers, linePromised, lineOthers} {
		l.add(line, math.ZeroInt())
	}
	if err := n.readWallets(ctx, l, names); err != nil {
		return nil, err
	}
	return l, n.readStakes(ctx, l)
}

func module(name string) string { return authtypes.NewModuleAddress(name).String() }

func (l *ledger) add(line string, amount math.Int) {
	before, known := l.amount[line]
	if !known {
		l.lines = append(l.lines, line)
		before = math.ZeroInt()
	}
	l.amount[line] = before.Add(amount)
}

// readWallets adds the balance of every account on the chain.
func (n *Network) readWallets(ctx context.Context, l *ledger, names map[string]string) error {
	page := &query.PageRequest{Limit: 200}
	for {
		owners, err := n.chain.Bank().DenomOwners(ctx, &banktypes.QueryDenomOwnersRequest{Denom: chain.Denom, Pagination: page})
		if err != nil {
			return fmt.Errorf("ask for all balances: %w", err)
		}
		for _, owner := range owners.DenomOwners {
			line, known := names[owner.Address]
			if !known {
				line = lineOthers
			}
			l.add(line, owner.Balance.Amount)
		}
		if len(owners.Pagination.NextKey) == 0 {
			return nil
		}
		page = &query.PageRequest{Limit: page.Limit, Key: owners.Pagination.NextKey}
	}
}

// readStakes moves each member's stake from the escrow's coins to the member's line.
func (n *Network) readStakes(ctx context.Context, l *ledger) error {
	for _, m := range n.config.members() {
		account, err := n.chain.Escrow().Account(ctx, &escrowtypes.QueryAccountRequest{Owner: n.state.Accounts[m.name]})
		if err != nil {
			return fmt.Errorf("ask for the stake of %s: %w", m.name, err)
		}
		l.add(m.name, account.Account.Stake)
		l.add(linePromised, account.Account.Stake.Neg())
	}
	return nil
}

// sum of all lines.
func (l *ledger) sum() math.Int {
	sum := math.ZeroInt()
	for _, amount := range l.amount {
		sum = sum.Add(amount)
	}
	return sum
}

// change of a line since an earlier ledger.
func (l *ledger) change(since *ledger, line string) math.Int {
	return l.amount[line].Sub(since.amount[line])
}

// compare prints both ledgers side by side, in AIN.
func compare(w io.Writer, before, after *ledger) error {
	var text strings.Builder
	row := func(name, before, after, change string) {
		fmt.Fprintf(&text, "   %-17s %17s %17s %14s\n", name, before, after, change)
	}
	row("", "before", "after", "change")
	for _, line := range before.lines {
		row(line, decimals(before.amount[line]), decimals(after.amount[line]), signed(after.change(before, line)))
	}
	row("sum", decimals(before.sum()), decimals(after.sum()), signed(after.sum().Sub(before.sum())))
	_, err := io.WriteString(w, text.String())
	return err
}

// decimals writes an amount of uain as AIN with all its decimals, so that columns line up.
func decimals(amount math.Int) string {
	text := chain.FormatAmount(amount)
	whole, fraction, _ := strings.Cut(text, ".")
	return whole + "." + fraction + strings.Repeat("0", chain.DisplayExponent-len(fraction))
}

func signed(amount math.Int) string {
	switch {
	case amount.IsZero():
		return "-"
	case amount.IsPositive():
		return "+" + decimals(amount)
	}
	return decimals(amount)
}
