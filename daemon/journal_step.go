package daemon

// Progress says which step of something was begun last, and whether it is done. Records of the journal embed it.
type Progress struct {
	Step string `json:"step,omitempty"`
	Done bool   `json:"done,omitempty"`
}

func (p *Progress) mark(step Step, done bool) { p.Step, p.Done = step.Name, done }

// Record is what the journal keeps about something that goes through steps.
type Record interface{ mark(step Step, done bool) }

// Do journals that a step begins, acts, and journals that it is done, together with whatever act changed in the record.
// When act fails the step stays begun: it will be looked at again, and its fate is what the chain says.
//
// Nothing is flushed here: every step can be done again after a power cut, and a transaction that makes a step count is
// itself flushed before it is sent, with all that was written before it.
func (j *Journal) Do(step Step, key string, record Record, act func() error) error {
	record.mark(step, false)
	if err := j.Put(key, record); err != nil {
		return err
	}
	step.reach(Begun)
	if err := act(); err != nil {
		return err
	}
	step.reach(Acted)
	record.mark(step, true)
	if err := j.Put(key, record); err != nil {
		return err
	}
	step.reach(Done)
	return nil
}
