// Package message reads and writes the messages of job_schema.proto, proto binary, by hand: so few fields do not need a library of
// several hundred kilobytes in every module.
package message

import (
	"encoding/binary"
	"errors"
)

// Number is the worker's input.
type Number struct{ N uint64 }

// Factors is the worker's reply.
type Factors struct{ Primes []uint64 }

// Answer is one worker's reply as an evaluator sees it.
type Answer struct {
	Node    string
	Factors Factors
}

// Answers is the evaluator's input.
type Answers struct {
	Request Number
	Answers []Answer
}

// Rank is one line of the evaluator's reply.
type Rank struct {
	Node  string
	Score uint64
	Valid bool
}

var errMalformed = errors.New("input is not the message that the schema says")

// Wire types of proto binary that these messages use.
const (
	varint = 0
	length = 2
)

// fields calls f with each field of a message: its number, and its value as a number or as bytes.
func fields(b []byte, f func(field, number uint64, value []byte) error) error {
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		if n <= 0 {
			return errMalformed
		}
		b = b[n:]
		number, n := binary.Uvarint(b)
		if n <= 0 {
			return errMalformed
		}
		b = b[n:]
		var value []byte
		switch tag & 7 {
		case varint:
		case length:
			if number > uint64(len(b)) {
				return errMalformed
			}
			value, b = b[:number], b[number:]
		default:
			return errMalformed
		}
		if err := f(tag>>3, number, value); err != nil {
			return err
		}
	}
	return nil
}

// Decode reads a number.
func (m *Number) Decode(b []byte) error {
	return fields(b, func(field, number uint64, _ []byte) error {
		if field == 1 {
			m.N = number
		}
		return nil
	})
}

// Decode reads factors. A list of numbers may come packed into one field, or as one field each.
func (m *Factors) Decode(b []byte) error {
	return fields(b, func(field, number uint64, packed []byte) error {
		if field != 1 {
			return nil
		}
		if packed == nil {
			m.Primes = append(m.Primes, number)
		}
		for len(packed) > 0 {
			prime, n := binary.Uvarint(packed)
			if n <= 0 {
				return errMalformed
			}
			m.Primes, packed = append(m.Primes, prime), packed[n:]
		}
		return nil
	})
}

// Encode writes factors.
func (m Factors) Encode() []byte {
	var packed []byte
	for _, p := range m.Primes {
		packed = binary.AppendUvarint(packed, p)
	}
	return appendBytes(nil, 1, packed)
}

// Decode reads the evaluator's input.
func (m *Answers) Decode(b []byte) error {
	return fields(b, func(field, _ uint64, value []byte) error {
		switch field {
		case 1:
			return m.Request.Decode(value)
		case 2:
			var a Answer
			err := fields(value, func(field, _ uint64, value []byte) error {
				switch field {
				case 1:
					a.Node = string(value)
				case 2:
					return a.Factors.Decode(value)
				}
				return nil
			})
			m.Answers = append(m.Answers, a)
			return err
		}
		return nil
	})
}

// EncodeVerdict writes the evaluator's reply.
func EncodeVerdict(ranking []Rank) (b []byte) {
	for _, r := range ranking {
		line := appendBytes(nil, 1, []byte(r.Node))
		line = appendNumber(line, 2, r.Score)
		if r.Valid {
			line = appendNumber(line, 3, 1)
		}
		b = binary.AppendUvarint(b, 1<<3|length)
		b = append(binary.AppendUvarint(b, uint64(len(line))), line...)
	}
	return b
}

func appendBytes(b []byte, field uint64, value []byte) []byte {
	if len(value) == 0 {
		return b
	}
	b = binary.AppendUvarint(b, field<<3|length)
	return append(binary.AppendUvarint(b, uint64(len(value))), value...)
}

func appendNumber(b []byte, field, number uint64) []byte {
	if number == 0 {
		return b
	}
	return binary.AppendUvarint(binary.AppendUvarint(b, field<<3|varint), number)
}
