package devnet

import (
	"errors"
	"fmt"

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
}

// ain is n AIN in uain.
func ain(n int64) math.Int { return math.NewInt(n).MulRaw(1_000_000) }

// members of the network, in the order in which they are listed.
func (c Config) members() []member {
	all := []member{
		{name: accountValidator, folder: "node", wallet: ain(1_100_000), stake: ain(0)},
		{name: accountTreasury, folder: "client", wallet: ain(10_000_000), stake: ain(0)},
		{name: accountClient, folder: "client", wallet: ain(100_000), stake: ain(0)},
		{name: accountAdmin, folder: "admin", wallet: ain(10_000), stake: ain(10_000), daemon: "admin"},
	}
	for i := range c.Evaluators {
		all = append(all, node("evaluator", i+1, c.Evaluators))
	}
	for i := range c.Workers {
		all = append(all, node("worker", i+1, c.Workers))
	}
	return all
}

func node(role string, number, of int) member {
	name := role
	if of > 1 {
		name = fmt.Sprintf("%s-%d", role, number)
	}
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
