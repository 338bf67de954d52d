package console

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/ain-network/aind/client"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// pollClient is how often a client's requests are looked at without a wake-up.
const pollClient = 5 * time.Second

func newClient(s *Session) *cobra.Command {
	return &cobra.Command{
		Use:   "client",
		Short: "Grant the keys of your encrypted requests while you are away",
		Long: `Hand the keys of your encrypted requests to those who need them, until stopped: to workers
once the contract has closed, to the evaluator once reveals have closed, to a resolver once it
is called. What is not granted in time costs you (` + "`aind explain`" + ` tells what).

The keys are those that ` + "`aind requestJob --encrypt`" + ` left in requests/ of --home.`,
		Example: `  aind client --home ~/.aind --passphrase-file ~/.aind/passphrase`,
		Args:    cobra.NoArgs,
		RunE:    runs(func(ctx context.Context, _ []string) error { return s.serveClient(ctx) }),
	}
}

type grantedOutput struct {
	Request uint64   `json:"request,string"`
	Granted []string `json:"granted"`
}

// serveClient grants until ctx ends.
func (s *Session) serveClient(ctx context.Context) error {
	owner, err := s.owner(ctx)
	if err != nil {
		return err
	}
	wakes := s.chain.Watch(ctx,
		client.OnTx(&jobstypes.EventKeysAwaited{}), client.OnBlock(&jobstypes.EventKeysAwaited{}),
	)
	poll := time.NewTicker(pollClient)
	defer poll.Stop()
	s.progress("granting the keys of requests of %s", owner)
	told := map[uint64]string{}
	for ctx.Err() == nil {
		if err := s.grantAll(ctx, owner, told); err != nil && ctx.Err() == nil {
			s.progress("%s; trying again", err)
		}
		select {
		case <-ctx.Done():
		case <-wakes:
		case <-poll.C:
		}
	}
	return nil
}

// grantAll looks at all unfinished requests of a client. What is wrong with one is told once.
func (s *Session) grantAll(ctx context.Context, owner string, told map[uint64]string) error {
	page := &query.PageRequest{Limit: 100}
	for {
		res, err := s.chain.Jobs().Requests(ctx, &jobstypes.QueryRequestsRequest{Client: owner, Pagination: page})
		if err != nil {
			return fmt.Errorf("ask for requests of %s: %w", owner, err)
		}
		for _, r := range res.Requests {
			if !r.AwaitingKeys {
				continue
			}
			if err := s.grantOne(ctx, r.Id); err != nil && told[r.Id] != err.Error() {
				told[r.Id] = err.Error()
				s.progress("request %d: no key granted: %s", r.Id, err)
			}
		}
		if res.Pagination == nil || len(res.Pagination.NextKey) == 0 {
			return nil
		}
		page = &query.PageRequest{Key: res.Pagination.NextKey, Limit: 100}
	}
}

func (s *Session) grantOne(ctx context.Context, id uint64) error {
	res, err := s.request(ctx, id)
	if err != nil {
		return err
	}
	granted, err := s.grantDue(ctx, res)
	var refused *client.TxError
	if errors.As(err, &refused) {
		return nil // somebody granted it meanwhile, or the wait is over; the next look shows which
	}
	if err != nil || len(granted) == 0 {
		return err
	}
	return s.print(grantedOutput{Request: id, Granted: granted}, fmt.Sprintf("Granted keys of request %d to %s.", id, strings.Join(granted, ", ")))
}
