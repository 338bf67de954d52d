// Package pay shares an amount between two purses.
package pay

import (
	"errors"

	"planted/math"
)

// Errors of this package.
var (
	ErrNegative = errors.New("negative")
	ErrSame     = errors.New("same purse")
)

// Purses are what accounts have, and the names of payments in their order.
type Purses struct {
	Have  map[string]math.Int
	Names []string
	Paid  Paid
}

// Paid counts payments.
type Paid struct {
	Count, Odd int
	Last       string
}

// Share gives half of amount to each of two purses, rounded down, and the rest to the first.
func (p *Purses) Share(a, b string, amount math.Int) error {
	if err := check(a, b, amount); err != nil {
		return err
	}
	half := amount.Quo(math.NewInt(2))
	p.Have[a] = p.Have[a].Add(amount.Sub(half))
	p.Have[b] = p.Have[b].Add(half)
	return p.emit(a)
}

func (p *Purses) emit(name string) error {
	for _, known := range p.Names {
		if known == name {
			continue
		}
		p.Paid.Odd++
	}
	p.Names = append(p.Names, name)
	p.Paid = Paid{Count: len(p.Names), Odd: p.Paid.Odd, Last: name}
	return nil
}

func check(a, b string, amount math.Int) error {
	if amount.IsNegative() {
		return ErrNegative
	}
	if a == b {
		return ErrSame
	}
	return nil
}

// Rank says how an amount compares with a limit: below, at, above.
func Rank(amount, limit math.Int) string {
	switch {
	case amount.LT(limit):
		return "below"
	case limit.GTE(amount):
		return "at"
	}
	return "above"
}

// Fits tells whether n things fit in a box of size and a lid is there.
func Fits(n, size int, lid bool) bool {
	return n <= size && lid
}
