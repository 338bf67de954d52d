package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/x/feegrant"

	"github.com/ain-network/aind/chain"
)

const (
	// invitePrefix starts every invite; the digit is the version of what follows.
	invitePrefix = "aininvite1"
	checksumSize = 4
	// InviteLife is how long an invite can be redeemed where nothing else is said.
	InviteLife = 24 * time.Hour
)

// Errors of invites.
var (
	ErrInvite        = errors.New("not an invite")
	ErrInviteExpired = errors.New("invite has expired")
)

// Invite is everything that a new machine needs to join: where the chain is, what to work on, where programs and data
// are, and a key whose only worth is that it has an account. Transactions cost no coins, but their sender must have an
// account: the invite's key opens one for the key that the newcomer makes for itself.
//
// An invite is a secret: it holds that key, and with a store that a whole network shares that store's credentials.
type Invite struct {
	ChainID   string   `json:"chain_id"`
	Endpoints []string `json:"endpoints"`
	JobID     string   `json:"job,omitempty"` // 0x…
	// Store is a space that the newcomer writes into, ain://7, or a store that a whole network shares.
	Store     string `json:"store,omitempty"`
	Key       []byte `json:"key"`        // secp256k1 private key, 32 bytes
	ExpiresMs int64  `json:"expires_ms"` // unix time
}

// NewInvite makes an invite with a fresh key, and has the admin's key give it an account on the chain.
func (c *Client) NewInvite(ctx context.Context, admin Key, jobID uint64, endpoints []string, store string, life time.Duration) (Invite, error) {
	if life <= 0 {
		life = InviteLife
	}
	_, now, err := c.latestBlock(ctx)
	if err != nil {
		return Invite{}, err
	}
	private := secp256k1.GenPrivKey()
	invite := Invite{
		ChainID: c.chainID, Endpoints: endpoints, JobID: chain.FormatJobID(jobID), Store: store,
		Key: private.Bytes(), ExpiresMs: now.Add(life).UnixMilli(),
	}
	if err := c.openAccount(ctx, admin, NewKey(private).Address(), invite.ExpiresMs); err != nil {
		return Invite{}, fmt.Errorf("open the invite's account: %w", err)
	}
	return invite, nil
}

// Redeem gives newcomer an account on the chain, with the invite's key. It does nothing if there is one already.
// ErrInviteExpired says that the invite's time is over by the chain's block time.
func (i Invite) Redeem(ctx context.Context, c *Client, newcomer Key) error {
	_, err := c.accountNumber(ctx, newcomer.Address())
	if !errors.Is(err, ErrNoAccount) {
		return err
	}
	_, now, err := c.latestBlock(ctx)
	if err != nil {
		return err
	}
	if now.UnixMilli() > i.ExpiresMs {
		return fmt.Errorf("%w on %s (ask for a new one)", ErrInviteExpired, time.UnixMilli(i.ExpiresMs).UTC().Format(time.DateTime))
	}
	if err := c.openAccount(ctx, NewKey(&secp256k1.PrivKey{Key: i.Key}), newcomer.Address(), i.ExpiresMs); err != nil {
		return fmt.Errorf("redeem the invite: %w", err)
	}
	return nil
}

// OpenAccount has giver make an account for an address, which can sign transactions from then on. It does nothing if there
// is one already.
func (c *Client) OpenAccount(ctx context.Context, giver Key, address sdk.AccAddress) error {
	_, err := c.accountNumber(ctx, address)
	if !errors.Is(err, ErrNoAccount) {
		return err
	}
	_, now, err := c.latestBlock(ctx)
	if err != nil {
		return err
	}
	if err := c.openAccount(ctx, giver, address, now.Add(time.Hour).UnixMilli()); err != nil {
		return fmt.Errorf("open the account of %s: %w", address, err)
	}
	return nil
}

// openAccount has giver make an account for an address that never held a coin. An allowance for fees does that: there
// are no fees, so nothing else comes of it.
func (c *Client) openAccount(ctx context.Context, giver Key, address sdk.AccAddress, expiresMs int64) error {
	expires := time.UnixMilli(expiresMs).UTC()
	grant, err := feegrant.NewMsgGrantAllowance(&feegrant.BasicAllowance{Expiration: &expires}, giver.Address(), address)
	if err != nil {
		return err
	}
	if _, err := c.Do(ctx, giver, grant); err != nil {
		// Somebody, perhaps an earlier attempt of ours, was faster: all that matters is that the account is there.
		if _, missing := c.accountNumber(ctx, address); missing == nil {
			return nil
		}
		return err
	}
	return nil
}

// Encode writes the invite as one word.
func (i Invite) Encode() (string, error) {
	content, err := json.Marshal(i)
	if err != nil {
		return "", fmt.Errorf("encode invite: %w", err)
	}
	sum := sha256.Sum256(content)
	return invitePrefix + base64.RawURLEncoding.EncodeToString(append(content, sum[:checksumSize]...)), nil
}

// DecodeInvite reads what Encode wrote. ErrInvite says what is wrong with it; its time is checked by Redeem.
func DecodeInvite(word string) (Invite, error) {
	coded, ok := strings.CutPrefix(strings.TrimSpace(word), invitePrefix)
	if !ok {
		return Invite{}, fmt.Errorf("%w: it does not start with %s (copy all of what `aind invite` printed)", ErrInvite, invitePrefix)
	}
	raw, err := base64.RawURLEncoding.DecodeString(coded)
	if err != nil || len(raw) < checksumSize {
		return Invite{}, fmt.Errorf("%w: characters are missing or changed (copy all of what `aind invite` printed)", ErrInvite)
	}
	content, check := raw[:len(raw)-checksumSize], raw[len(raw)-checksumSize:]
	if sum := sha256.Sum256(content); !bytes.Equal(sum[:checksumSize], check) {
		return Invite{}, fmt.Errorf("%w: its checksum does not match (copy all of what `aind invite` printed)", ErrInvite)
	}
	var invite Invite
	if err := json.Unmarshal(content, &invite); err != nil {
		return Invite{}, fmt.Errorf("%w: %w", ErrInvite, err)
	}
	return invite, invite.validate()
}

func (i Invite) validate() error {
	switch {
	case i.ChainID == "":
		return fmt.Errorf("%w: it names no chain", ErrInvite)
	case len(i.Endpoints) == 0:
		return fmt.Errorf("%w: it names no endpoint", ErrInvite)
	case len(i.Key) != secp256k1.PrivKeySize:
		return fmt.Errorf("%w: its key has %d bytes instead of %d", ErrInvite, len(i.Key), secp256k1.PrivKeySize)
	}
	if i.JobID != "" {
		if _, err := chain.ParseJobID(i.JobID); err != nil {
			return fmt.Errorf("%w: %w", ErrInvite, err)
		}
	}
	return nil
}

// Config is how to reach the invite's chain.
func (i Invite) Config() Config { return Config{ChainID: i.ChainID, Endpoints: i.Endpoints} }

// String hides the key and the store's credentials.
func (i Invite) String() string {
	return fmt.Sprintf("invite to job %s of %s", i.JobID, i.ChainID)
}

// GoString is String: %#v must not print secrets either.
func (i Invite) GoString() string { return i.String() }
