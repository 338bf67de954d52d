package console

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"

	permissionstypes "github.com/ain-network/aind/x/permissions/types"
)

const (
	// noAuthority leaves a rule to the chain's authority alone.
	noAuthority = "none"

	// defaultProposalDeposit is what a proposal has to lay down on a network that did not choose otherwise.
	defaultProposalDeposit = "1000"
)

// accesses are what a rule may say, as people write it.
var accesses = map[string]permissionstypes.Access{
	"everybody": permissionstypes.ACCESS_EVERYBODY,
	"listed":    permissionstypes.ACCESS_LISTED,
	"nobody":    permissionstypes.ACCESS_NOBODY,
}

// ruleChange is what the flags of setRule ask for.
type ruleChange struct {
	accounts, add, remove []string
	authority             string
	propose               bool
	deposit               string
}

func newSetRule(s *Session) *cobra.Command {
	var change ruleChange
	cmd := &cobra.Command{
		Use:   "setRule MESSAGE [everybody | listed | nobody]",
		Short: "Show or set who may send a message",
		Long: `Show who may send a message, or set it. A message is named like RegisterJob or by its type
URL. Whoever is the rule's authority sets it; everybody else proposes it with --propose, and
it holds once the vote passes. --add and --remove change the list as it is. Rules may be
about what starts something: what was begun can always be finished.`,
		Example: "  aind setRule CreateValidator\n  aind setRule CreateValidator listed --add ain1… --propose\n  aind setRule RegisterJob nobody --from committee",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 {
				return s.setRule(cmd.Context(), args[0], args[1], change)
			}
			if change.asks() {
				return badInputf("setRule: say everybody, listed or nobody: aind setRule %s listed …", args[0])
			}
			return s.showRule(cmd.Context(), args[0])
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&change.accounts, "accounts", nil, "accounts of the new list, separated by commas")
	flags.StringSliceVar(&change.add, "add", nil, "accounts to add to the list")
	flags.StringSliceVar(&change.remove, "remove", nil, "accounts to take off the list")
	flags.StringVar(&change.authority, "authority", "", "account that may change the rule besides governance; none: nobody. A proposal only")
	flags.BoolVar(&change.propose, "propose", false, "put the rule to the vote instead of setting it")
	flags.StringVar(&change.deposit, "deposit", defaultProposalDeposit, "what the proposal lays down, from your wallet")
	return cmd
}

// asks says that a flag was given which only setting has a use for.
func (c ruleChange) asks() bool {
	return len(c.accounts)+len(c.add)+len(c.remove) > 0 || c.authority != "" || c.propose
}

type ruleOutput struct {
	Message   string   `json:"type_url"`
	Access    string   `json:"access"`
	Accounts  []string `json:"accounts"`
	Authority string   `json:"authority"`
	Proposal  uint64   `json:"proposal,string,omitempty"`
}

func newRuleOutput(rule permissionstypes.Rule) ruleOutput {
	out := ruleOutput{Message: rule.TypeUrl, Accounts: rule.Accounts, Authority: rule.Authority}
	if out.Accounts == nil {
		out.Accounts = []string{}
	}
	for name, access := range accesses {
		if access == rule.Access {
			out.Access = name
		}
	}
	return out
}

func (s *Session) showRule(ctx context.Context, name string) error {
	rule, err := s.rule(ctx, name)
	if err != nil {
		return err
	}
	lines := []string{fmt.Sprintf("%s may send %s.", map[permissionstypes.Access]string{
		permissionstypes.ACCESS_EVERYBODY: "Everybody",
		permissionstypes.ACCESS_LISTED:    fmt.Sprintf("Of all accounts %d", len(rule.Accounts)),
		permissionstypes.ACCESS_NOBODY:    "Nobody",
	}[rule.Access], rule.TypeUrl)}
	for _, account := range rule.Accounts {
		lines = append(lines, "  "+account)
	}
	if rule.Authority == "" {
		lines = append(lines, "Governance may change that.")
	} else {
		lines = append(lines, fmt.Sprintf("%s and governance may change that.", rule.Authority))
	}
	return s.print(newRuleOutput(rule), lines...)
}

