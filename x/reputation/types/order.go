package types

import "cmp"

// ScoreOrderOf returns how two scores compare in an order: negative where the first
// is better.
func ScoreOrderOf(order ScoreOrder) (func(a, b Score) int, error) {
	switch order {
	case SCORE_ORDER_UNSPECIFIED, SCORE_ORDER_RATING:
		return func(a, b Score) int { return cmp.Compare(b.RatingChange, a.RatingChange) }, nil
	case SCORE_ORDER_VALID:
		return func(a, b Score) int { return cmp.Compare(b.Valid, a.Valid) }, nil
	case SCORE_ORDER_STREAK:
		return func(a, b Score) int { return cmp.Compare(b.Streak, a.Streak) }, nil
	case SCORE_ORDER_EARNED:
		return func(a, b Score) int { return b.Earned.BigInt().Cmp(a.Earned.BigInt()) }, nil
	case SCORE_ORDER_RESPONSE:
		return compareResponse, nil
	}
	return nil, ErrInvalidReport.Wrapf("order: %d is none; use rating, valid, earned, response or streak", order)
}

// compareResponse compares mean times to an answer; who was never measured is last.
func compareResponse(a, b Score) int {
	if a.ResponseCount == 0 || b.ResponseCount == 0 {
		return cmp.Compare(b.ResponseCount, a.ResponseCount)
	}
	return cmp.Compare(a.ResponseMs/a.ResponseCount, b.ResponseMs/b.ResponseCount)
}
