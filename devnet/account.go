package devnet

import (
	"errors"
	"fmt"
	"slices"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/client"
)

// member is an account of the network, with the folder that keeps its key and what it starts with, in uain.
type member struct {
	name   string
	folder string
	wallet math.Int
	stake  math.Int
	// daemon is the command that acts for the account, if one does.
	daemon string
	// validates says that the account is a validator's, whose node lives in the folder.
	validates bool
}

// validatorStake is what each validator delegates to itself: all of them weigh the same.
var validatorStake = ain(1_000_000)

// ain is n AIN in uain.
func ain(n int64) math.Int { return math.NewInt(n).MulRaw(1_000_000) }

// members of the network, in the order in which they are listed.
func (c Config) members() []member {
	var all []member
	for i := range c.Validators {
		all = append(all, validator(i+1, c.Validators))
	}
	all = append(all, []member{
		{name: accountTreasury, folder: "client", wallet: ain(10_000_000), stake: ain(0)},
		{name: accountClient, folder: "client", wallet: ain(100_000), stake: ain(0)},
		{name: accountStore, folder: "store", wallet: ain(1_000), stake: ain(0)},
		{name: accountAdmin, folder: "admin", wallet: ain(10_000), stake: ain(10_000), daemon: "admin"},
	}...)
	for i := range c.Evaluators {
		all = append(all, node("evaluator", i+1, c.Evaluators))
	}
	for i := range c.Workers {
		all = append(all, node("worker", i+1, c.Workers))
	}
	return all
}

// validators among the members, the first one first.
func (c Config) validators() []member {
	return slices.DeleteFunc(c.members(), func(m member) bool { return !m.validates })
}

// workers among the members.
func (c Config) workers() []member {
	return slices.DeleteFunc(c.members(), func(m member) bool { return m.daemon != "worker" })
}

// numbered is the name of one of several, and the plain name of one that is alone.
func numbered(name string, number, of int) string {
	if of == 1 {
		return name
	}
	return fmt.Sprintf("%s-%d", name, number)
}

func validator(number, of int) member {
	return member{
		name: numbered(accountValidator, number, of), folder: numbered("node", number, of),
		wallet: ain(100_000).Add(validatorStake), stake: ain(0), validates: true,
	}
}

func node(role string, number, of int) member {
	name := numbered(role, number, of)
	return member{name: name, folder: name, wallet: ain(1_000), stake: ain(10_000), daemon: role}
}

// key opens the key of a member, and makes it where it is missing.
func (c Config) key(m member) (client.Key, error) {
	ring, err := client.OpenKeyring(c.folder(m.folder), "test", "")
	if err != nil {
		return nil, err
	}
	key, err := ring.Key(m.name)
	if errors.Is(err, client.ErrKeyNotFound) {
		key, _, err = ring.Create(m.name)
	}
	return key, err
}

// key is a member's.
func (n *Network) key(name string) (client.Key, error) {
	for _, m := range n.config.members() {
		if m.name == name {
			return n.config.key(m)
		}
	}
	return nil, fmt.Errorf("the network has no account %s", name)
}
