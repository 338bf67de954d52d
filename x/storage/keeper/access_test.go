package keeper_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/x/storage/types"
)

// digest of some content.
var digest = "sha256:" + strings.Repeat("ab", 32)

func TestAccessFollowsTheRules(t *testing.T) {
	const nobody = ": no rule lets the account in"
	f := opened(t)
	f.nodes[of("node")] = true
	f.owners[of("hot")], f.owners[of("hot_node")] = address("alice"), address("node")
	set := func(read, write types.AccessRule) {
		f.must(&types.MsgSetAccess{Signer: of("alice"), Space: 1, Read: read, Write: write})
	}
	may := func(name, want string) {
		t.Helper()
		require.Equal(t, want, f.access(1, name, digest), name)
		require.Equal(t, want, f.access(1, name, ""), name)
	}
	may("alice", "rw: is the owner")
	may("hot", "rw: is the owner")
	may("node", nobody)

	set(types.AccessRule{Kind: types.ACCESS_KIND_EVERYBODY}, types.AccessRule{})
	may("bob", "r: everybody may")
	job := types.AccessRule{Kind: types.ACCESS_KIND_JOB, JobId: jobID}
	set(job, job)
	may("bob", nobody)
	may("node", "rw: is an active node of the job")
	may("hot_node", "rw: is an active node of the job")
	set(types.AccessRule{}, types.AccessRule{Kind: types.ACCESS_KIND_LISTED, Accounts: []string{of("node"), of("bob")}})
	require.Equal(t, []string{of("bob"), of("node")}, f.space(1).Write.Accounts, "sorted")
	may("bob", "w: is listed")
	may("hot_node", "w: is listed")
	may("eve", nobody)
	f.reads[of("bob")] = []string{of("node"), of("alice")}
	may("eve", nobody)
	set(types.AccessRule{Kind: types.ACCESS_KIND_PARTICIPANTS}, types.AccessRule{})
	may("node", nobody)
	may("alice", "rw: is the owner")
	require.Equal(t, "r: takes part in a request that names it", f.access(1, "bob", digest))
	require.Equal(t, nobody, f.access(1, "bob", ""), "participants do not list")
	require.Equal(t, nobody, f.access(1, "bob", strings.ReplaceAll(digest, "ab", "cd")), "other content")

	namers := func() []string {
		answer, err := f.query.Access(f.ctx, &types.QueryAccessRequest{Space: 1, Account: of("bob"), Digest: digest})
		require.NoError(t, err)
		require.True(t, answer.Read)
		return answer.NamedBy
	}
	require.Empty(t, namers(), "the owner has named it, who shares what others have put there, too")
	f.reads[of("bob")] = []string{of("node"), of("eve")}
	require.Equal(t, []string{of("node"), of("eve")}, namers(), "they share what they have put there themselves")
	set(types.AccessRule{Kind: types.ACCESS_KIND_EVERYBODY}, types.AccessRule{})
	require.Empty(t, namers())
}

func TestAccessIsToldWithItsSpace(t *testing.T) {
	f := opened(t)
	answer, err := f.query.Access(f.ctx, &types.QueryAccessRequest{Space: 1, Account: of("alice"), Digest: digest})
	require.NoError(t, err)
	require.Equal(t, &types.QueryAccessResponse{
		Read: true, Write: true, Reason: "is the owner", ExpiresMs: genesis + 2*day, SizeBytes: 10 * gib, Owner: of("alice"), Provider: of("provider"), Acting: of("alice"),
	}, answer)
	f.owners[of("hot")] = address("alice")
	answer, err = f.query.Access(f.ctx, &types.QueryAccessRequest{Space: 1, Account: of("hot")})
	require.NoError(t, err)
	require.Equal(t, of("alice"), answer.Acting)
	for _, c := range []struct {
		ask   types.QueryAccessRequest
		words string
	}{
		{types.QueryAccessRequest{Space: 2, Account: of("alice")}, "code = NotFound desc = space 2 was never reserved, or has expired: no such space"},
		{types.QueryAccessRequest{Space: 1, Account: of("alice"), Digest: "sha256:AB"}, `code = InvalidArgument desc = digest: "sha256:AB": want sha256: and 64 lower-case hex digits: invalid`},
		{types.QueryAccessRequest{Space: 1, Account: "alice"}, `code = InvalidArgument desc = account "alice": `},
	} {
		_, err := f.query.Access(f.ctx, &c.ask)
		require.ErrorContains(t, err, c.words)
	}
}

