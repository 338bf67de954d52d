package gateway

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/client"
)

const (
	// loginTag keeps a signature for a login from being one for anything else.
	loginTag = "ain storage gateway login v1"
	// pubKeyBytes and signatureBytes are the lengths of secp256k1.
	pubKeyBytes, signatureBytes = 33, 64
)

// LoginText is what a login signs. Chain, gateway, nonce and expiry are in it, so that a signature is good for one login
// at one gateway.
func LoginText(chainID, gateway, nonce string, expiresMs int64) string {
	return fmt.Sprintf("%s\nchain: %s\ngateway: %s\nnonce: %s\nexpires: %d\n", loginTag, chainID, gateway, nonce, expiresMs)
}

// SignDoc is the document of ADR-36 over text, as wallets sign it: amino JSON with sorted keys, without a chain, an
// account number, a sequence and a fee. Nothing in it needs escaping: the text is in base64, and an address is letters
// and digits.
func SignDoc(account, text string) []byte {
	return []byte(`{"account_number":"0","chain_id":"","fee":{"amount":[],"gas":"0"},"memo":"","msgs":[{"type":"sign/MsgSignData","value":{"data":"` +
		base64.StdEncoding.EncodeToString([]byte(text)) + `","signer":"` + account + `"}}],"sequence":"0"}`)
}

// SignLogin signs a nonce that a gateway gave, which must be for the chain and the gateway that the caller means.
func SignLogin(key client.Key, chainID, gateway string, nonce NonceAnswer) (LoginRequest, error) {
	if nonce.ChainID != chainID || nonce.Gateway != gateway {
		return LoginRequest{}, fmt.Errorf("the gateway calls itself %q of chain %q, want %q of chain %q (is its address right?)",
			nonce.Gateway, nonce.ChainID, gateway, chainID)
	}
	if strings.ContainsAny(nonce.Nonce, "\n\r") {
		return LoginRequest{}, fmt.Errorf("the gateway's nonce %q has more than one line", nonce.Nonce)
	}
	account := key.Address().String()
	signature, err := key.Sign(SignDoc(account, LoginText(chainID, gateway, nonce.Nonce, nonce.ExpiresMs)))
	if err != nil {
		return LoginRequest{}, fmt.Errorf("sign the login as %s: %w", account, err)
	}
	return LoginRequest{Account: account, Nonce: nonce.Nonce, PubKey: key.PubKey().Bytes(), Signature: signature}, nil
}

// VerifyLogin says whether a login is signed by the key of its account.
func VerifyLogin(login LoginRequest, text string) bool {
	address, err := sdk.AccAddressFromBech32(login.Account)
	if err != nil || address.String() != login.Account {
		return false
	}
	if len(login.PubKey) != pubKeyBytes || len(login.Signature) != signatureBytes {
		return false
	}
	key := secp256k1.PubKey{Key: login.PubKey}
	if !address.Equals(sdk.AccAddress(key.Address())) {
		return false
	}
	return key.VerifySignature(SignDoc(login.Account, text), login.Signature)
}
