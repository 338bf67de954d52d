package statemachine

import (
	"slices"

	"github.com/ain-network/aind/benchmarks/market"
)

// Path is one way that requests may go from the evaluator's acceptance to their end.
type Path func(life *market.Life, ids []uint64) []market.Step

// Honest is the way of almost all: the client accepts the ranking.
func Honest(life *market.Life, ids []uint64) []market.Step { return life.Honest(ids) }

// StepCost is what one step of all lives took.
type StepCost struct {
	Name string
	Cost
}

// Live leads requests along a path from order to payment, all in step, each with its own client and one message in each
// transaction. The first is number n of the cast's turns.
func (j *Job) Live(n, requests, workers int, path Path) ([]StepCost, error) {
	lives := make([]*market.Life, requests)
	var orders []market.Turn
	var err error
	for i := range lives {
		if lives[i], err = j.Life(n+i, workers); err != nil {
			return nil, err
		}
		orders = append(orders, market.Turn{By: lives[i].Client, Msgs: lives[i].Order(1)})
	}
	cost, answers, err := j.Execute(orders)
	if err != nil {
		return nil, err
	}
	costs := []StepCost{{"request", cost}}
	var steps []market.Step // of all lives
	for i, life := range lives {
		ids, err := market.RequestIDs(answers[i])
		if err != nil {
			return nil, err
		}
		for at, step := range path(life, ids) {
			if at == len(steps) {
				steps = append(steps, market.Step{Name: step.Name})
			}
			steps[at].Turns = append(steps[at].Turns, step.Turns...)
		}
	}
	for _, step := range steps {
		if cost, _, err = j.Execute(step.Turns); err != nil {
			return nil, err
		}
		costs = append(costs, StepCost{step.Name, cost})
	}
	cost, err = j.Settle(requests)
	return append(costs, StepCost{"settlement", cost}), err
}

// Sum of all steps.
func Sum(costs []StepCost) Cost {
	var sum Cost
	for _, cost := range costs {
		sum.Add(cost.Cost)
	}
	return sum
}

// Merge adds the costs of the same steps of another run.
func Merge(all, more []StepCost) []StepCost {
	for _, cost := range more {
		at := slices.IndexFunc(all, func(c StepCost) bool { return c.Name == cost.Name })
		if at < 0 {
			all = append(all, cost)
			continue
		}
		all[at].Add(cost.Cost)
	}
	return all
}
