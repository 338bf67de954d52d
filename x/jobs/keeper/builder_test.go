package keeper_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/jobs/types"
)

const commit = "0123456789abcdef0123456789abcdef01234567"

// attest gives a release a builder's word, over what the release says now. One that
// names a source already keeps it.
func attest(builder string, spec types.ReleaseSpec) types.ReleaseSpec {
	p := types.Provenance{
		SourceURL: "https://example.org/roots.git", SourceCommit: commit, Recipe: "ain-build.yaml", Target: "worker",
		Toolchain: types.Digest([]byte("toolchain")),
	}
	if spec.Provenance != nil {
		p = *spec.Provenance
	}
	public := key(builder).PubKey()
	p.Signature = types.Signature{Signer: sdk.AccAddress(public.Address()).String(), PublicKey: public.Bytes()}
	signature, err := key(builder).Sign(types.ProvenancePAE(spec.Program.Digest, p))
	if err != nil {
		panic(err)
	}
	p.Signature.Signature = signature
	spec.Provenance = &p
	return spec
}

func (f *fixture) addBuilder(name string) {
	f.t.Helper()
	require.NoError(f.t, f.run(func(ctx context.Context) error {
		_, err := f.server.AddBuilder(ctx, &types.MsgAddBuilder{Signer: authority(), Builder: f.address(name).String(), Name: name})
		return err
	}))
}

func (f *fixture) removeBuilder(by, name string) error {
	return f.run(func(ctx context.Context) error {
		_, err := f.server.RemoveBuilder(ctx, &types.MsgRemoveBuilder{Signer: by, Builder: f.address(name).String(), Reason: "stolen key"})
		return err
	})
}

// publishSpec publishes a release by the root.
func (f *fixture) publishSpec(job uint64, spec types.ReleaseSpec) error {
	return f.run(func(ctx context.Context) error {
		_, err := f.server.PublishRelease(ctx, &types.MsgPublishRelease{Signer: f.address("root").String(), JobId: job, Release: spec})
		return err
	})
}

func (f *fixture) requireAttestation() {
	f.t.Helper()
	params := types.DefaultParams()
	params.RequireAttestation = true
	require.NoError(f.t, f.run(func(ctx context.Context) error {
		_, err := f.server.UpdateParams(ctx, &types.MsgUpdateParams{Authority: authority(), Params: params})
		return err
	}))
}

// The chain's authority names builders, and whom a rule lists; a builder can take its own name off.
func TestBuildersAreNamedByTheAuthorityAndWhomARuleLists(t *testing.T) {
	f := newFixture(t)
	add := func(by, name string) error {
		return f.run(func(ctx context.Context) error {
			_, err := f.server.AddBuilder(ctx, &types.MsgAddBuilder{Signer: by, Builder: f.address(name).String(), Name: name})
			return err
		})
	}
	committee := f.address("committee").String()
	require.ErrorIs(t, add(committee, "one"), types.ErrUnauthorized, "without a rule everybody may send the message, and nobody name a builder")
	require.NoError(t, add(authority(), "one"))
	require.ErrorContains(t, add(authority(), "one"), "is trusted since before")

	f.listed[[2]string{"/ain.jobs.v1.MsgAddBuilder", committee}] = true
	require.NoError(t, add(committee, "two"))
	require.NoError(t, add(committee, "three"))
	require.NoError(t, f.removeBuilder(committee, "three"))
	require.ErrorIs(t, f.removeBuilder(f.address("two").String(), "one"), types.ErrUnauthorized, "a builder is no registrar")
	require.NoError(t, f.removeBuilder(f.address("two").String(), "two"), "nobody is kept from leaving")
	require.ErrorIs(t, f.removeBuilder(authority(), "two"), types.ErrBuilder)

	listed, err := f.query.Builders(f.ctx, &types.QueryBuildersRequest{})
	require.NoError(t, err)
	require.Equal(t, []types.Builder{{Address: f.address("one").String(), Name: "one", AddedMs: genesisMs}}, listed.Builders)
	found, err := f.query.Builder(f.ctx, &types.QueryBuilderRequest{Builder: f.address("one").String()})
	require.NoError(t, err)
	require.Equal(t, listed.Builders[0], found.Builder)
	_, err = f.query.Builder(f.ctx, &types.QueryBuilderRequest{Builder: f.address("two").String()})
	require.ErrorContains(t, err, "unknown builder "+f.address("two").String())
}

// A chain that asks for attestations takes only what a builder signed that it trusts then.
func TestReleasesNeedATrustedBuilderWhereParamsAskForOne(t *testing.T) {
	f, job := newMarket(t)
	f.addBuilder("builder")
	f.addBuilder("former")
	require.NoError(t, f.removeBuilder(authority(), "former"))
	schema := compile(t, calculateRoot)
	spec := func(version, builder string) types.ReleaseSpec {
		s := release(schema, "root", program.ROLE_WORKER, version)
		if builder != "" {
			s = sign(schema, "root", attest(builder, s))
		}
		return s
	}
	require.NoError(t, f.publishSpec(job, spec("1.1.0", "")), "off by default")
	require.NoError(t, f.publishSpec(job, spec("1.2.0", "stranger")), "what it says is true; whether that is enough is for owners")

	f.requireAttestation()
	err := f.publishSpec(job, spec("1.3.0", ""))
	require.ErrorIs(t, err, types.ErrAttestation)
	require.ErrorContains(t, err, "this chain asks for a trusted builder's")
	for _, builder := range []string{"stranger", "former"} {
		err = f.publishSpec(job, spec("1.3.0", builder))
		require.ErrorIs(t, err, types.ErrBuilder)
		require.ErrorContains(t, err, f.address(builder).String()+" is not among the chain's builders")
	}
	require.NoError(t, f.publishSpec(job, spec("1.3.0", "builder")))

	require.ErrorIs(t, f.run(func(ctx context.Context) error {
		_, err := f.server.RegisterJob(ctx, f.registration())
		return err
	}), types.ErrAttestation, "registering publishes, too")
	attested := f.registration()
	for i := range attested.Releases {
		attested.Releases[i] = sign(attested.Schema, "root", attest("builder", attested.Releases[i]))
	}
	f.register(attested)

	require.NoError(t, f.removeBuilder(authority(), "builder"))
	require.ErrorIs(t, f.publishSpec(job, spec("1.4.0", "builder")), types.ErrBuilder)
	f.request(job) // what was published with its word stays
}

