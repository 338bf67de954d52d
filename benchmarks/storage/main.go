// Command storage measures P5: putting and getting content by digest, beside minio-go alone on the same server, and beside
// sha256 alone. Servers are the store that `aind store` runs, and MinIO where there is one.
//
// Ours and minio-go take turns (A B B A), and ratios are those of pairs. Ours hashes what it sends and checks what it gets;
// minio-go is used as it comes, and checks nothing. Content lies in the page cache, and client and server on one machine, so
// that a network hides nothing. What is fetched to a file is flushed to disk by both.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"time"

	"github.com/ain-network/aind/benchmarks/measure"
	"github.com/ain-network/aind/storage/storagetest"
	"github.com/ain-network/aind/storage/storagetest/server"
)

func main() {
	server.Main()
	pairs := flag.Int("pairs", 7, "how often each of the two does each thing")
	only := flag.String("only", "", "one kind of server: embedded or minio; both when empty")
	largest := flag.Int64("largest", 100<<20, "the most bytes of a content; 1073741824 takes a quarter of an hour more")
	errand := flag.String("errand", "", "for its own use: what a process does whose memory is measured")
	profile := flag.String("profile", "", "write a CPU profile of this process to a file")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if *errand != "" {
		err = runErrand(ctx, *errand)
	} else {
		err = run(ctx, *pairs, *only, *largest, *profile)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "storage:", err)
		os.Exit(1)
	}
}

// sizes of content, and how many transfers make a sample, so that it is longer than a tick of the CPU's clock.
var sizes = []struct {
	name  string
	bytes int64
	batch int
}{{"4KiB", 4 << 10, 100}, {"1MiB", 1 << 20, 40}, {"100MiB", 100 << 20, 1}, {"1GiB", 1 << 30, 1}}

type result struct {
	SHA256 measure.Spread `json:"sha256_alone_mb_per_s"`
	Rows   []row          `json:"rows"`
	Memory []memory       `json:"memory"`
}

// row is one thing done with one size on one server.
type row struct {
	Server string         `json:"server"`
	What   string         `json:"what"`
	Size   string         `json:"size"`
	Ours   measure.Spread `json:"mb_per_s"`
	Raw    measure.Spread `json:"minio_go_mb_per_s"`
	// Ratio of each pair: our rate over minio-go's.
	Ratio  measure.Spread `json:"over_minio_go"`
	CPU    measure.Spread `json:"client_cpu_ms"` // of one transfer
	RawCPU measure.Spread `json:"minio_go_client_cpu_ms"`
}

func run(ctx context.Context, pairs int, only string, largest int64, profile string) (err error) {
	conditions := measure.Observe(ctx)
	folder, err := os.MkdirTemp("", "ain-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	r := result{SHA256: hashAlone(pairs)}
	content := filepath.Join(folder, "content")
	if err := write(content, largest); err != nil {
		return err
	}
	stopProfile, err := measure.Profile(profile)
	if err != nil {
		return err
	}
	for _, kind := range server.Kinds() {
		if only != "" && kind != only {
			continue
		}
		if err := r.onServer(ctx, kind, folder, pairs, largest); err != nil {
			if errors.Is(err, server.ErrNoMinIO) && only == "" {
				fmt.Fprintln(os.Stderr, "storage: left out:", err)
				continue
			}
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	if err := stopProfile(); err != nil {
		return err
	}
	return measure.Line{
		Figure: "P5", What: "content by digest: put and verified get, beside minio-go alone", Result: r,
		Settings:   map[string]any{"pairs": pairs, "largest": largest, "encrypted": "sealed with age on its way, beside minio-go with plain content"},
		Conditions: conditions,
	}.Print(os.Stdout)
}

// write makes a file of n bytes that no compression shortens.
func write(path string, n int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = f.ReadFrom(storagetest.Stream(1, n))
	return errors.Join(err, f.Close())
}

func (r *result) onServer(ctx context.Context, kind, folder string, pairs int, largest int64) error {
	dir := filepath.Join(folder, kind)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	srv, err := server.Start(kind, dir)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	defer srv.Kill()
	b, err := newBench(srv, folder)
	if err != nil {
		return err
	}
	for _, size := range sizes {
		if size.bytes > largest {
			continue
		}
		for _, c := range b.comparisons(size.bytes) {
			one, err := compare(ctx, c, size.bytes, size.batch, pairs)
			if err != nil {
				return fmt.Errorf("%s %s: %w", c.what, size.name, err)
			}
			one.Server, one.Size = kind, size.name
			r.Rows = append(r.Rows, one)
			fmt.Fprintf(os.Stderr, "%s %s %s: %.0f MB/s beside %.0f, ratio %.2f (%.2f to %.2f)\n",
				kind, one.What, one.Size, one.Ours.P50, one.Raw.P50, one.Ratio.P50, one.Ratio.Min, one.Ratio.Max)
		}
	}
	peaks, err := b.memory(ctx, largest)
	r.Memory = append(r.Memory, peaks...)
	return err
}

// comparison is the same thing done by ours and by minio-go.
type comparison struct {
	what      string
	ours, raw func(ctx context.Context) error
}

// compare takes samples of each, one pair after another, after one that does not count.
func compare(ctx context.Context, c comparison, bytes int64, batch, pairs int) (row, error) {
	var rates, cpus [2][]float64
	for pair := range pairs + 1 {
		order := []int{0, 1}
		if pair%2 == 1 {
			slices.Reverse(order)
		}
		for _, which := range order {
			do := c.ours
			if which == 1 {
				do = c.raw
			}
			took, cpu, err := sample(ctx, do, batch)
			if err != nil {
				return row{}, err
			}
			if pair > 0 {
				rates[which] = append(rates[which], float64(bytes)*float64(batch)/1e6/took.Seconds())
				cpus[which] = append(cpus[which], measure.Millis(cpu)/float64(batch))
			}
		}
	}
	return row{
		What: c.what, Ours: measure.SpreadOf(rates[0]), Raw: measure.SpreadOf(rates[1]), Ratio: measure.SpreadOf(measure.Ratios(rates[0], rates[1])),
		CPU: measure.SpreadOf(cpus[0]), RawCPU: measure.SpreadOf(cpus[1]),
	}, nil
}

func sample(ctx context.Context, do func(context.Context) error, batch int) (took, cpu time.Duration, err error) {
	used, err := measure.CPU(os.Getpid())
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	for range batch {
		if err := do(ctx); err != nil {
			return 0, 0, err
		}
	}
	took = time.Since(began)
	cpu, err = measure.CPU(os.Getpid())
	return took, cpu - used, err
}
