package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"filippo.io/age"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newKey(t testing.TB) Key {
	t.Helper()
	key, err := NewKey()
	require.NoError(t, err)
	return key
}

func TestWhatIsSealedOpensWithItsKeyAlone(t *testing.T) {
	for _, size := range []int{0, 1, 64 << 10, 64<<10 + 1, 1 << 20} {
		content := bytes.Repeat([]byte("content"), size/7+1)[:size]
		key, other := newKey(t), newKey(t)
		sealed, err := key.Seal(content)
		require.NoError(t, err)
		if size > 16 {
			assert.NotContains(t, string(sealed), string(content[:16]))
		}
		opened, err := key.Open(sealed)
		require.NoError(t, err)
		assert.NotNil(t, opened)
		assert.True(t, bytes.Equal(content, opened), "%d bytes", size)
		_, err = other.Open(sealed)
		require.ErrorIs(t, err, ErrSealed)
	}
}

// Two seals of the same content differ: who sees both learns nothing of that.
func TestSealingTwiceGivesTwoContents(t *testing.T) {
	key := newKey(t)
	one, err := key.Seal([]byte("yes"))
	require.NoError(t, err)
	two, err := key.Seal([]byte("yes"))
	require.NoError(t, err)
	assert.NotEqual(t, one, two)
}

func TestChangedContentIsRefused(t *testing.T) {
	key := newKey(t)
	sealed, err := key.Seal(bytes.Repeat([]byte("0123456789abcdef"), 10_000)) // three chunks of age's
	require.NoError(t, err)
	flipped := func(at int) []byte {
		changed := bytes.Clone(sealed)
		changed[at] ^= 1
		return changed
	}
	for name, content := range map[string][]byte{
		"empty":                nil,
		"plain":                []byte("not sealed at all"),
		"cut in the header":    sealed[:40],
		"cut after the header": sealed[:200],
		"cut in a chunk":       sealed[:len(sealed)/2],
		"without its end":      sealed[:len(sealed)-1],
		"without a chunk":      append(bytes.Clone(sealed[:len(sealed)-70_000]), sealed[len(sealed)-4_000:]...),
		"longer":               append(bytes.Clone(sealed), 'x'),
		"a bit of the header":  flipped(60),
		"a bit of the content": flipped(len(sealed) / 2),
		"a bit of its end":     flipped(len(sealed) - 1),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := key.Open(content)
			require.ErrorIs(t, err, ErrSealed)
			assert.NotErrorIs(t, err, io.ErrUnexpectedEOF)
		})
	}
}

// A store that fails is not content that was changed: asking again may help.
func TestErrorsOfTheSourceComeAsTheyAre(t *testing.T) {
	key := newKey(t)
	sealed, err := key.Seal(bytes.Repeat([]byte("x"), 200_000))
	require.NoError(t, err)
	broken := errors.New("the cable was pulled")
	for _, after := range []int64{0, 50, 100_000} {
		r, err := key.Reader(io.MultiReader(io.LimitReader(bytes.NewReader(sealed), after), iotest.ErrReader(broken)))
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		require.ErrorIs(t, err, broken)
		assert.NotErrorIs(t, err, ErrSealed)
	}
}

func TestKeysAreWrappedToANode(t *testing.T) {
	node, stranger := newKey(t), newKey(t)
	data, judge := newKey(t), newKey(t)
	for name, keys := range map[string]Keys{
		"data": {Data: &data}, "evaluator": {Evaluator: &judge}, "both": {Data: &data, Evaluator: &judge}, "none": {},
	} {
		t.Run(name, func(t *testing.T) {
			wrapped, err := keys.Wrap(node.Recipient())
			require.NoError(t, err)
			assert.LessOrEqual(t, len(wrapped), 512, "the chain takes 1 KiB by default")
			assert.NotContains(t, string(wrapped), "AGE-SECRET-KEY")
			unwrapped, err := node.Unwrap(wrapped)
			require.NoError(t, err)
			assert.Equal(t, keys, unwrapped)
			_, err = stranger.Unwrap(wrapped)
			require.ErrorIs(t, err, ErrKey)
			_, err = node.Unwrap(wrapped[:len(wrapped)-1])
			require.ErrorIs(t, err, ErrKey)
		})
	}
}

func TestKeysThatAreNoneAreRefused(t *testing.T) {
	one := newKey(t).Secret()
	for name, text := range map[string]string{
		"empty":            "",
		"another format":   "ain/keys/v2\ndata " + one + "\n",
		"no end of line":   "ain/keys/v1\ndata " + one,
		"twice the same":   "ain/keys/v1\ndata " + one + "\ndata " + one + "\n",
		"an unknown name":  "ain/keys/v1\nroot " + one + "\n",
		"no secret":        "ain/keys/v1\ndata\n",
		"a public key":     "ain/keys/v1\ndata " + newKey(t).Recipient() + "\n",
		"a damaged secret": "ain/keys/v1\ndata " + one[:len(one)-1] + "\n",
		"an empty line":    "ain/keys/v1\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := DecodeKeys([]byte(text))
			require.ErrorIs(t, err, ErrKey)
			assert.NotContains(t, err.Error(), one[20:40], "an error gives no secret away")
		})
	}
}

