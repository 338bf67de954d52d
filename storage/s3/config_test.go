package s3_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage/s3"
)

const secret = "s3cr+t/with:odd@signs%"

func valid() s3.Config {
	return s3.Config{Endpoint: "127.0.0.1:9000", Bucket: "ain", AccessKey: "me", SecretKey: secret}
}

func TestURLRoundTrip(t *testing.T) {
	secure := valid()
	secure.Secure, secure.Region, secure.CAFile = true, "eu-north-1", "/etc/my ca.pem"
	secure.Endpoint = "[::1]:9000"
	for _, c := range []s3.Config{valid(), secure} {
		got, err := s3.ParseURL(c.URL())
		require.NoError(t, err)
		require.Equal(t, c, got)
	}
	got, err := s3.ParseURL("s3+http://me:secret@127.0.0.1:9000/ain")
	require.NoError(t, err)
	require.Equal(t, s3.Config{Endpoint: "127.0.0.1:9000", Bucket: "ain", AccessKey: "me", SecretKey: "secret"}, got)
}

func TestNoWayOfPrintingShowsTheSecret(t *testing.T) {
	c := valid()
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("store", "config", c)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("store", "config", c)
	for _, s := range []string{
		fmt.Sprint(c), fmt.Sprintf("%v %+v %#v %s %q", c, c, c, c, c), fmt.Sprint(&c),
		fmt.Sprintf("%+v", struct{ Store s3.Config }{c}), log.String(),
	} {
		require.NotContains(t, s, "s3cr")
	}
	require.Equal(t, "s3+http://me:xxxxx@127.0.0.1:9000/ain", c.String())
}

func TestParseURLNamesWhatIsWrong(t *testing.T) {
	for url, want := range map[string]string{
		"":                                     "scheme",
		"http://me:" + "hush-hush@h:1/ain":     "want s3+http or s3+https",
		"s3+http://me:hush-hush@:9000/ain":     "want both a host and a port",
		"s3+http:///ain":                       "endpoint is empty",
		"s3+http://me:hush-hush@h:1/":          "bucket",
		"s3+http://me:hush-hush@h:1/a/b":       "bucket",
		"s3+http://me:hush-hush@h:1/A":         "bucket",
		"s3+http://h:1/ain":                    "access key is empty",
		"s3+http://me@h:1/ain":                 "secret key is empty",
		"s3+http://me:hush-hush@h:1/ain?x=1":   `parameter "x"`,
		"s3+http://me:hush-hush@h:1/ain?ca=/c": "without TLS",
		"s3+http://me:hush-hush@h:port/ain":    "invalid port",
		"s3+http://me:hush-%zz-hush@h:1/ain":   "invalid",
	} {
		_, err := s3.ParseURL(url)
		require.ErrorContains(t, err, want, url)
		require.NotContains(t, err.Error(), "hush-", "no error repeats the secret")
	}
}

func TestConfigValidate(t *testing.T) {
	require.NoError(t, valid().Validate())
	for want, change := range map[string]func(*s3.Config){
		"without scheme or path": func(c *s3.Config) { c.Endpoint = "http://h:1" },
		"stall timeout":          func(c *s3.Config) { c.StallTimeout = -1 },
		"multipart threshold":    func(c *s3.Config) { c.MultipartThreshold = 6 << 30 },
	} {
		c := valid()
		change(&c)
		require.ErrorContains(t, c.Validate(), want)
		_, err := s3.New(c)
		require.ErrorContains(t, err, want)
	}
}
