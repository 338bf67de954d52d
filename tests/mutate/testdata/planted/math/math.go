// Package math stands for cosmossdk.io/math.
package math

// Int is a whole number.
type Int struct{ n int64 }

// NewInt returns n.
func NewInt(n int64) Int { return Int{n} }

func (a Int) Add(b Int) Int      { return Int{a.n + b.n} }
func (a Int) Sub(b Int) Int      { return Int{a.n - b.n} }
func (a Int) SubRaw(n int64) Int { return Int{a.n - n} }
func (a Int) Quo(b Int) Int      { return Int{a.n / b.n} }
func (a Int) LT(b Int) bool      { return a.n < b.n }
func (a Int) LTE(b Int) bool     { return a.n <= b.n }
func (a Int) GTE(b Int) bool     { return a.n >= b.n }
func (a Int) IsPositive() bool   { return a.n > 0 }
func (a Int) IsNegative() bool   { return a.n < 0 }
