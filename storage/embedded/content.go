package embedded

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"regexp"
	"strings"

	"github.com/versity/versitygw/s3api/middlewares"
	"github.com/versity/versitygw/s3err"
)

const (
	// keyPrefix is where objects named by their digest live.
	keyPrefix = "sha256/"
	// spacesPrefix is where the spaces of Big Storage live, each with its own objects named by their digest:
	// spaces/<id>/sha256/<hex>.
	spacesPrefix = "spaces/"
)

var (
	digestHex = regexp.MustCompile(`^[0-9a-f]{64}$`)
	inSpace   = regexp.MustCompile(`^spaces/[1-9][0-9]{0,19}/sha256/`)
)

// wantedHash returns the hex sha256 that key promises, or "" for a key that
// promises nothing. A malformed promise is refused, and with it keys such as
// sha256/<hex>/x, whose folder would take the place of an object.
func wantedHash(key string) (string, error) {
	prefix := keyPrefix
	switch {
	case strings.HasPrefix(key, spacesPrefix):
		prefix = inSpace.FindString(key)
	case !strings.HasPrefix(key, keyPrefix):
		return "", nil
	}
	digits := strings.TrimPrefix(key, prefix)
	if !digestHex.MatchString(digits) {
		return "", s3err.APIError{
			Code:           "InvalidArgument",
			Description:    fmt.Sprintf("key %q: want %s, or %s<id>/%s, and 64 lower-case hex digits", key, keyPrefix, spacesPrefix, keyPrefix),
			HTTPStatusCode: 400,
		}
	}
	return digits, nil
}

// content is the body of an upload, held to the length that was announced and to
// the hash that the key promises. The gateway takes a body that is cut short for
// one that has ended; content ends such a body in an error that the gateway
// passes on, so that nothing is published.
type content struct {
	src  io.Reader
	left int64 // bytes announced and not yet read
	want string
	hash hash.Hash
	err  error
}

// checksumContent is content of a body that carries its own checksum, which the
// gateway asks the body for.
type checksumContent struct {
	*content
	middlewares.ChecksumReader
}

// Read implements io.Reader, over the two that are embedded.
func (c checksumContent) Read(p []byte) (int, error) { return c.content.Read(p) }

// checkContent returns a reader of body that ends in io.EOF only after size bytes
// that hash to wantHash; "" stands for any hash. A body that carries a checksum
// still does.
func checkContent(body io.Reader, size *int64, wantHash string) io.Reader {
	c := &content{src: body, want: wantHash}
	if size != nil {
		c.left = *size
	}
	if body == nil {
		c.src = strings.NewReader("")
	}
	if wantHash != "" {
		c.hash = sha256.New()
	}
	if summed, ok := body.(middlewares.ChecksumReader); ok {
		return checksumContent{content: c, ChecksumReader: summed}
	}
	return c
}

// Read implements io.Reader.
func (c *content) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.src.Read(p)
	c.left -= int64(n)
	if c.hash != nil {
		c.hash.Write(p[:n])
	}
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		c.err = c.finish()
	case err != nil:
		c.err = err
	}
	return n, c.err
}

// finish decides about a body that has ended, however it ended.
func (c *content) finish() error {
	if c.left != 0 {
		return s3err.GetAPIError(s3err.ErrIncompleteBody)
	}
	if c.hash != nil {
		if got := hex.EncodeToString(c.hash.Sum(nil)); got != c.want {
			return s3err.GetContentSHA256MismatchErr(c.want, got)
		}
	}
	return io.EOF
}
