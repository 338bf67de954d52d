package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/client"
)

// Sender signs and sends transactions. *client.Client is one.
type Sender interface {
	// Build signs the messages as one transaction that nobody has seen yet.
	Build(ctx context.Context, key client.Key, msgs ...sdk.Msg) (client.Tx, error)
	// Send sends a transaction, as often as needed, and returns when its block was executed. It errs with *client.TxError
	// when the chain refused it, with client.ErrExpired when it never will be executed, and with
	// client.ErrUnknownOutcome when only the chain's state can tell.
	Send(ctx context.Context, tx client.Tx) (*client.Receipt, error)
}

const (
	// batchPause is how long the first message of a batch waits for others: well below a block's time.
	batchPause = 2 * time.Millisecond
	// maxBatch bounds the messages of one transaction.
	maxBatch = 20
	txPrefix = "tx/"
)

// Outbox sends the messages of steps, each at most once as far as this machine can tell: signed bytes are in the journal
// before they are sent, and as long as their outcome is unknown Do sends the same bytes again instead of signing new ones.
//
// Whether a step still has to be done is not the outbox's to know: callers ask the chain first.
type Outbox struct {
	sender  Sender
	key     client.Key
	journal *Journal
	log     *slog.Logger
	run     context.Context // the daemon's: a shared transaction outlives the step that began it
	senders sync.WaitGroup

	mu      sync.Mutex
	pending map[string]*flight // by the key of the step's message
	batch   []*parcel          // waiting for the pause to end
}

// parcel is one message on its way, and where its sender waits.
type parcel struct {
	step    Step
	key     string
	msg     sdk.Msg
	outcome chan error // buffered: nobody has to wait
}

// flight is one journaled transaction. Its outcome is awaited by one goroutine at a time.
type flight struct {
	Keys []string  `json:"keys"` // of the steps whose messages are in it
	Tx   client.Tx `json:"tx"`

	sending sync.Mutex
	landed  bool
	err     error
}

// NewOutbox reads what was on its way when the daemon last stopped. It sends until run ends; then Wait.
func NewOutbox(run context.Context, sender Sender, key client.Key, journal *Journal, log *slog.Logger) (*Outbox, error) {
	o := &Outbox{run: run, sender: sender, key: key, journal: journal, log: log, pending: map[string]*flight{}}
	for _, name := range journal.Keys(txPrefix) {
		f := &flight{}
		if _, err := journal.Get(name, f); err != nil {
			return nil, err
		}
		for _, key := range f.Keys {
			o.pending[key] = f
		}
	}
	return o, nil
}

