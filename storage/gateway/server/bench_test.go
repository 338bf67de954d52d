package server_test

import (
	"bytes"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/storagetest"
)

// BenchmarkSpace compares a space behind a gateway with the S3 store itself, whose secret one then needs, taking turns. An
// iteration is one of each.
func BenchmarkSpace(b *testing.B) {
	w := newWorld(b)
	w.reserve(1, w.alice, 1<<40)
	space, direct := w.space(b, w.alice, 1), openStore(b, w.store)
	for _, size := range []struct {
		name  string
		bytes int
	}{{"4KiB", 4 << 10}, {"1MiB", 1 << 20}, {"100MiB", 100 << 20}} {
		content := storagetest.Content(1, size.bytes)
		info := storage.Info{Digest: storage.DigestOf(content), Size: int64(size.bytes)}
		put := func(s storage.Store) {
			_, err := s.Put(b.Context(), bytes.NewReader(content), storage.ExpectDigest(info.Digest), storage.ExpectSize(info.Size))
			require.NoError(b, err)
		}
		get := func(s storage.Store) {
			body, _, err := s.Get(b.Context(), info.Digest)
			require.NoError(b, err)
			defer body.Close()
			_, err = io.Copy(io.Discard, body)
			require.NoError(b, err)
		}
		b.Run("put/"+size.name, func(b *testing.B) { compare(b, func() { put(space) }, func() { put(direct) }) })
		b.Run("get/"+size.name, func(b *testing.B) { compare(b, func() { get(space) }, func() { get(direct) }) })
	}
}

// compare runs both in turns and reports the medians in milliseconds, and of the ratio of the direct one's time to ours.
func compare(b *testing.B, ours, direct func()) {
	timed := func(f func()) time.Duration {
		begun := time.Now()
		f()
		return time.Since(begun)
	}
	ours()
	direct() // to warm up
	var took, other []time.Duration
	var ratios []float64
	for b.Loop() {
		o, d := timed(ours), timed(direct)
		took, other, ratios = append(took, o), append(other, d), append(ratios, d.Seconds()/o.Seconds())
	}
	slices.Sort(took)
	slices.Sort(other)
	slices.Sort(ratios)
	middle := len(ratios) / 2
	b.ReportMetric(float64(took[middle].Microseconds())/1e3, "ms")
	b.ReportMetric(float64(other[middle].Microseconds())/1e3, "direct-ms")
	b.ReportMetric(ratios[middle], "x-direct")
	b.ReportMetric(0, "ns/op") // it would count both
}
