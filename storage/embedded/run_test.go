package embedded_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/embedded"
	"github.com/ain-network/aind/storage/storagetest"
)

func TestGuestsMayStoreAndReadAndNothingElse(t *testing.T) {
	c := start(t, config(t))
	ctx := deadline(t)
	cfg := c.s3Config(t)
	cfg.AccessKey, cfg.SecretKey = guestKey, guestSecret
	guest := openStore(t, cfg)

	b := storagetest.Content(1, 100_000)
	info, err := storage.PutBytes(ctx, guest, b)
	require.NoError(t, err)
	got, err := storage.ReadAll(ctx, guest, info.Digest, info.Size)
	require.NoError(t, err)
	require.Equal(t, b, got)
	stat, err := guest.Stat(ctx, info.Digest)
	require.NoError(t, err)
	require.Equal(t, info, stat)
	cfg.MultipartThreshold = 5 << 20
	large, err := storage.PutBytes(ctx, openStore(t, cfg), storagetest.Content(2, 6<<20))
	require.NoError(t, err, "in parts")

	require.ErrorIs(t, guest.Delete(ctx, info.Digest), storage.ErrDenied)
	core := c.core(t, guestKey, guestSecret)
	for what, err := range map[string]error{
		"list": func() error {
			_, err := core.ListObjectsV2(embedded.DefaultBucket, "", "", "", "", 10)
			return err
		}(),
		"make a bucket":     core.MakeBucket(ctx, "another", minio.MakeBucketOptions{}),
		"remove the bucket": core.RemoveBucket(ctx, embedded.DefaultBucket),
		"change the policy": core.PutBucketPolicy(ctx, embedded.DefaultBucket, ""),
		"store elsewhere": func() error {
			_, err := core.Client.PutObject(ctx, embedded.DefaultBucket, "free", bytes.NewReader(b), int64(len(b)), minio.PutObjectOptions{})
			return err
		}(),
		"store wrong content": func() error {
			_, err := core.Client.PutObject(ctx, embedded.DefaultBucket, key(info.Digest), bytes.NewReader(b[1:]), int64(len(b)-1), minio.PutObjectOptions{})
			return err
		}(),
	} {
		require.Error(t, err, what)
		if what != "store wrong content" {
			require.Equal(t, http.StatusForbidden, minio.ToErrorResponse(err).StatusCode, "%s: %v", what, err)
		}
	}
	for _, d := range []storage.Digest{info.Digest, large.Digest} {
		_, err = storage.ReadAll(ctx, c.open(t), d, 10<<20)
		require.NoError(t, err, "nothing a guest tried has harmed an object")
	}
}

func TestStrangersAreDenied(t *testing.T) {
	c := start(t, config(t))
	info, err := storage.PutBytes(deadline(t), c.open(t), []byte("content"))
	require.NoError(t, err)
	for what, creds := range map[string][2]string{
		"an unknown key": {"stranger", ownerSecret},
		"a wrong secret": {ownerKey, "not-the-secret-at-all"},
	} {
		cfg := c.s3Config(t)
		cfg.AccessKey, cfg.SecretKey = creds[0], creds[1]
		s := openStore(t, cfg)
		_, err := storage.PutBytes(deadline(t), s, []byte("more"))
		require.ErrorIs(t, err, storage.ErrDenied, what)
		_, err = storage.ReadAll(deadline(t), s, info.Digest, 100)
		require.ErrorIs(t, err, storage.ErrDenied, what)
		require.NotContains(t, err.Error(), creds[1])
	}
	resp, err := http.Get("http://" + c.addr + "/" + embedded.DefaultBucket + "/" + key(info.Digest))
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusForbidden, resp.StatusCode, "without any credentials")
}

