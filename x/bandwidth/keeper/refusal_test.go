package keeper

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/x/bandwidth/types"
)

// A transaction that two rooms refuse is told when the first of them has room for it.
func TestTheEarlierOfTwoTimesIsTold(t *testing.T) {
	for _, c := range []struct{ own, job, want int64 }{
		{own: 5, job: 3, want: 3},
		{own: 3, job: 5, want: 3},
		{own: types.Never, job: 5, want: 5},
		{own: 5, job: types.Never, want: 5},
		{own: types.Never, job: types.Never, want: types.Never},
	} {
		require.Equal(t, c.want, earlier(c.own, c.job), "%+v", c)
	}
}
