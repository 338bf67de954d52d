package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"slices"

	"cosmossdk.io/math"
	"github.com/cosmos/gogoproto/proto"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ain-network/aind/benchmarks/network"
	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/release"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

const (
	// wealth of every account, in uain; nodes put half of it at stake.
	wealth = 10_000_000_000
	// setupBatch is how many messages a transaction of the set-up holds.
	setupBatch = 20
	// window of every phase of a request, in ms: nothing may run out under load.
	window10m = 600_000
)

// cast is everybody who takes part, and their job.
type cast struct {
	chain                        *client.Client
	ledger                       *ledger
	job                          uint64
	root                         client.Key
	clients, evaluators, workers []client.Key
}

// hire makes all accounts, registers the job, and makes evaluators and workers nodes of it.
func hire(ctx context.Context, net *network.Network, l *ledger, build string, accounts int) (*cast, error) {
	c := &cast{chain: net.Chain, ledger: l, root: client.GenerateKey()}
	for range accounts {
		c.clients = append(c.clients, client.GenerateKey())
		c.evaluators = append(c.evaluators, client.GenerateKey())
		c.workers = append(c.workers, client.GenerateKey())
	}
	treasury, err := net.Key("client", "treasury")
	if err != nil {
		return nil, err
	}
	if err := c.fund(ctx, treasury); err != nil {
		return nil, fmt.Errorf("fund the accounts: %w", err)
	}
	if err := c.register(ctx, build); err != nil {
		return nil, fmt.Errorf("register the job: %w", err)
	}
	for role, keys := range map[program.Role][]client.Key{program.ROLE_EVALUATOR: c.evaluators, program.ROLE_WORKER: c.workers} {
		if err := c.join(ctx, role, keys); err != nil {
			return nil, fmt.Errorf("join as %s: %w", role, err)
		}
	}
	return c, nil
}

func (c *cast) fund(ctx context.Context, treasury client.Key) error {
	coins := sdk.NewCoins(sdk.NewCoin(chain.Denom, math.NewInt(wealth)))
	var sends []sdk.Msg
	for _, key := range slices.Concat([]client.Key{c.root}, c.clients, c.evaluators, c.workers) {
		sends = append(sends, banktypes.NewMsgSend(treasury.Address(), key.Address(), coins))
	}
	return c.doAll(ctx, treasury, sends)
}

// do has messages executed as one transaction.
func (c *cast) do(ctx context.Context, key client.Key, msgs ...sdk.Msg) ([]*codectypes.Any, error) {
	return c.ledger.do(ctx, c.chain, key, msgs...)
}

// doAll has messages of one signer executed, many in a transaction.
func (c *cast) doAll(ctx context.Context, key client.Key, msgs []sdk.Msg) error {
	for some := range slices.Chunk(msgs, setupBatch) {
		if _, err := c.do(ctx, key, some...); err != nil {
			return err
		}
	}
	return nil
}

// register makes the root's job, of the programs of examples/noop. Nobody runs them here, so they are stored nowhere.
func (c *cast) register(ctx context.Context, build string) error {
	params, err := c.chain.Jobs().Params(ctx, &jobstypes.QueryParamsRequest{})
	if err != nil {
		return err
	}
	descriptors, err := release.Compile(ctx, filepath.Join("examples", "noop", "job_schema.proto"))
	if err != nil {
		return err
	}
	schema, err := jobstypes.ParseSchema(descriptors, params.Params.Params.SchemaLimits())
	if err != nil {
		return err
	}
	msg := &jobstypes.MsgRegisterJob{
		Signer: c.root.Address().String(), Name: "noop", Schema: descriptors,
		SourceURL: "https://github.com/ain-network/aind", SourceCommit: "benchmark",
		Terms: jobstypes.TermsSpec{MinDeposit: math.ZeroInt(), ChallengeFee: math.ZeroInt(), Windows: jobstypes.Windows{
			OpenMs: window10m, HiringMs: window10m, RevealMs: window10m, EvaluationMs: window10m, ChallengeMs: window10m,
		}},
	}
	for role, method := range map[string]string{"worker": schema.WorkerMethod(), "evaluator": schema.EvaluatorMethod()} {
		packed, _, err := release.Pack(filepath.Join(build, "examples", "noop", role+".wasm"),
			release.PackOptions{Method: method, MaxBytes: params.Params.Params.MaxReferenceBytes})
		if err != nil {
			return err
		}
		spec := jobstypes.ReleaseSpec{Role: roles[role], Version: "1.0.0", Program: packed}
		if err := release.Sign(ctx, c.root, jobstypes.Digest(descriptors), &spec); err != nil {
			return err
		}
		msg.Releases = append(msg.Releases, spec)
	}
	answers, err := c.do(ctx, c.root, msg)
	if err != nil {
		return err
	}
	var registered jobstypes.MsgRegisterJobResponse
	err = proto.Unmarshal(answers[0].Value, &registered)
	c.job = registered.JobId
	return err
}

var roles = map[string]program.Role{"worker": program.ROLE_WORKER, "evaluator": program.ROLE_EVALUATOR}

// join makes accounts nodes of the job. The root asks nobody for more than the right form.
func (c *cast) join(ctx context.Context, role program.Role, keys []client.Key) error {
	var approvals []sdk.Msg
	for _, key := range keys {
		nonce := make([]byte, 32)
		if _, err := rand.Read(nonce); err != nil {
			return err
		}
		digest := reputationtypes.QualificationDigest(c.chain.ChainID(), c.job, key.Address(), role, nonce, nil)
		answers, err := c.do(ctx, key,
			&escrowtypes.MsgSetStake{Owner: key.Address().String(), Amount: math.NewInt(wealth / 2)},
			&reputationtypes.MsgApplyJob{
				Signer: key.Address().String(), JobId: c.job, Roles: []program.Role{role}, Nonce: nonce,
				Qualifications: []reputationtypes.Qualification{{Role: role, Digest: digest}},
			})
		if err != nil {
			return err
		}
		var applied reputationtypes.MsgApplyJobResponse
		if err := proto.Unmarshal(answers[1].Value, &applied); err != nil {
			return err
		}
		approvals = append(approvals, &reputationtypes.MsgApproveNode{Signer: c.root.Address().String(), ApplicationId: applied.ApplicationId})
	}
	return c.doAll(ctx, c.root, approvals)
}
