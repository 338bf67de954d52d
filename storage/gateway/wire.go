package gateway

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/s3"
)

// Codes of errors.
const (
	CodeBadRequest       = "bad_request"
	CodeUnauthenticated  = "unauthenticated"
	CodeNotAllowed       = "not_allowed"
	CodeNotFound         = "not_found"
	CodeUploadMissing    = "upload_missing"
	CodeKept             = "kept"
	CodeSpaceExpired     = "space_expired"
	CodeTooLarge         = "too_large"
	CodeTooMany          = "too_many"
	CodeInternal         = "internal"
	CodeStoreUnchecked   = "store_unchecked"
	CodeChainUnavailable = "chain_unavailable"
	CodeStoreUnavailable = "store_unavailable"
	CodeOverQuota        = "over_quota"
)

var statuses = map[string]int{
	CodeBadRequest: http.StatusBadRequest, CodeUnauthenticated: http.StatusUnauthorized, CodeNotAllowed: http.StatusForbidden,
	CodeNotFound: http.StatusNotFound, CodeUploadMissing: http.StatusConflict, CodeKept: http.StatusConflict,
	CodeSpaceExpired: http.StatusGone, CodeTooLarge: http.StatusRequestEntityTooLarge, CodeTooMany: http.StatusTooManyRequests,
	CodeInternal: http.StatusInternalServerError, CodeStoreUnchecked: http.StatusBadGateway,
	CodeChainUnavailable: http.StatusServiceUnavailable, CodeStoreUnavailable: http.StatusServiceUnavailable,
	CodeOverQuota: http.StatusInsufficientStorage,
}

// Errors of a gateway that a storage.Store has no name for. Test for them with errors.Is.
var (
	// ErrOverQuota: the space has no room for the content, with what is under way.
	ErrOverQuota = errors.New("over the quota of the space")
	// ErrSpaceExpired: the space's time is over.
	ErrSpaceExpired = errors.New("the space has expired")
	// ErrKept: requests need the content for some time yet.
	ErrKept = errors.New("the content is kept for requests that need it")
)

// Error is a refusal by a gateway.
type Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Errorf is a refusal of the given code.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func (e *Error) Error() string { return e.Message + " (" + e.Code + ")" }

// Status is the HTTP status of the refusal.
func (e *Error) Status() int {
	if status, ok := statuses[e.Code]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// Is makes errors.Is hold for the error of package storage, or of this package, that the refusal amounts to.
func (e *Error) Is(target error) bool {
	switch e.Code {
	case CodeNotFound:
		return target == storage.ErrNotFound
	case CodeUnauthenticated, CodeNotAllowed:
		return target == storage.ErrDenied
	case CodeTooLarge:
		return target == storage.ErrTooLarge
	case CodeOverQuota:
		return target == ErrOverQuota
	case CodeSpaceExpired:
		return target == ErrSpaceExpired
	case CodeKept:
		return target == ErrKept
	case CodeUploadMissing, CodeTooMany, CodeInternal, CodeChainUnavailable, CodeStoreUnavailable:
		return target == storage.ErrUnavailable
	}
	return false
}

// NonceRequest asks for something to sign.
type NonceRequest struct {
	Account string `json:"account"`
}

// NonceAnswer is what the login must sign: Text of these fields, see LoginText.
type NonceAnswer struct {
	ChainID   string `json:"chain_id"`
	Gateway   string `json:"gateway"`
	Nonce     string `json:"nonce"`
	ExpiresMs int64  `json:"expires_ms"`
	Text      string `json:"text"`
}

// LoginRequest is the signature of a nonce's text in the form that wallets make.
type LoginRequest struct {
	Account   string `json:"account"`
	Nonce     string `json:"nonce"`
	PubKey    []byte `json:"pub_key"`   // secp256k1, 33 bytes, base64
	Signature []byte `json:"signature"` // 64 bytes, base64
}

// LoginAnswer is a token for the header "Authorization: Bearer".
type LoginAnswer struct {
	Token     string `json:"token"`
	ExpiresMs int64  `json:"expires_ms"`
}

// PutRequest asks to store content. Again asks for a presigned request even where the space has the content.
type PutRequest struct {
	Digest storage.Digest `json:"digest"`
	Size   int64          `json:"size"`
	Again  bool           `json:"again,omitempty"`
}

// PutAnswer says that the space has the content already, or what to send.
type PutAnswer struct {
	Have   bool          `json:"have"`
	Upload *s3.Presigned `json:"upload,omitempty"`
	// ExpiresMs is when the upload can no longer be begun.
	ExpiresMs int64 `json:"expires_ms,omitempty"`
}

// CommitRequest says that content has been sent.
type CommitRequest struct {
	Digest storage.Digest `json:"digest"`
	Size   int64          `json:"size"`
}

// GetRequest asks for content. Root is the chunk manifest that names it, where it is a chunk.
type GetRequest struct {
	Digest storage.Digest `json:"digest"`
	Root   storage.Digest `json:"root,omitempty"`
}

// GetAnswer is where the content is.
type GetAnswer struct {
	Size     int64        `json:"size"`
	Download s3.Presigned `json:"download"`
	// ExpiresMs is when the download can no longer be begun.
	ExpiresMs int64 `json:"expires_ms"`
}

// StatAnswer says that the space has content.
type StatAnswer struct {
	Size int64 `json:"size"`
}

// Object is content of a space.
type Object struct {
	Digest storage.Digest `json:"digest"`
	Size   int64          `json:"size"`
}

// ListAnswer is a page of what a space has, by digest. Next is empty on the last.
type ListAnswer struct {
	Objects []Object       `json:"objects"`
	Next    storage.Digest `json:"next,omitempty"`
}

// Usage is how full a space is, in bytes.
type Usage struct {
	Reserved int64 `json:"reserved"`
	Stored   int64 `json:"stored"`
	Pending  int64 `json:"pending"`
	Objects  int64 `json:"objects"`
}
