package daemon

import (
	"context"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"

	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// beatsPerWindow is how often an account shows that it is alive within the time after which it counts as gone: one that is
// lost, and one that is late, do no harm.
const beatsPerWindow = 3

// beatRetry is the pause after a heartbeat that was not sent.
const beatRetry = time.Second

// Beat sends a heartbeat three times in every window of the chain, from when the owner has a place in any job until ctx ends.
func (m *Member) Beat(ctx context.Context) {
	for ctx.Err() == nil {
		pause, err := m.beat(ctx)
		if err != nil && ctx.Err() == nil {
			m.Log.Warn("could not send a heartbeat", "error", err, "again_in", pause)
		}
		wait(ctx, pause, nil, m.joined)
	}
}

// beat sends a heartbeat if the owner is a node, and returns when the next is due.
func (m *Member) beat(ctx context.Context) (time.Duration, error) {
	m.mu.Lock()
	member := len(m.jobs) > 0
	m.mu.Unlock()
	if !member {
		return beatRetry, nil
	}
	params, err := m.Chain.ReputationParams(ctx)
	if err != nil {
		return beatRetry, err
	}
	pause := time.Duration(params.RunningWindowMs) * time.Millisecond / beatsPerWindow
	ctx, cancel := context.WithTimeout(ctx, pause)
	defer cancel()
	msg, err := m.signOfLife(ctx)
	if err != nil {
		return beatRetry, err
	}
	var record struct{ Progress }
	err = m.Journal.Do(m.Steps.Heartbeat, "heartbeat", &record, func() error {
		return m.Outbox.Do(ctx, m.Steps.Heartbeat, "heartbeat", msg)
	})
	if err != nil {
		return min(pause, beatRetry), err
	}
	m.Changed() // the chain can be reached, which the loop may not know yet after an interruption
	return pause, nil
}

// signOfLife is a heartbeat, or, as long as the owner has stated no encryption key, what states this machine's: any message shows that
// an account is alive. So does a statement of what storage is left. What another machine of the owner has stated is left.
func (m *Member) signOfLife(ctx context.Context) (sdk.Msg, error) {
	if !m.stated {
		key, err := m.Chain.EncryptionKey(ctx, m.Owner.String())
		if err != nil {
			return nil, err
		}
		if key == "" {
			return &reputationtypes.MsgSetEncryptionKey{Signer: m.Signer, EncryptionKey: m.EncryptionKey}, nil
		}
		if m.stated = true; key != m.EncryptionKey {
			m.Log.Warn("requests with encrypted data are left to others", "why", foreignKey)
		}
	}
	restated, err := m.restatement(ctx)
	if err != nil {
		return nil, err
	}
	if restated != nil {
		return restated, nil
	}
	return &reputationtypes.MsgHeartbeat{Signer: m.Signer}, nil
}
