package console

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/ain-network/aind/chain"
	bandwidthtypes "github.com/ain-network/aind/x/bandwidth/types"
)

func newRoom(s *Session) *cobra.Command {
	var job string
	cmd := &cobra.Command{
		Use:   "room [ACCOUNT]",
		Short: "Show how much of its room for transactions an account or a job has in use",
		Long: `Show the room for transactions of an account, yours without one: how much its stake gives,
how much is in use, and when all of it is free again. With --job it is the job's room, and
the account's share of it.`,
		Example: "  aind room\n  aind room ain1…\n  aind room --job 0x1",
		Args:    cobra.MaximumNArgs(1),
	}
	cmd.Flags().StringVar(&job, "job", "", "the job whose room is asked for, 0x1")
	cmd.RunE = runs(func(ctx context.Context, args []string) error {
		account, err := s.accountOr(ctx, args)
		if err != nil {
			return err
		}
		if job != "" {
			return s.jobRoom(ctx, job, account)
		}
		return s.ownRoom(ctx, account)
	})
	return cmd
}

// accountOr is the account named, or that of the key.
func (s *Session) accountOr(ctx context.Context, args []string) (string, error) {
	if len(args) == 0 {
		_, key, err := s.chainAndKey(ctx)
		if err != nil {
			return "", err
		}
		return key.Address().String(), nil
	}
	address, err := s.address("account", args[0])
	if err != nil {
		return "", err
	}
	_, err = s.connected(ctx)
	return address.String(), err
}

// usageOutput is a room and how much of it is in use.
type usageOutput struct {
	Bytes     string `json:"bytes"`
	UsedBytes string `json:"used_bytes"`
	Gas       string `json:"gas"`
	UsedGas   string `json:"used_gas"`
	FreeAt    string `json:"free_at_ms"` // 0: all of it is free
}

func newUsage(state bandwidthtypes.State) usageOutput {
	return usageOutput{
		Bytes: decimal(state.Full.Bytes), UsedBytes: decimal(state.Used.Bytes),
		Gas: decimal(state.Full.Gas), UsedGas: decimal(state.Used.Gas), FreeAt: strconv.FormatInt(state.FreeMs, 10),
	}
}

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }

// usageText is a room in a line.
func usageText(whose string, state bandwidthtypes.State) string {
	free := "all of it is free"
	if state.FreeMs != 0 {
		free = "all of it is free at " + clockText(state.FreeMs)
	}
	return fmt.Sprintf("%s: %d of %d bytes and %d of %d gas are in use; %s.",
		whose, state.Used.Bytes, state.Full.Bytes, state.Used.Gas, state.Full.Gas, free)
}

type roomOutput struct {
	Owner     string `json:"owner"`
	Stake     string `json:"stake_uain"`
	Allocated string `json:"allocated_uain"`
	Bound     string `json:"bound_uain"`
	usageOutput
}

func (s *Session) ownRoom(ctx context.Context, account string) error {
	room, err := s.chain.Bandwidth().Room(ctx, &bandwidthtypes.QueryRoomRequest{Account: account})
	if err != nil {
		return fmt.Errorf("ask for the room of %s: %w", account, err)
	}
	return s.print(roomOutput{
		Owner: room.Owner, Stake: room.Stake.String(), Allocated: room.Allocated.String(), Bound: room.Bound.String(),
		usageOutput: newUsage(room.State),
	}, usageText("Room of "+room.Owner, room.State), fmt.Sprintf("Stake %s AIN, of which %s AIN count for jobs and %s AIN cannot be withdrawn yet.",
		chain.FormatAmount(room.Stake), chain.FormatAmount(room.Allocated), chain.FormatAmount(room.Bound)))
}

type jobRoomOutput struct {
	Job       string `json:"job"`
	Root      string `json:"root"`
	Allocated string `json:"allocated_uain"`
	Bound     string `json:"bound_uain"`
	usageOutput
	Account string       `json:"account"`
	Share   *usageOutput `json:"share"` // null: the account has none
}

func (s *Session) jobRoom(ctx context.Context, text, account string) error {
	job, err := s.job(ctx, "job", text)
	if err != nil {
		return err
	}
	name := chain.FormatJobID(job.Id)
	room, err := s.chain.Bandwidth().JobRoom(ctx, &bandwidthtypes.QueryJobRoomRequest{JobId: job.Id, Account: account})
	if err != nil {
		return fmt.Errorf("ask for the room of job %s: %w", name, err)
	}
	out := jobRoomOutput{
		Job: name, Root: room.Root, Allocated: room.Allocated.String(), Bound: room.Bound.String(),
		usageOutput: newUsage(room.State), Account: account,
	}
	lines := []string{
		usageText("Room of job "+name, room.State),
		fmt.Sprintf("Its root %s allocated %s AIN.", room.Root, chain.FormatAmount(room.Allocated)),
	}
	if room.Share != nil {
		share := newUsage(*room.Share)
		out.Share = &share
		lines = append(lines, usageText("Share of "+account, *room.Share))
	}
	return s.print(out, lines...)
}

func newAllocate(s *Session) *cobra.Command {
	return &cobra.Command{
		Use:   "allocate JOB AMOUNT",
		Short: "Let coins of your stake give room to the transactions of a job's nodes",
		Long: `Set how many coins of your stake give room to a job of yours: its applicants and nodes can
then work with empty wallets. The coins stay in your stake and no longer give room to you.
0 takes all back, as soon as the room that they gave is free again.`,
		Example: "  aind allocate 0x1 50\n  aind allocate 0x1 0",
		Args:    cobra.ExactArgs(2),
		RunE:    runs(s.allocate),
	}
}

type allocateOutput struct {
	Job       string `json:"job"`
	Allocated string `json:"allocated_uain"`
}

func (s *Session) allocate(ctx context.Context, args []string) error {
	coin, err := parseAmount("amount", args[1])
	if err != nil {
		return err
	}
	connected, key, err := s.chainAndKey(ctx)
	if err != nil {
		return err
	}
	job, err := s.job(ctx, "job", args[0])
	if err != nil {
		return err
	}
	msg := &bandwidthtypes.MsgAllocateToJob{Signer: key.Address().String(), JobId: job.Id, Amount: coin.Amount}
	if _, err := connected.Do(ctx, key, msg); err != nil {
		return err
	}
	name := chain.FormatJobID(job.Id)
	return s.print(allocateOutput{Job: name, Allocated: coin.Amount.String()},
		fmt.Sprintf("%s AIN of the stake give room to job %s.", chain.FormatAmount(coin.Amount), name))
}
