package gateway_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	"github.com/cosmos/cosmos-sdk/types/bech32"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/storage/gateway"
)

// The key 1, whose public key is the generator of the curve as SEC 2 has it. Its address has the same letters as the example
// of BIP 173 for this key, bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4, but for prefix, version and checksum.
const (
	oneAddress = "ain1w508d6qejxtdg4y5r3zarvary0c5xw7kt5hcnf"
	onePubKey  = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
)

func oneKey() client.Key {
	private := make([]byte, 32)
	private[31] = 1
	return client.NewKey(&secp256k1.PrivKey{Key: private})
}

func nonce() gateway.NonceAnswer {
	return gateway.NonceAnswer{ChainID: "ain-1", Gateway: "store.example.org", Nonce: "00ff", ExpiresMs: 1700000000000}
}

const text = "ain storage gateway login v1\nchain: ain-1\ngateway: store.example.org\nnonce: 00ff\nexpires: 1700000000000\n"

// document is what a wallet signs for text, written by hand from ADR-36.
const document = `{"account_number":"0","chain_id":"","fee":{"amount":[],"gas":"0"},"memo":"","msgs":[{"type":"sign/MsgSignData","value":{"data":"` +
	`YWluIHN0b3JhZ2UgZ2F0ZXdheSBsb2dpbiB2MQpjaGFpbjogYWluLTEKZ2F0ZXdheTogc3RvcmUuZXhhbXBsZS5vcmcKbm9uY2U6IDAwZmYKZXhwaXJlczogMTcwMDAwMDAwMDAwMAo=` +
	`","signer":"` + oneAddress + `"}}],"sequence":"0"}`

func TestSignDoc(t *testing.T) {
	require.Equal(t, text, gateway.LoginText("ain-1", "store.example.org", "00ff", 1700000000000))
	require.Equal(t, document, string(gateway.SignDoc(oneAddress, text)))

	var sorted any // encoding/json writes the keys of maps in order, as amino JSON is written
	require.NoError(t, json.Unmarshal([]byte(document), &sorted))
	again, err := json.Marshal(sorted)
	require.NoError(t, err)
	require.Equal(t, document, string(again))
	data, err := base64.StdEncoding.DecodeString(sorted.(map[string]any)["msgs"].([]any)[0].(map[string]any)["value"].(map[string]any)["data"].(string))
	require.NoError(t, err)
	require.Equal(t, text, string(data))
}

func TestSignLogin(t *testing.T) {
	login, err := gateway.SignLogin(oneKey(), "ain-1", "store.example.org", nonce())
	require.NoError(t, err)
	require.Equal(t, oneAddress, login.Account)
	require.Equal(t, onePubKey, hex.EncodeToString(login.PubKey))
	require.True(t, gateway.VerifyLogin(login, text))
	// A wallet's signature is over the sha256 of the document, and nothing of ours is in between.
	require.True(t, verifyByHand(t, login.PubKey, sha256.Sum256([]byte(document)), login.Signature))

	for want, change := range map[string]func(n *gateway.NonceAnswer){
		`calls itself "store.example.com" of chain "ain-1", want "store.example.org"`: func(n *gateway.NonceAnswer) { n.Gateway = "store.example.com" },
		`of chain "ain-2", want`: func(n *gateway.NonceAnswer) { n.ChainID = "ain-2" },
		"has more than one line": func(n *gateway.NonceAnswer) { n.Nonce = "00\nexpires: 9" },
	} {
		n := nonce()
		change(&n)
		_, err := gateway.SignLogin(oneKey(), "ain-1", "store.example.org", n)
		require.ErrorContains(t, err, want)
	}
}

// verifyByHand verifies a signature of the key 1 with big integers on y² = x³ + 7, and no code of the SDK.
func verifyByHand(t *testing.T, pub []byte, digest [32]byte, signature []byte) bool {
	t.Helper()
	p, _ := new(big.Int).SetString("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f", 16)
	n, _ := new(big.Int).SetString("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", 16)
	gx, _ := new(big.Int).SetString("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", 16)
	gy, _ := new(big.Int).SetString("483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8", 16)
	require.Equal(t, gx.Bytes(), pub[1:], "the public key is the generator")
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	inverse := new(big.Int).ModInverse(s, n)
	u := new(big.Int).Mul(new(big.Int).SetBytes(digest[:]), inverse)
	u.Add(u, new(big.Int).Mul(r, inverse)).Mod(u, n) // both points are the generator
	x := multiply(gx, gy, u, p)
	return x.Mod(x, n).Cmp(r) == 0
}

