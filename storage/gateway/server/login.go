package server

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"sync"
	"time"

	"github.com/ain-network/aind/storage/gateway"
)

const (
	nonceLife = time.Minute
	tokenLife = 10 * time.Minute
	// maxTokens and maxTokensOfOne bound who is logged in, in all and by one account. An account's newest count.
	maxTokens      = 65536
	maxTokensOfOne = 64
	// maxUsed bounds the nonces that are remembered as used: each was signed for, and for a minute.
	maxUsed = 65536

	randomBytes, expiryBytes, macBytes = 16, 8, 16
	nonceBytes                         = randomBytes + expiryBytes + macBytes
	tokenBytes                         = 32
)

var errLogin = gateway.Errorf(gateway.CodeUnauthenticated,
	"the login is refused: ask for a nonce, and sign its text with the account's secp256k1 key within a minute")

// logins knows who is logged in. Nothing of it outlives the process.
type logins struct {
	secret []byte // that nonces are made with
	now    func() time.Time

	mu     sync.Mutex
	used   map[string]time.Time // nonces, until they expire
	tokens map[[sha256.Size]byte]session
	of     map[string][][sha256.Size]byte // tokens of an account, oldest first
}

// session is what a token stands for.
type session struct {
	account string
	until   time.Time
}

func newLogins(now func() time.Time) *logins {
	l := &logins{
		secret: make([]byte, sha256.Size), now: now,
		used: map[string]time.Time{}, tokens: map[[sha256.Size]byte]session{}, of: map[string][][sha256.Size]byte{},
	}
	rand.Read(l.secret) // never fails
	return l
}

// nonce makes a nonce for an account. It is not remembered, only recognised: asking for nonces costs the gateway nothing.
func (l *logins) nonce(account string) (string, time.Time) {
	expires := l.now().Add(nonceLife).Truncate(time.Millisecond)
	nonce := make([]byte, randomBytes, nonceBytes)
	rand.Read(nonce) // never fails
	nonce = binary.BigEndian.AppendUint64(nonce, uint64(expires.UnixMilli()))
	return hex.EncodeToString(append(nonce, l.mac(account, nonce)...)), expires
}

func (l *logins) mac(account string, nonce []byte) []byte {
	mac := hmac.New(sha256.New, l.secret)
	mac.Write(nonce) // of fixed length
	mac.Write([]byte(account))
	return mac.Sum(nil)[:macBytes]
}

// expiry reads when a nonce that was made for an account expires; false: it was not, or it has.
func (l *logins) expiry(account, nonce string) (time.Time, bool) {
	raw, err := hex.DecodeString(nonce)
	if err != nil || len(raw) != nonceBytes || hex.EncodeToString(raw) != nonce {
		return time.Time{}, false
	}
	made, mac := raw[:randomBytes+expiryBytes], raw[randomBytes+expiryBytes:]
	if !hmac.Equal(mac, l.mac(account, made)) {
		return time.Time{}, false
	}
	expires := time.UnixMilli(int64(binary.BigEndian.Uint64(made[randomBytes:])))
	return expires, l.now().Before(expires)
}

// login checks a login and makes a token. Each nonce is good for one.
func (l *logins) login(chainID, name string, login gateway.LoginRequest) (string, time.Time, *gateway.Error) {
	expires, ok := l.expiry(login.Account, login.Nonce)
	text := gateway.LoginText(chainID, name, login.Nonce, expires.UnixMilli())
	// The signature is looked at in any case: how long a refusal takes says nothing about the nonce.
	if signed := gateway.VerifyLogin(login, text); !signed || !ok {
		return "", time.Time{}, errLogin
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.forget(now)
	if _, used := l.used[login.Nonce]; used {
		return "", time.Time{}, errLogin
	}
	if len(l.used) >= maxUsed || len(l.tokens) >= maxTokens {
		return "", time.Time{}, gateway.Errorf(gateway.CodeTooMany, "too many accounts are logged in, try again in a minute")
	}
	l.used[login.Nonce] = expires
	return l.issue(login.Account, now)
}

// issue makes a token. Only its hash is kept, so that a look into memory or a dump gives none away.
func (l *logins) issue(account string, now time.Time) (string, time.Time, *gateway.Error) {
	raw := make([]byte, tokenBytes)
	rand.Read(raw) // never fails
	token := hex.EncodeToString(raw)
	hash := sha256.Sum256([]byte(token))
	until := now.Add(tokenLife)
	l.tokens[hash] = session{account: account, until: until}
	l.of[account] = append(l.of[account], hash)
	if len(l.of[account]) > maxTokensOfOne {
		l.drop(l.of[account][0])
	}
	return token, until, nil
}

// account says whose a token is; false: nobody's, or it has expired.
func (l *logins) account(token string) (string, bool) {
	hash := sha256.Sum256([]byte(token))
	l.mu.Lock()
	defer l.mu.Unlock()
	s, ok := l.tokens[hash]
	return s.account, ok && l.now().Before(s.until)
}

// logout ends a token.
func (l *logins) logout(token string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drop(sha256.Sum256([]byte(token)))
}

func (l *logins) drop(hash [sha256.Size]byte) {
	account := l.tokens[hash].account
	delete(l.tokens, hash)
	l.of[account] = slices.DeleteFunc(l.of[account], func(h [sha256.Size]byte) bool { return h == hash })
	if len(l.of[account]) == 0 {
		delete(l.of, account)
	}
}

// forget drops what has expired, where there is much of it.
func (l *logins) forget(now time.Time) {
	if len(l.used) < maxUsed/2 && len(l.tokens) < maxTokens/2 {
		return
	}
	for nonce, expires := range l.used {
		if !now.Before(expires) {
			delete(l.used, nonce)
		}
	}
	for hash, s := range l.tokens {
		if !now.Before(s.until) {
			l.drop(hash)
		}
	}
}
