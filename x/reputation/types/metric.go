package types

import (
	stdmath "math"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/program"
)

// Measure folds a value of a job's own measure into a score and returns what is kept
// now. Sums stop at the ends of 64 bits.
func (s *Score) Measure(field string, fold program.MetricFold, value int64) (kept int64) {
	for i := range s.Metrics {
		if m := &s.Metrics[i]; m.Field == field && m.Fold == fold {
			m.Value = folded(fold, m.Value, value)
			m.Count++
			return m.Value
		}
	}
	s.Metrics = append(s.Metrics, MetricValue{Field: field, Fold: fold, Value: value, Count: 1})
	return value
}

func folded(fold program.MetricFold, before, value int64) int64 {
	switch fold {
	case program.METRIC_FOLD_SUM:
		sum := math.NewInt(before).AddRaw(value)
		return math.MaxInt(math.MinInt(sum, math.NewInt(stdmath.MaxInt64)), math.NewInt(stdmath.MinInt64)).Int64()
	case program.METRIC_FOLD_MIN:
		return min(before, value)
	case program.METRIC_FOLD_MAX:
		return max(before, value)
	default:
		return value
	}
}

// KnownFold says whether a fold is one of those that there are.
func KnownFold(fold program.MetricFold) bool {
	return fold >= program.METRIC_FOLD_SUM && fold <= program.METRIC_FOLD_LAST
}