func TestRulesThatAreRefused(t *testing.T) {
	f := opened(t)
	f.setParams(func(p *types.Params) { p.MaxRuleAccounts = 2 })
	kind := func(k types.AccessKind) types.AccessRule { return types.AccessRule{Kind: k} }
	listed := func(names ...string) types.AccessRule {
		r := kind(types.ACCESS_KIND_LISTED)
		for _, name := range names {
			r.Accounts = append(r.Accounts, of(name))
		}
		return r
	}
	for _, c := range []struct {
		read, write types.AccessRule
		words       string
	}{
		{write: kind(types.ACCESS_KIND_EVERYBODY), words: "write.kind: ACCESS_KIND_EVERYBODY; only the owner, a job's nodes or listed accounts write: invalid"},
		{write: kind(types.ACCESS_KIND_PARTICIPANTS), words: "write.kind: ACCESS_KIND_PARTICIPANTS; only the owner, a job's nodes or listed accounts write: invalid"},
		{read: kind(6), words: "read.kind: 6 is no kind of access: invalid"},
		{read: kind(types.ACCESS_KIND_JOB), words: "read.job_id: 0x0 with ACCESS_KIND_JOB; give a job with ACCESS_KIND_JOB and with nothing else: invalid"},
		{read: types.AccessRule{JobId: 7}, words: "read.job_id: 0x7 with ACCESS_KIND_UNSPECIFIED; give a job with ACCESS_KIND_JOB and with nothing else: invalid"},
		{write: types.AccessRule{Kind: types.ACCESS_KIND_JOB, JobId: 8}, words: "job_id: 0x8; list the jobs there are: unknown job"},
		{read: kind(types.ACCESS_KIND_LISTED), words: "read.accounts: 0 with ACCESS_KIND_LISTED; give accounts with ACCESS_KIND_LISTED and with nothing else: invalid"},
		{read: listed("a", "b", "c"), words: "read.accounts: 3 of at most 2: limit"},
		{write: listed("a", "a"), words: "write.accounts: " + of("a") + " appears twice: invalid"},
		{read: types.AccessRule{Accounts: []string{of("a")}}, words: "read.accounts: 1 with ACCESS_KIND_UNSPECIFIED; give accounts with ACCESS_KIND_LISTED and with nothing else: invalid"},
	} {
		f.refused(&types.MsgSetAccess{Signer: of("alice"), Space: 1, Read: c.read, Write: c.write}, c.words)
	}
	f.refused(&types.MsgSetAccess{Signer: of("bob"), Space: 1}, "space 1 is that of "+of("alice")+", not of "+of("bob")+": not the owner of the space")
}

func TestFoldersCountTheirVersions(t *testing.T) {
	f := opened(t)
	m := &types.MsgPublishFolder{Signer: of("alice"), Space: 1, Digest: digest, Size_: 10 * gib, Chunked: true}
	require.Equal(t, &types.MsgPublishFolderResponse{Version: 1}, f.must(m))
	m.Replaces = 1
	require.Equal(t, &types.MsgPublishFolderResponse{Version: 2}, f.must(m))
	require.Equal(t, types.Folder{Digest: digest, Size_: 10 * gib, Chunked: true, Version: 2}, f.space(1).Folder)
	m.Size_++
	f.refused(m, "size: 10737418241 bytes; space 1 has 10737418240: limit")
	f.refused(&types.MsgPublishFolder{Signer: of("bob"), Space: 1, Digest: digest}, "space 1 is that of "+of("alice")+", not of "+of("bob")+": not the owner of the space")
	f.refused(&types.MsgPublishFolder{Signer: of("alice"), Space: 1, Digest: "latest"}, `digest: "latest": want sha256: and 64 lower-case hex digits: invalid`)
}

func TestFolderOfAnotherVersionIsNotReplaced(t *testing.T) {
	f := opened(t)
	publish := func(digest string, replaces uint64) *types.MsgPublishFolder {
		return &types.MsgPublishFolder{Signer: of("alice"), Space: 1, Digest: digest, Size_: 1, Replaces: replaces}
	}
	f.refused(publish(digest, 1), "replaces: version 1; that of space 1 is 0; make the folder anew out of that one: the folder is another by now")
	f.must(publish(digest, 0))
	first := f.space(1).Folder
	other := "sha256:" + strings.Repeat("cd", 32)
	f.refused(publish(other, 0), "replaces: version 0; that of space 1 is 1; make the folder anew out of that one: the folder is another by now")
	f.refused(publish(other, 2), "replaces: version 2; that of space 1 is 1; make the folder anew out of that one: the folder is another by now")
	require.Equal(t, first, f.space(1).Folder)
	f.must(publish(other, 1))
	require.Equal(t, types.Folder{Digest: other, Size_: 1, Version: 2}, f.space(1).Folder)
}