// rule asks for the rule about a message.
func (s *Session) rule(ctx context.Context, name string) (permissionstypes.Rule, error) {
	url := typeURL(name)
	if err := permissionstypes.ValidateStoppable("message", url); err != nil {
		return permissionstypes.Rule{}, badInput(err)
	}
	connected, err := s.connected(ctx)
	if err != nil {
		return permissionstypes.Rule{}, err
	}
	res, err := connected.Permissions().Rule(ctx, &permissionstypes.QueryRuleRequest{TypeUrl: url})
	if err != nil {
		return permissionstypes.Rule{}, fmt.Errorf("ask for the rule about %s: %w", url, err)
	}
	return res.Rule, nil
}

// typeURL finds the message that a short name means: one that may be stopped before one that may not.
func typeURL(name string) string {
	for _, class := range []permissionstypes.Class{
		permissionstypes.ClassStarting, permissionstypes.ClassFinishing, permissionstypes.ClassGoverning,
	} {
		for _, url := range permissionstypes.TypeURLs(class) {
			if strings.HasSuffix(url, ".Msg"+name) || strings.HasSuffix(url, "."+name) {
				return url
			}
		}
	}
	return name
}

func (s *Session) setRule(ctx context.Context, name, access string, change ruleChange) error {
	rule, err := s.rule(ctx, name)
	if err != nil {
		return err
	}
	if err := change.apply(&rule, access); err != nil {
		return err
	}
	connected, key, err := s.chainAndKey(ctx)
	if err != nil {
		return err
	}
	msg := &permissionstypes.MsgSetRule{Authority: key.Address().String(), Rule: rule}
	if err := msg.ValidateBasic(); err != nil {
		return badInput(err)
	}
	if change.propose {
		return s.proposeRule(ctx, msg, change.deposit)
	}
	if _, err := connected.Do(ctx, key, msg); err != nil {
		return err
	}
	return s.print(newRuleOutput(rule), fmt.Sprintf("The rule about %s is set: %s.", rule.TypeUrl, access))
}

// apply changes a rule as the words and flags say.
func (c ruleChange) apply(rule *permissionstypes.Rule, access string) error {
	wanted, ok := accesses[access]
	if !ok {
		return badInputf("access: %q is neither everybody, listed nor nobody", access)
	}
	if wanted != permissionstypes.ACCESS_LISTED && len(c.accounts)+len(c.add)+len(c.remove) > 0 {
		return badInputf("access: %s has no list; give listed", access)
	}
	if c.accounts != nil {
		rule.Accounts = c.accounts
	}
	for _, account := range c.add {
		if !slices.Contains(rule.Accounts, account) {
			rule.Accounts = append(rule.Accounts, account)
		}
	}
	for _, account := range c.remove {
		at := slices.Index(rule.Accounts, account)
		if at < 0 {
			return badInputf("remove: %s is not on the list", account)
		}
		rule.Accounts = slices.Delete(rule.Accounts, at, at+1)
	}
	if rule.Access = wanted; wanted != permissionstypes.ACCESS_LISTED {
		rule.Accounts = nil
	}
	switch c.authority {
	case "":
	case noAuthority:
		rule.Authority = ""
	default:
		rule.Authority = c.authority
	}
	return nil
}

// proposeRule puts a rule to the vote: it is governance that sets it if the vote passes.
func (s *Session) proposeRule(ctx context.Context, msg *permissionstypes.MsgSetRule, depositText string) error {
	deposit, err := parseAmount("deposit", depositText)
	if err != nil {
		return err
	}
	connected, key, err := s.chainAndKey(ctx)
	if err != nil {
		return err
	}
	proposer := key.Address().String()
	if err := s.canPay(ctx, "deposit", proposer, deposit.Amount); err != nil {
		return err
	}
	out := newRuleOutput(msg.Rule)
	msg.Authority = authtypes.NewModuleAddress(govtypes.ModuleName).String()
	title := fmt.Sprintf("Who may send %s: %s", msg.Rule.TypeUrl, out.Access)
	submit, err := govv1.NewMsgSubmitProposal([]sdk.Msg{msg}, sdk.NewCoins(deposit), proposer, "", title, title, false)
	if err != nil {
		return fmt.Errorf("make the proposal: %w", err)
	}
	receipt, err := connected.Do(ctx, key, submit)
	if err != nil {
		return err
	}
	var answer govv1.MsgSubmitProposalResponse
	if err := receipt.Response(0, &answer); err != nil {
		return err
	}
	out.Proposal = answer.ProposalId
	return s.print(out, fmt.Sprintf("Proposal %d: %s.", answer.ProposalId, title),
		fmt.Sprintf("Vote with: aind tx gov vote %d yes", answer.ProposalId))
}
