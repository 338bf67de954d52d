package client

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	filekeyring "github.com/99designs/keyring"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/term"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	cryptocodec "github.com/cosmos/cosmos-sdk/crypto/codec"
	"github.com/cosmos/cosmos-sdk/crypto/hd"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
)

// minPassphrase is the SDK's least length of a keyring's passphrase.
const minPassphrase = 8

// ErrKeyNotFound: the keyring has no key of that name.
var ErrKeyNotFound = errors.New("no such key in the keyring")

// Keyring is a folder of named keys, the same that `aind keys` shows.
type Keyring struct {
	ring keyring.Keyring
	dir  string
}

// NamedKey is a key of the keyring without its secret.
type NamedKey struct {
	Name    string
	Address sdk.AccAddress
}

// OpenKeyring opens the keyring of a home folder. Backends are those of the SDK: "file" encrypts with the passphrase in
// passphraseFile, and asks for it only where there is a terminal and no file was named; "test" does not encrypt and is for
// local networks; "os" uses the system's own.
func OpenKeyring(dir, backend, passphraseFile string) (*Keyring, error) {
	registry := codectypes.NewInterfaceRegistry()
	cryptocodec.RegisterInterfaces(registry)
	cdc := codec.NewProtoCodec(registry)

	if backend == keyring.BackendFile && passphraseFile != "" {
		ring, err := openEncrypted(dir, passphraseFile, cdc)
		if err != nil {
			return nil, err
		}
		return &Keyring{ring: ring, dir: dir}, nil
	}
	if backend == keyring.BackendFile && !term.IsTerminal(int(os.Stdin.Fd())) {
		return nil, errors.New("passphrase-file: none given and there is no terminal to ask at (name a file that holds the keyring's passphrase)")
	}
	ring, err := keyring.New(sdk.KeyringServiceName(), backend, dir, os.Stdin, cdc)
	if err != nil {
		return nil, fmt.Errorf("keyring-backend: open %q in %s: %w", backend, dir, err)
	}
	return &Keyring{ring: ring, dir: dir}, nil
}

// openEncrypted opens the SDK's "file" keyring with a passphrase from a file. The SDK itself would ask the terminal
// whenever there is one.
func openEncrypted(dir, passphraseFile string, cdc codec.Codec) (keyring.Keyring, error) {
	passphrase, err := readPassphrase(passphraseFile)
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(dir, "keyring-file")
	if err := checkPassphrase(folder, passphrase); err != nil {
		return nil, fmt.Errorf("passphrase-file: %s: %w", passphraseFile, err)
	}
	db, err := filekeyring.Open(filekeyring.Config{
		AllowedBackends:  []filekeyring.BackendType{filekeyring.FileBackend},
		ServiceName:      sdk.KeyringServiceName(),
		FileDir:          folder,
		FilePasswordFunc: func(string) (string, error) { return passphrase, nil },
	})
	if err != nil {
		return nil, fmt.Errorf("open keyring in %s: %w", folder, err)
	}
	// The name is the SDK's: it makes a keyring over any key store.
	return keyring.NewInMemoryWithKeyring(db, cdc), nil
}

func readPassphrase(path string) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("passphrase-file: %w", err)
	}
	passphrase := strings.TrimRight(string(content), "\r\n")
	if len(passphrase) < minPassphrase {
		return "", fmt.Errorf("passphrase-file: the passphrase in %s has %d characters, it needs at least %d", path, len(passphrase), minPassphrase)
	}
	return passphrase, nil
}

// checkPassphrase compares the passphrase with the hash that the SDK keeps beside the keys, and leaves one in a new
// keyring, so that `aind keys` opens it too.
func checkPassphrase(folder, passphrase string) error {
	path := filepath.Join(folder, "keyhash")
	hash, err := os.ReadFile(path)
	if err == nil {
		if bcrypt.CompareHashAndPassword(hash, []byte(passphrase)) != nil {
			return fmt.Errorf("the passphrase does not open the keyring in %s", folder)
		}
		return nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	hash, err = bcrypt.GenerateFromPassword([]byte(passphrase), bcrypt.DefaultCost)
	if err != nil {
		return err
	}
	return os.WriteFile(path, hash, 0o600)
}

// Key loads a key into memory. ErrKeyNotFound says that there is none of that name.
func (k *Keyring) Key(name string) (Key, error) {
	record, err := k.ring.Key(name)
	if err != nil {
		return nil, k.missing(name, err)
	}
	local := record.GetLocal()
	if local == nil {
		return nil, fmt.Errorf("key %q is not kept in the keyring itself (hardware and multisig keys cannot sign for a daemon)", name)
	}
	private, ok := local.PrivKey.GetCachedValue().(cryptotypes.PrivKey)
	if !ok {
		return nil, fmt.Errorf("key %q in %s cannot be read", name, k.dir)
	}
	return NewKey(private), nil
}

// Create makes a key and returns the words from which it can be restored: the only time that they are shown.
func (k *Keyring) Create(name string) (Key, string, error) {
	if _, err := k.ring.Key(name); err == nil {
		return nil, "", fmt.Errorf("key %q exists already in %s (choose another name)", name, k.dir)
	}
	_, words, err := k.ring.NewMnemonic(name, keyring.English, sdk.GetConfig().GetFullBIP44Path(), "", hd.Secp256k1)
	if err != nil {
		return nil, "", fmt.Errorf("create key %q in %s: %w", name, k.dir, err)
	}
	key, err := k.Key(name)
	return key, words, err
}

// List returns all keys by name.
func (k *Keyring) List() ([]NamedKey, error) {
	records, err := k.ring.List()
	if err != nil {
		return nil, fmt.Errorf("list keys in %s: %w", k.dir, err)
	}
	keys := make([]NamedKey, 0, len(records))
	for _, record := range records {
		address, err := record.GetAddress()
		if err != nil {
			return nil, fmt.Errorf("key %q in %s: %w", record.Name, k.dir, err)
		}
		keys = append(keys, NamedKey{Name: record.Name, Address: address})
	}
	return keys, nil
}

// missing tells a key that is not there from a keyring that cannot be read.
func (k *Keyring) missing(name string, err error) error {
	keys, listErr := k.List()
	if listErr != nil {
		return fmt.Errorf("read key %q in %s: %w", name, k.dir, err)
	}
	for _, key := range keys {
		if key.Name == name {
			return fmt.Errorf("read key %q in %s: %w", name, k.dir, err)
		}
	}
	return fmt.Errorf("%w: %q in %s (make it with `aind assignAddress %s`)", ErrKeyNotFound, name, k.dir, name)
}
