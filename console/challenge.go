package console

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/chain"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

type challengeOutput struct {
	Request  uint64 `json:"request,string"`
	Level    uint32 `json:"level"`
	Resolver string `json:"resolver"`
	Fee      string `json:"fee_uain"`
}

func newChallenge(s *Session) *cobra.Command {
	return &cobra.Command{
		Use:   "challenge REQUEST",
		Short: "Have the admin above the evaluator judge a ranking again, for a fee",
		Long: `Challenge the ranking of a request as its client, as a worker that revealed and could have
more, or, once it was overturned, as its evaluator. The next admin above the evaluator
judges. The fee is the job's, twice as much at each level; it comes back if the final
ranking is not the one that you challenged.`,
		Example: "  aind challenge 42",
		Args:    cobra.ExactArgs(1),
		RunE:    runs(s.challenge),
	}
}

func (s *Session) challenge(ctx context.Context, args []string) error {
	id, err := parseRequestID(args[0])
	if err != nil {
		return err
	}
	connected, key, err := s.chainAndKey(ctx)
	if err != nil {
		return err
	}
	if _, err := s.request(ctx, id); err != nil {
		return err
	}
	if _, err := connected.Do(ctx, key, &jobstypes.MsgChallenge{Signer: key.Address().String(), RequestId: id}); err != nil {
		return err
	}
	view, err := s.request(ctx, id)
	if err != nil {
		return err
	}
	brought := view.Request.Challenges[len(view.Request.Challenges)-1]
	return s.print(
		challengeOutput{Request: id, Level: brought.Level, Resolver: brought.Resolver, Fee: brought.Fee.String()},
		fmt.Sprintf("Challenged the ranking of request %d for %s AIN; %s judges.", id, chain.FormatAmount(brought.Fee), brought.Resolver),
	)
}

// What a verdict is beside a list of nodes.
const (
	verdictConfirm  = "confirm"
	verdictNobody   = "nobody"
	verdictUnusable = "unusable"
)

type verdictOutput struct {
	Request uint64 `json:"request,string"`
	Verdict string `json:"verdict"`
}

func newResolveChallenge(s *Session) *cobra.Command {
	var forged []string
	cmd := &cobra.Command{
		Use:   "resolveChallenge REQUEST VERDICT|NODE...",
		Short: "Give your verdict on a challenge",
		Long: `Judge a challenged ranking as the admin that was called on. "confirm" leaves it as it is;
NODE... is another ranking of the workers, the best first, and who is left out is invalid;
"nobody" finds no result valid, and "unusable" finds that nobody could have used the input.
` + "`aind admin`" + ` does this by itself, by the job's program, unless it is told to ask.`,
		Example: `  aind resolveChallenge 42 confirm
  aind resolveChallenge 42 ain1zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3lk9k2h ain1yg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3yl9tqdw`,
		Args: cobra.MinimumNArgs(2),
		RunE: runs(func(ctx context.Context, args []string) error { return s.resolveChallenge(ctx, args, forged) }),
	}
	cmd.Flags().StringSliceVar(&forged, "forged", nil, "workers whose work is forged or copied: if your verdict is final, once they are out of the job they do not come back")
	return cmd
}

func (s *Session) resolveChallenge(ctx context.Context, args, forged []string) error {
	id, err := parseRequestID(args[0])
	if err != nil {
		return err
	}
	msg, err := readVerdict(id, args[1:])
	if err != nil {
		return err
	}
	connected, key, err := s.chainAndKey(ctx)
	if err != nil {
		return err
	}
	if _, err := s.request(ctx, id); err != nil {
		return err
	}
	for _, worker := range forged {
		if _, err := sdk.AccAddressFromBech32(worker); err != nil {
			return badInputf("forged: %q is no worker's address", worker)
		}
	}
	msg.Signer, msg.Forged = key.Address().String(), forged
	receipt, err := connected.Do(ctx, key, msg)
	if err != nil {
		return err
	}
	var answer jobstypes.MsgResolveChallengeResponse
	if err := receipt.Response(0, &answer); err != nil {
		return err
	}
	verdict := strings.ToLower(strings.TrimPrefix(answer.Verdict.String(), "VERDICT_"))
	return s.print(verdictOutput{Request: id, Verdict: verdict}, fmt.Sprintf("The ranking of request %d is %s.", id, verdict))
}

func readVerdict(id uint64, words []string) (*jobstypes.MsgResolveChallenge, error) {
	msg := &jobstypes.MsgResolveChallenge{RequestId: id}
	if len(words) == 1 {
		switch words[0] {
		case verdictConfirm:
			msg.Confirm = true
			return msg, nil
		case verdictUnusable:
			msg.InputUnusable = true
			return msg, nil
		case verdictNobody:
			return msg, nil
		}
	}
	for i, word := range words {
		if _, err := sdk.AccAddressFromBech32(word); err != nil {
			return nil, badInputf("verdict: %q is no worker's address (%s, %s and %s stand alone)", word, verdictConfirm, verdictNobody, verdictUnusable)
		}
		msg.Ranking = append(msg.Ranking, jobstypes.RankEntry{Node: word, Score: uint64(len(words) - i)})
	}
	return msg, nil
}
