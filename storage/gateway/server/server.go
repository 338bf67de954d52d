// Package server is the gateway of Big Storage: it asks the chain who may read and write a space, and hands out presigned
// requests of the S3 store behind it. The README of the folder above is its specification.
//
// What it trusts: the chain for rights and reservations; the S3 store to hold a presigned PUT to the length and the sha256
// that are signed, and to tell what it stored. Clients are trusted with nothing.
//
// Content of a space lies under spaces/<id>/sha256/<hex>, so spaces share no object: with one object for all, whoever
// knows a digest could claim to have sent its content, and read it.
package server

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/gateway"
	"github.com/ain-network/aind/storage/s3"
)

const (
	spacesPrefix = "spaces/"
	ownerPrefix  = "gateway/" // its one object says whose bucket it is
	stripes      = 256
)

// Server is a gateway. Serve its Handler, and Run its sweeper.
type Server struct {
	cfg       Config
	index     *index
	logins    *logins
	rights    *rights
	addresses *limiter
	accounts  *limiter
	carrier   *s3.Carrier // for requests of our own
	lax       bool        // the store: see isLax

	seed  maphash.Seed
	locks [stripes]sync.Mutex // by space and digest: held while an object is judged and while it is removed
}

// Open opens a gateway on its folder. A new index takes in what the bucket has of spaces. Close it when done.
func Open(ctx context.Context, cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	cfg = cfg.withDefaults()
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	index, found, err := openIndex(cfg.indexPath())
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	s := &Server{
		cfg: cfg, index: index, logins: newLogins(cfg.Now), seed: maphash.MakeSeed(),
		rights:    &rights{ledger: cfg.Ledger, provider: cfg.Provider, now: cfg.Now, answers: map[question]answer{}},
		addresses: newLimiter(cfg.PerAddress, 10*cfg.PerAddress, cfg.Now),
		accounts:  newLimiter(cfg.PerAccount, 10*cfg.PerAccount, cfg.Now),
	}
	if err := s.prepare(ctx, found); err != nil {
		return nil, errors.Join(fmt.Errorf("gateway: %w", err), index.close())
	}
	return s, nil
}

// prepare makes sure of the bucket, and brings the index to the present version.
func (s *Server) prepare(ctx context.Context, found string) (err error) {
	if s.carrier, err = s.cfg.Store.Carrier(); err != nil {
		return err
	}
	if err := s.claimBucket(ctx); err != nil {
		return err
	}
	if s.lax, err = s.isLax(ctx); err != nil {
		return fmt.Errorf("learn how the store takes presigned requests: %w", err)
	}
	if s.lax {
		s.cfg.Log.Info("the store takes headers that are not signed: uploads go through the gateway")
	}
	if found == version {
		return nil
	}
	if found == "" {
		if err := s.rebuild(ctx); err != nil {
			return fmt.Errorf("fill the new index: %w", err)
		}
	}
	if err := s.learnAll(ctx); err != nil {
		return fmt.Errorf("learn which chunks belong together: %w", err)
	}
	return s.index.complete()
}

// Close closes the index. No request may be under way.
func (s *Server) Close() error { return s.index.close() }

// claimBucket makes sure that the bucket is not another provider's: the sweeper removes what the index does not know.
func (s *Server) claimBucket(ctx context.Context) error {
	own := ownerPrefix + s.cfg.Provider + "/"
	err := s.cfg.Store.Shelf(ownerPrefix).Objects(ctx, func(o s3.Object) error {
		if !strings.HasPrefix(o.Key, own) {
			return fmt.Errorf("the bucket is another provider's: it has %q (give each gateway a bucket of its own)", o.Key)
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = storage.PutBytes(ctx, s.cfg.Store.Shelf(own), s.marker())
	return err
}

// marker is the content of the object that says whose bucket it is.
func (s *Server) marker() []byte { return []byte(s.cfg.Provider + "\n") }

// rebuild fills a new index with what the bucket has of spaces.
func (s *Server) rebuild(ctx context.Context) error {
	items := map[uint64][]item{}
	err := s.cfg.Store.Shelf(spacesPrefix).Objects(ctx, func(o s3.Object) error {
		if space, digest, ok := parseKey(o.Key); ok {
			items[space] = append(items[space], item{digest, o.Size})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.index.adopt(items)
}

var objectKey = regexp.MustCompile(`^spaces/([1-9][0-9]{0,19})/sha256/([0-9a-f]{64})$`)

// parseKey reads the key of an object of a space.
func parseKey(key string) (uint64, storage.Digest, bool) {
	parts := objectKey.FindStringSubmatch(key)
	if parts == nil {
		return 0, "", false
	}
	space, err := strconv.ParseUint(parts[1], 10, 64)
	return space, storage.Digest("sha256:" + parts[2]), err == nil
}

// shelf is where a store keeps a space.
func shelf(store *s3.Store, space uint64) *s3.Store {
	return store.Shelf(spacesPrefix + strconv.FormatUint(space, 10) + "/")
}

// lock holds content of a space while it is judged or removed.
func (s *Server) lock(space uint64, d storage.Digest) (unlock func()) {
	lock := &s.locks[maphash.Bytes(s.seed, contentKey(space, d))%stripes]
	lock.Lock()
	return lock.Unlock
}

// storeError gives an error of the S3 store its code. Its words stay here: they may name what clients need not know.
func (s *Server) storeError(what string, err error) *gateway.Error {
	s.cfg.Log.Warn("the store fails", "at", what, "error", err)
	return gateway.Errorf(gateway.CodeStoreUnavailable, "the store behind the gateway cannot be used now, try again in some seconds")
}

// internal hides an error that is ours.
func (s *Server) internal(what string, err error) *gateway.Error {
	s.cfg.Log.Error("the gateway fails", "at", what, "error", err)
	return gateway.Errorf(gateway.CodeInternal, "the gateway failed, its log says why")
}

// failed is a refusal as it is, and any other error as one of ours.
func (s *Server) failed(what string, err error) *gateway.Error {
	if refusal := (*gateway.Error)(nil); errors.As(err, &refusal) {
		return refusal
	}
	return s.internal(what, err)
}

func (s *Server) ms() int64 { return s.cfg.Now().UnixMilli() }

// slowest is the rate at which an upload is expected to go at least, once begun, in bytes a second.
const slowest = 128 << 10

// uploadUntil is when an upload that is begun in time has ended, one way or the other.
func (s *Server) uploadUntil(size int64) int64 {
	return s.ms() + s.cfg.UploadLife.Milliseconds() + size/slowest*1000 + time.Minute.Milliseconds()
}