func TestNeededSpaceOutlivesItsExpiry(t *testing.T) {
	f := opened(t)
	require.NoError(t, f.keeper.Need(f.ctx, 1, genesis+4*day))
	require.EqualValues(t, genesis+3*day, f.space(1).KeepUntilMs, "a day beyond the expiry at most")
	require.NoError(t, f.keeper.Keep(f.ctx, 1, genesis+day))
	require.EqualValues(t, genesis+3*day, f.space(1).KeepUntilMs, "never shorter")
	require.NoError(t, f.keeper.Keep(f.ctx, 2, genesis+day), "what is gone cannot be kept")

	f.wait(2 * day)
	require.EqualValues(t, 48_000, f.wallet("provider"))
	require.Zero(t, f.space(1).HoldId)
	require.EqualValues(t, 10*gib, f.reserved(), "the content still lies there")
	require.Equal(t, "r: is the owner", f.access(1, "alice", digest))
	f.refused(&types.MsgExtendSpace{Signer: of("alice"), Space: 1, DurationMs: day, MaxPrice: price}, "space 1 expired at 1700172800000; reserve another: space has expired")
	f.refused(&types.MsgReleaseSpace{Signer: of("alice"), Space: 1}, "space 1 expired at 1700172800000; reserve another: space has expired")
	f.wait(day - 1)
	require.EqualValues(t, 1, f.space(1).Id)
	f.wait(1)
	f.gone(1)
	require.Zero(t, f.reserved())
}

func TestSpaceIsNeededUntilTheLastRequestIsOver(t *testing.T) {
	f := opened(t)
	require.NoError(t, f.keeper.Need(f.ctx, 1, genesis+3*day))
	require.NoError(t, f.keeper.Need(f.ctx, 1, genesis+hour))
	f.wait(2 * day)
	require.NoError(t, f.keeper.Done(f.ctx, 1))
	require.EqualValues(t, genesis+3*day, f.space(1).KeepUntilMs, "one is left")
	require.NoError(t, f.keeper.Done(f.ctx, 1))
	f.gone(1)
	require.NoError(t, f.keeper.Keep(f.ctx, 1, genesis+3*day))
	f.gone(1)
	f.wait(0)
	require.Zero(t, f.reserved())
	require.NoError(t, f.keeper.Done(f.ctx, 1), "it has left the state")
}

func TestNeedsAreToldForEachContent(t *testing.T) {
	f := opened(t)
	other := "sha256:" + strings.Repeat("cd", 32)
	needed := func() (list []bool) {
		for _, d := range []string{"", digest, other} {
			answer, err := f.query.Access(f.ctx, &types.QueryAccessRequest{Space: 1, Account: of("bob"), Digest: d})
			require.NoError(t, err)
			list = append(list, answer.Needed)
		}
		return list
	}
	require.Equal(t, []bool{false, false, false}, needed())
	f.needed = digest
	require.NoError(t, f.keeper.Need(f.ctx, 1, genesis+hour))
	require.Equal(t, []bool{true, true, false}, needed())
	f.wait(hour)
	require.Equal(t, []bool{true, true, false}, needed(), "a request may last longer than was thought")
	require.NoError(t, f.keeper.Done(f.ctx, 1))
	require.Equal(t, []bool{false, false, false}, needed())
}

func TestNeededSpaceIsReleasedWhenItIsNoLonger(t *testing.T) {
	f := opened(t)
	require.NoError(t, f.keeper.Need(f.ctx, 1, genesis+6*hour))
	f.wait(hour)
	release := &types.MsgReleaseSpace{Signer: of("alice"), Space: 1}
	f.must(release)
	require.EqualValues(t, ain-6_000, f.wallet("alice"))
	require.EqualValues(t, 1_000, f.wallet("provider"))
	f.must(release)
	require.EqualValues(t, ain-6_000, f.wallet("alice"), "there is no more to come back")
	f.wait(5 * hour)
	require.EqualValues(t, 6_000, f.wallet("provider"))
	f.gone(1)
}