func TestNoSecretReachesTheDisk(t *testing.T) {
	for _, sidecar := range []bool{false, true} {
		cfg := config(t)
		cfg.Sidecar = sidecar
		c := start(t, cfg)
		_, err := storage.PutBytes(deadline(t), c.open(t), []byte("content"))
		require.NoError(t, err)
		c.stop(t)
		require.NoError(t, filepath.WalkDir(cfg.Dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			b, err := os.ReadFile(path)
			for _, secret := range []string{ownerSecret, guestSecret} {
				require.NotContains(t, string(b), secret, path)
			}
			return err
		}))
		info, err := os.Stat(filepath.Join(cfg.Dir, "objects"))
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o077, "others have no access to the folder")
	}
}

func TestObjectsAndAccountsAfterARestart(t *testing.T) {
	c := start(t, config(t))
	info, err := storage.PutBytes(deadline(t), c.open(t), []byte("content"))
	require.NoError(t, err)
	c.stop(t)
	cfg := c.cfg
	cfg.AccessKey, cfg.SecretKey, cfg.Accounts = "successor", "another-secret-0123", nil
	c = start(t, cfg)
	clientCfg := c.s3Config(t)
	clientCfg.AccessKey, clientCfg.SecretKey = cfg.AccessKey, cfg.SecretKey
	_, err = storage.ReadAll(deadline(t), openStore(t, clientCfg), info.Digest, 100)
	require.NoError(t, err, "a new owner has the old objects")
	for _, old := range [][2]string{{ownerKey, ownerSecret}, {guestKey, guestSecret}} {
		clientCfg.AccessKey, clientCfg.SecretKey = old[0], old[1]
		_, err = openStore(t, clientCfg).Stat(deadline(t), info.Digest)
		require.ErrorIs(t, err, storage.ErrDenied, old[0])
	}
}

func TestOneStoreAFolderAndOneAnAddress(t *testing.T) {
	c := start(t, config(t))
	_, out := launch(t, c.cfg)
	require.Contains(t, out, "another store is running on it")
	cfg := config(t)
	cfg.Listen = c.addr
	_, out = launch(t, cfg)
	require.Contains(t, out, c.addr)
	require.Contains(t, out, "address already in use")
}

func TestTLS(t *testing.T) {
	cfg := config(t)
	cfg.CertFile, cfg.KeyFile = certificate(t)
	c := start(t, cfg)
	client := c.s3Config(t)
	client.Secure = true
	_, err := storage.PutBytes(deadline(t), openStore(t, client), []byte("content"))
	require.ErrorIs(t, err, storage.ErrUnavailable)
	require.ErrorContains(t, err, "certificate", "an unknown certificate is not trusted")

	client.CAFile = cfg.CertFile
	storagetest.Run(t, func(t *testing.T) storage.Store { return openStore(t, client) })
}

// certificate writes a certificate for this machine, signed by itself.
func certificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	require.NoError(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
		return path
	}
	return write("cert.pem", "CERTIFICATE", cert), write("key.pem", "PRIVATE KEY", keyDER)
}

func TestConfigIsValidatedBeforeAnythingIsTouched(t *testing.T) {
	for want, change := range map[string]func(*embedded.Config){
		"dir is empty":          func(c *embedded.Config) { c.Dir = "" },
		`listen "nowhere"`:      func(c *embedded.Config) { c.Listen = "nowhere" },
		`bucket "Not A Bucket"`: func(c *embedded.Config) { c.Bucket = "Not A Bucket" },
		"access key is empty":   func(c *embedded.Config) { c.AccessKey = "" },
		"want at least 16":      func(c *embedded.Config) { c.SecretKey = "short" },
		"is given twice":        func(c *embedded.Config) { c.Accounts[0].AccessKey = c.AccessKey },
		"want both for HTTPS":   func(c *embedded.Config) { c.CertFile = "cert.pem" },
		"upload max idle":       func(c *embedded.Config) { c.UploadMaxIdle = -1 },
	} {
		t.Run(want, func(t *testing.T) {
			cfg := config(t)
			cfg.Dir = filepath.Join(cfg.Dir, "store")
			dir := cfg.Dir
			change(&cfg)
			err := embedded.Run(t.Context(), cfg)
			require.ErrorContains(t, err, want)
			require.False(t, strings.Contains(err.Error(), ownerSecret))
			require.NoDirExists(t, dir)
		})
	}
}