// Do has the chain execute the message of a step and returns nil when it did. The key names the step and what it is done
// for, as in "42/commit": while a transaction with that key is on its way, it is that one which is sent.
//
// It errs with *client.TxError when the chain refused the message, and with client.ErrExpired when a new attempt is safe.
// After any other error the outcome is unknown: ask the chain, then call again.
func (o *Outbox) Do(ctx context.Context, step Step, key string, msg sdk.Msg) error {
	p := &parcel{step: step, key: key, msg: msg, outcome: make(chan error, 1)}
	o.mu.Lock()
	if f, ok := o.pending[key]; ok {
		o.mu.Unlock()
		o.log.Info("sending again what was on its way", "step", step.String(), "key", key, "tx", f.Tx.Hash)
		return o.send(ctx, f, []*parcel{p})
	}
	switch {
	case !step.Batch:
		o.senders.Go(func() { o.deliver([]*parcel{p}) })
	case len(o.batch) == 0:
		o.senders.Go(o.gather)
		fallthrough
	default:
		o.batch = append(o.batch, p)
	}
	o.mu.Unlock()
	select {
	case err := <-p.outcome:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Wait returns when nothing is being sent any more, after the context given to NewOutbox has ended.
func (o *Outbox) Wait() { o.senders.Wait() }

// IsPending says whether a transaction with the key is on its way, or may be.
func (o *Outbox) IsPending(key string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, ok := o.pending[key]
	return ok
}

// Forget drops what is on its way for keys whose step the chain says is done, or will never be.
func (o *Outbox) Forget(keys ...string) error {
	for _, key := range keys {
		o.mu.Lock()
		f, ok := o.pending[key]
		delete(o.pending, key)
		o.mu.Unlock()
		if !ok {
			continue
		}
		if err := o.dropUnused(f); err != nil {
			return err
		}
	}
	return nil
}

// gather waits for others to join the batch, and delivers it.
func (o *Outbox) gather() {
	pause := time.NewTimer(batchPause)
	defer pause.Stop()
	<-pause.C
	o.mu.Lock()
	parcels := o.batch
	o.batch = nil
	o.mu.Unlock()
	for together := range slices.Chunk(parcels, maxBatch) {
		o.senders.Go(func() { o.deliver(together) })
	}
}

// deliver signs, journals and sends the parcels as one transaction. A refused batch is delivered one by one, so that one
// message that is refused costs the others nothing but time.
func (o *Outbox) deliver(parcels []*parcel) {
	err := o.deliverTogether(parcels)
	var refused *client.TxError
	if len(parcels) == 1 || !errors.As(err, &refused) {
		report(parcels, err)
		return
	}
	o.log.Info("batch was refused, sending its messages one by one", "messages", len(parcels), "error", err)
	for _, p := range parcels {
		report([]*parcel{p}, o.deliverTogether([]*parcel{p}))
	}
}

func report(parcels []*parcel, err error) {
	for _, p := range parcels {
		p.outcome <- err
	}
}

func (o *Outbox) deliverTogether(parcels []*parcel) error {
	msgs := make([]sdk.Msg, len(parcels))
	f := &flight{Keys: make([]string, len(parcels))}
	for i, p := range parcels {
		msgs[i], f.Keys[i] = p.msg, p.key
	}
	var err error
	if f.Tx, err = o.sender.Build(o.run, o.key, msgs...); err != nil {
		return fmt.Errorf("sign %s: %w", parcels[0].step, err)
	}
	reach(parcels, Signed)
	if err := o.journal.PutSync(txPrefix+f.Tx.Hash, f); err != nil {
		return err
	}
	o.mu.Lock()
	for _, key := range f.Keys {
		o.pending[key] = f
	}
	o.mu.Unlock()
	reach(parcels, Journaled)
	return o.send(o.run, f, parcels)
}

func reach(parcels []*parcel, moment Moment) {
	for _, p := range parcels {
		p.step.reach(moment)
	}
}

// send sends a journaled transaction until its outcome is known, and then forgets it.
func (o *Outbox) send(ctx context.Context, f *flight, parcels []*parcel) error {
	f.sending.Lock()
	defer f.sending.Unlock()
	if f.landed {
		return f.err
	}
	_, err := o.sender.Send(ctx, f.Tx)
	if err != nil && !isFinal(err) {
		return fmt.Errorf("send %s: %w", parcels[0].step, err)
	}
	reach(parcels, Sent)
	f.landed, f.err = true, err
	return errors.Join(err, o.forgetFlight(f))
}

// isFinal tells whether sending the same bytes again is of no use.
func isFinal(err error) bool {
	var refused *client.TxError
	return errors.As(err, &refused) || errors.Is(err, client.ErrExpired) || errors.Is(err, client.ErrUnknownOutcome)
}

func (o *Outbox) forgetFlight(f *flight) error {
	o.mu.Lock()
	for _, key := range f.Keys {
		if o.pending[key] == f {
			delete(o.pending, key)
		}
	}
	o.mu.Unlock()
	return o.journal.Delete(txPrefix + f.Tx.Hash)
}

// dropUnused removes a transaction from the journal when none of its keys is waited for any more.
func (o *Outbox) dropUnused(f *flight) error {
	o.mu.Lock()
	for _, key := range f.Keys {
		if o.pending[key] == f {
			o.mu.Unlock()
			return nil
		}
	}
	o.mu.Unlock()
	return o.journal.Delete(txPrefix + f.Tx.Hash)
}
