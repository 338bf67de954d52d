package s3

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Defaults of Config.
const (
	// DefaultRegion is what S3 stores that know no regions, ours among them, go by.
	DefaultRegion = "us-east-1"
	// DefaultStallTimeout is how long a connection may make no progress at all.
	DefaultStallTimeout = 30 * time.Second
	// DefaultMultipartThreshold is S3's limit for one PUT.
	DefaultMultipartThreshold int64 = 5 << 30
)

const (
	schemePlain = "s3+http"
	schemeTLS   = "s3+https"
)

// Config says which bucket of which S3 store to use, and as whom. Printing it
// with any verb, or logging it, shows no secret; encoding it as JSON does.
type Config struct {
	// Endpoint is host:port, without scheme or path.
	Endpoint string
	// Secure selects HTTPS.
	Secure bool
	// Bucket is made when it is absent and the account may make it.
	Bucket string
	// Region defaults to DefaultRegion.
	Region string
	// AccessKey and SecretKey are the account's credentials.
	AccessKey string
	SecretKey string

	// CAFile, when set, is a PEM file with the certificates that the store's own
	// certificate is checked against, in place of the system's.
	CAFile string
	// SpoolDir is where content of unknown digest or size waits for its upload;
	// the system's folder for temporary files when empty. It needs room for the
	// largest such content.
	SpoolDir string
	// StallTimeout is how long a connection may stand still, in either direction,
	// before the call fails with storage.ErrUnavailable. It bounds no transfer
	// that moves. DefaultStallTimeout when 0.
	StallTimeout time.Duration

	publicOnly bool // hosts on this machine and in its network are refused
	// MultipartThreshold is the size in bytes above which an object is sent in
	// parts. One PUT is better while the store takes it: the store then checks the
	// whole object's digest before it shows it. DefaultMultipartThreshold when 0.
	MultipartThreshold int64
}

// bucketName follows S3's rules for new buckets, less the dots, which break TLS
// host names.
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)

// Validate reports the first field that cannot be right, and what it should be.
func (c Config) Validate() error {
	if c.Endpoint == "" {
		return errors.New("endpoint is empty, want host:port of the store")
	}
	if strings.Contains(c.Endpoint, "/") {
		return fmt.Errorf("endpoint %q: want host:port alone, without scheme or path", c.Endpoint)
	}
	if host, port, err := net.SplitHostPort(c.Endpoint); err == nil && (host == "" || port == "") {
		return fmt.Errorf("endpoint %q: want both a host and a port", c.Endpoint)
	}
	if !bucketName.MatchString(c.Bucket) {
		return fmt.Errorf("bucket %q: want 3 to 63 lower-case letters, digits and inner hyphens", c.Bucket)
	}
	if c.AccessKey == "" {
		return errors.New("access key is empty")
	}
	if c.SecretKey == "" {
		return errors.New("secret key is empty")
	}
	if c.CAFile != "" && !c.Secure {
		return fmt.Errorf("ca file %q is of no use without TLS: use %s://", c.CAFile, schemeTLS)
	}
	if c.StallTimeout < 0 {
		return fmt.Errorf("stall timeout %s: want 0 for the default, or more", c.StallTimeout)
	}
	if c.MultipartThreshold < 0 || c.MultipartThreshold > DefaultMultipartThreshold {
		return fmt.Errorf("multipart threshold %d: want 0 for the default, or at most %d bytes",
			c.MultipartThreshold, DefaultMultipartThreshold)
	}
	return nil
}

// ParseURL reads the one-line form of a Config,
//
//	s3+http://ACCESS:SECRET@host:port/bucket?region=us-east-1&ca=/path/ca.pem
//
// or s3+https for TLS. Special characters in the keys are percent-encoded.
// Errors never repeat the secret.
func ParseURL(raw string) (Config, error) {
	u, err := url.Parse(raw)
	if err != nil {
		// url.Error quotes its input, and with it the secret.
		var parseErr *url.Error
		if errors.As(err, &parseErr) {
			err = parseErr.Err
		}
		return Config{}, fmt.Errorf("store url: %w", err)
	}
	if u.Scheme != schemePlain && u.Scheme != schemeTLS {
		return Config{}, fmt.Errorf("store url: scheme %q: want %s or %s", u.Scheme, schemePlain, schemeTLS)
	}
	secret, _ := u.User.Password()
	c := Config{
		Endpoint:  u.Host,
		Secure:    u.Scheme == schemeTLS,
		Bucket:    strings.Trim(u.Path, "/"),
		AccessKey: u.User.Username(),
		SecretKey: secret,
	}
	for key, values := range u.Query() {
		switch key {
		case "region":
			c.Region = values[0]
		case "ca":
			c.CAFile = values[0]
		default:
			return Config{}, fmt.Errorf("store url: parameter %q is unknown, want region or ca", key)
		}
	}
	if err := c.Validate(); err != nil {
		return Config{}, fmt.Errorf("store url: %w", err)
	}
	return c, nil
}

// URL returns the form that ParseURL reads, with the secret in the clear: for a
// file of mode 0600, or for whoever is meant to have it. Fields without a place
// in a URL are left out.
func (c Config) URL() string { return c.url(url.UserPassword(c.AccessKey, c.SecretKey)) }

// String returns the URL with the secret replaced by "xxxxx".
func (c Config) String() string { return c.url(url.UserPassword(c.AccessKey, "xxxxx")) }

// GoString hides the secret from %#v.
func (c Config) GoString() string { return "s3.Config(" + c.String() + ")" }

// LogValue hides the secret from slog, whose JSON form would show every field.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

func (c Config) url(user *url.Userinfo) string {
	u := url.URL{Scheme: schemePlain, User: user, Host: c.Endpoint, Path: "/" + c.Bucket}
	if c.Secure {
		u.Scheme = schemeTLS
	}
	q := url.Values{}
	if c.Region != "" {
		q.Set("region", c.Region)
	}
	if c.CAFile != "" {
		q.Set("ca", c.CAFile)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// withDefaults returns c with its zero fields filled in.
func (c Config) withDefaults() Config {
	if c.Region == "" {
		c.Region = DefaultRegion
	}
	if c.StallTimeout == 0 {
		c.StallTimeout = DefaultStallTimeout
	}
	if c.MultipartThreshold == 0 {
		c.MultipartThreshold = DefaultMultipartThreshold
	}
	return c
}

// endpointURL is how errors name the store.
func (c Config) endpointURL() string {
	if c.Secure {
		return "https://" + c.Endpoint + "/" + c.Bucket
	}
	return "http://" + c.Endpoint + "/" + c.Bucket
}
