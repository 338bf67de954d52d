package measure_test

import (
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/benchmarks/measure"
)

func TestSpreadOf(t *testing.T) {
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(100 - i) // 100 … 1
	}
	for _, c := range []struct {
		name    string
		samples []float64
		want    measure.Spread
	}{
		{"no samples have no spread", nil, measure.Spread{}},
		{"one sample is all there is", []float64{3}, measure.Spread{N: 1, Min: 3, P50: 3, P99: 3, Max: 3, Mean: 3}},
		{"the 99th percentile of a hundred is the second largest", hundred, measure.Spread{N: 100, Min: 1, P50: 50, P99: 99, Max: 100, Mean: 50.5}},
		{"of fifty it is the largest", hundred[:50], measure.Spread{N: 50, Min: 51, P50: 75, P99: 100, Max: 100, Mean: 75.5}},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, measure.SpreadOf(c.samples)) })
	}
}

func TestRatiosPairSamplesInTheirOrder(t *testing.T) {
	require.Equal(t, []float64{2, 0.5}, measure.Ratios([]float64{4, 1, 9}, []float64{2, 2}))
}

func TestCPUCountsAProcessAndWhatItStarted(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("CPU time is read from /proc, which Linux alone has")
	}
	before, err := measure.CPU(os.Getpid())
	require.NoError(t, err)
	treeBefore, err := measure.TreeCPU(os.Getpid())
	require.NoError(t, err)

	// A child that ends, and work of our own.
	require.NoError(t, exec.Command("sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done").Run())
	require.Eventually(t, func() bool {
		for range 10_000_000 {
			runtime.KeepAlive(t)
		}
		now, err := measure.CPU(os.Getpid())
		require.NoError(t, err)
		return now >= before+30*time.Millisecond
	}, 30*time.Second, time.Millisecond)

	own, err := measure.CPU(os.Getpid())
	require.NoError(t, err)
	tree, err := measure.TreeCPU(os.Getpid())
	require.NoError(t, err)
	require.Greater(t, tree-treeBefore, own-before, "the child's time is the tree's and not our own")

	_, err = measure.TreeCPU(1 << 30)
	require.ErrorContains(t, err, "process 1073741824")
}
