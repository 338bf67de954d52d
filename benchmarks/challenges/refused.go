package main

import (
	"errors"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/ain-network/aind/benchmarks/measure"
	"github.com/ain-network/aind/benchmarks/statemachine"
	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// noRequest is the id of a request that there is not.
const noRequest = 1 << 60

// refuse measures messages that the chain refuses: with a signature that is not right, which the mempool does not take, and
// a node's acceptance of a request that there is not, which is refused in its block only.
func (s settings) refuse(job *statemachine.Job, r *round) error {
	node := job.Workers[0]
	txs := make([][]byte, s.refused)
	for i := range txs {
		var err error
		if txs[i], err = job.Sign(node, &jobstypes.MsgAcceptJob{
			Signer: node.Address().String(), RequestId: noRequest, Role: program.ROLE_WORKER,
		}); err != nil {
			return err
		}
	}
	signature, err := statemachine.SignatureCheck(4 * s.refused)
	if err != nil {
		return err
	}
	forged, err := statemachine.Used(func() error { return checkForged(job, txs) })
	if err != nil {
		return err
	}
	executed, err := statemachine.Used(func() error { return executeRefused(job, txs) })
	if err != nil {
		return err
	}
	r.signature, r.forged, r.executed = micros(signature, 1), micros(forged, s.refused), micros(executed, s.refused)
	return nil
}

// checkForged has copies refused whose last byte, the signature's, is another.
func checkForged(job *statemachine.Job, txs [][]byte) error {
	for _, tx := range txs {
		forged := append([]byte{}, tx...)
		forged[len(forged)-1] ^= 1
		if job.Check(forged) == nil {
			return errors.New("a wrong signature was let in")
		}
	}
	return nil
}

func executeRefused(job *statemachine.Job, txs [][]byte) error {
	for _, tx := range txs {
		if err := job.Check(tx); err != nil {
			return err
		}
	}
	block, err := job.Block(txs...)
	if err != nil {
		return err
	}
	for _, result := range block.Results {
		if result.Code == abci.CodeTypeOK {
			return errors.New("a request that there is not was accepted")
		}
	}
	return nil
}

func micros(d time.Duration, count int) float64 { return 1000 * measure.Millis(d) / float64(count) }
