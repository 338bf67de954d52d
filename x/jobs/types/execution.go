package types

import (
	"cmp"
	"slices"
)

// Majority ranks the workers whose result more than half of the contracted gave, in the order of commitment and with one
// score. Without such a result nobody is valid.
func Majority(workers []Assignment, contracted uint32) []RankEntry {
	for _, a := range workers {
		if same := SameResult(workers, a.Worker); uint64(len(same))*2 > uint64(contracted) {
			return same
		}
	}
	return nil
}

// SameResult ranks the workers that gave the same result as one of them, in the order of commitment and with one score.
func SameResult(workers []Assignment, as string) []RankEntry {
	i := slices.IndexFunc(workers, func(a Assignment) bool { return a.Worker == as })
	if i < 0 || !workers[i].HasRevealed() {
		return nil
	}
	digest, err := ResultDigest(*workers[i].Result)
	if err != nil {
		return nil
	}
	same := slices.DeleteFunc(slices.Clone(workers), func(a Assignment) bool {
		if !a.HasRevealed() {
			return true
		}
		other, err := ResultDigest(*a.Result)
		return err != nil || other != digest
	})
	slices.SortFunc(same, func(a, b Assignment) int { return cmp.Compare(a.CommitOrder, b.CommitOrder) })
	entries := make([]RankEntry, len(same))
	for i, a := range same {
		entries[i] = RankEntry{Node: a.Worker, Score: 1}
	}
	return entries
}

// IsSameOrder tells whether two rankings name the same nodes in one order with the same scores.
func IsSameOrder(a, b []RankEntry) bool {
	return slices.EqualFunc(a, b, func(a, b RankEntry) bool { return a.Node == b.Node && a.Score == b.Score })
}
