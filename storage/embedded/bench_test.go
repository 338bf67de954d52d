//go:build linux

package embedded_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/embedded"
	"github.com/ain-network/aind/storage/storagetest"
)

var benchSizes = []struct {
	name  string
	bytes int
}{{"4KiB", 4 << 10}, {"1MiB", 1 << 20}, {"100MiB", 100 << 20}, {"1GiB", 1 << 30}}

// BenchmarkPut compares our puts with minio-go's own on the same server, taking
// turns. An iteration is one put by each.
func BenchmarkPut(b *testing.B) {
	c, s, raw := benchStore(b)
	ctx := context.Background()
	for _, size := range benchSizes {
		content := storagetest.Content(1, size.bytes)
		info := storage.Info{Digest: storage.DigestOf(content), Size: int64(size.bytes)}
		putRaw := func() error {
			_, err := raw.Client.PutObject(ctx, embedded.DefaultBucket, "raw", bytes.NewReader(content), info.Size, minio.PutObjectOptions{})
			return err
		}
		b.Run("digest known/"+size.name, func(b *testing.B) {
			compare(b, info.Size, func() error {
				_, err := s.Put(ctx, bytes.NewReader(content), storage.ExpectDigest(info.Digest), storage.ExpectSize(info.Size))
				return err
			}, putRaw)
		})
		b.Run("digest unknown/"+size.name, func(b *testing.B) {
			compare(b, info.Size, func() error {
				_, err := s.Put(ctx, bytes.NewReader(content))
				return err
			}, putRaw)
		})
	}
	reportMemory(b, c)
}

// BenchmarkGet compares our verified gets with minio-go's unverified ones.
func BenchmarkGet(b *testing.B) {
	c, s, raw := benchStore(b)
	ctx := context.Background()
	for _, size := range benchSizes {
		info, err := storage.PutBytes(ctx, s, storagetest.Content(1, size.bytes))
		require.NoError(b, err)
		b.Run(size.name, func(b *testing.B) {
			compare(b, info.Size, func() error {
				body, _, err := s.Get(ctx, info.Digest)
				if err != nil {
					return err
				}
				defer body.Close()
				_, err = io.Copy(io.Discard, body)
				return err
			}, func() error {
				body, _, _, err := raw.GetObject(ctx, embedded.DefaultBucket, key(info.Digest), minio.GetObjectOptions{})
				if err != nil {
					return err
				}
				defer body.Close()
				_, err = io.Copy(io.Discard, body)
				return err
			})
		})
	}
	reportMemory(b, c)
}

// BenchmarkDigest is what hashing alone costs.
func BenchmarkDigest(b *testing.B) {
	content := storagetest.Content(1, 100<<20)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		storage.DigestOf(content)
	}
}

func benchStore(b *testing.B) (*child, storage.Store, minio.Core) {
	b.Helper()
	c := start(b, config(b))
	return c, c.open(b), c.core(b, ownerKey, ownerSecret)
}

// compare runs ours and raw in turns, at least seven times, and reports the
// median time of each as MB/s, the median of the ratios of their times with its
// spread, and the processor time that each costs the client.
func compare(b *testing.B, size int64, ours, raw func() error) {
	var oursTook, rawTook []time.Duration
	var oursCPU, rawCPU time.Duration
	var ratios []float64
	timed := func(f func() error) (wall, cpu time.Duration) {
		begin, used := time.Now(), processorTime(b)
		require.NoError(b, f())
		return time.Since(begin), processorTime(b) - used
	}
	pair := func() {
		o, oCPU := timed(ours)
		r, rCPU := timed(raw)
		oursTook, rawTook = append(oursTook, o), append(rawTook, r)
		oursCPU, rawCPU = oursCPU+oCPU, rawCPU+rCPU
		ratios = append(ratios, r.Seconds()/o.Seconds())
	}
	pair() // to warm up
	oursTook, rawTook, ratios, oursCPU, rawCPU = nil, nil, nil, 0, 0
	for b.Loop() {
		pair()
	}
	for len(ratios) < 7 {
		pair()
	}
	slices.Sort(ratios)
	b.ReportMetric(rate(size, oursTook), "MB/s")
	b.ReportMetric(rate(size, rawTook), "raw-MB/s")
	b.ReportMetric(ratios[len(ratios)/2], "x-raw")
	b.ReportMetric(ratios[len(ratios)/10], "x-raw-p10")
	b.ReportMetric(ratios[len(ratios)*9/10], "x-raw-p90")
	b.ReportMetric(float64(oursCPU.Microseconds())/1e3/float64(len(ratios)), "cpu-ms")
	b.ReportMetric(float64(rawCPU.Microseconds())/1e3/float64(len(ratios)), "raw-cpu-ms")
	b.ReportMetric(0, "ns/op") // it would count both
}

// processorTime returns what this process has used of the processors.
func processorTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func rate(size int64, took []time.Duration) float64 {
	slices.Sort(took)
	return float64(size) / 1e6 / took[len(took)/2].Seconds()
}

// reportMemory logs the most memory that the store has had resident.
func reportMemory(b *testing.B, c *child) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		b.Logf("memory of the store is not known here: %v", err)
		return
	}
	for line := range bytes.Lines(status) {
		if bytes.HasPrefix(line, []byte("VmHWM")) {
			b.Logf("the store's peak memory: %s", bytes.TrimSpace(line[len("VmHWM:"):]))
		}
	}
}
