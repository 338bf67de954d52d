package simulation

import (
	"fmt"

	"github.com/ain-network/aind/simulation"
	"github.com/ain-network/aind/x/storage/types"
)

// registerProvider offers storage anew, or at another price, with more room or less, and sometimes promises less than
// is reserved.
func registerProvider(v *view) *types.MsgRegisterProvider {
	signer, owner := v.anybody()
	msg := &types.MsgRegisterProvider{
		Signer: signer, Endpoint: fmt.Sprintf("https://store%d.example.org", v.Intn(100)),
		Price: v.Uint64InRange(0, 2_000), CapacityBytes: v.Uint64InRange(1<<30, 1<<40), Closed: v.Often(10),
	}
	for _, p := range v.state.Providers {
		if p.Owner != owner {
			continue
		}
		msg.CapacityBytes += p.ReservedBytes
		if p.ReservedBytes > 0 && v.Often(20) {
			msg.CapacityBytes = p.ReservedBytes - 1
			v.Expect(types.ErrCapacity)
			return msg
		}
	}
	if v.Often(5) {
		msg.Endpoint = "http://store.example.org"
		v.Expect(types.ErrInvalid)
	}
	return msg
}

// reserveSpace takes a part of a provider's room for some blocks, and sometimes more than there is, or agrees to less
// than is asked.
func reserveSpace(v *view) *types.MsgReserveSpace {
	provider := simulation.Pick(v.Draw, v.state.Providers)
	if provider == nil {
		return nil
	}
	signer, owner := v.anybody()
	params := v.state.Params
	room := min(provider.CapacityBytes-provider.ReservedBytes, params.MaxSizeBytes)
	if room <= params.MinSizeBytes {
		return nil
	}
	msg := &types.MsgReserveSpace{
		Signer: signer, Provider: provider.Owner, SizeBytes: v.Uint64InRange(params.MinSizeBytes, room),
		DurationMs: min(v.Blocks(1, 30), params.MaxDurationMs), MaxPrice: provider.Price,
		Read: v.rule(true), Write: v.rule(false),
	}
	if v.spacesOf(owner) >= int(params.MaxSpacesPerOwner) {
		v.Expect(types.ErrLimit)
		return msg
	}
	term := types.Term{Price: provider.Price, UntilMs: int64(msg.DurationMs)}
	switch {
	case provider.Closed:
		v.Expect(types.ErrClosed)
	case provider.Price > 0 && v.Often(5):
		msg.MaxPrice--
		v.Expect(types.ErrPrice)
	case room < params.MaxSizeBytes && v.Often(5):
		msg.SizeBytes = room + 1
		v.Expect(types.ErrCapacity)
	case !v.canPay(signer, owner, term.Cost(msg.SizeBytes)):
		return nil
	}
	return msg
}

// extendSpace pays for some blocks more, and sometimes for more than may be.
func extendSpace(v *view) *types.MsgExtendSpace {
	space, signer := v.space()
	if space == nil {
		return nil
	}
	provider, params := v.providerOf(space), v.state.Params
	msg := &types.MsgExtendSpace{Signer: signer, Space: space.Id, DurationMs: v.Blocks(1, 4), MaxPrice: provider.Price}
	if msg.Signer = v.stranger(space, signer); msg.Signer != signer {
		return msg
	}
	after := *space
	after.Terms = append([]types.Term(nil), space.Terms...)
	after.Settle(v.now)
	cost := after.Extend(provider.Price, int64(msg.DurationMs))
	switch {
	case space.ExpiresMs-v.now+int64(msg.DurationMs) > int64(params.MaxDurationMs):
		v.Expect(types.ErrLimit)
	case provider.Closed:
		v.Expect(types.ErrClosed)
	case len(after.Terms) > int(params.MaxTerms):
		v.Expect(types.ErrLimit)
	case !v.canPay(signer, space.Owner, cost):
		return nil
	}
	return msg
}

// setAccess draws other rules.
func setAccess(v *view) *types.MsgSetAccess {
	space, signer := v.space()
	if space == nil {
		return nil
	}
	msg := &types.MsgSetAccess{Signer: signer, Space: space.Id, Read: v.rule(true), Write: v.rule(false)}
	if msg.Signer = v.stranger(space, signer); msg.Signer != signer {
		return msg
	}
	read := msg.Read.Normal()
	open := read.Kind == types.ACCESS_KIND_EVERYBODY || read.Kind == types.ACCESS_KIND_PARTICIPANTS
	if v.now < space.KeepUntilMs && !open && !read.Equal(space.Read) {
		v.Expect(types.ErrNeeded)
	}
	return msg
}

// rule is one of those that may be, also of those for reading alone.
func (v *view) rule(reads bool) types.AccessRule {
	kinds := []types.AccessKind{types.ACCESS_KIND_UNSPECIFIED, types.ACCESS_KIND_OWNER, types.ACCESS_KIND_JOB, types.ACCESS_KIND_LISTED}
	if reads {
		kinds = append(kinds, types.ACCESS_KIND_EVERYBODY, types.ACCESS_KIND_PARTICIPANTS, types.ACCESS_KIND_PARTICIPANTS)
	}
	rule := types.AccessRule{Kind: *simulation.Pick(v.Draw, kinds)}
	switch rule.Kind {
	case types.ACCESS_KIND_JOB:
		rule.JobId = uint64(v.Intn(3) + 1)
		root, err := v.jobs.Root(v.ctx, rule.JobId)
		v.note(err)
		if root == nil {
			return types.AccessRule{}
		}
	case types.ACCESS_KIND_LISTED:
		rule.Accounts = []string{*simulation.Pick(v.Draw, v.Accounts())}
	}
	return rule
}

// publishFolder names a manifest, that fits or does not, in place of the present one or of another.
func publishFolder(v *view) *types.MsgPublishFolder {
	space, signer := v.space()
	if space == nil {
		return nil
	}
	msg := &types.MsgPublishFolder{
		Signer: signer, Space: space.Id, Digest: fmt.Sprintf("sha256:%064x", v.Intn(1000)), Size_: space.SizeBytes, Chunked: v.Bool(),
		Replaces: space.Folder.Version,
	}
	if msg.Signer = v.stranger(space, signer); msg.Signer != signer {
		return msg
	}
	switch {
	case v.Often(10):
		msg.Size_++
		v.Expect(types.ErrLimit)
	case v.Often(10):
		msg.Replaces++
		v.Expect(types.ErrReplaced)
	}
	return msg
}

// releaseSpace gives one back.
func releaseSpace(v *view) *types.MsgReleaseSpace {
	space, signer := v.space()
	if space == nil {
		return nil
	}
	return &types.MsgReleaseSpace{Signer: v.stranger(space, signer), Space: space.Id}
}
