package harness

import "encoding/json"

// rawPage is a page of a list before anybody knows what it is a list of.
type rawPage struct {
	content json.RawMessage
	next    string
}

func (p *rawPage) UnmarshalJSON(text []byte) error {
	var page struct {
		Pagination struct {
			NextKey string `json:"next_key"`
		}
	}
	p.content = append(p.content[:0], text...)
	err := json.Unmarshal(text, &page)
	p.next = page.Pagination.NextKey
	return err
}

func (p *rawPage) decode(into any) error { return json.Unmarshal(p.content, into) }
