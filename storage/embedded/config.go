package embedded

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"time"
)

const (
	// DefaultBucket is where objects are kept when Config names no bucket.
	DefaultBucket = "ain"
	// region is the one region this store knows.
	region = "us-east-1"
	// minSecret is the least length of a secret key: it guards every object.
	minSecret = 16
	// DefaultUploadMaxIdle is how long an unfinished upload in parts may rest.
	DefaultUploadMaxIdle = 24 * time.Hour
)

// Account may store and read objects, and nothing else: it cannot remove them,
// list them or change the store. What it stores must be what the key says, so it
// cannot spoil anybody's object either.
type Account struct {
	AccessKey string
	SecretKey string
}

// Config says what to serve and to whom.
type Config struct {
	// Dir holds everything the store keeps. It is made when absent, and belongs
	// to one running store at a time.
	Dir string
	// Listen is host:port. Port 0 takes a free port, reported to Ready.
	Listen string
	// AccessKey and SecretKey are the credentials of the owner, who may do
	// everything. They are kept in memory only.
	AccessKey string
	SecretKey string
	// Accounts may store and read; their credentials are kept in memory only.
	Accounts []Account
	// Bucket is made when absent. DefaultBucket when empty.
	Bucket string
	// CertFile and KeyFile, PEM, select HTTPS. Both or neither.
	CertFile string
	KeyFile  string
	// UploadMaxIdle is how long an upload in parts may rest before it is taken to
	// be abandoned and removed. DefaultUploadMaxIdle when 0.
	UploadMaxIdle time.Duration
	// Sidecar keeps objects' attributes in files of their own even where the file
	// system has extended attributes: for folders whose backups lose those. Once
	// chosen for a folder it stays.
	Sidecar bool
	// Ready, when set, is called once the store serves, with its host:port.
	Ready func(addr string)
	// Log, when set, is told what went wrong in the background.
	Log func(msg string, err error)
}

// bucketName matches what the s3 package accepts.
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)

// Validate reports the first field that cannot be right, and what it should be.
func (c Config) Validate() error {
	if c.Dir == "" {
		return errors.New("dir is empty, give the store a folder")
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return fmt.Errorf("listen %q: want host:port: %w", c.Listen, err)
	}
	if c.Bucket != "" && !bucketName.MatchString(c.Bucket) {
		return fmt.Errorf("bucket %q: want 3 to 63 lower-case letters, digits and inner hyphens", c.Bucket)
	}
	if (c.CertFile == "") != (c.KeyFile == "") {
		return errors.New("cert file and key file: want both for HTTPS, or neither")
	}
	if c.UploadMaxIdle < 0 {
		return fmt.Errorf("upload max idle %s: want 0 for the default, or more", c.UploadMaxIdle)
	}
	seen := map[string]bool{}
	for _, a := range append([]Account{{c.AccessKey, c.SecretKey}}, c.Accounts...) {
		if a.AccessKey == "" {
			return errors.New("access key is empty")
		}
		if seen[a.AccessKey] {
			return fmt.Errorf("access key %q is given twice", a.AccessKey)
		}
		seen[a.AccessKey] = true
		if len(a.SecretKey) < minSecret {
			return fmt.Errorf("secret key of %q has %d characters, want at least %d", a.AccessKey, len(a.SecretKey), minSecret)
		}
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Bucket == "" {
		c.Bucket = DefaultBucket
	}
	if c.UploadMaxIdle == 0 {
		c.UploadMaxIdle = DefaultUploadMaxIdle
	}
	if c.Ready == nil {
		c.Ready = func(string) {}
	}
	if c.Log == nil {
		c.Log = func(string, error) {}
	}
	return c
}
