package pay

import (
	"testing"

	"planted/math"
)

func TestShare(t *testing.T) {
	p := Purses{Have: map[string]math.Int{}}
	if err := p.Share("a", "b", math.NewInt(5)); err != nil {
		t.Fatal(err)
	}
	if p.Have["a"] != math.NewInt(3) || p.Have["b"] != math.NewInt(2) {
		t.Fatal(p.Have)
	}
	if p.Paid.Count != 1 {
		t.Fatal(p.Paid)
	}
}

func TestShareIsRefused(t *testing.T) {
	p := Purses{}
	if err := p.Share("a", "b", math.NewInt(-1)); err != ErrNegative {
		t.Fatal(err)
	}
	if err := p.Share("a", "a", math.NewInt(1)); err != ErrSame {
		t.Fatal(err)
	}
}

func TestRank(t *testing.T) {
	for n, want := range []string{"below", "at", "above"} {
		if got := Rank(math.NewInt(int64(n)), math.NewInt(1)); got != want {
			t.Fatal(n, got)
		}
	}
}

func TestFits(t *testing.T) {
	if !Fits(1, 2, true) || Fits(3, 2, true) || Fits(1, 2, false) {
		t.Fatal()
	}
}