// multiply returns the x of k times a point, by doubling and adding.
func multiply(gx, gy, k, p *big.Int) *big.Int {
	var x, y *big.Int
	for i := k.BitLen() - 1; i >= 0; i-- {
		if x != nil {
			slope := new(big.Int).Mul(big.NewInt(3), new(big.Int).Mul(x, x))
			slope.Mul(slope, new(big.Int).ModInverse(new(big.Int).Lsh(y, 1), p))
			x, y = chord(x, y, x, slope, p)
		}
		switch {
		case k.Bit(i) == 0:
		case x == nil:
			x, y = gx, gy
		default:
			slope := new(big.Int).Sub(gy, y)
			slope.Mul(slope, new(big.Int).ModInverse(new(big.Int).Mod(new(big.Int).Sub(gx, x), p), p))
			x, y = chord(x, y, gx, slope, p)
		}
	}
	return x
}

func chord(x, y, other, slope, p *big.Int) (*big.Int, *big.Int) {
	nx := new(big.Int).Mul(slope, slope)
	nx.Sub(nx, x).Sub(nx, other).Mod(nx, p)
	ny := new(big.Int).Sub(x, nx)
	ny.Mul(ny, slope).Sub(ny, y).Mod(ny, p)
	return nx, ny
}

func TestVerifyLoginRefuses(t *testing.T) {
	right, err := gateway.SignLogin(oneKey(), "ain-1", "store.example.org", nonce())
	require.NoError(t, err)
	other := client.GenerateKey()
	stranger, err := gateway.SignLogin(other, "ain-1", "store.example.org", nonce())
	require.NoError(t, err)
	edwards := ed25519.GenPrivKey()
	sum := sha256.Sum256([]byte(document))
	n, _ := new(big.Int).SetString("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", 16)

	elsewhere, err := bech32.ConvertAndEncode("cosmos", oneKey().Address())
	require.NoError(t, err)

	for what, change := range map[string]func(l *gateway.LoginRequest){
		"the signature of another account": func(l *gateway.LoginRequest) { l.Signature = stranger.Signature },
		"the key of another account":       func(l *gateway.LoginRequest) { l.PubKey, l.Signature = stranger.PubKey, stranger.Signature },
		"the name of another account":      func(l *gateway.LoginRequest) { l.Account = other.Address().String() },
		"an address in capitals":           func(l *gateway.LoginRequest) { l.Account = strings.ToUpper(oneAddress) },
		"an address of another chain":      func(l *gateway.LoginRequest) { l.Account = elsewhere },
		"no account":                       func(l *gateway.LoginRequest) { l.Account = "" },
		"no key":                           func(l *gateway.LoginRequest) { l.PubKey = nil },
		"a key that is no point": func(l *gateway.LoginRequest) {
			l.PubKey = append([]byte{4}, l.PubKey[1:]...)
		},
		"an ed25519 key": func(l *gateway.LoginRequest) {
			l.PubKey = edwards.PubKey().Bytes()
		},
		"no signature":      func(l *gateway.LoginRequest) { l.Signature = nil },
		"a short signature": func(l *gateway.LoginRequest) { l.Signature = l.Signature[:63] },
		"a long signature":  func(l *gateway.LoginRequest) { l.Signature = append([]byte{0}, l.Signature...) },
		"a flipped bit": func(l *gateway.LoginRequest) {
			l.Signature = append([]byte{l.Signature[0] ^ 1}, l.Signature[1:]...)
		},
		"the other signature of the same": func(l *gateway.LoginRequest) { // n - s, which would be a second form
			s := new(big.Int).Sub(n, new(big.Int).SetBytes(l.Signature[32:]))
			l.Signature = append(append([]byte{}, l.Signature[:32]...), s.FillBytes(make([]byte, 32))...)
		},
	} {
		t.Run(what, func(t *testing.T) {
			login := right
			change(&login)
			require.False(t, gateway.VerifyLogin(login, text))
		})
	}
	require.True(t, gateway.VerifyLogin(right, text))
	require.False(t, gateway.VerifyLogin(right, text+" "))
	signature, err := oneKey().Sign(sum[:]) // the hash of the document in place of the document
	require.NoError(t, err)
	login := right
	login.Signature = signature
	require.False(t, gateway.VerifyLogin(login, text))
}
