package console

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/daemon"
)

func newInvite(s *Session) *cobra.Command {
	var endpoints []string
	var store string
	var life time.Duration
	cmd := &cobra.Command{
		Use:   "invite JOB",
		Short: "Print an invite with which a new machine joins a job",
		Long: `Print one word that holds all that a new machine needs to join a job: chain, nodes, job,
store, and a key that opens an account for the newcomer's own. The machine needs nothing
else but this program:

  aind worker --invite WORD

The word is a secret: it opens one account, which never holds a coin, and with a store that a
whole network shares it holds that store's credentials.

Where your own store is a space, newcomers get the space of yours that the job's nodes write
into: aind storage reserve 10GiB --read participants --write job:0x1`,
		Example: "  aind invite 0x1\n  aind invite 0x1 --endpoint https://node.example.org --valid-for 2h",
		Args:    cobra.ExactArgs(1),
		RunE: runs(func(ctx context.Context, args []string) error {
			return s.invite(ctx, args[0], endpoints, store, life)
		}),
	}
	cmd.Flags().StringSliceVar(&endpoints, "endpoint", nil, "nodes as the newcomer reaches them; empty: those that you use")
	cmd.Flags().StringVar(&store, "store-url", "", "store as the newcomer reaches it; empty: the one that you use")
	cmd.Flags().DurationVar(&life, "valid-for", client.InviteLife, "how long it can be redeemed")
	return cmd
}

type inviteOutput struct {
	Invite    string   `json:"invite"`
	Job       string   `json:"job"`
	Endpoints []string `json:"endpoints"`
	ExpiresMs int64    `json:"expires_ms,string"`
}

func (s *Session) invite(ctx context.Context, jobText string, endpoints []string, store string, life time.Duration) error {
	if life <= 0 {
		return badInputf("valid-for: %s is over already", life)
	}
	connected, key, err := s.chainAndKey(ctx)
	if err != nil {
		return err
	}
	job, err := s.job(ctx, "job", jobText)
	if err != nil {
		return err
	}
	if len(endpoints) == 0 {
		endpoints = s.settings.Endpoints()
	}
	if store, err = s.inviteStore(ctx, store, job.Id); err != nil {
		return err
	}
	if err := (client.Config{Endpoints: endpoints}).Validate(); err != nil {
		return badInput(err)
	}
	for _, endpoint := range endpoints {
		if isLocal(endpoint) {
			s.progress("note: %s is reached from this machine only; --endpoint names the node as others reach it", endpoint)
		}
	}
	if isLocal(store) {
		s.progress("note: the store is reached from this machine only; --store-url names it as others reach it")
	}
	invite, err := connected.NewInvite(ctx, key, job.Id, endpoints, store, life)
	if err != nil {
		return err
	}
	word, err := invite.Encode()
	if err != nil {
		return err
	}
	holds := "opens an account"
	if _, isSpace, _ := daemon.ParseSpaceURL(store); !isSpace { // it was looked at
		holds = "holds the store's credentials"
	}
	s.progress("valid until %s for job %s; keep it secret: it %s", showTime(invite.ExpiresMs), chain.FormatJobID(job.Id), holds)
	return s.print(inviteOutput{Invite: word, Job: chain.FormatJobID(job.Id), Endpoints: endpoints, ExpiresMs: invite.ExpiresMs}, fmt.Sprint(word))
}

// inviteStore is the store that an invite names: the one given, or else that of the settings, in place of which a space for newcomers goes.
func (s *Session) inviteStore(ctx context.Context, given string, job uint64) (string, error) {
	if given != "" {
		return given, s.checkNewcomersPlace(ctx, given, job)
	}
	if s.settings.Store == "" {
		return "", badInputf("store: none given (name the one that the job's programs are in with --store)")
	}
	if id, err := s.storeSpace(); err != nil || id == 0 {
		return s.settings.Store, err
	}
	return s.newcomersPlace(ctx, job)
}

// isLocal tells whether an address means this machine wherever it is used.
func isLocal(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}