// Whoever may grant a key can wrap anything: what is unwrapped is bounded.
func TestUnwrappingIsBounded(t *testing.T) {
	node := newKey(t)
	var wrapped bytes.Buffer
	w, err := age.Encrypt(&wrapped, node.identity.Recipient())
	require.NoError(t, err)
	_, err = w.Write(bytes.Repeat([]byte("a"), 1<<20))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	_, err = node.Unwrap(wrapped.Bytes())
	require.ErrorIs(t, err, ErrKey)
	assert.ErrorContains(t, err, "more than 1024 bytes")
}

func TestWrapRefusesWhatIsNoRecipient(t *testing.T) {
	for _, recipient := range []string{"", "age1", "ssh-ed25519 AAAA", newKey(t).Secret()} {
		_, err := Keys{}.Wrap(recipient)
		require.ErrorIs(t, err, ErrKey)
	}
}

func TestAnIdentityIsMadeOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "node", "encryption.key")
	made, err := OpenIdentity(path)
	require.NoError(t, err)
	again, err := OpenIdentity(path)
	require.NoError(t, err)
	assert.Equal(t, made.Secret(), again.Secret())
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	// A file of age's own tool is one, too.
	identities, err := age.ParseIdentities(mustOpen(t, path))
	require.NoError(t, err)
	assert.Len(t, identities, 1)

	for name, content := range map[string]string{"two": made.Secret() + "\n" + made.Secret() + "\n", "none": "# nothing\n", "rubbish": "rubbish\n"} {
		bad := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(bad, []byte(content), 0o600))
		_, err := OpenIdentity(bad)
		require.ErrorIs(t, err, ErrKey)
		assert.ErrorContains(t, err, bad)
	}
}

func mustOpen(t *testing.T, path string) io.Reader {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, f.Close()) })
	return f
}

func TestKeysPrintWithoutTheirSecret(t *testing.T) {
	key := newKey(t)
	for _, verb := range []string{"%v", "%s", "%+v"} {
		text := fmt.Sprintf(verb, key)
		assert.False(t, strings.Contains(text, key.Secret()), verb)
		assert.Contains(t, text, "age1")
	}
}

func FuzzUnwrapAndOpen(f *testing.F) {
	key, err := ParseKey("AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX")
	require.NoError(f, err)
	sealed, err := key.Seal([]byte("content"))
	require.NoError(f, err)
	f.Add(sealed)
	f.Add([]byte("age-encryption.org/v1\n"))
	f.Add(Keys{Data: &key}.Encode())
	f.Fuzz(func(t *testing.T, content []byte) {
		if _, err := key.Open(content); err != nil {
			require.ErrorIs(t, err, ErrSealed)
		}
		if _, err := key.Unwrap(content); err != nil {
			require.ErrorIs(t, err, ErrKey)
		}
		if keys, err := DecodeKeys(content); err == nil {
			again, err := DecodeKeys(keys.Encode())
			require.NoError(t, err)
			require.Equal(t, keys, again)
		}
	})
}

func TestRecipientsOpenEachByItself(t *testing.T) {
	one, two, three := newKey(t), newKey(t), newKey(t)
	to, err := ParseRecipients(one.Recipient(), two.Recipient())
	require.NoError(t, err)
	content := bytes.Repeat([]byte("content "), 100_000)
	stream := to.Reader(bytes.NewReader(content))
	sealed, err := io.ReadAll(stream)
	require.NoError(t, err)
	require.NoError(t, stream.Close())
	require.True(t, IsSealed(sealed[:HeaderSize]))
	require.False(t, IsSealed(content))
	for _, key := range []Key{one, two} {
		opened, err := key.Open(sealed)
		require.NoError(t, err)
		require.True(t, bytes.Equal(content, opened))
	}
	_, err = three.Open(sealed)
	require.ErrorIs(t, err, ErrSealed)
}

func TestASealedStreamFailsWithItsSource(t *testing.T) {
	to, err := ParseRecipients(newKey(t).Recipient())
	require.NoError(t, err)
	failed := errors.New("the disk is gone")
	stream := to.Reader(io.MultiReader(strings.NewReader("beginning"), iotest.ErrReader(failed)))
	_, err = io.ReadAll(stream)
	require.ErrorIs(t, err, failed, "it does not look like an end")
	require.NoError(t, stream.Close())
}

func TestRecipientsThatAreNone(t *testing.T) {
	secret := newKey(t).Secret()
	for _, text := range []string{"", "age1", "ain1xyz", "ssh-ed25519 AAAA", secret} {
		_, err := ParseRecipients(text)
		require.ErrorIs(t, err, ErrKey, text)
		require.NotContains(t, err.Error(), strings.TrimPrefix(secret, "AGE-SECRET-KEY-1"))
	}
}
