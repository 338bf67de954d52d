package app

import (
	"errors"

	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	"github.com/cosmos/cosmos-sdk/x/auth/ante"

	bandwidthkeeper "github.com/ain-network/aind/x/bandwidth/keeper"
)

// MaxTxGas is the most gas one transaction may ask for: a quarter of a block, so that nobody fills a block with what it
// asks for and does not use.
const MaxTxGas = MaxBlockGas / 4

// newAnteHandler is what a transaction passes before its messages run: within the gas limit, well-formed, its fee paid
// (which may be zero), its signatures right, not seen before, and room for it. Whoever pays has to have signed before
// anything is counted against it.
func newAnteHandler(app *App) (sdk.AnteHandler, error) {
	modes := app.txConfig.SignModeHandler()
	if modes == nil {
		return nil, errors.New("no way to sign is known")
	}
	return sdk.ChainAnteDecorators(
		gasLimit{},
		ante.NewSetUpContextDecorator(), // gives the transaction its gas; turns running out of it into an error
		ante.NewExtensionOptionsDecorator(nil),
		ante.NewValidateBasicDecorator(),
		ante.NewTxTimeoutHeightDecorator(),
		ante.NewValidateMemoDecorator(app.Auth),
		ante.NewConsumeGasForTxSizeDecorator(app.Auth),
		ante.NewDeductFeeDecorator(app.Auth, app.Bank, app.Feegrant, nil),
		ante.NewSetPubKeyDecorator(app.Auth),
		ante.NewValidateSigCountDecorator(app.Auth),
		ante.NewSigGasConsumeDecorator(app.Auth, ante.DefaultSigVerificationGasConsumer),
		ante.NewSigVerificationDecorator(app.Auth, modes,
			ante.WithUnorderedTxGasCost(ante.DefaultUnorderedTxGasCost),
			ante.WithMaxUnorderedTxTimeoutDuration(ante.DefaultMaxTimeoutDuration),
		),
		ante.NewIncrementSequenceDecorator(app.Auth),
		bandwidthkeeper.NewDecorator(app.Bandwidth),
	), nil
}

// gasLimit refuses transactions that ask for more than MaxTxGas.
type gasLimit struct{}

// AnteHandle implements sdk.AnteDecorator.
func (gasLimit) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	if fee, ok := tx.(sdk.FeeTx); ok && fee.GetGas() > MaxTxGas {
		// BaseApp reads the gas used from the context that it gets back: one without a meter of its own.
		return ante.SetGasMeter(simulate, ctx, 0), sdkerrors.ErrInvalidGasLimit.Wrapf(
			"gas limit %d of the transaction is above %d: ask for less or split it", fee.GetGas(), MaxTxGas)
	}
	return next(ctx, tx, simulate)
}
