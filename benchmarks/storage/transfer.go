package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/ain-network/aind/benchmarks/measure"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/storage/s3"
	"github.com/ain-network/aind/storage/s3/baseline"
	"github.com/ain-network/aind/storage/seal"
	"github.com/ain-network/aind/storage/storagetest"
	"github.com/ain-network/aind/storage/storagetest/server"
)

// bench is one server with its two clients.
type bench struct {
	srv    *server.Server
	folder string
	ours   *s3.Store
	raw    *baseline.Client
	key    seal.Key
}

func newBench(srv *server.Server, folder string) (*bench, error) {
	cfg := srv.S3()
	cfg.SpoolDir = folder
	ours, err := s3.New(cfg)
	if err != nil {
		return nil, err
	}
	raw, err := baseline.New(cfg)
	if err != nil {
		return nil, err
	}
	key, err := seal.NewKey()
	return &bench{srv, folder, ours, raw, key}, err
}

// comparisons are what is done with content of one size. Each finds what the one before it has put.
func (b *bench) comparisons(size int64) []comparison {
	var plain, sealed chunk.Ref
	name := fmt.Sprintf("raw/%d", size)
	rawPut := func(ctx context.Context) error {
		return b.withContent(func(src *os.File) error { return b.raw.Put(ctx, name, io.NewSectionReader(src, 0, size), size) })
	}
	rawGet := func(ctx context.Context) error { return b.rawGet(ctx, name, io.Discard) }
	return []comparison{
		{"put", func(ctx context.Context) error {
			return b.withContent(func(src *os.File) (err error) {
				plain, err = chunk.PutAt(ctx, b.ours, src, size, chunk.Options{Again: true})
				return err
			})
		}, rawPut},
		{"get", func(ctx context.Context) error { return b.get(ctx, plain, io.Discard) }, rawGet},
		{"get to a file", func(ctx context.Context) error {
			return chunk.Get(ctx, b.ours, plain, filepath.Join(b.folder, "ours"), chunk.Options{})
		}, func(ctx context.Context) error { return b.rawGetFile(ctx, name) }},
		{"put, encrypted", func(ctx context.Context) error {
			return b.withContent(func(src *os.File) (err error) {
				sealed, err = b.putSealed(ctx, io.NewSectionReader(src, 0, size))
				return err
			})
		}, rawPut},
		{"get, encrypted", func(ctx context.Context) error { return b.getSealed(ctx, sealed) }, rawGet},
	}
}

func (b *bench) withContent(do func(src *os.File) error) error {
	f, err := os.Open(filepath.Join(b.folder, "content"))
	if err != nil {
		return err
	}
	return errors.Join(do(f), f.Close())
}

func (b *bench) get(ctx context.Context, ref chunk.Ref, dst io.Writer) error {
	r, err := chunk.Open(ctx, b.ours, ref, chunk.Options{})
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, r)
	return errors.Join(err, r.Close())
}

func (b *bench) rawGet(ctx context.Context, name string, dst io.Writer) error {
	r, err := b.raw.Get(ctx, name)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, r)
	return errors.Join(err, r.Close())
}

func (b *bench) rawGetFile(ctx context.Context, name string) error {
	path := filepath.Join(b.folder, "raw")
	f, err := os.Create(path + ".part")
	if err != nil {
		return err
	}
	if err := errors.Join(b.rawGet(ctx, name, f), f.Sync(), f.Close()); err != nil {
		return err
	}
	return errors.Join(os.Rename(path+".part", path), storage.SyncDir(b.folder))
}

// putSealed encrypts content on its way to the store, which learns its digest and size only then.
func (b *bench) putSealed(ctx context.Context, src io.Reader) (chunk.Ref, error) {
	pr, pw := io.Pipe()
	go func() {
		w, err := b.key.Writer(pw)
		if err == nil {
			_, err = io.CopyBuffer(struct{ io.Writer }{w}, src, make([]byte, 256<<10))
			err = errors.Join(err, w.Close())
		}
		pw.CloseWithError(err)
	}()
	ref, err := chunk.Put(ctx, b.ours, pr, storage.UnknownSize, chunk.Options{Again: true, SpoolDir: b.folder})
	return ref, errors.Join(err, pr.Close())
}

