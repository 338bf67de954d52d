package console

import (
	"context"
	"strconv"
	"strings"
	"time"

	"cosmossdk.io/math"
	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/chain"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// Keys of the object that requestJob takes, as the paper names them. Each is a flag, too, with - for _.
const (
	keyJob            = "job_id"
	keyInput          = "job_input"
	keyReward         = "reward"
	keyTimeLimit      = "time_limit"
	keyMinWorkers     = "min_workers"
	keyMaxWorkers     = "max_workers"
	keyRewardFunction = "reward_function"
	keyEvaluators     = "evaluator_node"
	keyWorkers        = "worker_node"
	keyMinRating      = "min_rating"
	keyMinLevels      = "min_challenge_levels"
	keySkip           = "skip_evaluation"
	keyGrantKeys      = "grant_keys"
	keyEvaluatorInput = "evaluator_input"
	keyEncrypt        = "encrypt"
	keyFiles          = "files"
)

// requestKeys are the keys with their help as flags.
var requestKeys = []struct{ key, help string }{
	{keyJob, "the job, 0x1"},
	{keyInput, "the input, an object with the fields of the job's request: {y: 4}; or ain://7/path, where it lies in a space as proto binary"},
	{keyFiles, "files that the programs see as /ain/in/NAME, {scene: room.blend}; ain://7/room.blend is one that lies in a space"},
	{keyReward, "rewards of evaluator and workers, [10, 10]"},
	{keyTimeLimit, "how long workers may take: 3000 are milliseconds, 3s is the same"},
	{keyMinWorkers, "fewest workers"},
	{keyMaxWorkers, "most workers"},
	{keyRewardFunction, "how the workers' reward is split: winner_takes_all, even, proportional (to the scores), weights of the places [5, 3, 2], or the ratio of each place to the one above, 2/3"},
	{keyEvaluators, "evaluators that may accept, [ain1…]"},
	{keyWorkers, "workers that may accept, [ain1…]"},
	{keyMinRating, "least Elo rating of a worker in the job; who was never ranked has 1500"},
	{keyMinLevels, "fewest challenge levels"},
	{keySkip, "true: nobody evaluates"},
	{keyEncrypt, "all: encrypt the input, and grant keys to those who take the request; evaluator: only what evaluator_input names"},
	{keyEvaluatorInput, "file with data for the evaluator alone, which its program sees as /ain/in/evaluator_input; without encrypt it is encrypted already"},
	{keyGrantKeys, "true: the input is encrypted already (give its file with --input-file), and you grant keys with `aind grantKey`"},
}

func keyNames() []string {
	names := make([]string, len(requestKeys))
	for i, k := range requestKeys {
		names[i] = k.key
	}
	return names
}

func newRequestJob(s *Session) *cobra.Command {
	var f following
	var inputFile string
	values := map[string]*string{}
	cmd := &cobra.Command{
		Use:   "requestJob [OBJECT]",
		Short: "Order work, and wait for the result",
		Long: `Order work. The object names the job, its input, the rewards of evaluator and workers and
the time limit; each key may be given as a flag instead. Rewards and a small share for the
chain are held until the request ends; what is not paid comes back.

A bare number is AIN, 10uain is exact. The best worker takes all of the workers' reward,
unless reward_function says otherwise.

The result is printed when it is ranked, the payments when they are made. --accept auto
accepts the result at once, ask asks, wait leaves it to the others and the clock.

What lies in a space already is named there and not stored again, ain://7/path or ain://7/sha256:…;
a path stands for the content that it names when the order is sent.

With --encrypt all nobody but those who take the request can read its input and results: a
key is made for it, kept in requests/ of --home, and granted to each of them when it is due,
as long as the command waits. Let ` + "`aind client`" + ` run if you go away.`,
		Example: `  aind requestJob '{job_id: 0x1, job_input: {y: 4}, reward: [10, 10], time_limit: 3000}'
  aind requestJob '{job_id: 0x2, job_input: {frames: 4}, files: {scene: ain://7/scenes/room.blend}, reward: [1, 9], time_limit: 1h}'
  aind requestJob --job-id 0x1 --job-input '{y: 4}' --reward '[10, 10uain]' --time-limit 3s --encrypt all`,
		Args: cobra.MaximumNArgs(1),
	}
	for _, k := range requestKeys {
		values[k.key] = cmd.Flags().String(strings.ReplaceAll(k.key, "_", "-"), "", k.help)
	}
	cmd.Flags().StringVar(&inputFile, "input-file", "", "file with the input as proto binary, or ain://7/path, instead of job_input")
	cmd.Flags().StringVar(&f.accept, "accept", acceptAuto, "what to do with the result: auto, ask or wait")
	cmd.Flags().BoolVar(&f.detach, "detach", false, "print the request's id and do not wait")
	cmd.RunE = runs(func(ctx context.Context, args []string) error {
		if err := f.validate(); err != nil {
			return err
		}
		order, err := readOrder(args, values)
		if err != nil {
			return err
		}
		return s.requestJob(ctx, order, inputFile, f)
	})
	return cmd
}

// readOrder joins the object and the flags.
func readOrder(args []string, flags map[string]*string) (object, error) {
	order := object{values: map[string]*yaml.Node{}}
	if len(args) == 1 {
		var err error
		if order, err = parseObject(args[0]); err != nil {
			return order, err
		}
	}
	for _, key := range keyNames() {
		if *flags[key] == "" {
			continue
		}
		if _, twice := order.values[key]; twice {
			return order, badInputf("%s: given both in the object and as a flag", key)
		}
		value, err := parseValue(key, *flags[key])
		if err != nil {
			return order, err
		}
		order.keys = append(order.keys, key)
		order.values[key] = value
	}
	return order, order.only(keyNames()...)
}

func (s *Session) requestJob(ctx context.Context, order object, inputFile string, f following) error {
	job, schema, err := s.jobOf(ctx, order)
	if err != nil {
		return err
	}
	connected, key, err := s.chainAndKey(ctx)
	if err != nil {
		return err
	}
	params, err := s.params(ctx)
	if err != nil {
		return err
	}
	msg := &jobstypes.MsgRequestJob{Signer: key.Address().String()}
	if msg.Spec, err = readSpec(order, job.Id); err != nil {
		return err
	}
	made, err := readSealing(order, &msg.Spec)
	if err != nil {
		return err
	}
	if err := s.canSeal(ctx, made, job); err != nil {
		return err
	}
	space, err := s.storeSpace()
	if err != nil {
		return err
	}
	contents, err := readInputs(&msg.Spec, order, inputFile, schema, params, made, &uploads{
		space: space, pin: func(text string) (pinned, error) { return s.pin(ctx, text) },
	})
	defer contents.remove()
	if err != nil {
		return err
	}
	if contents.input != nil && !msg.Spec.GrantKeys {
		if err := s.checkInput(ctx, *contents.input, schema); err != nil {
			return err
		}
	}
	if err := msg.Validate(params); err != nil {
		return badInput(inUserWords(err))
	}
	total := msg.Spec.Rewards()
	share := jobstypes.ChainShare(params, total)
	if err := s.canPay(ctx, keyReward, msg.Signer, total.Add(share)); err != nil {
		return err
	}
	if err := s.storeAll(ctx, contents); err != nil {
		return err
	}
	if err := s.keep(made, msg.Spec); err != nil {
		return err
	}
	receipt, err := connected.Do(ctx, key, msg)
	if err != nil {
		return err
	}
	var response jobstypes.MsgRequestJobResponse
	if err := receipt.Response(0, &response); err != nil {
		return err
	}
	s.progress("request %d: %s AIN held, and %s for the chain", response.RequestId, chain.FormatAmount(total), chain.FormatAmount(share))
	return s.follow(ctx, response.RequestId, schema, f)
}

// jobOf is the job that an order names.
func (s *Session) jobOf(ctx context.Context, order object) (jobstypes.Job, *jobstypes.Schema, error) {
	text, ok, err := order.text(keyJob)
	if err != nil {
		return jobstypes.Job{}, nil, err
	}
	if !ok {
		return jobstypes.Job{}, nil, badInputf("%s: missing (write {job_id: 0x1, …}; `aind jobs` lists them)", keyJob)
	}
	job, err := s.job(ctx, keyJob, text)
	if err != nil {
		return job, nil, err
	}
	schema, err := s.schemaOf(ctx, job.Id)
	return job, schema, err
}

// readSpec reads all of an order but its input.
func readSpec(order object, jobID uint64) (jobstypes.RequestSpec, error) {
	spec := jobstypes.RequestSpec{JobId: jobID}
	var err error
	if spec.EvaluatorReward, spec.WorkerReward, err = readRewards(order); err != nil {
		return spec, err
	}
	if spec.TimeLimitMs, err = readTimeLimit(order); err != nil {
		return spec, err
	}
	if spec.RewardFunction, err = readRewardFunction(order); err != nil {
		return spec, err
	}
	for _, number := range []struct {
		key  string
		into *uint32
	}{{keyMinWorkers, &spec.MinWorkers}, {keyMaxWorkers, &spec.MaxWorkers}, {keyMinLevels, &spec.MinChallengeLevels}} {
		n, err := order.number(number.key, 32)
		if err != nil {
			return spec, err
		}
		*number.into = uint32(n)
	}
	if spec.MinRating, err = order.number(keyMinRating, 64); err != nil {
		return spec, err
	}
	if spec.EvaluatorCandidates, err = order.list(keyEvaluators); err != nil {
		return spec, err
	}
	if spec.WorkerCandidates, err = order.list(keyWorkers); err != nil {
		return spec, err
	}
	if spec.GrantKeys, err = order.flag(keyGrantKeys); err != nil {
		return spec, err
	}
	spec.SkipEvaluation, err = order.flag(keySkip)
	return spec, err
}

func readRewards(order object) (evaluator, workers math.Int, err error) {
	amounts, err := order.list(keyReward)
	if err != nil {
		return evaluator, workers, err
	}
	if len(amounts) != 2 {
		return evaluator, workers, badInputf("%s: want two amounts, of the evaluator and of the workers: [10, 10]", keyReward)
	}
	first, err := parseAmount(keyReward+"[0]", amounts[0])
	if err != nil {
		return evaluator, workers, err
	}
	second, err := parseAmount(keyReward+"[1]", amounts[1])
	return first.Amount, second.Amount, err
}

// readTimeLimit takes milliseconds, as the paper does, or a span with its unit.
func readTimeLimit(order object) (uint64, error) {
	text, ok, err := order.text(keyTimeLimit)
	if err != nil {
		return 0, err
	}
	if !ok {
		return 0, badInputf("%s: missing (3000 are milliseconds, 3s is the same)", keyTimeLimit)
	}
	if ms, err := strconv.ParseUint(text, 10, 63); err == nil {
		return ms, nil
	}
	span, err := time.ParseDuration(text)
	if err != nil || span <= 0 || span%time.Millisecond != 0 {
		return 0, badInputf("%s: %q is no span of time (3000 are milliseconds, 3s is the same)", keyTimeLimit, text)
	}
	return uint64(span.Milliseconds()), nil
}

// readRewardFunction is the paper's example where nothing is said: all to the one with the closest answer. A name, or the
// weights of the places, [5, 3, 2], or the ratio of each to the one above, 2/3.
func readRewardFunction(order object) (fn jobstypes.RewardFunction, err error) {
	if node := order.values[keyRewardFunction]; node != nil && node.Kind == yaml.SequenceNode {
		return readWeights(order)
	}
	text, ok, err := order.text(keyRewardFunction)
	if err != nil {
		return fn, err
	}
	if !ok {
		return jobstypes.RewardFunction{Kind: jobstypes.REWARD_KIND_WINNER_TAKES_ALL}, nil
	}
	unknown := badInputf("%s: %q is unknown (choose winner_takes_all, even or proportional, write weights as [5, 3, 2] or a ratio as 2/3)",
		keyRewardFunction, text)
	if p, q, isRatio := strings.Cut(text, "/"); isRatio {
		fn.Kind = jobstypes.REWARD_KIND_GEOMETRIC
		for _, number := range []struct {
			text string
			into *uint64
		}{{p, &fn.RatioNumerator}, {q, &fn.RatioDenominator}} {
			if *number.into, err = strconv.ParseUint(number.text, 10, 64); err != nil {
				return fn, unknown
			}
		}
		return fn, nil
	}
	fn.Kind = jobstypes.RewardKind(jobstypes.RewardKind_value["REWARD_KIND_"+strings.ToUpper(text)])
	switch fn.Kind {
	case jobstypes.REWARD_KIND_EVEN, jobstypes.REWARD_KIND_WINNER_TAKES_ALL, jobstypes.REWARD_KIND_PROPORTIONAL:
		return fn, nil
	}
	return fn, unknown
}

func readWeights(order object) (jobstypes.RewardFunction, error) {
	fn := jobstypes.RewardFunction{Kind: jobstypes.REWARD_KIND_WEIGHTS}
	words, err := order.list(keyRewardFunction)
	if err != nil {
		return fn, err
	}
	for i, word := range words {
		weight, err := strconv.ParseUint(word, 10, 64)
		if err != nil {
			return fn, badInputf("%s[%d]: %q is not a whole number", keyRewardFunction, i, word)
		}
		fn.Weights = append(fn.Weights, weight)
	}
	return fn, nil
}

// userWords are the names of fields in messages, and what the user wrote for them.
var userWords = strings.NewReplacer(
	"spec.input", keyInput, "spec.evaluator_reward", keyReward+"[0]", "spec.worker_reward", keyReward+"[1]",
	"spec.reward_function.kind", keyRewardFunction,
	"spec.reward_function.weights", keyRewardFunction, "spec.reward_function.ratio_numerator", keyRewardFunction, "spec.time_limit_ms", keyTimeLimit,
	"spec.evaluator_candidates", keyEvaluators, "spec.worker_candidates", keyWorkers, "spec.", "",
)

// rewordedError says in the user's words what is wrong, and is the same error otherwise.
type rewordedError struct {
	error
	text string
}

func (e rewordedError) Error() string { return e.text }
func (e rewordedError) Unwrap() error { return e.error }

func inUserWords(err error) error { return rewordedError{err, userWords.Replace(err.Error())} }

func newAcceptResult(s *Session) *cobra.Command {
	return requestVerb(s, "acceptResult", "Accept the ranking of a request",
		"Accept a ranking as the client or as a worker that revealed: gives up your right to challenge it, so that payment need not wait.",
		func(signer string, id uint64) (sdk.Msg, string) {
			return &jobstypes.MsgAcceptResult{Signer: signer, RequestId: id}, "Accepted the result of request %d."
		})
}

func newCancelRequest(s *Session) *cobra.Command {
	return requestVerb(s, "cancelRequest", "Take back a request that no evaluator has accepted",
		"Take back a request that no evaluator has accepted; everything that was held comes back.",
		func(signer string, id uint64) (sdk.Msg, string) {
			return &jobstypes.MsgCancelRequest{Signer: signer, RequestId: id}, "Cancelled request %d."
		})
}

func newResign(s *Session) *cobra.Command {
	return requestVerb(s, "resign", "Give up a worker's place in a request",
		"Give up your place as a worker: freely until the contract is closed, as a timeout afterwards.",
		func(signer string, id uint64) (sdk.Msg, string) {
			return &jobstypes.MsgResign{Signer: signer, RequestId: id}, "Resigned from request %d."
		})
}
