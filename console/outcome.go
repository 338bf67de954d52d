package console

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// ExitStatus is the error of a program that ended with another status than 0: a command ends with the same.
type ExitStatus int

func (e ExitStatus) Error() string { return fmt.Sprintf("the program ended with status %d", int(e)) }

// cancelPatience is how long taking a request back may take after an interrupt.
const cancelPatience = 10 * time.Second

// awaitRun waits for the end of a request, and brings home what its program left.
func (s *Session) awaitRun(ctx context.Context, id uint64, r running) error {
	view := requestView{id: id}
	decided := false
	err := s.watchRequest(ctx, id, func(res *jobstypes.QueryRequestResponse) (bool, error) {
		s.report(&view, res)
		if res.Request.State == jobstypes.REQUEST_STATE_RANKED && !decided {
			decided = true
			if err := s.decide(ctx, res.Request, r.accept); err != nil {
				return false, err
			}
		}
		return res.Request.IsFinished(), nil
	})
	if err != nil {
		s.giveUp(ctx, id)
		return err
	}
	outcome, result, err := s.outcomeOf(ctx, view.last)
	if err != nil {
		return err
	}
	if outcome == nil {
		if err := s.print(newRequestOutput(view.last.Request, view.last.Assignments), endLines(view.last.Request)...); err != nil {
			return err
		}
		return fmt.Errorf("%w: request %d ended: %s", ErrNoResult, id, outcomeText(view.last.Request.Outcome))
	}
	return s.bringHome(ctx, view.last, *outcome, result, r)
}

// giveUp takes a request back whose client was interrupted, if nobody has accepted it.
func (s *Session) giveUp(ctx context.Context, id uint64) {
	if ctx.Err() == nil {
		s.progress("request %d goes on without you; `aind requests %d` shows it", id, id)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelPatience)
	defer cancel()
	key, err := s.signer()
	if err == nil {
		_, err = s.chain.Do(ctx, key, &jobstypes.MsgCancelRequest{Signer: key.Address().String(), RequestId: id})
	}
	var refused *client.TxError
	switch {
	case errors.As(err, &refused):
		s.progress("request %d goes on without you, somebody has accepted it; `aind requests %d` shows it", id, id)
		return
	case err != nil:
		s.progress("request %d could not be taken back: %s; `aind requests %d` shows it", id, err, id)
		return
	}
	s.progress("request %d: cancelled", id)
}

// outcomeOf is what the best worker says of the program's run, and the result that says it; nil: there is none.
func (s *Session) outcomeOf(ctx context.Context, res *jobstypes.QueryRequestResponse) (*program.TaskOutcome, *jobstypes.Result, error) {
	node := best(res)
	for _, assignment := range res.Assignments {
		if node == "" || assignment.Worker != node || assignment.Result == nil {
			continue
		}
		content, err := s.openResult(ctx, res.Request.Spec, *assignment.Result)
		if err != nil {
			return nil, nil, fmt.Errorf("result of %s: %w", node, err)
		}
		outcome := new(program.TaskOutcome)
		if err := outcome.Unmarshal(content); err != nil {
			return nil, nil, fmt.Errorf("result of %s: %w", node, err)
		}
		return outcome, assignment.Result, nil
	}
	return nil, nil, nil
}

type runOutput struct {
	Request    uint64 `json:"request,string"`
	Worker     string `json:"worker"`
	ExitStatus uint32 `json:"exit_status"`
	Failure    string `json:"failure,omitempty"`
	Stdout     string `json:"stdout"`
	Stderr     string `json:"stderr"`
	Folder     string `json:"folder,omitempty"`
	Output     string `json:"output_digest,omitempty"`
	Cost       string `json:"cost_uain"`
}

