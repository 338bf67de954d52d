package types

import (
	"math/big"

	"cosmossdk.io/math"
)

// Bounds of a reward function's numbers: they keep its arithmetic small.
const (
	maxWeight = 1 << 32
	maxRatio  = 1000
)

// validate holds a reward function's numbers, and that no place is worth more than
// one above it. workers is the most that a request takes.
func (f RewardFunction) validate(path string, workers uint32) error {
	switch f.Kind {
	case REWARD_KIND_EVEN, REWARD_KIND_WINNER_TAKES_ALL, REWARD_KIND_WEIGHTS, REWARD_KIND_GEOMETRIC, REWARD_KIND_PROPORTIONAL:
	default:
		return ErrInvalid.Wrapf("%s.kind: %s: want even, winner takes all, weights, geometric or proportional", path, f.Kind)
	}
	if f.Kind != REWARD_KIND_WEIGHTS && len(f.Weights) > 0 {
		return ErrInvalid.Wrapf("%s.weights: %d of them, but the kind is %s", path, len(f.Weights), f.Kind)
	}
	if f.Kind != REWARD_KIND_GEOMETRIC && (f.RatioNumerator > 0 || f.RatioDenominator > 0) {
		return ErrInvalid.Wrapf("%s.ratio_numerator: a ratio of %d/%d, but the kind is %s", path, f.RatioNumerator, f.RatioDenominator, f.Kind)
	}
	switch f.Kind {
	case REWARD_KIND_WEIGHTS:
		return f.validateWeights(path+".weights", workers)
	case REWARD_KIND_GEOMETRIC:
		if f.RatioDenominator == 0 || f.RatioDenominator > maxRatio || f.RatioNumerator > f.RatioDenominator {
			return ErrInvalid.Wrapf("%s.ratio_numerator: %d/%d: want p/q of at most 1, with q from 1 to %d",
				path, f.RatioNumerator, f.RatioDenominator, maxRatio)
		}
	}
	return nil
}

func (f RewardFunction) validateWeights(path string, workers uint32) error {
	if len(f.Weights) == 0 || f.Weights[0] == 0 {
		return ErrInvalid.Wrapf("%s: none; give one for each place that is paid, the best first", path)
	}
	if err := checkLength(path, len(f.Weights), workers); err != nil {
		return err
	}
	for i, weight := range f.Weights {
		if weight > maxWeight {
			return ErrLimit.Wrapf("%s: %d of at most %d", index(path, i), weight, uint64(maxWeight))
		}
		if i > 0 && weight > f.Weights[i-1] {
			return ErrInvalid.Wrapf("%s: %d after %d; no place is worth more than one above it", index(path, i), weight, f.Weights[i-1])
		}
	}
	return nil
}

// Split divides a worker reward among the valid workers, best first: one amount
// for each score. n is the number of contracted workers. Every amount is rounded
// down, so the sum never exceeds total; what is not assigned goes to the client.
//
//   - EVEN: total/n each.
//   - WINNER_TAKES_ALL: total to the first.
//   - WEIGHTS: total·w_k/Σw, Σ over the whole list of weights.
//   - GEOMETRIC: total·p^(k-1)·q^(n-k)/Σ, Σ over k = 1..n.
//   - PROPORTIONAL: total·score/Σscore; a zero sum pays nothing.
func Split(fn RewardFunction, total math.Int, contracted int, scores []uint64) []math.Int {
	shares := make([]math.Int, len(scores))
	for k := range shares {
		shares[k] = math.ZeroInt()
	}
	if len(scores) > contracted || !total.IsPositive() {
		return shares
	}
	parts, whole := rewardParts(fn, contracted, scores)
	if whole.Sign() <= 0 {
		return shares
	}
	for k := range shares {
		if k >= len(parts) {
			break
		}
		share := new(big.Int).Mul(total.BigInt(), parts[k])
		shares[k] = math.NewIntFromBigInt(share.Quo(share, whole))
	}
	return shares
}

// LargestShare is the most that one of n contracted workers could get.
func LargestShare(fn RewardFunction, total math.Int, contracted int) math.Int {
	return Split(fn, total, contracted, []uint64{1})[0]
}

// rewardParts gives each place's part of the whole. Parts may be fewer than places.
func rewardParts(fn RewardFunction, n int, scores []uint64) (parts []*big.Int, whole *big.Int) {
	whole = new(big.Int)
	switch fn.Kind {
	case REWARD_KIND_EVEN:
		for range scores {
			parts = append(parts, big.NewInt(1))
		}
		whole.SetInt64(int64(n))
	case REWARD_KIND_WINNER_TAKES_ALL:
		parts = []*big.Int{big.NewInt(1)}
		whole.SetInt64(1)
	case REWARD_KIND_WEIGHTS:
		parts = bigs(fn.Weights)
		whole = sum(parts)
	case REWARD_KIND_GEOMETRIC:
		parts = geometric(fn.RatioNumerator, fn.RatioDenominator, n)
		whole = sum(parts)
	case REWARD_KIND_PROPORTIONAL:
		parts = bigs(scores)
		whole = sum(parts)
	}
	return parts, whole
}

// geometric is p^(k-1)·q^(n-k) for k = 1..n.
func geometric(p, q uint64, n int) []*big.Int {
	parts := make([]*big.Int, n)
	bigP, bigQ := new(big.Int).SetUint64(p), new(big.Int).SetUint64(q)
	for k := range parts {
		up := new(big.Int).Exp(bigP, big.NewInt(int64(k)), nil)
		down := new(big.Int).Exp(bigQ, big.NewInt(int64(n-1-k)), nil)
		parts[k] = up.Mul(up, down)
	}
	return parts
}

func bigs(numbers []uint64) []*big.Int {
	out := make([]*big.Int, len(numbers))
	for i, n := range numbers {
		out[i] = new(big.Int).SetUint64(n)
	}
	return out
}

func sum(parts []*big.Int) *big.Int {
	total := new(big.Int)
	for _, part := range parts {
		total.Add(total, part)
	}
	return total
}
