package s3

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/ain-network/aind/storage"
)

// proofHeader carries, on a presigned PUT, a word that only that URL was given. The store keeps it beside the object, so
// that who made the URL can tell whether it was used.
const proofHeader = "X-Amz-Meta-Ain-Upload"

// proofMetadata is proofHeader as the store gives it back.
const proofMetadata = "Ain-Upload"

// Presigned is a request that whoever holds it may make, until it expires, without knowing our secret. It must be made
// just so: method, URL, host and headers are signed.
type Presigned struct {
	Method string            `json:"method"`
	URL    string            `json:"url"`
	Header map[string]string `json:"header,omitempty"`
}

// Proven is what Inspect knows of an object.
type Proven struct {
	Size int64
	// Checked says that the store itself has compared the content with its digest.
	Checked bool
	// Proof is the word that the last presigned PUT carried.
	Proof string
}

// Shelf is the part of the store below a prefix, which ends in "/": the same bucket and the same connections. Its object
// of digest sha256:<hex> has the key <prefix>sha256/<hex>.
func (s *Store) Shelf(prefix string) *Store {
	return &Store{cfg: s.cfg, client: s.client, prefix: s.prefix + prefix, bucket: s.bucket}
}

// Path is where an object is, with its bucket, as S3 writes the source of a copy.
func (s *Store) Path(d storage.Digest) string { return "/" + s.cfg.Bucket + "/" + s.key(d) }

// PresignPut returns a request that stores the content of info, and nothing else, until life has passed. The length and
// the digest of the body are signed, and proof with them. The store is not asked: the bucket must be there.
func (s *Store) PresignPut(ctx context.Context, info storage.Info, life time.Duration, proof string) (Presigned, error) {
	if err := info.Digest.Validate(); err != nil {
		return Presigned{}, fmt.Errorf("presign: %w", err)
	}
	if info.Size < 0 || info.Size > DefaultMultipartThreshold {
		return Presigned{}, fmt.Errorf("presign: %w: %d bytes, want 0 to %d in one request", storage.ErrTooLarge, info.Size, DefaultMultipartThreshold)
	}
	checksum, err := checksumOf(info.Digest)
	if err != nil {
		return Presigned{}, err
	}
	return s.presign(ctx, http.MethodPut, info.Digest, life, nil, map[string]string{
		"Content-Length":                     strconv.FormatInt(info.Size, 10),
		minio.ChecksumSHA256.Key():           checksum,
		http.CanonicalHeaderKey(proofHeader): proof,
	})
}

// PresignGet returns a request that reads an object until life has passed. Whoever stored it may have called it a web page:
// the answer says that it is bytes to be saved. The store is not asked.
func (s *Store) PresignGet(ctx context.Context, d storage.Digest, life time.Duration) (Presigned, error) {
	if err := d.Validate(); err != nil {
		return Presigned{}, fmt.Errorf("presign: %w", err)
	}
	return s.presign(ctx, http.MethodGet, d, life, url.Values{
		"response-content-type": {"application/octet-stream"}, "response-content-disposition": {"attachment"},
	}, nil)
}

func (s *Store) presign(
	ctx context.Context, method string, d storage.Digest, life time.Duration, query url.Values, header map[string]string,
) (Presigned, error) {
	signed := http.Header{}
	for name, value := range header {
		signed.Set(name, value)
	}
	u, err := s.client.PresignHeader(ctx, method, s.cfg.Bucket, s.key(d), life, query, signed)
	if err != nil {
		return Presigned{}, fmt.Errorf("presign %s of %s: %w", method, d, s.classify(ctx, err))
	}
	return Presigned{Method: method, URL: u.String(), Header: header}, nil
}

// checksumOf is a digest as S3 writes it.
func checksumOf(d storage.Digest) (string, error) {
	sum, err := hex.DecodeString(d.Hex())
	if err != nil {
		return "", fmt.Errorf("digest %s: %w", d, err)
	}
	return base64.StdEncoding.EncodeToString(sum), nil
}

// Inspect says what the store knows of an object without reading it. It errs with storage.ErrNotFound when there is none.
func (s *Store) Inspect(ctx context.Context, d storage.Digest) (Proven, error) {
	if err := d.Validate(); err != nil {
		return Proven{}, fmt.Errorf("inspect: %w", err)
	}
	obj, err := s.client.StatObject(ctx, s.cfg.Bucket, s.key(d), minio.StatObjectOptions{Checksum: true})
	if err != nil {
		return Proven{}, fmt.Errorf("inspect %s: %w", d, s.classify(ctx, err))
	}
	want, err := checksumOf(d)
	if err != nil {
		return Proven{}, err
	}
	return Proven{Size: obj.Size, Checked: obj.ChecksumSHA256 == want, Proof: obj.UserMetadata[proofMetadata]}, nil
}

// Object is one that a store lists.
type Object struct {
	Key     string // with the prefix
	Size    int64
	Changed time.Time
}

// Objects calls visit for every object below the prefix, whatever its name, until visit errs. A bucket that is not there
// has none.
func (s *Store) Objects(ctx context.Context, visit func(Object) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the listing that is behind the channel
	for obj := range s.client.Client.ListObjects(ctx, s.cfg.Bucket, minio.ListObjectsOptions{Prefix: s.prefix, Recursive: true}) {
		if obj.Err != nil {
			if err := s.classify(ctx, obj.Err); !errors.Is(err, storage.ErrNotFound) {
				return fmt.Errorf("list %s: %w", s.cfg.endpointURL(), err)
			}
			return nil
		}
		if err := visit(Object{Key: obj.Key, Size: obj.Size, Changed: obj.LastModified}); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Remove removes an object that Objects has named.
func (s *Store) Remove(ctx context.Context, key string) error {
	err := s.classify(ctx, s.client.RemoveObject(ctx, s.cfg.Bucket, key, minio.RemoveObjectOptions{}))
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("remove %q: %w", key, err)
	}
	return nil
}

// AbortUploads removes uploads in parts below the prefix that began before a moment and were not finished, and says how
// many there were.
func (s *Store) AbortUploads(ctx context.Context, before time.Time) (int, error) {
	aborted := 0
	for upload := range s.client.ListIncompleteUploads(ctx, s.cfg.Bucket, s.prefix, true) {
		if upload.Err != nil {
			if err := s.classify(ctx, upload.Err); !errors.Is(err, storage.ErrNotFound) {
				return aborted, fmt.Errorf("list unfinished uploads at %s: %w", s.cfg.endpointURL(), err)
			}
			return aborted, nil
		}
		if !upload.Initiated.Before(before) {
			continue
		}
		err := s.classify(ctx, s.client.AbortMultipartUpload(ctx, s.cfg.Bucket, upload.Key, upload.UploadID))
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return aborted, fmt.Errorf("abort the upload of %q: %w", upload.Key, err)
		}
		aborted++
	}
	return aborted, nil
}
