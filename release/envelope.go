package release

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	sdk "github.com/cosmos/cosmos-sdk/types"

	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// maxEnvelope bounds the file of an envelope. Ours have about two kilobytes.
const maxEnvelope = 64 << 10

// envelope is a statement with the one signature that is over it.
type envelope struct {
	statement []byte
	signature jobstypes.Signature
}

// write makes the standard form of a DSSE envelope, on one line. An account's address does not tell its key, so the key
// itself is the key id: who reads it needs to ask nobody.
func (e envelope) write() ([]byte, error) {
	content, err := json.Marshal(dsse.Envelope{
		PayloadType: jobstypes.ReleasePayloadType,
		Payload:     base64.StdEncoding.EncodeToString(e.statement),
		Signatures: []dsse.Signature{{
			KeyID: hex.EncodeToString(e.signature.PublicKey), Sig: base64.StdEncoding.EncodeToString(e.signature.Signature),
		}},
	})
	return append(content, '\n'), err
}

// readEnvelope reads what write makes, and checks the signature. ErrAttestation says what is wrong with it.
func readEnvelope(content []byte) (envelope, error) {
	var e dsse.Envelope
	decoder := json.NewDecoder(bytes.NewReader(content))
	if err := decoder.Decode(&e); err != nil {
		return envelope{}, fmt.Errorf("%w: no DSSE envelope: %w", ErrAttestation, err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return envelope{}, fmt.Errorf("%w: more than one DSSE envelope, or something behind it", ErrAttestation)
	}
	if e.PayloadType != jobstypes.ReleasePayloadType {
		return envelope{}, fmt.Errorf("%w: it is about a payload of type %.100q instead of %s", ErrAttestation, e.PayloadType, jobstypes.ReleasePayloadType)
	}
	if len(e.Signatures) != 1 {
		return envelope{}, fmt.Errorf("%w: %d signatures instead of one", ErrAttestation, len(e.Signatures))
	}
	statement, err := base64.StdEncoding.DecodeString(e.Payload)
	if err != nil {
		return envelope{}, fmt.Errorf("%w: payload: %w", ErrAttestation, err)
	}
	public, err := hex.DecodeString(e.Signatures[0].KeyID)
	if err != nil || len(public) != secp256k1.PubKeySize {
		return envelope{}, fmt.Errorf("%w: key id %.80q: want the signer's compressed secp256k1 key, %d bytes in hex", ErrAttestation, e.Signatures[0].KeyID, secp256k1.PubKeySize)
	}
	signature, err := base64.StdEncoding.DecodeString(e.Signatures[0].Sig)
	if err != nil {
		return envelope{}, fmt.Errorf("%w: signature: %w", ErrAttestation, err)
	}
	key := secp256k1.PubKey{Key: public}
	if !key.VerifySignature(dsse.PAE(e.PayloadType, statement), signature) {
		return envelope{}, fmt.Errorf("%w: the signature is not over its payload", ErrAttestation)
	}
	signer := sdk.AccAddress(key.Address()).String()
	return envelope{statement, jobstypes.Signature{Signer: signer, PublicKey: public, Signature: signature}}, nil
}

// readEnvelopeFile reads an envelope of bounded size.
func readEnvelopeFile(file string) (envelope, error) {
	f, err := os.Open(file)
	if err != nil {
		return envelope{}, fmt.Errorf("%w: %w", ErrAttestation, err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxEnvelope+1))
	if err != nil {
		return envelope{}, fmt.Errorf("%w: %w", ErrAttestation, err)
	}
	if len(content) > maxEnvelope {
		return envelope{}, fmt.Errorf("%w: %s has more than %d bytes, which no envelope needs", ErrAttestation, file, maxEnvelope)
	}
	e, err := readEnvelope(content)
	if err != nil {
		return envelope{}, fmt.Errorf("%s: %w", file, err)
	}
	return e, nil
}
