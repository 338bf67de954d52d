package types_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/jobs/types"
)

const measured = "message Ranking { repeated Place ranking = 1; } message Place { string node = 1; uint64 score = 2; bool valid = 3; " +
	"sint32 loss = 4; fixed64 steps = 5; string note = 6; repeated int64 all = 7; double share = 8; }\n"

func TestMetricsAreIntegerFieldsOfTheRanking(t *testing.T) {
	long, err := parse(t, header+worker+evaluator+messages+measured)
	require.NoError(t, err)
	bare, err := parse(t, header+worker+evaluator+messages+short)
	require.NoError(t, err)
	metric := func(field string) []types.Metric {
		return []types.Metric{{Field: field, Fold: program.METRIC_FOLD_SUM}}
	}
	for _, field := range []string{"loss", "steps", "score"} {
		require.NoError(t, long.CheckMetrics(metric(field)), field)
	}
	for _, field := range []string{"note", "all", "share", "valid", "node", "nothing", ""} {
		err := long.CheckMetrics(metric(field))
		require.ErrorIs(t, err, types.ErrInvalid, field)
		require.ErrorContains(t, err, "terms.metrics[0].field")
	}
	require.ErrorIs(t, bare.CheckMetrics(metric("loss")), types.ErrInvalid, "a bare list of names measures nothing")
}

func TestMetricsAreReadFromTheEvaluatorsOutput(t *testing.T) {
	schema, err := parse(t, header+worker+evaluator+messages+measured)
	require.NoError(t, err)
	entry := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "a")
	entry = protowire.AppendVarint(protowire.AppendTag(entry, 3, protowire.VarintType), 1)
	entry = protowire.AppendVarint(protowire.AppendTag(entry, 4, protowire.VarintType), protowire.EncodeZigZag(-7))
	entry = protowire.AppendFixed64(protowire.AppendTag(entry, 5, protowire.Fixed64Type), math.MaxUint64)
	output := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), entry)

	ranked, err := schema.ParseRanking(output, []types.Metric{{Field: "steps"}, {Field: "loss"}, {Field: "score"}})

	require.NoError(t, err)
	require.Equal(t, []types.Ranked{{Node: "a", Metrics: []int64{math.MaxInt64, -7, 0}}}, ranked)
}
