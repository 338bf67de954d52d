// Package embedded is the store that `aind store` runs: an S3 server on a folder
// of this machine.
//
// It is the versitygw gateway on its file backend, wrapped so that it keeps the
// promises of package storage: an upload that is cut short, damaged, or not what
// its key says never becomes visible, and what was acknowledged is on disk. The
// wrapper hashes what is stored under sha256/; nothing that a client says about
// its content is trusted. Other keys are held to their length only.
//
// The gateway changes the working directory and can run once per process, so it
// is given a process of its own.
package embedded

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
	"github.com/versity/versitygw/s3api"

	"github.com/ain-network/aind/storage"
)

const (
	maxConnections = 4096
	maxRequests    = 1024
	maxParts       = 10_000
	// portTries is how often another free port is tried when somebody takes the
	// one just found.
	portTries = 5
)

// Run serves the store until ctx ends, and then returns nil after the requests
// under way are done, or ten seconds. It errs when cfg is invalid, the folder
// cannot be used or is used by another store, or the address is taken.
func Run(ctx context.Context, cfg Config) error {
	if err := cfg.Validate(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	cfg = cfg.withDefaults()
	if err := absolute(&cfg.CertFile, &cfg.KeyFile); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	dir, err := openFolder(cfg.Dir)
	if err != nil {
		return err
	}
	defer dir.close()

	be, sidecar, err := openBackend(ctx, cfg, dir)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	sweep := &sweeper{root: dir.objects, sidecar: sidecar, maxIdle: cfg.UploadMaxIdle, log: cfg.Log}
	if err := sweep.afterCrash(); err != nil {
		return fmt.Errorf("store: clear away what a crash left: %w", err)
	}
	sweepCtx, stopSweep := context.WithCancel(ctx)
	swept := make(chan struct{})
	go func() {
		defer close(swept)
		sweep.run(sweepCtx)
	}()
	defer func() {
		stopSweep()
		<-swept
	}()
	return listen(ctx, cfg, be)
}

// openBackend opens the gateway's file backend on dir, with its bucket.
func openBackend(ctx context.Context, cfg Config, dir *folder) (*backend, string, error) {
	metadata, sidecar, err := openMetadata(dir.objects, dir.sidecar, cfg.Sidecar)
	if err != nil {
		return nil, "", err
	}
	opts := posix.PosixOpts{
		SideCarDir: sidecar,
		// The folder is locked for this process as a whole.
		ForceNoObjLockFile:  true,
		ValidateBucketNames: true,
		CopyObjectThreshold: 5 << 30,
		// Content is named by its sha256; an MD5 beside it would only cost.
		DataIntegrityEtag: true,
	}
	opts.SetNewDirPerm(0o700)
	opts.SetNewFilePerm(0o600)
	files, err := posix.New(dir.objects, metadata, opts)
	if err != nil {
		return nil, "", fmt.Errorf("open file backend: %w", err)
	}
	be := &backend{Posix: files, root: dir.objects}
	if err := be.prepareBucket(ctx, cfg); err != nil {
		return nil, "", fmt.Errorf("bucket %q: %w", cfg.Bucket, err)
	}
	return be, sidecar, nil
}

// prepareBucket makes the bucket, and makes owner and policy what cfg says.
func (b *backend) prepareBucket(ctx context.Context, cfg Config) error {
	owner, err := json.Marshal(auth.ACL{Owner: cfg.AccessKey})
	if err != nil {
		return err
	}
	path := filepath.Join(b.root, cfg.Bucket)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		err := b.CreateBucket(ctx, &s3.CreateBucketInput{
			Bucket:                    &cfg.Bucket,
			ObjectOwnership:           types.ObjectOwnershipBucketOwnerEnforced,
			CreateBucketConfiguration: &types.CreateBucketConfiguration{},
		}, owner)
		if err != nil {
			return err
		}
	} else if err := b.PutBucketAcl(ctx, cfg.Bucket, owner); err != nil {
		return err
	}
	policy, err := bucketPolicy(cfg)
	if err != nil {
		return err
	}
	if err := b.PutBucketPolicy(ctx, cfg.Bucket, policy); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(path, filepath.FromSlash(keyPrefix)), 0o700); err != nil {
		return err
	}
	return errors.Join(storage.SyncDir(path), storage.SyncDir(b.root))
}

// listen serves on the address of cfg. For port 0 it looks for a free port first,
// since the gateway does not tell which one it got.
func listen(ctx context.Context, cfg Config, be *backend) error {
	host, port, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return fmt.Errorf("store: listen %q: %w", cfg.Listen, err)
	}
	if port != "0" {
		return serve(ctx, cfg, be, cfg.Listen)
	}
	for try := 1; ; try++ {
		addr, err := freeAddress(ctx, host)
		if err != nil {
			return fmt.Errorf("store: find a free port: %w", err)
		}
		err = serve(ctx, cfg, be, addr)
		if !errors.Is(err, syscall.EADDRINUSE) || try == portTries {
			return err
		}
	}
}

func freeAddress(ctx context.Context, host string) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func serve(ctx context.Context, cfg Config, be *backend, addr string) error {
	err := embedgw.RunVersityGW(ctx, be, &embedgw.Config{
		RootUserAccess:    cfg.AccessKey,
		RootUserSecret:    cfg.SecretKey,
		Region:            region,
		Ports:             []string{addr},
		MaxConnections:    maxConnections,
		MaxRequests:       maxRequests,
		MultipartMaxParts: maxParts,
		CertFile:          cfg.CertFile,
		KeyFile:           cfg.KeyFile,
		IAMService:        newAccounts(cfg),
		KeepAlive:         true,
		Quiet:             true,
		S3Options:         []s3api.Option{s3api.WithOnListen(func() { cfg.Ready(addr) })},
	})
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("store: serve on %s: %w", addr, err)
	}
	return nil
}

// absolute makes paths independent of the working directory.
func absolute(paths ...*string) error {
	for _, p := range paths {
		if *p == "" {
			continue
		}
		abs, err := filepath.Abs(*p)
		if err != nil {
			return err
		}
		*p = abs
	}
	return nil
}
