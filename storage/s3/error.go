package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/minio/minio-go/v7"

	"github.com/ain-network/aind/storage"
)

// classify turns an error of minio-go or of the network into one of package
// storage's. ctx is the call's own: only when it has ended is its error the
// reason, for a timeout of the network also claims to be a deadline exceeded.
func (s *Store) classify(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctxErr := ctx.Err(); ctxErr != nil {
		return ctxErr
	}
	var resp minio.ErrorResponse
	if errors.As(err, &resp) {
		return s.classifyResponse(resp)
	}
	return &storage.UnavailableError{Endpoint: s.cfg.endpointURL(), Err: err}
}

func (s *Store) classifyResponse(resp minio.ErrorResponse) error {
	switch {
	case resp.Code == minio.NoSuchKey, resp.Code == minio.NoSuchBucket, resp.Code == "NotFound":
		return storage.ErrNotFound
	case isDamage(resp.Code):
		return fmt.Errorf("%w: damaged on the way to %s: %s", storage.ErrDigestMismatch, s.cfg.endpointURL(), resp.Message)
	case resp.Code == "EntityTooLarge":
		return fmt.Errorf("%w: %s refuses it: %s", storage.ErrTooLarge, s.cfg.endpointURL(), resp.Message)
	}
	switch {
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden:
		return fmt.Errorf("%w: %s, access key %q: %s (check access key, secret key and the clock)",
			storage.ErrDenied, s.cfg.endpointURL(), s.cfg.AccessKey, resp.Message)
	case resp.StatusCode == http.StatusNotFound:
		return storage.ErrNotFound
	case resp.StatusCode >= 500,
		resp.StatusCode == http.StatusTooManyRequests,
		resp.StatusCode == http.StatusRequestTimeout:
		return &storage.UnavailableError{
			Endpoint: s.cfg.endpointURL(),
			Err:      fmt.Errorf("answers %d %s: %s", resp.StatusCode, resp.Code, resp.Message),
		}
	default:
		return fmt.Errorf("%s answers %d %s: %s", s.cfg.endpointURL(), resp.StatusCode, resp.Code, resp.Message)
	}
}

// isDamage says whether a store's code means that it got other bytes than were announced.
func isDamage(code string) bool {
	switch code {
	case "BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch", "InvalidDigest", "IncompleteBody":
		return true
	}
	return false
}
