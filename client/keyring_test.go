package client_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"

	"github.com/ain-network/aind/client"
)

func passphraseFile(t *testing.T, passphrase string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "passphrase")
	require.NoError(t, os.WriteFile(path, []byte(passphrase+"\n"), 0o600))
	return path
}

func TestKeyring(t *testing.T) {
	for _, backend := range []string{"file", "test"} {
		t.Run("keeps keys with backend "+backend, func(t *testing.T) {
			dir, passphrase := t.TempDir(), passphraseFile(t, "correct horse")
			ring, err := client.OpenKeyring(dir, backend, passphrase)
			require.NoError(t, err)
			made, words, err := ring.Create("alice")
			require.NoError(t, err)
			require.NotEmpty(t, words)
			_, _, err = ring.Create("alice")
			require.ErrorContains(t, err, "exists already")

			again, err := client.OpenKeyring(dir, backend, passphrase)
			require.NoError(t, err)
			loaded, err := again.Key("alice")
			require.NoError(t, err)
			require.Equal(t, made.Address(), loaded.Address())
			keys, err := again.List()
			require.NoError(t, err)
			require.Equal(t, []client.NamedKey{{Name: "alice", Address: made.Address()}}, keys)

			_, err = again.Key("bob")
			require.ErrorIs(t, err, client.ErrKeyNotFound)
			require.ErrorContains(t, err, "assignAddress bob")
		})
	}
}

func TestAnEncryptedKeyringNeedsItsPassphrase(t *testing.T) {
	dir := t.TempDir()
	ring, err := client.OpenKeyring(dir, "file", passphraseFile(t, "correct horse"))
	require.NoError(t, err)
	_, _, err = ring.Create("alice")
	require.NoError(t, err)

	for name, c := range map[string]struct{ file, says string }{
		"another passphrase":  {passphraseFile(t, "incorrect horse"), "does not open"},
		"a short passphrase":  {passphraseFile(t, "horse"), "at least 8"},
		"a file that is gone": {filepath.Join(dir, "none"), "passphrase-file"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.OpenKeyring(dir, "file", c.file)
			require.ErrorContains(t, err, c.says)
		})
	}
	_, err = client.OpenKeyring(dir, "cupboard", "")
	require.ErrorContains(t, err, "keyring-backend")
}

func TestAKeyIsNeverPrinted(t *testing.T) {
	private := secp256k1.GenPrivKey()
	key := client.NewKey(private)
	for _, text := range []string{fmt.Sprintf("%v", key), fmt.Sprintf("%+v", key), fmt.Sprintf("%#v", key)} {
		require.Equal(t, key.Address().String(), text)
	}
}