// bringHome prints what the program wrote, and unpacks what it left.
func (s *Session) bringHome(ctx context.Context, res *jobstypes.QueryRequestResponse, outcome program.TaskOutcome, result *jobstypes.Result, r running) error {
	out := runOutput{
		Request: res.Request.Id, Worker: best(res), ExitStatus: outcome.ExitStatus, Failure: outcome.Failure, Stdout: outcome.Stdout, Stderr: outcome.Stderr,
		Output: outcome.OutputDigest, Cost: cost(res.Request).String(),
	}
	var lost error // what it printed is told all the same
	if outcome.OutputDigest != "" {
		out.Folder = r.out
		if out.Folder == "" {
			out.Folder = fmt.Sprintf("ain-out-%d", res.Request.Id)
		}
		if err := s.unpack(ctx, outcome, result, out.Folder, r.mostOutput); err != nil {
			out.Folder, lost = "", fmt.Errorf("what the program left, %s: %w", outcome.OutputDigest, err)
		}
	}
	if !s.isJSON() {
		if _, err := io.WriteString(s.env.Err, printable(outcome.Stderr)); err != nil {
			return err
		}
		if _, err := io.WriteString(s.env.Out, printable(outcome.Stdout)); err != nil {
			return err
		}
		if out.Folder != "" {
			s.progress("what it left is in %s", out.Folder)
		}
		s.progress("request %d: run by %s, it cost %s AIN", out.Request, out.Worker, chain.FormatAmount(cost(res.Request)))
	} else if err := s.print(out); err != nil {
		return err
	}
	switch {
	case lost != nil:
		return lost
	case outcome.Failure != "":
		return fmt.Errorf("the program failed: %s", outcome.Failure)
	case outcome.ExitStatus != 0:
		return ExitStatus(outcome.ExitStatus)
	}
	return nil
}

// cost is what a request took from its client: all payments but those back to it.
func cost(request jobstypes.Request) math.Int {
	sum := math.ZeroInt()
	for _, payout := range request.Payouts {
		if payout.Reason == jobstypes.ReasonReward || payout.Reason == jobstypes.ReasonEvaluation || payout.Account == "" {
			sum = sum.Add(payout.Amount)
		}
	}
	return sum
}

// unpack fetches what a program left, checks its digest and unpacks it into a folder.
func (s *Session) unpack(ctx context.Context, outcome program.TaskOutcome, result *jobstypes.Result, folder, mostText string) error {
	most, err := parseBytes("output-limit", mostText)
	if err != nil {
		return err
	}
	if outcome.OutputSize > most {
		return badInputf("output-limit: the worker says that it has %d bytes, more than %s", outcome.OutputSize, mostText)
	}
	ref, err := daemon.OutputOf(outcome, result)
	if err != nil {
		return err
	}
	store, err := s.at(ctx, ref.Space)
	if err != nil {
		return err
	}
	parent, err := os.MkdirTemp("", "ain-run-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(parent)
	packed := filepath.Join(parent, "out.tar")
	if err := daemon.FetchOutput(ctx, store, outcome, ref, packed); err != nil {
		return err
	}
	file, err := os.Open(packed)
	if err != nil {
		return err
	}
	defer file.Close()
	return unpackInto(folder, file, int64(outcome.OutputSize))
}

// unpackInto unpacks a tar file of a stranger's. Nothing gets out of the folder, and it takes no more room there than the file's own size: a tar
// file may say that it has more, in holes.
func unpackInto(folder string, file io.Reader, size int64) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	left := size
	for entries := tar.NewReader(file); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if left -= header.Size; header.Size < 0 || left < 0 {
			return fmt.Errorf("%q has more bytes than the %d of the file that it is packed in", header.Name, size)
		}
		if err := unpackEntry(root, header, entries); err != nil {
			return err
		}
	}
}

// unpackEntry writes a folder or a file. What is neither, or leads out of the root, is an error.
func unpackEntry(root *os.Root, header *tar.Header, content io.Reader) error {
	name := path.Clean(header.Name)
	if !fs.ValidPath(name) {
		return fmt.Errorf("%q leads out of the folder", header.Name)
	}
	switch header.Typeflag {
	case tar.TypeDir:
		return root.MkdirAll(name, 0o755)
	case tar.TypeReg:
	default:
		return fmt.Errorf("%q is neither a file nor a folder", header.Name)
	}
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	file, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	if header.Mode&0o100 != 0 {
		err = errors.Join(err, file.Chmod(0o755))
	}
	return errors.Join(err, file.Close())
}

// printable is a text without what could command a terminal: who says it is a stranger.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsGraphic(r) {
			return r
		}
		return -1
	}, text)
}
