package main

import "github.com/ain-network/aind/benchmarks/measure"

// result of all turns.
type result struct {
	Sends   figures `json:"sends"`
	Lives   figures `json:"lives"`
	Batched figures `json:"batched"`
	// Ratio of each round: transactions of lives over sends, one message each.
	Ratio measure.Spread `json:"lives_txs_over_sends_txs"`
	// CPURatio of each round: the node's CPU for a message of lives over that for a send. Other work on the machine
	// distorts it less.
	CPURatio measure.Spread `json:"lives_cpu_over_sends_cpu"`
}

// figures of one load: what each of its turns gave.
type figures struct {
	Settled  measure.Spread `json:"settled_per_s"`
	Txs      measure.Spread `json:"txs_per_s"`
	Messages measure.Spread `json:"messages_per_s"`
	Block    measure.Spread `json:"block_ms"`
	// CPU for each message that was executed, in microseconds. The node's holds what serving this process took it.
	NodeCPU      measure.Spread `json:"node_cpu_us_per_message"`
	GeneratorCPU measure.Spread `json:"generator_cpu_us_per_message"`
	// NodeCores and GeneratorCores are how much of the machine each had.
	NodeCores      measure.Spread `json:"node_cores"`
	GeneratorCores measure.Spread `json:"generator_cores"`
	// Refused transactions of all turns; none of them is in any other figure.
	Refused int `json:"refused"`
}

func summarize(turns map[string][]turn) result {
	r := result{Sends: figuresOf(turns["sends"]), Lives: figuresOf(turns["lives"]), Batched: figuresOf(turns["batched"])}
	r.Ratio = measure.SpreadOf(measure.Ratios(txRates(turns["lives"]), txRates(turns["sends"])))
	r.CPURatio = measure.SpreadOf(measure.Ratios(each(turns["lives"], turn.nodeCPU), each(turns["sends"], turn.nodeCPU)))
	return r
}

func txRates(turns []turn) []float64 {
	return each(turns, func(t turn) float64 { return t.perSecond(t.txs) })
}

// nodeCPU for a message, in microseconds.
func (t turn) nodeCPU() float64 { return 1000 * measure.Millis(t.node) / float64(t.messages) }

func figuresOf(turns []turn) figures {
	spread := func(of func(turn) float64) measure.Spread { return measure.SpreadOf(each(turns, of)) }
	f := figures{
		Settled:        spread(func(t turn) float64 { return t.perSecond(t.settled) }),
		Txs:            measure.SpreadOf(txRates(turns)),
		Messages:       spread(func(t turn) float64 { return t.perSecond(t.messages) }),
		Block:          spread(func(t turn) float64 { return measure.Millis(t.took) / float64(t.blocks) }),
		NodeCPU:        spread(turn.nodeCPU),
		GeneratorCPU:   spread(func(t turn) float64 { return 1000 * measure.Millis(t.generator) / float64(t.messages) }),
		NodeCores:      spread(func(t turn) float64 { return t.node.Seconds() / t.took.Seconds() }),
		GeneratorCores: spread(func(t turn) float64 { return t.generator.Seconds() / t.took.Seconds() }),
	}
	for _, t := range turns {
		f.Refused += t.refused
	}
	return f
}

func each(turns []turn, of func(turn) float64) []float64 {
	values := make([]float64, len(turns))
	for i, t := range turns {
		values[i] = of(t)
	}
	return values
}
