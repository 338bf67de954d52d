// Package prime splits 64-bit numbers into primes.
package prime

import (
	"math/bits"
	"slices"
)

// Factors returns the primes whose product is n, smallest first. For n below 2 there are none.
func Factors(n uint64) []uint64 {
	var primes []uint64
	for _, p := range witnesses {
		for n > 1 && n%p == 0 {
			primes = append(primes, p)
			n /= p
		}
	}
	primes = split(primes, n)
	slices.Sort(primes)
	return primes
}

// split appends the primes of n, which has no factor among the witnesses.
func split(primes []uint64, n uint64) []uint64 {
	if n < 2 {
		return primes
	}
	if Is(n) {
		return append(primes, n)
	}
	d := divisor(n)
	return split(split(primes, d), n/d)
}

// divisor finds a divisor of n, which is odd and not prime, other than 1 and n. Pollard's rho method: a sequence that repeats modulo a prime
// of n does so long before it repeats modulo n.
func divisor(n uint64) uint64 {
	for c := uint64(1); ; c++ {
		next := func(x uint64) uint64 { return addMod(mulMod(x, x, n), c, n) }
		slow, fast := uint64(2), uint64(2)
		for {
			slow, fast = next(slow), next(next(fast))
			if slow == fast {
				break // repeated modulo n first: another sequence
			}
			if d := gcd(max(slow, fast)-min(slow, fast), n); d != 1 {
				return d
			}
		}
	}
}

// witnesses prove any 64-bit number that is not prime to be so (Sorenson and Webster, 2015).
var witnesses = []uint64{2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37}

// Is reports whether n is prime, for certain. It is the test of Miller and Rabin.
func Is(n uint64) bool {
	if n < 2 {
		return false
	}
	for _, p := range witnesses {
		if n%p == 0 {
			return n == p
		}
	}
	twos := bits.TrailingZeros64(n - 1)
	odd := (n - 1) >> twos
	for _, w := range witnesses {
		if !passes(w, odd, twos, n) {
			return false
		}
	}
	return true
}

// passes reports whether n, where n-1 is odd times 2^twos, looks prime to a witness.
func passes(witness, odd uint64, twos int, n uint64) bool {
	x := powMod(witness, odd, n)
	if x == 1 || x == n-1 {
		return true
	}
	for range twos - 1 {
		if x = mulMod(x, x, n); x == n-1 {
			return true
		}
	}
	return false
}

func powMod(base, exponent, n uint64) uint64 {
	result := uint64(1)
	for ; exponent > 0; exponent >>= 1 {
		if exponent&1 == 1 {
			result = mulMod(result, base, n)
		}
		base = mulMod(base, base, n)
	}
	return result
}

func mulMod(a, b, n uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return bits.Rem64(high, low, n)
}

func addMod(a, b, n uint64) uint64 {
	sum, carry := bits.Add64(a, b, 0)
	return bits.Rem64(carry, sum, n)
}

func gcd(a, b uint64) uint64 {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}
