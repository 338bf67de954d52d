package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage/s3"
)

func gatewayStore() storeFile {
	return storeFile{
		Listen: "127.0.0.1:9000", Bucket: "ain", AccessKey: "owner", SecretKey: "owner-secret-0123456789",
		Gateway: &gatewayFile{Listen: "127.0.0.1:9001", Provider: "ain1provider"},
	}
}

// Who serves others says by which address, and does so over TLS.
func TestGatewayPlans(t *testing.T) {
	home := t.TempDir()
	plan, err := planGateway(gatewayStore(), home)
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:9001", plan.Name)
	require.Equal(t, filepath.Join(home, "gateway"), plan.Dir)
	require.Equal(t, []string{"http://127.0.0.1:26657"}, plan.Nodes)
	require.Equal(t, s3.Config{Endpoint: "127.0.0.1:9000", Bucket: "ain", AccessKey: "owner", SecretKey: "owner-secret-0123456789"}, plan.store)
	require.Equal(t, plan.store, plan.links)

	public := gatewayStore()
	public.Listen, public.PublicURL, public.CertFile, public.KeyFile, public.CAFile = "0.0.0.0:9000", "https://s3.example.org", "cert.pem", "key.pem", "/ca.pem"
	public.Gateway.Listen, public.Gateway.Name = "0.0.0.0:9001", "store.example.org:9001"
	plan, err = planGateway(public, home)
	require.NoError(t, err)
	require.Equal(t, "s3.example.org", plan.links.Endpoint)
	require.True(t, plan.links.Secure)
	require.Equal(t, "s3.example.org", plan.store.Endpoint, "the certificate is for this name")
	require.Equal(t, "/ca.pem", plan.store.CAFile)
	require.True(t, filepath.IsAbs(plan.CertFile), "the S3 server changes the working directory")

	behind := gatewayStore() // a proxy that ends TLS
	behind.PublicURL, behind.Gateway.Name = "https://s3.example.org", "store.example.org"
	plan, err = planGateway(behind, home)
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:9000", plan.store.Endpoint)
	require.False(t, plan.store.Secure)
	require.Equal(t, "s3.example.org", plan.links.Endpoint)
	require.True(t, plan.links.Secure)
	behind.Listen = "0.0.0.0:9000"
	plan, err = planGateway(behind, home)
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:9000", plan.store.Endpoint)

	elsewhere := gatewayStore()
	elsewhere.Upstream, elsewhere.PublicURL = "s3+https://me:secret@10.0.0.5:9000/bucket?region=eu-north-1", "https://s3.example.org"
	plan, err = planGateway(elsewhere, home)
	require.NoError(t, err)
	require.Equal(t, "10.0.0.5:9000", plan.store.Endpoint)
	require.Equal(t, s3.Config{Endpoint: "s3.example.org", Secure: true, Bucket: "bucket", Region: "eu-north-1", AccessKey: "me", SecretKey: "secret"}, plan.links)

	for want, change := range map[string]func(f *storeFile){
		`gateway.listen "9001": want host:port`:                                         func(f *storeFile) { f.Gateway.Listen = "9001" },
		"gateway.name: want the host, with its port, by which clients know the gateway": func(f *storeFile) { f.Gateway.Name = "" },
		"gateway.provider: want the account that is registered as a provider":           func(f *storeFile) { f.Gateway.Provider = "" },
		"gateway.cert_file and gateway.key_file: want both, or neither":                 func(f *storeFile) { f.Gateway.CertFile = "x" },
		`public_url "s3.example.org": want https://host or https://host:port`:           func(f *storeFile) { f.PublicURL = "s3.example.org" },
		"public_url: want the address at which clients reach the store":                 func(f *storeFile) { f.PublicURL = "" },
		"hands out links to 127.0.0.1:9000, which others do not reach":                  func(f *storeFile) { f.PublicURL = "https://127.0.0.1:9000" },
		"content would go to http://s3.example.org in the clear":                        func(f *storeFile) { f.PublicURL = "http://s3.example.org" },
		"without cert_file and key_file the gateway is for this machine alone (--insecure says otherwise)": func(f *storeFile) {
			f.CertFile, f.KeyFile = "", ""
		},
		"upstream: store url": func(f *storeFile) { f.Upstream = "https://example.org" },
	} {
		file := public
		part := *public.Gateway
		file.Gateway = &part
		change(&file)
		_, err := planGateway(file, home)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), file.SecretKey)
	}
	public.CertFile, public.KeyFile, public.PublicURL, public.Gateway.Insecure = "", "", "http://s3.example.org", true
	_, err = planGateway(public, home)
	require.NoError(t, err)
}

// The flags of the gateway go before the file, and mean nothing without it.
func TestStoreFlags(t *testing.T) {
	home := t.TempDir()
	_, err := (&storeFlags{provider: "ain1x"}).read(home)
	require.EqualError(t, err, "--provider, --node and --insecure are the gateway's: give --gateway host:port, too")
	file, err := (&storeFlags{gateway: "127.0.0.1:1", provider: "ain1x", nodes: []string{"http://n"}, insecure: true}).read(home)
	require.NoError(t, err)
	require.Equal(t, &gatewayFile{Listen: "127.0.0.1:1", Provider: "ain1x", Nodes: []string{"http://n"}, Insecure: true}, file.Gateway)

	path := filepath.Join(home, "of-a-provider.yaml")
	require.NoError(t, os.WriteFile(path, []byte("listen: 127.0.0.1:9000\nbucket: ain\naccess_key: a\nsecret_key: b\n"+
		"gateway: {listen: 127.0.0.1:2, name: n, provider: ain1y, chain_id: c, nodes: [http://m], owner_uploads: 9, account_uploads: 8, account_share: 7, "+
		"requests_per_address: 6, requests_per_account: 5}\n"), 0o600))
	file, err = (&storeFlags{config: path, gateway: "127.0.0.1:3"}).read(home)
	require.NoError(t, err)
	require.Equal(t, &gatewayFile{Listen: "127.0.0.1:3", Name: "n", Provider: "ain1y", ChainID: "c", Nodes: []string{"http://m"},
		OwnerUploads: 9, AccountUploads: 8, AccountShare: 7, RequestsPerAddress: 6, RequestsPerAccount: 5}, file.Gateway)
}
