package console

import (
	"context"
	"fmt"

	"cosmossdk.io/math"
	"github.com/spf13/cobra"

	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/client"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
)

func newSend(s *Session) *cobra.Command {
	return &cobra.Command{
		Use:   "send TO AMOUNT",
		Short: "Send coins",
		Long: `Send coins from your wallet to an address, or to a key of your keyring by its name. A bare
number is AIN, 10uain is exact.`,
		Example: "  aind send ain1… 2.5\n  aind send bob 100uain --from alice",
		Args:    cobra.ExactArgs(2),
		RunE:    runs(s.send),
	}
}

type sendOutput struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Amount string `json:"amount_uain"`
	Hash   string `json:"hash"`
	Height int64  `json:"height,string"`
}

func (s *Session) send(ctx context.Context, args []string) error {
	to, err := s.address("to", args[0])
	if err != nil {
		return err
	}
	coin, err := parseAmount("amount", args[1])
	if err != nil {
		return err
	}
	if coin.IsZero() {
		return badInputf("amount: %s is nothing to send", args[1])
	}
	connected, key, err := s.chainAndKey(ctx)
	if err != nil {
		return err
	}
	from := key.Address()
	if err := s.canPay(ctx, "amount", from.String(), coin.Amount); err != nil {
		return err
	}
	receipt, err := connected.Do(ctx, key, banktypes.NewMsgSend(from, to, sdk.NewCoins(coin)))
	if err != nil {
		return err
	}
	return s.print(
		sendOutput{From: from.String(), To: to.String(), Amount: coin.Amount.String(), Hash: receipt.Hash, Height: receipt.Height},
		fmt.Sprintf("Sent %s to %s.", chain.FormatCoin(coin), to),
	)
}

func newStake(s *Session) *cobra.Command {
	return &cobra.Command{
		Use:   "stake [AMOUNT]",
		Short: "Show wallet and stake, or set the stake",
		Long: `Set the stake to an amount: the difference moves from your wallet, or back to it. Deposits
of evaluators and bonds of workers come from the stake. Without an amount, wallet and
stake are shown.`,
		Example: "  aind stake\n  aind stake 50",
		Args:    cobra.MaximumNArgs(1),
		RunE:    runs(s.stake),
	}
}

type stakeOutput struct {
	Owner  string `json:"owner"`
	Wallet string `json:"wallet_uain"`
	Stake  string `json:"stake_uain"`
}

func (s *Session) stake(ctx context.Context, args []string) error {
	connected, key, err := s.chainAndKey(ctx)
	if err != nil {
		return err
	}
	owner := key.Address().String()
	if len(args) == 1 {
		coin, err := parseAmount("amount", args[0])
		if err != nil {
			return err
		}
		stake, err := s.stakeOf(ctx, owner)
		if err != nil {
			return err
		}
		if more := coin.Amount.Sub(stake); more.IsPositive() {
			if err := s.canPay(ctx, "amount", owner, more); err != nil {
				return err
			}
		}
		if _, err := connected.Do(ctx, key, &escrowtypes.MsgSetStake{Owner: owner, Amount: coin.Amount}); err != nil {
			return err
		}
	}
	wallet, err := s.walletOf(ctx, owner)
	if err != nil {
		return err
	}
	stake, err := s.stakeOf(ctx, owner)
	if err != nil {
		return err
	}
	return s.print(stakeOutput{Owner: owner, Wallet: wallet.String(), Stake: stake.String()},
		fmt.Sprintf("Wallet %s AIN, stake %s AIN (%s).", chain.FormatAmount(wallet), chain.FormatAmount(stake), owner))
}

func (s *Session) walletOf(ctx context.Context, owner string) (math.Int, error) {
	res, err := s.chain.Bank().SpendableBalanceByDenom(ctx, &banktypes.QuerySpendableBalanceByDenomRequest{Address: owner, Denom: chain.Denom})
	if err != nil {
		return math.Int{}, fmt.Errorf("ask for the wallet of %s: %w", owner, err)
	}
	if res.Balance == nil {
		return math.ZeroInt(), nil
	}
	return res.Balance.Amount, nil
}

func (s *Session) stakeOf(ctx context.Context, owner string) (math.Int, error) {
	res, err := s.chain.Escrow().Account(ctx, &escrowtypes.QueryAccountRequest{Owner: owner})
	if client.IsNotFound(err) {
		return math.ZeroInt(), nil
	}
	if err != nil {
		return math.Int{}, fmt.Errorf("ask for the stake of %s: %w", owner, err)
	}
	return res.Account.Stake, nil
}

// canPay refuses what the wallet does not hold; field names what to lower.
func (s *Session) canPay(ctx context.Context, field, owner string, amount math.Int) error {
	wallet, err := s.walletOf(ctx, owner)
	if err != nil {
		return err
	}
	if wallet.LT(amount) {
		return badInputf("%s: %s AIN are needed, the wallet of %s holds %s (lower it, or send coins to the wallet)",
			field, chain.FormatAmount(amount), owner, chain.FormatAmount(wallet))
	}
	return nil
}

func parseAmount(field, text string) (sdk.Coin, error) {
	coin, err := chain.ParseCoin(text)
	if err != nil {
		return coin, badInputf("%s: %w", field, err)
	}
	return coin, nil
}

// address reads an address, or the name of a key in the keyring.
func (s *Session) address(field, text string) (sdk.AccAddress, error) {
	address, err := sdk.AccAddressFromBech32(text)
	if err == nil {
		return address, nil
	}
	ring, ringErr := s.keyring()
	if ringErr == nil {
		keys, listErr := ring.List()
		for _, key := range keys {
			if listErr == nil && key.Name == text {
				return key.Address, nil
			}
		}
	}
	return nil, badInputf("%s: %q is neither an address (ain1…) nor the name of a key: %w", field, text, err)
}
