package keeper_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/x/escrow/types"
)

func TestBooksThatDoNotBalanceAreFound(t *testing.T) {
	tests := []struct {
		name  string
		steal func(t *testing.T, f *fixture)
	}{
		{"coins taken out of the module's account", func(t *testing.T, f *fixture) {
			coins := sdk.NewCoins(sdk.NewInt64Coin(chain.Denom, 1))
			require.NoError(t, f.bank.SendCoinsFromModuleToAccount(f.ctx, types.ModuleName, f.account("thief", 0), coins))
		}},
		{"coins put into the module's account past the keeper", func(t *testing.T, f *fixture) {
			coins := sdk.NewCoins(sdk.NewInt64Coin(chain.Denom, 1))
			require.NoError(t, f.bank.SendCoins(f.ctx, f.account("donor", 1), authtypes.NewModuleAddress(types.ModuleName), coins))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			f.staked("alice", 10)
			f.hold(20)
			good := f.ctx
			f.ctx, _ = f.ctx.CacheContext()

			tt.steal(t, f)

			err := f.keeper.CheckBooks(f.ctx)
			require.ErrorIs(t, err, types.ErrBooks)
			require.ErrorContains(t, err, "stakes 10uain and holds 20uain make 30uain")
			f.ctx = good
		})
	}
}

// Sums that are right do not hide what no account and no hold can have.
func TestBooksWithLessThanNothingAreFound(t *testing.T) {
	for says, spoil := range map[string]func(f *fixture) error{
		"stake: -10 is negative": func(f *fixture) error {
			bob := f.account("bob", 0)
			return errors.Join(
				f.keeper.SetAccount(f.ctx, bob, types.Account{Owner: bob.String(), Stake: math.NewInt(-10)}),
				f.keeper.SetHold(f.ctx, types.Hold{Id: 2, Balance: math.NewInt(10)}))
		},
		"hold 2: balance: -10 is negative": func(f *fixture) error {
			bob := f.account("bob", 0)
			return errors.Join(
				f.keeper.SetAccount(f.ctx, bob, types.Account{Owner: bob.String(), Stake: math.NewInt(10)}),
				f.keeper.SetHold(f.ctx, types.Hold{Id: 2, Balance: math.NewInt(-10)}))
		},
	} {
		f := newFixture(t)
		f.staked("alice", 10)
		f.hold(20)
		good := f.ctx
		f.ctx, _ = f.ctx.CacheContext()
		require.NoError(t, spoil(f))
		err := f.keeper.CheckBooks(f.ctx)
		require.ErrorIs(t, err, types.ErrBooks)
		require.ErrorContains(t, err, says)
		f.ctx = good
	}
}

// model is escrow as one would write it on paper.
type model struct {
	wallets, stakes map[string]int64
	holds           map[uint64]int64
	fees, burned    int64
}

// TestRandomOperationsAgreeWithAPlainModel lets random operations, refused ones
// among them, run against the keeper and the model and compares all balances.
func TestRandomOperationsAgreeWithAPlainModel(t *testing.T) {
	names := []string{"alice", "bob", "carol"}
	rapid.Check(t, func(rt *rapid.T) {
		f := newFixture(t)
		m := model{wallets: map[string]int64{}, stakes: map[string]int64{}, holds: map[uint64]int64{}}
		for _, name := range names {
			f.account(name, 1000)
			m.wallets[name] = 1000
		}
		for step := range rapid.IntRange(1, 40).Draw(rt, "steps") {
			name := rapid.SampledFrom(names).Draw(rt, "name")
			hold := rapid.Uint64Range(1, uint64(len(m.holds)+1)).Draw(rt, "hold")
			amount := rapid.Int64Range(-1, 1200).Draw(rt, "amount")
			operation := rapid.SampledFrom(operations).Draw(rt, "operation")
			// As the chain does: what a refused message wrote is thrown away.
			cached, write := f.ctx.CacheContext()
			err := operation.do(f, cached, hold, f.account(name, 0), math.NewInt(amount))
			if err == nil {
				write()
			}
			wantErr := operation.model(&m, name, hold, amount) != nil
			require.Equal(rt, wantErr, err != nil, "step %d: %s(%s, hold %d, %d): %v", step, operation.name, name, hold, amount, err)
			compare(rt, f, m)
		}
	})
}

