package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	sdkflags "github.com/cosmos/cosmos-sdk/client/flags"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/storage/embedded"
	"github.com/ain-network/aind/storage/s3"
)

// storeFile is store.yaml: what `aind store` serves, and the credentials of its owner. It is made at the first start.
type storeFile struct {
	Listen    string `yaml:"listen"`
	Bucket    string `yaml:"bucket"`
	AccessKey string `yaml:"access_key"`
	SecretKey string `yaml:"secret_key"`
	// Accounts may store and read, and nothing else.
	Accounts []struct {
		AccessKey string `yaml:"access_key"`
		SecretKey string `yaml:"secret_key"`
	} `yaml:"accounts,omitempty"`
	CertFile string `yaml:"cert_file,omitempty"`
	KeyFile  string `yaml:"key_file,omitempty"`
}

const defaultStoreListen = "127.0.0.1:9000"

func newStoreCmd() *cobra.Command {
	var listen, dir, config string
	cmd := &cobra.Command{
		Use:   "store",
		Short: "Serve programs, inputs and results by digest (S3)",
		Long: `Serve a store that any S3 client can use, and in which content has the name of its digest:
what does not match never becomes visible. The first start makes store.yaml in --home with
fresh credentials, readable by you alone; the address for the other commands' --store is
printed. Any other S3 service will do in its place.`,
		Example: `  aind store --home ~/.aind
  aind store --home ~/.aind --listen 0.0.0.0:9000 --dir /srv/ain`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, err := cmd.Flags().GetString(sdkflags.FlagHome)
			if err != nil {
				return err
			}
			if config == "" {
				config = filepath.Join(home, "store.yaml")
			}
			file, err := openStoreFile(config, listen)
			if err != nil {
				return err
			}
			if listen != "" {
				file.Listen = listen
			}
			if dir == "" {
				dir = filepath.Join(home, "store")
			}
			return serveStore(cmd, file, dir)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "", "host:port to serve at (default: what store.yaml says, "+defaultStoreListen+" at first)")
	cmd.Flags().StringVar(&dir, "dir", "", "folder of the objects (default: store in --home)")
	cmd.Flags().StringVar(&config, "config", "", "file of settings and credentials (default: store.yaml in --home)")
	return cmd
}

// openStoreFile reads store.yaml, or makes one.
func openStoreFile(path, listen string) (storeFile, error) {
	var file storeFile
	err := daemon.ReadConfig(path, &file)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return file, daemon.BadConfig(err)
	}
	secret := make([]byte, 20)
	rand.Read(secret) // never fails
	file = storeFile{Listen: listen, Bucket: embedded.DefaultBucket, AccessKey: "owner", SecretKey: hex.EncodeToString(secret)}
	if listen == "" {
		file.Listen = defaultStoreListen
	}
	content, err := yaml.Marshal(file)
	if err != nil {
		return file, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return file, err
	}
	return file, os.WriteFile(path, content, 0o600)
}

func serveStore(cmd *cobra.Command, file storeFile, dir string) error {
	cfg := embedded.Config{
		Dir: dir, Listen: file.Listen, AccessKey: file.AccessKey, SecretKey: file.SecretKey, Bucket: file.Bucket,
		CertFile: file.CertFile, KeyFile: file.KeyFile,
		Ready: func(address string) {
			shown := s3.Config{
				Endpoint: address, Bucket: file.Bucket, AccessKey: file.AccessKey, SecretKey: file.SecretKey, Secure: file.CertFile != "",
			}
			fmt.Fprintf(cmd.OutOrStdout(), "store is ready at %s (its credentials are in store.yaml)\n", shown)
		},
		Log: func(message string, err error) { fmt.Fprintf(cmd.ErrOrStderr(), "store: %s: %s\n", message, err) },
	}
	for _, account := range file.Accounts {
		cfg.Accounts = append(cfg.Accounts, embedded.Account{AccessKey: account.AccessKey, SecretKey: account.SecretKey})
	}
	if err := cfg.Validate(); err != nil {
		return daemon.BadConfig(fmt.Errorf("store.yaml: %w", err))
	}
	return embedded.Run(cmd.Context(), cfg)
}
