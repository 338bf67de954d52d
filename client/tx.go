package client

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	txtypes "github.com/cosmos/cosmos-sdk/types/tx"
	"github.com/cosmos/cosmos-sdk/types/tx/signing"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
)

const (
	// txLife is how long after the present block a transaction may be taken, by block time. The chain allows ten minutes
	// and remembers every nonce for as long; a shorter life is a shorter wait for certainty after an outage.
	txLife = 90 * time.Second
	// clockFresh is how old the known block time may be when a transaction is built.
	clockFresh = 5 * time.Second
)

// Tx is a signed transaction. Whoever must not lose it keeps all four fields and sends them again as they are.
type Tx struct {
	Hash  string // upper-case hex of the sha256 of Bytes
	Bytes []byte
	// ExpiresMs is the block time, in unix milliseconds, after which no block takes the transaction.
	ExpiresMs int64
	// BuiltAt is a height before any block that can hold the transaction; 0: not known, which makes a search longer.
	BuiltAt int64
}

// Build signs an unordered transaction: it does not queue behind others of the same key, and its bytes can be sent any
// number of times. The fee is zero, gas is fixed by message. ErrNoAccount says that the key has no account yet.
func (c *Client) Build(ctx context.Context, key Key, msgs ...sdk.Msg) (Tx, error) {
	if len(msgs) == 0 {
		return Tx{}, errors.New("build transaction: no message given")
	}
	number, err := c.accountNumber(ctx, key.Address())
	if err != nil {
		return Tx{}, err
	}
	height, now, err := c.latestBlock(ctx)
	if err != nil {
		return Tx{}, err
	}
	expires := c.clock.unique(now.Add(txLife))

	body, err := encodeBody(msgs, expires)
	if err != nil {
		return Tx{}, err
	}
	auth, err := encodeAuth(key, gasFor(msgs, len(body)))
	if err != nil {
		return Tx{}, err
	}
	doc := txtypes.SignDoc{BodyBytes: body, AuthInfoBytes: auth, ChainId: c.chainID, AccountNumber: number}
	signBytes, err := doc.Marshal()
	if err != nil {
		return Tx{}, fmt.Errorf("encode what is signed: %w", err)
	}
	signature, err := key.Sign(signBytes)
	if err != nil {
		return Tx{}, fmt.Errorf("sign for %s: %w", key.Address(), err)
	}
	raw := txtypes.TxRaw{BodyBytes: body, AuthInfoBytes: auth, Signatures: [][]byte{signature}}
	bytes, err := raw.Marshal()
	if err != nil {
		return Tx{}, fmt.Errorf("encode transaction: %w", err)
	}
	return Tx{Hash: hashOf(bytes), Bytes: bytes, ExpiresMs: expires.UnixMilli(), BuiltAt: height}, nil
}

func encodeBody(msgs []sdk.Msg, expires time.Time) ([]byte, error) {
	body := txtypes.TxBody{Unordered: true, TimeoutTimestamp: &expires}
	for _, msg := range msgs {
		packed, err := codectypes.NewAnyWithValue(msg)
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", sdk.MsgTypeURL(msg), err)
		}
		body.Messages = append(body.Messages, packed)
	}
	return body.Marshal()
}

func encodeAuth(key Key, gas uint64) ([]byte, error) {
	public, err := codectypes.NewAnyWithValue(key.PubKey())
	if err != nil {
		return nil, fmt.Errorf("encode public key of %s: %w", key.Address(), err)
	}
	mode := &txtypes.ModeInfo{Sum: &txtypes.ModeInfo_Single_{Single: &txtypes.ModeInfo_Single{Mode: signing.SignMode_SIGN_MODE_DIRECT}}}
	auth := txtypes.AuthInfo{
		SignerInfos: []*txtypes.SignerInfo{{PublicKey: public, ModeInfo: mode}},
		Fee:         &txtypes.Fee{GasLimit: gas},
	}
	return auth.Marshal()
}

func hashOf(bytes []byte) string {
	sum := sha256.Sum256(bytes)
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// accountNumbers remembers what never changes once an account exists.
type accountNumbers struct {
	mu    sync.Mutex
	known map[string]uint64
}

func (c *Client) accountNumber(ctx context.Context, address sdk.AccAddress) (uint64, error) {
	name := address.String()
	c.accounts.mu.Lock()
	number, ok := c.accounts.known[name]
	c.accounts.mu.Unlock()
	if ok {
		return number, nil
	}
	res, err := c.Auth().AccountInfo(ctx, &authtypes.QueryAccountInfoRequest{Address: name})
	if IsNotFound(err) {
		return 0, fmt.Errorf("%w: %s (send it a coin, or join with an invite)", ErrNoAccount, name)
	}
	if err != nil {
		return 0, fmt.Errorf("ask for account %s: %w", name, err)
	}
	c.accounts.mu.Lock()
	defer c.accounts.mu.Unlock()
	if c.accounts.known == nil {
		c.accounts.known = map[string]uint64{}
	}
	c.accounts.known[name] = res.Info.AccountNumber
	return res.Info.AccountNumber, nil
}

// blockClock remembers the latest block for a moment, and hands out times that no two transactions share.
type blockClock struct {
	mu     sync.Mutex
	height int64
	time   time.Time
	asked  time.Time // by the machine's monotonic clock, to know how old the answer is
	last   time.Time // handed out
}

// LatestBlock is the height and time of the node's latest block, or of one that was it some seconds ago.
func (c *Client) LatestBlock(ctx context.Context) (int64, time.Time, error) {
	return c.latestBlock(ctx)
}

// latestBlock is the height and time of a block that is at most clockFresh old.
func (c *Client) latestBlock(ctx context.Context) (int64, time.Time, error) {
	c.clock.mu.Lock()
	height, at, asked := c.clock.height, c.clock.time, c.clock.asked
	c.clock.mu.Unlock()
	if !asked.IsZero() && time.Since(asked) < clockFresh {
		return height, at, nil
	}
	err := c.nodes.do(ctx, func(ctx context.Context, n *node) error {
		status, err := n.rpc.Status(ctx)
		if err == nil {
			height, at = status.SyncInfo.LatestBlockHeight, status.SyncInfo.LatestBlockTime
		}
		return err
	})
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("ask for the latest block: %w", err)
	}
	c.clock.mu.Lock()
	defer c.clock.mu.Unlock()
	c.clock.height, c.clock.time, c.clock.asked = height, at, time.Now()
	return height, at, nil
}

// unique is a time within a second of t that this client never returned before. Another process with the same key draws
// its own fraction of the second, so that the two do not meet.
func (b *blockClock) unique(t time.Time) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	t = t.Add(rand.N(time.Second)).UTC()
	if !t.After(b.last) {
		t = b.last.Add(1 + rand.N(time.Microsecond))
	}
	b.last = t
	return t
}
