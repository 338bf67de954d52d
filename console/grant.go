package console

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// awaited is a participant that the client owes a key.
type awaited struct {
	Account       string `json:"account"`
	Role          string `json:"role"`
	EncryptionKey string `json:"encryption_key"`
}

type awaitedOutput struct {
	Request  uint64    `json:"request,string"`
	Awaiting []awaited `json:"awaiting"`
}

type grantOutput struct {
	Request uint64   `json:"request,string"`
	Granted []string `json:"granted"`
}

func newGrantKey(s *Session) *cobra.Command {
	var to, keys []string
	cmd := &cobra.Command{
		Use:   "grantKey REQUEST [--to NODE --key FILE|HEX]...",
		Short: "Hand the keys of a request's encrypted data to those who need them",
		Long: `Grant keys as the client of a request whose data is encrypted. Without --to it lists who
waits for a key, and the age recipient to wrap it to: workers once the contract has closed,
the evaluator once reveals have closed, a resolver once it is called. The window is that of
the job's terms; what it costs to let it pass is told by ` + "`aind explain`" + `.

The key is a file, as age writes it, or hex. --to and --key may be given several times, in
the same order.`,
		Example: `  aind grantKey 42
  aind grantKey 42 --to ain1zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3lk9k2h --key key.age`,
		Args: cobra.ExactArgs(1),
		RunE: runs(func(ctx context.Context, args []string) error { return s.grantKey(ctx, args[0], to, keys) }),
	}
	cmd.Flags().StringArrayVar(&to, "to", nil, "who gets the key, an address or a key of the keyring by its name")
	cmd.Flags().StringArrayVar(&keys, "key", nil, "the wrapped key: a file, or hex")
	return cmd
}

func (s *Session) grantKey(ctx context.Context, request string, to, keys []string) error {
	id, err := parseRequestID(request)
	if err != nil {
		return err
	}
	if len(to) != len(keys) {
		return badInputf("key: %d of them for %d of --to; give one for each", len(keys), len(to))
	}
	res, err := s.request(ctx, id)
	if err != nil {
		return err
	}
	if len(to) == 0 {
		return s.showAwaited(id, awaitedOf(res))
	}
	msg := &jobstypes.MsgGrantKey{RequestId: id}
	for i, who := range to {
		account, err := s.address("to", who)
		if err != nil {
			return err
		}
		key, err := readKey(keys[i])
		if err != nil {
			return err
		}
		msg.Keys = append(msg.Keys, jobstypes.WrappedKey{Account: account.String(), Key: key})
	}
	params, err := s.params(ctx)
	if err != nil {
		return err
	}
	if err := msg.Validate(params); err != nil {
		return badInput(err)
	}
	connected, key, err := s.chainAndKey(ctx)
	if err != nil {
		return err
	}
	msg.Signer = key.Address().String()
	if _, err := connected.Do(ctx, key, msg); err != nil {
		return err
	}
	out := grantOutput{Request: id}
	for _, granted := range msg.Keys {
		out.Granted = append(out.Granted, granted.Account)
	}
	return s.print(out, fmt.Sprintf("Granted keys of request %d to %s.", id, strings.Join(out.Granted, ", ")))
}

func (s *Session) showAwaited(id uint64, who []awaited) error {
	out := awaitedOutput{Request: id, Awaiting: who}
	if len(who) == 0 {
		return s.print(out, fmt.Sprintf("Request %d waits for no keys.", id))
	}
	rows := [][]string{{"NODE", "ROLE", "WRAP IT TO"}}
	for _, a := range who {
		rows = append(rows, []string{a.Account, a.Role, a.EncryptionKey})
	}
	return s.print(out, table(rows...)...)
}

// awaitedOf lists those whose keys the present phase waits for.
func awaitedOf(res *jobstypes.QueryRequestResponse) []awaited {
	list := []awaited{}
	add := func(account string, role program.Role, key string) {
		list = append(list, awaited{Account: account, Role: enumName(role.String(), "ROLE_"), EncryptionKey: key})
	}
	r := res.Request
	switch {
	case !r.AwaitingKeys:
	case r.State == jobstypes.REQUEST_STATE_EVALUATING:
		add(r.Evaluator, program.ROLE_EVALUATOR, r.EvaluatorEncryptionKey)
	case r.State == jobstypes.REQUEST_STATE_CHALLENGED:
		pending := r.Pending()
		add(pending.Resolver, program.ROLE_ADMIN, pending.EncryptionKey)
	default:
		for _, a := range res.Assignments {
			if !a.HasKey() && !a.Resigned {
				add(a.Worker, program.ROLE_WORKER, a.EncryptionKey)
			}
		}
	}
	return list
}

// grantsOf lists the keys that were granted in a request: at most one for each worker, evaluator and resolver, which is a page.
func (s *Session) grantsOf(ctx context.Context, r jobstypes.Request) ([]jobstypes.Grant, error) {
	if !r.Spec.JudgesNeedKeys() {
		return nil, nil
	}
	connected, err := s.connected(ctx)
	if err != nil {
		return nil, err
	}
	res, err := connected.Jobs().Grants(ctx, &jobstypes.QueryGrantsRequest{RequestId: r.Id, Pagination: &query.PageRequest{Limit: 200}})
	if err != nil {
		return nil, fmt.Errorf("ask for the keys of request %d: %w", r.Id, err)
	}
	return res.Grants, nil
}

// readKey reads a file where there is one of that name, and hex else.
func readKey(text string) ([]byte, error) {
	content, err := os.ReadFile(text)
	if err == nil {
		return content, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, badInputf("key: %w", err)
	}
	key, err := hex.DecodeString(text)
	if err != nil || len(key) == 0 {
		return nil, badInputf("key: %.80q is no file and not hex", text)
	}
	return key, nil
}