func (b *bench) getSealed(ctx context.Context, ref chunk.Ref) error {
	body, err := chunk.Open(ctx, b.ours, ref, chunk.Options{})
	if err != nil {
		return err
	}
	opened, err := b.key.Reader(body)
	if err == nil {
		_, err = io.Copy(io.Discard, opened)
	}
	return errors.Join(err, body.Close())
}

// hashAlone is what sha256 makes of content in memory.
func hashAlone(times int) measure.Spread {
	content := storagetest.Content(1, 64<<20)
	var rates []float64
	for range times {
		began := time.Now()
		sha256.Sum256(content)
		rates = append(rates, float64(len(content))/1e6/time.Since(began).Seconds())
	}
	return measure.SpreadOf(rates)
}

// memory is the most that a process had resident that did one thing with the largest content, and nothing else; beside one
// that did it with 4 KiB, which is what the program itself takes.
type memory struct {
	Server string  `json:"server"`
	What   string  `json:"what"`
	Peak   float64 `json:"peak_mib"`
	Idle   float64 `json:"with_4_kib_mib"`
}

// errand is what such a process does.
type errand struct {
	Config s3.Config
	Folder string
	What   string
	Size   int64
	Ref    chunk.Ref
}

var errands = []string{"put a file", "put a stream", "get to a file", "get a stream"}

func (b *bench) memory(ctx context.Context, largest int64) ([]memory, error) {
	var all []memory
	for _, what := range errands {
		m := memory{Server: b.srv.Name, What: what}
		for _, to := range []struct {
			size int64
			peak *float64
		}{{4 << 10, &m.Idle}, {largest, &m.Peak}} {
			e := errand{Config: b.srv.S3(), Folder: b.folder, What: what, Size: to.size}
			e.Config.SpoolDir = b.folder
			err := b.withContent(func(src *os.File) (err error) {
				e.Ref, err = chunk.PutAt(ctx, b.ours, src, to.size, chunk.Options{})
				return err
			})
			if err != nil {
				return nil, err
			}
			raw, err := json.Marshal(e)
			if err != nil {
				return nil, err
			}
			out, err := exec.CommandContext(ctx, os.Args[0], "-errand", string(raw)).Output()
			if err != nil {
				return nil, fmt.Errorf("memory of %s: %w", what, err)
			}
			kib, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
			if err != nil {
				return nil, fmt.Errorf("memory of %s: %w", what, err)
			}
			*to.peak = measure.Round(kib / 1024)
		}
		all = append(all, m)
	}
	return all, nil
}

// runErrand does one thing and prints the most KiB that this process had resident.
func runErrand(ctx context.Context, raw string) error {
	var e errand
	if err := json.Unmarshal([]byte(raw), &e); err != nil {
		return err
	}
	store, err := s3.New(e.Config)
	if err != nil {
		return err
	}
	b := &bench{folder: e.Folder, ours: store}
	err = b.withContent(func(src *os.File) (err error) {
		switch e.What {
		case "put a file":
			_, err = chunk.PutAt(ctx, store, src, e.Size, chunk.Options{Again: true})
		case "put a stream":
			_, err = chunk.Put(ctx, store, io.LimitReader(src, e.Size), e.Size, chunk.Options{Again: true, SpoolDir: e.Folder})
		case "get to a file":
			err = chunk.Get(ctx, store, e.Ref, filepath.Join(e.Folder, "errand"), chunk.Options{})
		case "get a stream":
			err = b.get(ctx, e.Ref, io.Discard)
		}
		return err
	})
	if err != nil {
		return err
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	fmt.Println(strings.Fields(rest)[0])
	return nil
}
