package simulation

import (
	"fmt"
	"slices"

	"github.com/ain-network/aind/simulation"
	"github.com/ain-network/aind/x/jobs/types"
)

// mayNameBuilders tells whether a rule lists an account for it now.
func (v *view) mayNameBuilders(account string) bool {
	may, err := v.keeper.IsRegistrar(v.ctx, v.address(account))
	v.note(err)
	return may
}

func (v *view) isBuilder(account string) bool {
	return slices.ContainsFunc(v.state.Builders, func(b types.Builder) bool { return b.Address == account })
}

// addBuilder names a builder, or one that is named, or without being listed.
func addBuilder(v *view) *types.MsgAddBuilder {
	by, builder := simulation.Pick(v.Draw, v.owners()), simulation.Pick(v.Draw, v.owners())
	if by == nil || !v.Sign(*by) {
		return nil
	}
	switch {
	case !v.mayNameBuilders(*by):
		v.Expect(types.ErrUnauthorized)
	case v.isBuilder(*builder):
		v.Expect(types.ErrInvalid)
	}
	return &types.MsgAddBuilder{Signer: *by, Builder: *builder, Name: fmt.Sprintf("builder %d", len(v.state.Builders))}
}

// removeBuilder has a builder leave, or taken off by another who may or may not.
func removeBuilder(v *view) *types.MsgRemoveBuilder {
	builder := simulation.Pick(v.Draw, simulation.Filter(v.state.Builders, func(b types.Builder) bool { return v.isOwner(b.Address) }))
	if builder == nil {
		return nil
	}
	by := builder.Address
	if other := simulation.Pick(v.Draw, v.owners()); other != nil && v.Bool() {
		by = *other
	}
	if !v.Sign(by) {
		return nil
	}
	if by != builder.Address && !v.mayNameBuilders(by) {
		v.Expect(types.ErrUnauthorized)
	}
	return &types.MsgRemoveBuilder{Signer: by, Builder: builder.Address, Reason: "stolen key"}
}

// provenance is an account's word on how a program was built, whether it is trusted or not.
func (v *view) provenance(program string) *types.Provenance {
	builder := *simulation.Pick(v.Draw, v.Accounts())
	key := v.Account(builder).PrivKey
	p := &types.Provenance{
		SourceURL: "https://example.org/roots.git", SourceCommit: "0123456789abcdef0123456789abcdef01234567",
		Recipe: "ain-build.yaml", Target: "program", Toolchain: types.Digest([]byte("toolchain")),
		Signature: types.Signature{Signer: builder, PublicKey: key.PubKey().Bytes()},
	}
	signature, err := key.Sign(types.ProvenancePAE(program, *p))
	v.note(err)
	p.Signature.Signature = signature
	return p
}
