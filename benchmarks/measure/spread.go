package measure

import (
	"math"
	"slices"
	"time"
)

// Spread is how samples lie. Its unit is theirs.
type Spread struct {
	N    int     `json:"n"`
	Min  float64 `json:"min"`
	P50  float64 `json:"p50"`
	P99  float64 `json:"p99"`
	Max  float64 `json:"max"`
	Mean float64 `json:"mean"`
}

// SpreadOf describes samples. Quantiles are the nearest rank: every one of them is a sample that was taken.
func SpreadOf(samples []float64) Spread {
	if len(samples) == 0 {
		return Spread{}
	}
	sorted := slices.Sorted(slices.Values(samples))
	sum := 0.0
	for _, sample := range sorted {
		sum += sample
	}
	return Spread{
		N: len(sorted), Min: Round(sorted[0]), Max: Round(sorted[len(sorted)-1]), Mean: Round(sum / float64(len(sorted))),
		P50: Round(quantile(sorted, 0.5)), P99: Round(quantile(sorted, 0.99)),
	}
}

func quantile(sorted []float64, q float64) float64 {
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}

// Round to three digits after the point: more are noise in every figure here.
func Round(x float64) float64 { return math.Round(1000*x) / 1000 }

// Ratios are those of each pair of samples, a over b, in their order. Pairs are taken one right after the other, so that
// whatever slows the machine down slows both.
func Ratios(a, b []float64) []float64 {
	ratios := make([]float64, min(len(a), len(b)))
	for i := range ratios {
		ratios[i] = a[i] / b[i]
	}
	return ratios
}

// Millis is a duration as samples have it.
func Millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
