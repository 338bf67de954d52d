package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
	"golang.org/x/sync/errgroup"

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
	// CAFile has the certificates that the gateway checks the store's own against; the system's when empty.
	CAFile string `yaml:"ca_file,omitempty"`
	// Upstream is an S3 store elsewhere, s3+https://ACCESS:SECRET@host/bucket, in place of one that this command runs.
	Upstream string `yaml:"upstream,omitempty"`
	// PublicURL is the address of the S3 store that the gateway's clients use; that of Listen or Upstream when empty.
	PublicURL string `yaml:"public_url,omitempty"`
	// Gateway lets accounts of the chain in; nil: there is none.
	Gateway *gatewayFile `yaml:"gateway,omitempty"`
}

// storeFlags are those of `aind store`. What was given goes before the file.
type storeFlags struct {
	listen, dir, config string
	gateway, provider   string
	nodes               []string
	insecure            bool
}

const defaultStoreListen = "127.0.0.1:9000"

func newStoreCmd() *cobra.Command {
	var f storeFlags
	cmd := &cobra.Command{
		Use:   "store",
		Short: "Serve programs, inputs and results by digest (S3), and spaces of the chain",
		Long: `Serve a store that any S3 client can use, and in which content has the name of its digest:
what does not match never becomes visible. The first start makes store.yaml in --home with
fresh credentials, readable by you alone; the address for the other commands' --store is
printed. Any other S3 service will do in its place.

With --gateway it also serves the spaces that are reserved from a provider: accounts of the
chain log in with their keys, the chain says who may read and write, and nobody is given the
store's secret. Settings stand in store.yaml, flags go before them:

  listen: 127.0.0.1:9000              # of the S3 store
  public_url: https://s3.example.org  # where the gateway's clients reach the S3 store
  upstream: s3+https://KEY:SECRET@host/bucket   # an S3 store elsewhere in place of an own one
  cert_file: /etc/ain/cert.pem        # HTTPS, needed for other machines
  key_file: /etc/ain/key.pem
  gateway:
    listen: 0.0.0.0:9001
    name: store.example.org:9001      # what logins are signed for: the address that clients know
    provider: ain1...                 # whose spaces it serves
    chain_id: ain-1
    nodes: [http://127.0.0.1:26657]`,
		Example: `  aind store --home ~/.aind
  aind store --home ~/.aind --listen 0.0.0.0:9000 --dir /srv/ain
  aind store --home ~/.aind --gateway 127.0.0.1:9001 --provider ain1...`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, err := cmd.Flags().GetString(sdkflags.FlagHome)
			if err != nil {
				return err
			}
			file, err := f.read(home)
			if err != nil {
				return err
			}
			return runStore(cmd, file, home, f.dir)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", "", "host:port to serve at (default: what store.yaml says, "+defaultStoreListen+" at first)")
	flags.StringVar(&f.dir, "dir", "", "folder of the objects (default: store in --home)")
	flags.StringVar(&f.config, "config", "", "file of settings and credentials (default: store.yaml in --home)")
	flags.StringVar(&f.gateway, "gateway", "", "host:port of the gateway that serves spaces of the chain (default: none)")
	flags.StringVar(&f.provider, "provider", "", "account that is registered as a provider: the gateway serves its spaces")
	flags.StringSliceVar(&f.nodes, sdkflags.FlagNode, nil, "RPC endpoint of the chain that the gateway asks (default: "+gatewayNode+")")
	flags.BoolVar(&f.insecure, "insecure", false, "let the gateway talk to other machines over plain HTTP")
	return cmd
}

// read opens the settings and puts the flags that were given in their place.
func (f *storeFlags) read(home string) (storeFile, error) {
	path := f.config
	if path == "" {
		path = filepath.Join(home, "store.yaml")
	}
	file, err := openStoreFile(path, f.listen)
	if err != nil {
		return file, err
	}
	if f.listen != "" {
		file.Listen = f.listen
	}
	if f.gateway != "" {
		if file.Gateway == nil {
			file.Gateway = &gatewayFile{}
		}
		file.Gateway.Listen = f.gateway
	}
	if file.Gateway == nil {
		if f.provider != "" || len(f.nodes) > 0 || f.insecure {
			return file, usageError{errors.New("--provider, --node and --insecure are the gateway's: give --gateway host:port, too")}
		}
		return file, nil
	}
	if f.provider != "" {
		file.Gateway.Provider = f.provider
	}
	if len(f.nodes) > 0 {
		file.Gateway.Nodes = f.nodes
	}
	file.Gateway.Insecure = file.Gateway.Insecure || f.insecure
	return file, nil
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

// runStore runs the S3 store, the gateway, or both, until the command is interrupted.
func runStore(cmd *cobra.Command, file storeFile, home, dir string) error {
	if dir == "" {
		dir = filepath.Join(home, "store")
	}
	if file.Gateway == nil {
		if file.Upstream != "" {
			return daemon.BadConfig(errors.New("store.yaml: upstream: an S3 store elsewhere needs nothing of this command but a gateway (add gateway, or --gateway)"))
		}
		return serveStore(cmd.Context(), cmd, file, dir, nil)
	}
	plan, err := planGateway(file, home)
	if err != nil {
		return daemon.BadConfig(fmt.Errorf("store.yaml: %w", err))
	}
	tasks, ctx := errgroup.WithContext(cmd.Context())
	up := make(chan struct{})
	if file.Upstream == "" {
		tasks.Go(func() error { return serveStore(ctx, cmd, file, dir, func() { close(up) }) })
	} else {
		close(up)
	}
	tasks.Go(func() error {
		select {
		case <-ctx.Done():
			return nil
		case <-up:
		}
		logger := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
		return plan.serve(ctx, logger, func(address string) {
			fmt.Fprintf(cmd.OutOrStdout(), "gateway %s is ready at %s for the spaces of %s\n", plan.Name, address, plan.Provider)
		})
	})
	return tasks.Wait()
}

// serveStore runs the S3 store. up is called once it serves; nil: nobody waits.
func serveStore(ctx context.Context, cmd *cobra.Command, file storeFile, dir string, up func()) error {
	cfg := embedded.Config{
		Dir: dir, Listen: file.Listen, AccessKey: file.AccessKey, SecretKey: file.SecretKey, Bucket: file.Bucket,
		CertFile: file.CertFile, KeyFile: file.KeyFile,
		Ready: func(address string) {
			shown := s3.Config{
				Endpoint: address, Bucket: file.Bucket, AccessKey: file.AccessKey, SecretKey: file.SecretKey, Secure: file.CertFile != "",
			}
			fmt.Fprintf(cmd.OutOrStdout(), "store is ready at %s (its credentials are in store.yaml)\n", shown)
			if up != nil {
				up()
			}
		},
		Log: func(message string, err error) { fmt.Fprintf(cmd.ErrOrStderr(), "store: %s: %s\n", message, err) },
	}
	for _, account := range file.Accounts {
		cfg.Accounts = append(cfg.Accounts, embedded.Account{AccessKey: account.AccessKey, SecretKey: account.SecretKey})
	}
	if err := cfg.Validate(); err != nil {
		return daemon.BadConfig(fmt.Errorf("store.yaml: %w", err))
	}
	return embedded.Run(ctx, cfg)
}
