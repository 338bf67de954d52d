package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"

	"github.com/ain-network/aind/storage"
)

// backend is the gateway's file backend with the promises of package storage:
// what becomes visible is complete and, under sha256/, is what its key says, and
// what is acknowledged is on disk. It overrides every call that can create an
// object.
type backend struct {
	*posix.Posix
	root string // absolute folder of the buckets
}

// PutObject implements backend.Backend.
func (b *backend) PutObject(ctx context.Context, in s3response.PutObjectInput) (s3response.PutObjectOutput, error) {
	want, err := wantedHash(text(in.Key))
	if err != nil {
		return s3response.PutObjectOutput{}, err
	}
	in.Body = checkContent(in.Body, in.ContentLength, want)
	// The bytes are flushed before the object gets its name, and the name after.
	out, err := b.Posix.PutObjectWithPostFunc(ctx, in, flush)
	if err != nil {
		return out, err
	}
	return out, b.flushName(text(in.Bucket), text(in.Key))
}

// UploadPart implements backend.Backend.
func (b *backend) UploadPart(ctx context.Context, in *s3.UploadPartInput) (*s3.UploadPartOutput, error) {
	in.Body = checkContent(in.Body, in.ContentLength, "")
	return b.Posix.UploadPart(ctx, in)
}

// CreateMultipartUpload implements backend.Backend.
func (b *backend) CreateMultipartUpload(ctx context.Context, in s3response.CreateMultipartUploadInput) (s3response.InitiateMultipartUploadResult, error) {
	if _, err := wantedHash(text(in.Key)); err != nil {
		return s3response.InitiateMultipartUploadResult{}, err
	}
	return b.Posix.CreateMultipartUpload(ctx, in)
}

// CompleteMultipartUpload implements backend.Backend. The assembled file is
// checked and flushed by checkedMetadata, before it gets its name.
func (b *backend) CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadInput) (s3response.CompleteMultipartUploadResult, string, error) {
	out, version, err := b.Posix.CompleteMultipartUpload(ctx, in)
	var refusal s3err.S3Error
	if errors.As(err, &refusal) {
		err = refusal // a client would repeat what comes wrapped, as an internal error
	}
	if err != nil {
		return out, version, err
	}
	// The gateway answers a repeated request at once while the first is still at
	// work, so success alone does not mean that the object is there.
	if _, err := os.Stat(filepath.Join(b.root, text(in.Bucket), text(in.Key))); err != nil {
		return s3response.CompleteMultipartUploadResult{}, "", s3err.GetAPIError(s3err.ErrSlowDown)
	}
	return out, version, b.flushName(text(in.Bucket), text(in.Key))
}

// CopyObject implements backend.Backend. An object named by its digest is
// uploaded, never copied: a copy is not hashed on the way.
func (b *backend) CopyObject(ctx context.Context, in s3response.CopyObjectInput) (s3response.CopyObjectOutput, error) {
	want, err := wantedHash(text(in.Key))
	if err != nil {
		return s3response.CopyObjectOutput{}, err
	}
	if want != "" {
		return s3response.CopyObjectOutput{}, s3err.GetAPIError(s3err.ErrNotImplemented)
	}
	return b.Posix.CopyObject(ctx, in)
}

// flushName makes an object's name survive a power cut, and the names of the folders that lead to it: those of a space
// are made with its first object.
func (b *backend) flushName(bucket, key string) error {
	for dir := filepath.Dir(key); ; dir = filepath.Dir(dir) {
		if err := storage.SyncDir(filepath.Join(b.root, bucket, dir)); err != nil {
			return fmt.Errorf("object %q of bucket %q: %w", key, bucket, err)
		}
		if dir == "." || strings.HasPrefix(key, keyPrefix) {
			return nil
		}
	}
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
