package app

import (
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	"github.com/cosmos/cosmos-sdk/x/auth/ante"
)

// MaxTxGas is the most gas one transaction may ask for: a quarter of a block, so that nobody fills a block with what it
// asks for and does not use.
const MaxTxGas = MaxBlockGas / 4

// newAnteHandler is what a transaction passes before its messages run: well-formed, within the gas limit, its fee paid
// (which may be zero), its signatures right, and not seen before.
func newAnteHandler(app *App) (sdk.AnteHandler, error) {
	standard, err := ante.NewAnteHandler(ante.HandlerOptions{
		AccountKeeper:   app.Auth,
		BankKeeper:      app.Bank,
		FeegrantKeeper:  app.Feegrant,
		SignModeHandler: app.txConfig.SignModeHandler(),
		SigGasConsumer:  ante.DefaultSigVerificationGasConsumer,
		SigVerifyOptions: []ante.SigVerificationDecoratorOption{
			ante.WithUnorderedTxGasCost(ante.DefaultUnorderedTxGasCost),
			ante.WithMaxUnorderedTxTimeoutDuration(ante.DefaultMaxTimeoutDuration),
		},
	})
	if err != nil {
		return nil, err
	}
	return func(ctx sdk.Context, tx sdk.Tx, simulate bool) (sdk.Context, error) {
		if fee, ok := tx.(sdk.FeeTx); ok && fee.GetGas() > MaxTxGas {
			// BaseApp reads the gas used from the context that it gets back: one without a meter of its own.
			return ante.SetGasMeter(simulate, ctx, 0), sdkerrors.ErrInvalidGasLimit.Wrapf(
				"gas limit %d of the transaction is above %d: ask for less or split it", fee.GetGas(), MaxTxGas)
		}
		return standard(ctx, tx, simulate)
	}, nil
}
