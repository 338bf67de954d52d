package daemon

// Step is one journaled action of a daemon.
type Step struct {
	Number int    // a multiple of 10; its failpoints are Number plus Moment
	Daemon string // worker, evaluator, admin
	Name   string
	Tx     bool // it sends a transaction
	// Batch: its transaction may be shared with other steps, for it cannot lose a race. What can lose one goes alone, so
	// that its loss costs nobody else.
	Batch bool
	When  string // what it takes to reach the step
}

// NodeSteps are the steps that a worker and an evaluator have in common.
type NodeSteps struct {
	Qualify, Apply, Prepare, Heartbeat Step
}

// The steps of the worker.
var (
	WorkerNode = NodeSteps{
		Qualify:   Step{Number: 110, Daemon: "worker", Name: "qualify", When: "it is told to apply and is no node yet"},
		Apply:     Step{Number: 120, Daemon: "worker", Name: "apply", Tx: true, When: "it is told to apply and is no node yet"},
		Prepare:   Step{Number: 130, Daemon: "worker", Name: "prepare", When: "a release that it has not prepared since it started"},
		Heartbeat: Step{Number: 140, Daemon: "worker", Name: "heartbeat", Tx: true, Batch: true, When: "it is a node"},
	}
	WorkerAccept  = Step{Number: 150, Daemon: "worker", Name: "accept", Tx: true, When: "a request that pays enough"}
	WorkerRun     = Step{Number: 160, Daemon: "worker", Name: "run", When: "a request that it accepted"}
	WorkerSegment = Step{Number: 230, Daemon: "worker", Name: "segment", When: "a request that it accepted, of a job that verifies by checkpoint"}
	WorkerPublish = Step{Number: 240, Daemon: "worker", Name: "publish", Tx: true, Batch: true, When: "the program left states that the chain does not know of"}
	WorkerResign  = Step{Number: 170, Daemon: "worker", Name: "resign", Tx: true, Batch: true, When: "the program fails"}
	WorkerCommit  = Step{Number: 180, Daemon: "worker", Name: "commit", Tx: true, Batch: true, When: "the program gave a result"}
	WorkerUpload  = Step{Number: 190, Daemon: "worker", Name: "upload", When: "a result above the inline limit"}
	WorkerReveal  = Step{Number: 200, Daemon: "worker", Name: "reveal", Tx: true, Batch: true, When: "the reveal begins"}
	WorkerConcede = Step{Number: 210, Daemon: "worker", Name: "concede", Tx: true, Batch: true, When: "it was ranked, and some other may still challenge"}
	WorkerSettle  = Step{Number: 220, Daemon: "worker", Name: "settle", When: "the request is finished"}
)

// The steps of the evaluator.
var (
	EvaluatorNode = NodeSteps{
		Qualify:   Step{Number: 310, Daemon: "evaluator", Name: "qualify", When: "it is told to apply and is no node yet"},
		Apply:     Step{Number: 320, Daemon: "evaluator", Name: "apply", Tx: true, When: "it is told to apply and is no node yet"},
		Prepare:   Step{Number: 330, Daemon: "evaluator", Name: "prepare", When: "a release that it has not prepared since it started"},
		Heartbeat: Step{Number: 340, Daemon: "evaluator", Name: "heartbeat", Tx: true, Batch: true, When: "it is a node"},
	}
	EvaluatorAccept = Step{Number: 350, Daemon: "evaluator", Name: "accept", Tx: true, When: "a request that pays enough"}
	EvaluatorGather = Step{Number: 360, Daemon: "evaluator", Name: "gather", When: "results are revealed"}
	EvaluatorJudge  = Step{Number: 370, Daemon: "evaluator", Name: "judge", When: "results are gathered"}
	EvaluatorRank   = Step{Number: 380, Daemon: "evaluator", Name: "rank", Tx: true, Batch: true, When: "the program gave a ranking"}
	EvaluatorSettle = Step{Number: 390, Daemon: "evaluator", Name: "settle", When: "the request is finished"}
)

// The steps of the admin.
var (
	AdminTest      = Step{Number: 510, Daemon: "admin", Name: "test", When: "an application to it"}
	AdminApprove   = Step{Number: 520, Daemon: "admin", Name: "approve", Tx: true, Batch: true, When: "an application that passes"}
	AdminReject    = Step{Number: 530, Daemon: "admin", Name: "reject", Tx: true, Batch: true, When: "an application that fails"}
	AdminHeartbeat = Step{Number: 540, Daemon: "admin", Name: "heartbeat", Tx: true, Batch: true, When: "it is a node"}
	AdminPrepare   = Step{Number: 550, Daemon: "admin", Name: "prepare", When: "a release that it has not prepared since it started"}
	AdminJudge     = Step{Number: 560, Daemon: "admin", Name: "judge", When: "a challenge that it has to resolve"}
	AdminResolve   = Step{Number: 570, Daemon: "admin", Name: "resolve", Tx: true, Batch: true, When: "the program gave a ranking"}
)

// Steps lists all of them by number.
func Steps() []Step {
	return []Step{
		WorkerNode.Qualify, WorkerNode.Apply, WorkerNode.Prepare, WorkerNode.Heartbeat,
		WorkerAccept, WorkerRun, WorkerResign, WorkerCommit, WorkerUpload, WorkerReveal, WorkerConcede, WorkerSettle,
		WorkerSegment, WorkerPublish,
		EvaluatorNode.Qualify, EvaluatorNode.Apply, EvaluatorNode.Prepare, EvaluatorNode.Heartbeat,
		EvaluatorAccept, EvaluatorGather, EvaluatorJudge, EvaluatorRank, EvaluatorSettle,
		AdminTest, AdminApprove, AdminReject, AdminHeartbeat, AdminPrepare, AdminJudge, AdminResolve,
	}
}

func (s Step) String() string { return s.Daemon + "." + s.Name }