func TestParticipantsGoOnReadingWhatIsNeeded(t *testing.T) {
	f := opened(t)
	set := func(read types.AccessKind) *types.MsgSetAccess {
		return &types.MsgSetAccess{Signer: of("alice"), Space: 1, Read: types.AccessRule{Kind: read}}
	}
	f.must(set(types.ACCESS_KIND_PARTICIPANTS))
	require.NoError(t, f.keeper.Need(f.ctx, 1, genesis+6*hour))
	f.refused(set(types.ACCESS_KIND_OWNER), "space 1: requests need its content until 1700021600000; "+
		"give ACCESS_KIND_PARTICIPANTS or ACCESS_KIND_EVERYBODY, or leave read as it is: space is needed by requests")
	f.must(set(types.ACCESS_KIND_PARTICIPANTS))
	f.must(set(types.ACCESS_KIND_EVERYBODY))
	f.wait(6 * hour)
	f.must(set(types.ACCESS_KIND_OWNER))
}

func TestInputsAreReadableByThoseWhoWork(t *testing.T) {
	f := opened(t)
	set := func(read types.AccessRule) { f.must(&types.MsgSetAccess{Signer: of("alice"), Space: 1, Read: read}) }
	check := func(client string) error { return f.keeper.CheckInput(f.ctx, 1, address(client), jobID, genesis+3*day) }
	require.EqualError(t, check("alice"),
		"space 1: read is ACCESS_KIND_OWNER, and those who work on the request must read it; set it to ACCESS_KIND_PARTICIPANTS: space is not readable")
	set(types.AccessRule{Kind: types.ACCESS_KIND_PARTICIPANTS})
	require.NoError(t, check("alice"))
	require.EqualError(t, check("bob"), "space 1 is that of "+of("alice")+"; only its owner lets participants of requests read it: not the owner of the space")
	set(types.AccessRule{Kind: types.ACCESS_KIND_EVERYBODY})
	require.NoError(t, check("bob"))
	set(types.AccessRule{Kind: types.ACCESS_KIND_JOB, JobId: jobID})
	require.NoError(t, check("bob"))
	require.ErrorIs(t, f.keeper.CheckInput(f.ctx, 1, address("alice"), jobID+1, genesis), types.ErrNotReadable)
	require.EqualError(t, f.keeper.CheckInput(f.ctx, 1, address("alice"), jobID, genesis+3*day+5),
		"space 1 expires at 1700172800000, and the request may last until 1700259200005; extend it by 5 ms: space has expired")
	f.now += 2 * day
	require.ErrorIs(t, check("alice"), types.ErrUnknownSpace)
}

func TestProgramsAreReadableByTheirNodes(t *testing.T) {
	f := opened(t)
	for _, c := range []struct {
		read  types.AccessRule
		jobID uint64
		ok    bool
	}{
		{types.AccessRule{}, jobID, false},
		{types.AccessRule{Kind: types.ACCESS_KIND_PARTICIPANTS}, jobID, false},
		{types.AccessRule{Kind: types.ACCESS_KIND_EVERYBODY}, 0, true},
		{types.AccessRule{Kind: types.ACCESS_KIND_JOB, JobId: jobID}, jobID, true},
		{types.AccessRule{Kind: types.ACCESS_KIND_JOB, JobId: jobID}, jobID + 1, false},
		{types.AccessRule{Kind: types.ACCESS_KIND_JOB, JobId: jobID}, 0, false},
	} {
		f.must(&types.MsgSetAccess{Signer: of("alice"), Space: 1, Read: c.read})
		err := f.keeper.CheckProgram(f.ctx, 1, c.jobID)
		if c.ok {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, types.ErrNotReadable)
	}
	f.now += 2 * day
	require.ErrorIs(t, f.keeper.CheckProgram(f.ctx, 1, jobID), types.ErrUnknownSpace)
}

func TestOutputsAreInSpacesThatTheirWritersWrite(t *testing.T) {
	f := opened(t)
	check := func(worker string) error { return f.keeper.CheckOutput(f.ctx, 1, address(worker)) }
	require.NoError(t, check("alice"))
	require.EqualError(t, check("node"), "space 1: "+of("node")+" may not write there; name a space of its own: space is not writable")
	f.nodes[of("node")] = true
	f.must(&types.MsgSetAccess{Signer: of("alice"), Space: 1, Write: types.AccessRule{Kind: types.ACCESS_KIND_JOB, JobId: jobID}})
	require.NoError(t, check("node"))
	require.NoError(t, f.keeper.Keep(f.ctx, 1, genesis+3*day))
	f.now += 2 * day
	require.ErrorIs(t, check("alice"), types.ErrExpired)
}
