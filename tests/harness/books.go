package harness

import (
	"errors"
	"fmt"
	"maps"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// Lines of the books that are no account's.
const (
	// Keepers is what the chain's validators and delegators have earned.
	Keepers = "chain's keepers"
	// Held is what escrow holds, for requests and spaces.
	Held = "held by escrow"
)

// AIN in uain.
const AIN int64 = 1_000_000

// Books say who has how much, in uain: wallet and stake together, by address. They add up to the supply.
type Books map[string]int64

// Books reads all balances and holds them against the supply and against what escrow says of itself.
func (n *Network) Books(t testing.TB) Books {
	t.Helper()
	var books Books
	// Between two questions a block may move something: ask again.
	Eventually(t, "the books add up", Patience, func() (err error) {
		books, err = n.books()
		return err
	})
	return books
}

// HeldForRequests are the purposes of all holds that are not those of spaces, which last as long as they are paid for.
func (n *Network) HeldForRequests(t testing.TB) (purposes []string) {
	t.Helper()
	const most = 200 // of one page
	var found struct{ Holds []struct{ Purpose string } }
	if err := n.Get(fmt.Sprintf("/ain/escrow/v1/holds?pagination.limit=%d", most), &found); err != nil {
		t.Fatal(err)
	}
	if len(found.Holds) == most {
		t.Fatalf("there may be more than %d holds", most)
	}
	for _, hold := range found.Holds {
		if !strings.HasPrefix(hold.Purpose, "space ") {
			purposes = append(purposes, hold.Purpose)
		}
	}
	return purposes
}

func (n *Network) books() (Books, error) {
	books := Books{Keepers: 0, Held: 0}
	modules, err := n.moduleAccounts()
	if err != nil {
		return nil, err
	}
	wallets, err := n.wallets()
	if err != nil {
		return nil, err
	}
	stakes, err := n.stakes()
	if err != nil {
		return nil, err
	}
	for address, amount := range wallets {
		switch modules[address] {
		case "fee_collector", "distribution":
			books[Keepers] += amount
		case "escrow":
			books[Held] += amount
		default:
			books[address] += amount
		}
	}
	for owner, amount := range stakes {
		books[owner] += amount
		books[Held] -= amount
	}
	return books, n.reconcile(books)
}

// reconcile fails unless the books add up to the supply, and escrow's own books balance and say the same.
func (n *Network) reconcile(books Books) error {
	var supply struct{ Amount struct{ Amount string } }
	if err := n.Get("/cosmos/bank/v1beta1/supply/by_denom?denom=uain", &supply); err != nil {
		return err
	}
	var escrow struct{ Stakes, Holds, Balance string }
	if err := n.Get("/ain/escrow/v1/books", &escrow); err != nil {
		return err
	}
	sum := int64(0)
	for _, amount := range books {
		sum += amount
	}
	stakes, err := number(escrow.Stakes)
	holds, err2 := number(escrow.Holds)
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	switch {
	case fmt.Sprint(sum) != supply.Amount.Amount:
		return fmt.Errorf("the books add up to %d, the supply is %s", sum, supply.Amount.Amount)
	case fmt.Sprint(stakes+holds) != escrow.Balance:
		return fmt.Errorf("escrow has %d at stake and %d in holds, and a balance of %s", stakes, holds, escrow.Balance)
	case holds != books[Held]:
		return fmt.Errorf("escrow says that %d are held, its balance less the stakes is %d", holds, books[Held])
	}
	return nil
}

func (n *Network) moduleAccounts() (map[string]string, error) {
	var answer struct {
		Accounts []struct {
			Name        string
			BaseAccount struct{ Address string } `json:"base_account"`
		}
	}
	if err := n.Get("/cosmos/auth/v1beta1/module_accounts", &answer); err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, account := range answer.Accounts {
		names[account.BaseAccount.Address] = account.Name
	}
	return names, nil
}

func (n *Network) wallets() (map[string]int64, error) {
	wallets := map[string]int64{}
	err := n.pages("/cosmos/bank/v1beta1/denom_owners/uain", func() (any, func() error) {
		var page struct {
			Owners []struct {
				Address string
				Balance struct{ Amount string }
			} `json:"denom_owners"`
		}
		return &page, func() error {
			for _, owner := range page.Owners {
				amount, err := number(owner.Balance.Amount)
				if err != nil {
					return err
				}
				wallets[owner.Address] = amount
			}
			return nil
		}
	})
	return wallets, err
}

func (n *Network) stakes() (map[string]int64, error) {
	stakes := map[string]int64{}
	err := n.pages("/ain/escrow/v1/accounts", func() (any, func() error) {
		var page struct {
			Accounts []struct{ Owner, Stake string }
		}
		return &page, func() error {
			for _, account := range page.Accounts {
				amount, err := number(account.Stake)
				if err != nil {
					return err
				}
				stakes[account.Owner] = amount
			}
			return nil
		}
	})
	return stakes, err
}

// pages asks for every page of a list. next returns what to read a page into, and what to do with it then.
func (n *Network) pages(path string, next func() (any, func() error)) error {
	key := ""
	for {
		var raw rawPage
		if err := n.Get(path+"?pagination.limit=200&pagination.key="+url.QueryEscape(key), &raw); err != nil {
			return err
		}
		page, use := next()
		if err := raw.decode(page); err != nil {
			return err
		}
		if err := use(); err != nil {
			return err
		}
		if key = raw.next; key == "" {
			return nil
		}
	}
}

func number(text string) (int64, error) {
	n, ok := new(big.Int).SetString(text, 10)
	if !ok || !n.IsInt64() {
		return 0, fmt.Errorf("%q is no amount", text)
	}
	return n.Int64(), nil
}

// Since is what changed: by address, without what did not.
func (b Books) Since(before Books) Books {
	changed := Books{}
	for name, amount := range b {
		changed[name] = amount - before[name]
	}
	for name, amount := range before {
		changed[name] = b[name] - amount
	}
	maps.DeleteFunc(changed, func(_ string, amount int64) bool { return amount == 0 })
	return changed
}

func (b Books) String() string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(b)) {
		lines = append(lines, fmt.Sprintf("%s %d", name, b[name]))
	}
	return strings.Join(lines, "\n")
}