func compare(rt *rapid.T, f *fixture, m model) {
	for name := range m.wallets {
		require.Equal(rt, m.wallets[name], f.wallet(f.account(name, 0)), "wallet of %s", name)
		require.Equal(rt, m.stakes[name], f.stake(f.account(name, 0)), "stake of %s", name)
	}
	for id, balance := range m.holds {
		require.Equal(rt, balance, f.balance(id), "hold %d", id)
	}
	require.Equal(rt, m.fees, f.wallet(authtypes.NewModuleAddress(authtypes.FeeCollectorName)), "fees")
	require.Equal(rt, 3000-m.burned, f.bank.GetSupply(f.ctx, chain.Denom).Amount.Int64(), "supply")
	require.NoError(rt, f.keeper.CheckBooks(f.ctx))
}

type operation struct {
	name  string
	do    func(f *fixture, ctx sdk.Context, hold uint64, owner sdk.AccAddress, amount math.Int) error
	model func(m *model, name string, hold uint64, amount int64) error
}

var errRefused = fmt.Errorf("refused")

// leave takes amount out of the model's hold.
func (m *model) leave(hold uint64, amount int64) error {
	if balance, ok := m.holds[hold]; !ok || amount < 0 || amount > balance {
		return errRefused
	}
	m.holds[hold] -= amount
	return nil
}

// enter moves amount from one of the model's purses into its hold.
func (m *model) enter(hold uint64, purse map[string]int64, name string, amount int64) error {
	if _, ok := m.holds[hold]; !ok || amount < 0 || amount > purse[name] {
		return errRefused
	}
	purse[name] -= amount
	m.holds[hold] += amount
	return nil
}

var operations = []operation{
	{"open",
		func(f *fixture, ctx sdk.Context, _ uint64, _ sdk.AccAddress, _ math.Int) error {
			_, err := f.keeper.OpenHold(ctx, "request")
			return err
		},
		func(m *model, _ string, _ uint64, _ int64) error {
			m.holds[uint64(len(m.holds)+1)] = 0
			return nil
		}},
	{"set stake",
		func(f *fixture, ctx sdk.Context, _ uint64, owner sdk.AccAddress, amount math.Int) error {
			return f.keeper.SetStake(ctx, owner, amount)
		},
		func(m *model, name string, _ uint64, amount int64) error {
			if amount < 0 || amount > m.stakes[name]+m.wallets[name] {
				return errRefused
			}
			m.wallets[name] -= amount - m.stakes[name]
			m.stakes[name] = amount
			return nil
		}},
	{"lock wallet",
		func(f *fixture, ctx sdk.Context, hold uint64, owner sdk.AccAddress, amount math.Int) error {
			return f.keeper.LockWallet(ctx, hold, owner, amount)
		},
		func(m *model, name string, hold uint64, amount int64) error {
			return m.enter(hold, m.wallets, name, amount)
		}},
	{"lock stake",
		func(f *fixture, ctx sdk.Context, hold uint64, owner sdk.AccAddress, amount math.Int) error {
			return f.keeper.LockStake(ctx, hold, owner, amount)
		},
		func(m *model, name string, hold uint64, amount int64) error {
			return m.enter(hold, m.stakes, name, amount)
		}},
	{"pay",
		func(f *fixture, ctx sdk.Context, hold uint64, owner sdk.AccAddress, amount math.Int) error {
			return f.keeper.Pay(ctx, hold, owner, amount, "reward")
		},
		func(m *model, name string, hold uint64, amount int64) error {
			if err := m.leave(hold, amount); err != nil {
				return err
			}
			m.wallets[name] += amount
			return nil
		}},
	{"return stake",
		func(f *fixture, ctx sdk.Context, hold uint64, owner sdk.AccAddress, amount math.Int) error {
			return f.keeper.ReturnStake(ctx, hold, owner, amount, "bond")
		},
		func(m *model, name string, hold uint64, amount int64) error {
			if err := m.leave(hold, amount); err != nil {
				return err
			}
			m.stakes[name] += amount
			return nil
		}},
	{"pay fee",
		func(f *fixture, ctx sdk.Context, hold uint64, _ sdk.AccAddress, amount math.Int) error {
			return f.keeper.PayFee(ctx, hold, amount)
		},
		func(m *model, _ string, hold uint64, amount int64) error {
			if err := m.leave(hold, amount); err != nil {
				return err
			}
			m.fees += amount
			return nil
		}},
	{"burn",
		func(f *fixture, ctx sdk.Context, hold uint64, _ sdk.AccAddress, amount math.Int) error {
			return f.keeper.Burn(ctx, hold, amount)
		},
		func(m *model, _ string, hold uint64, amount int64) error {
			if err := m.leave(hold, amount); err != nil {
				return err
			}
			m.burned += amount
			return nil
		}},
}
