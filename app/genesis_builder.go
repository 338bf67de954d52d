package app

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	cmttypes "github.com/cometbft/cometbft/types"

	"cosmossdk.io/math"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	signingtypes "github.com/cosmos/cosmos-sdk/types/tx/signing"
	"github.com/cosmos/cosmos-sdk/version"
	authsigning "github.com/cosmos/cosmos-sdk/x/auth/signing"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	"github.com/cosmos/cosmos-sdk/x/genutil"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/ain-network/aind/chain"
	permissionstypes "github.com/ain-network/aind/x/permissions/types"
)

// GenesisBuilder makes the genesis file of a new network: who has coins, and who validates from the first block on.
type GenesisBuilder struct {
	// Consensus params of the network, to be changed before Build.
	Consensus *cmttypes.ConsensusParams

	app      *App
	chainID  string
	at       time.Time
	state    GenesisState
	accounts []*codectypes.Any
	balances []banktypes.Balance
	joins    []sdk.Tx
}

// NewGenesisBuilder starts from DefaultGenesis. The first block's time is at.
func NewGenesisBuilder(app *App, chainID string, at time.Time) *GenesisBuilder {
	return &GenesisBuilder{
		Consensus: DefaultConsensusParams(),
		app:       app,
		chainID:   chainID,
		at:        at,
		state:     DefaultGenesis(app.codec, app.basics),
	}
}

// EditGenesis changes what one module starts with.
func EditGenesis[T any, P message[T]](g *GenesisBuilder, module string, change func(P)) {
	edit(g.app.codec, g.state, module, change)
}

// Fund makes an account with coins of its own.
func (g *GenesisBuilder) Fund(address sdk.AccAddress, coin sdk.Coin) error {
	account, err := codectypes.NewAnyWithValue(authtypes.NewBaseAccountWithAddress(address))
	if err != nil {
		return err
	}
	g.accounts = append(g.accounts, account)
	g.Endow(address, coin)
	return nil
}

// Endow gives coins to an address without making an account: module accounts make their own.
func (g *GenesisBuilder) Endow(address sdk.AccAddress, coin sdk.Coin) {
	g.balances = append(g.balances, banktypes.Balance{Address: address.String(), Coins: sdk.NewCoins(coin)})
}

// Signer signs for an account.
type Signer interface {
	PubKey() cryptotypes.PubKey
	Sign(message []byte) ([]byte, error)
}

// AddValidator makes a funded account a validator from the first block on. It delegates part of its coins to itself,
// and is listed among the accounts that may be validators: its transaction is under the rules like every other.
func (g *GenesisBuilder) AddValidator(moniker string, operator Signer, consensus cryptotypes.PubKey, stake sdk.Coin) error {
	address := operator.PubKey().Address()
	msg, err := stakingtypes.NewMsgCreateValidator(
		sdk.ValAddress(address).String(), consensus, stake,
		stakingtypes.NewDescription(moniker, "", "", "", ""),
		stakingtypes.NewCommissionRates(math.LegacyNewDecWithPrec(1, 1), math.LegacyNewDecWithPrec(2, 1), math.LegacyNewDecWithPrec(1, 2)),
		math.OneInt(),
	)
	if err != nil {
		return err
	}
	join, err := g.sign(operator, msg)
	if err != nil {
		return fmt.Errorf("sign the transaction of validator %s: %w", moniker, err)
	}
	g.joins = append(g.joins, join)
	EditGenesis(g, permissionstypes.ModuleName, func(state *permissionstypes.GenesisState) {
		state.Allow(createValidator, sdk.AccAddress(address).String())
	})
	return nil
}

// sign makes a transaction for the first block, where every account has number and sequence zero.
func (g *GenesisBuilder) sign(key Signer, msg sdk.Msg) (sdk.Tx, error) {
	config := g.app.txConfig
	builder := config.NewTxBuilder()
	if err := builder.SetMsgs(msg); err != nil {
		return nil, err
	}
	builder.SetGasLimit(1_000_000)

	// What is signed covers the signer's public key and mode, so these are set before there is a signature.
	mode := signingtypes.SignMode_SIGN_MODE_DIRECT
	data := &signingtypes.SingleSignatureData{SignMode: mode}
	signature := signingtypes.SignatureV2{PubKey: key.PubKey(), Data: data}
	if err := builder.SetSignatures(signature); err != nil {
		return nil, err
	}
	signer := authsigning.SignerData{
		ChainID: g.chainID,
		Address: sdk.AccAddress(key.PubKey().Address()).String(),
		PubKey:  key.PubKey(),
	}
	message, err := authsigning.GetSignBytesAdapter(context.Background(), config.SignModeHandler(), mode, signer, builder.GetTx())
	if err != nil {
		return nil, err
	}
	if data.Signature, err = key.Sign(message); err != nil {
		return nil, err
	}
	if err := builder.SetSignatures(signature); err != nil {
		return nil, err
	}
	return builder.GetTx(), nil
}

// Build checks everything and returns the genesis file.
func (g *GenesisBuilder) Build() (*genutiltypes.AppGenesis, error) {
	EditGenesis(g, authtypes.ModuleName, func(state *authtypes.GenesisState) { state.Accounts = g.accounts })
	EditGenesis(g, banktypes.ModuleName, func(state *banktypes.GenesisState) {
		state.Balances = banktypes.SanitizeGenesisBalances(g.balances)
		state.Supply = sdk.NewCoins(g.supply())
	})
	state, err := genutil.SetGenTxsInAppGenesisState(g.app.codec, g.app.txConfig.TxJSONEncoder(), g.state, g.joins)
	if err != nil {
		return nil, fmt.Errorf("write the validators' transactions: %w", err)
	}
	if err := g.app.basics.ValidateGenesis(g.app.codec, g.app.txConfig, state); err != nil {
		return nil, fmt.Errorf("genesis is not valid: %w", err)
	}
	text, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return nil, err
	}
	genesis := &genutiltypes.AppGenesis{
		AppName:       version.AppName,
		AppVersion:    version.Version,
		GenesisTime:   g.at,
		ChainID:       g.chainID,
		InitialHeight: 1,
		AppState:      text,
		Consensus:     &genutiltypes.ConsensusGenesis{Params: g.Consensus},
	}
	return genesis, genesis.ValidateAndComplete()
}

// supply is the sum of all balances.
func (g *GenesisBuilder) supply() sdk.Coin {
	sum := chain.Coin(0)
	for _, balance := range g.balances {
		sum.Amount = sum.Amount.Add(balance.Coins.AmountOf(chain.Denom))
	}
	return sum
}
