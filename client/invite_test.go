package client_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"

	"github.com/ain-network/aind/client"
)

func invite() client.Invite {
	return client.Invite{
		ChainID: "ain-1", Endpoints: []string{"https://node.example.org"}, JobID: "0x1a",
		Store: "s3+https://key:secret@store.example.org/ain", Key: secp256k1.GenPrivKey().Bytes(), ExpiresMs: 5,
	}
}

func TestAnInviteIsReadBackAsWritten(t *testing.T) {
	want := invite()
	word, err := want.Encode()
	require.NoError(t, err)
	require.NotContains(t, word, " ")
	got, err := client.DecodeInvite(" " + word + "\n")
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestAnInviteHidesItsSecrets(t *testing.T) {
	for _, text := range []string{fmt.Sprintf("%v", invite()), fmt.Sprintf("%+v", invite()), fmt.Sprintf("%#v", invite())} {
		require.NotContains(t, text, "secret")
	}
}

func TestDecodeInviteSaysWhatIsWrong(t *testing.T) {
	word, err := invite().Encode()
	require.NoError(t, err)
	changed := []byte(word)
	changed[len(changed)/2] ^= 1
	noKey := invite()
	noKey.Key = nil
	keyless, err := noKey.Encode()
	require.NoError(t, err)
	for name, bad := range map[string]string{
		"nothing":             "",
		"another word":        "hello",
		"half of it":          word[:len(word)/2],
		"a changed character": string(changed),
		"a bare prefix":       "aininvite1",
		"an invite of no use": keyless,
		"two of them":         word + word,
		"upper case":          strings.ToUpper(word),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.DecodeInvite(bad)
			require.ErrorIs(t, err, client.ErrInvite)
		})
	}
}

func TestRedeem(t *testing.T) {
	t.Run("does nothing for an account that exists", func(t *testing.T) {
		n := newFakeNode(t)
		c, key := dial(t, n)
		require.NoError(t, invite().Redeem(t.Context(), c, key))
		require.Zero(t, n.count("broadcast_tx_sync"))
	})
	t.Run("refuses an invite whose time is over", func(t *testing.T) {
		n := newFakeNode(t)
		c, _ := dial(t, n)
		require.ErrorIs(t, invite().Redeem(t.Context(), c, client.GenerateKey()), client.ErrInviteExpired)
	})
	t.Run("opens an account with the invite's key", func(t *testing.T) {
		n := newFakeNode(t)
		c, admin := dial(t, n)
		done := make(chan outcome, 1)
		var made client.Invite
		go func() {
			var err error
			made, err = c.NewInvite(t.Context(), admin, 1, []string{n.server.URL}, "file:///store", time.Hour)
			done <- outcome{err: err}
		}()
		require.NoError(t, blocks(t, n, done).err)

		host := client.NewKey(&secp256k1.PrivKey{Key: made.Key})
		n.set(func() { n.accounts[host.Address().String()] = 8 })
		go func() { done <- outcome{err: made.Redeem(t.Context(), c, client.GenerateKey())} }()
		require.NoError(t, blocks(t, n, done).err)
	})
}

// FuzzDecodeInvite: a word that is read is written as one that says the same.
func FuzzDecodeInvite(f *testing.F) {
	word, err := invite().Encode()
	require.NoError(f, err)
	for _, seed := range []string{word, word[:len(word)-1], "", strings.ToUpper(word)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, word string) {
		read, err := client.DecodeInvite(word)
		if err != nil {
			require.ErrorIs(t, err, client.ErrInvite)
			return
		}
		again, err := read.Encode()
		require.NoError(t, err)
		back, err := client.DecodeInvite(again)
		require.NoError(t, err)
		require.Equal(t, read, back)
	})
}
