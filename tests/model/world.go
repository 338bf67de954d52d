// Package model says the protocol's requests and money a second time: plainly, in memory, from docs/protocol.md and
// the choices written in x/jobs/README.md, and from nothing else. It imports nothing of the chain, so that a mistake
// in a keeper is not repeated here by sharing it.
//
// The keepers are held against it by TestThePlainModel of x/jobs/keeper: random messages at random times are given to
// both, and after every block both must have refused the same messages and hold the same coins in the same places.
//
// In the model: orders of all reward functions, named and unnamed evaluators and workers, hiring, resigning, rejecting,
// cancelling, committing, revealing, ranking, unusable inputs, silence and further rounds, challenges through all
// levels with fees, verdicts, restored rankings, concessions, bonds, deposits, the chain's share, burning, stakes,
// payout addresses, operators, params that change under way, halts, the end of a request's retention, requests without
// evaluation, open results, verification by execution with equal results, releases that are revoked under way, and keys
// that clients grant, or withhold, to workers, evaluators and resolvers.
//
// Left out: everything about what is sent rather than when and by whom (limits of fields, schemas, references,
// requirements), because refused_test.go has it; accounts without an encryption key, and an evaluator's own input; verification by checkpoints; jobs that are updated
// or forked; trees and operators that change while a request is under way; ratings,
// metrics and scores; forged work, which moves no coin; payees that cannot receive; a sweep that has more to pay than
// one block may; what is not enabled.
package model

import (
	"errors"
	"fmt"
)

// World is everybody's coins and all requests. Times are milliseconds of the chain clock, money is uain.
type World struct {
	Now    int64
	Params Params
	Terms  Terms
	// Accounts are all who have or get coins; Nodes those of them that have a place in the job's tree.
	Accounts map[string]*Account
	Nodes    map[string]Node
	// Operators are hot keys, by whom they act for.
	Operators map[string]string
	// Releases of the worker's and of the evaluator's program by id; the first is 1.
	Releases []Release
	// Requests by id; the first is 1.
	Requests []*Request
	// Chain is what validators and delegators got; Burned is gone.
	Chain, Burned int64
}

// Account is one account's free coins and its stake, and where its earnings go; empty: to itself.
type Account struct {
	Wallet, Stake int64
	Payout        string
}

// Node is an account's roles, and the admins above it up to the root.
type Node struct {
	Evaluator, Worker bool
	Above             []string
}

// Params are governance's. Shares are basis points.
type Params struct {
	DepositShare, BondShare, ChainShare, SilentSlash, ConfirmShare, BurnShare int64
	Levels, Rounds                                                            int
	Retention, LongestGap                                                     int64
}

// Terms are the job's.
type Terms struct {
	MinDeposit, Fee  int64
	Bond             int64 // negative: the params' share
	InvalidLosesBond bool
	// OpenResults are seen as they come. ByExecution: equal results are compared, and none is judged.
	OpenResults, ByExecution bool
	Windows                  Windows
}

// Windows bound every phase.
type Windows struct{ Open, Hiring, Grant, Reveal, Evaluation, Challenge, Resolve int64 }

const whole = 10_000 // basis points

func down(amount, share int64) int64 { return amount * share / whole }

func up(amount, share int64) int64 { return (amount*share + whole - 1) / whole }

// owner is whom a signer acts for.
func (w *World) owner(signer string) string {
	if owner, ok := w.Operators[signer]; ok {
		return owner
	}
	return signer
}

// SetStake moves coins between an owner's wallet and its stake. Nobody acts for an owner here.
func (w *World) SetStake(owner string, amount int64) error {
	a := w.Accounts[owner]
	if more := amount - a.Stake; more > a.Wallet {
		return fmt.Errorf("%s has %d and not %d", owner, a.Wallet, more)
	}
	a.Wallet, a.Stake = a.Wallet+a.Stake-amount, amount
	return nil
}

// SetPayout sends an owner's earnings elsewhere.
func (w *World) SetPayout(owner, payout string) error {
	w.Accounts[owner].Payout = payout
	return nil
}

// fromWallet and fromStake put coins at stake in a request.
func (w *World) fromWallet(r *Request, account string, amount int64) error {
	a := w.Accounts[account]
	if a.Wallet < amount {
		return fmt.Errorf("the wallet of %s has %d and not %d", account, a.Wallet, amount)
	}
	a.Wallet -= amount
	r.Pot += amount
	return nil
}

func (w *World) fromStake(r *Request, account string, amount int64) error {
	a := w.Accounts[account]
	if a.Stake < amount {
		return fmt.Errorf("the stake of %s has %d and not %d", account, a.Stake, amount)
	}
	a.Stake -= amount
	r.Pot += amount
	return nil
}

// earn, toWallet and toStake pay out of a request: earnings go to payout addresses.
func (w *World) earn(r *Request, account string, amount int64) {
	if payout := w.Accounts[account].Payout; payout != "" {
		account = payout
	}
	w.toWallet(r, account, amount)
}

func (w *World) toWallet(r *Request, account string, amount int64) {
	w.Accounts[account].Wallet += amount
	r.Pot -= amount
}

func (w *World) toStake(r *Request, account string, amount int64) {
	w.Accounts[account].Stake += amount
	r.Pot -= amount
}

// Pass lets time go by until the next block. A long gap does not count.
func (w *World) Pass(ms int64) {
	if ms <= w.Params.LongestGap {
		w.Now += ms
	}
}

// EndBlock does what is due and pays out what has ended.
func (w *World) EndBlock() {
	for _, r := range w.Requests {
		if r.Paid() {
			if w.Now >= r.finished+r.rules.Retention {
				r.State = Removed
			}
			continue
		}
		w.catchUp(r)
		w.endRevoked(r)
		if r.Outcome != "" {
			w.payOut(r)
			r.finished = w.Now
			if r.State = Settled; r.Outcome.isCancelled() {
				r.State = Cancelled
			}
			if r.rules.Retention == 0 {
				r.State = Removed
			}
		}
	}
}

// Sum is all coins there are, burned ones included. It never changes.
func (w *World) Sum() int64 {
	sum := w.Chain + w.Burned
	for _, a := range w.Accounts {
		sum += a.Wallet + a.Stake
	}
	for _, r := range w.Requests {
		sum += r.Pot
	}
	return sum
}

// live finds a request that is not over, with all that is due done.
func (w *World) live(id int) (*Request, error) {
	if id < 1 || id > len(w.Requests) {
		return nil, errors.New("there is no such request")
	}
	r := w.Requests[id-1]
	if w.catchUp(r); r.Outcome != "" {
		return nil, fmt.Errorf("the request is over: %s", r.Outcome)
	}
	return r, nil
}