// Each way in which an attestation can be another's is refused before the chain keeps anything of it.
func TestAttestationsThatAreNotAboutTheProgram(t *testing.T) {
	f := newFixture(t)
	job := f.register(f.registration())
	schema := compile(t, calculateRoot)
	good := attest("builder", release(schema, "root", program.ROLE_WORKER, "1.1.0"))
	for name, c := range map[string]struct {
		change func(*types.ReleaseSpec)
		says   string
	}{
		"another program":       {func(s *types.ReleaseSpec) { s.Program.Digest = types.Digest([]byte("tampered")) }, "is not over this program"},
		"another commit":        {func(s *types.ReleaseSpec) { s.Provenance.SourceCommit = strings.Repeat("a", 40) }, "of commit aaaa"},
		"another repository":    {func(s *types.ReleaseSpec) { s.Provenance.SourceURL = "https://example.org/fork.git" }, "is not over this program"},
		"another recipe":        {func(s *types.ReleaseSpec) { s.Provenance.Recipe = "other.yaml" }, "is not over this program"},
		"another target":        {func(s *types.ReleaseSpec) { s.Provenance.Target = "other" }, "is not over this program"},
		"another toolchain":     {func(s *types.ReleaseSpec) { s.Provenance.Toolchain = types.Digest(nil) }, "is not over this program"},
		"another builder":       {func(s *types.ReleaseSpec) { s.Provenance.Signature.Signer = f.address("other").String() }, "the public key is not that of"},
		"a builder of no chain": {func(s *types.ReleaseSpec) { s.Provenance.Signature.Signer = "me" }, `builder "me" is not an account address`},
		"a flipped bit":         {func(s *types.ReleaseSpec) { s.Provenance.Signature.Signature[7] ^= 1 }, "is not over this program"},
		"a short signature":     {func(s *types.ReleaseSpec) { s.Provenance.Signature.Signature = s.Provenance.Signature.Signature[:63] }, "signature of 63 bytes"},
		"a short key":           {func(s *types.ReleaseSpec) { s.Provenance.Signature.PublicKey = nil }, "key of 0"},
	} {
		t.Run(name, func(t *testing.T) {
			spec := good
			p := *good.Provenance
			p.Signature.Signature = append([]byte{}, p.Signature.Signature...)
			spec.Provenance = &p
			c.change(&spec)
			err := f.publishSpec(job, sign(schema, "root", spec))
			require.ErrorIs(t, err, types.ErrAttestation)
			require.ErrorContains(t, err, c.says)
		})
	}
	t.Run("one that the root did not sign", func(t *testing.T) {
		spec := sign(schema, "root", good)
		spec.Provenance = nil
		require.ErrorIs(t, f.publishSpec(job, spec), types.ErrSignature)
	})
	require.NoError(t, f.publishSpec(job, sign(schema, "root", good)))
}

// An expired release is there for those that have accepted, and for nobody else.
func TestExpiredReleases(t *testing.T) {
	f, job := newMarket(t)
	schema := compile(t, calculateRoot)
	spec := release(schema, "root", program.ROLE_WORKER, "1.1.0")
	now, err := f.keeper.Clock(f.ctx)
	require.NoError(t, err)
	spec.ExpiresMs = now.NowMs
	err = f.publishSpec(job, sign(schema, "root", spec))
	require.ErrorIs(t, err, types.ErrExpired)
	require.ErrorContains(t, err, "is not after the chain clock's")
	unsigned := spec
	unsigned.ExpiresMs += 60_000
	require.ErrorIs(t, f.publishSpec(job, unsigned), types.ErrSignature, "the signature is over the time, too")

	spec.ExpiresMs = now.NowMs + 500
	require.NoError(t, f.publishSpec(job, sign(schema, "root", spec)))
	id := f.request(job, func(s *types.RequestSpec) { s.MinWorkers, s.MaxWorkers = 1, 2 })
	f.accept(id, "e1", "w1")
	f.endBlock()
	f.beginBlock(500 * time.Millisecond)

	err = f.run(func(ctx context.Context) error {
		_, err := f.server.AcceptJob(ctx, &types.MsgAcceptJob{Signer: f.address("w2").String(), RequestId: id, Role: program.ROLE_WORKER})
		return err
	})
	require.ErrorIs(t, err, types.ErrExpired)
	require.ErrorContains(t, err, "release 3 of ROLE_WORKER, at ")
	err = f.run(func(ctx context.Context) error {
		_, err := f.server.RequestJob(ctx, f.order(job))
		return err
	})
	require.ErrorIs(t, err, types.ErrExpired)
	require.ErrorContains(t, err, "its job's root has to publish another")

	f.wait(time.Second)
	require.NoError(t, f.run(func(ctx context.Context) error {
		_, err := f.server.SubmitResult(ctx, f.commit(id, "w1"))
		return err
	}), "who accepted in time works on")

	next := release(schema, "root", program.ROLE_WORKER, "1.2.0")
	require.NoError(t, f.publishSpec(job, next))
	f.request(job)
}
