package server

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestNetwork(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.7:1234":                      "192.0.2.7",
		"[::ffff:192.0.2.7]:1234":             "192.0.2.7",
		"[2001:db8:1:2:3:4:5:6]:1":            "2001:db8:1:2::/64",
		"[2001:db8:1:2:ffff::1]:2":            "2001:db8:1:2::/64",
		"[fe80::1%eth0]:3":                    "fe80::/64",
		"a socket that is no network address": "a socket that is no network address",
	} {
		require.Equal(t, want, network(remote))
	}
}

// More names than can be told apart share what is left, and take nothing from those that are known.
func TestLimiterIsBounded(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	l := newLimiter(1, 10, func() time.Time { return now })
	for i := range maxBuckets {
		_, ok := l.allow(fmt.Sprint(i))
		require.True(t, ok)
	}
	allowed := 0
	for i := range 100 {
		if _, ok := l.allow(fmt.Sprint("stranger ", i)); ok {
			allowed++
		}
	}
	require.Equal(t, 10, allowed)
	require.LessOrEqual(t, len(l.full), maxBuckets+1)
	_, ok := l.allow("7")
	require.True(t, ok)
	now = now.Add(time.Minute)
	_, ok = l.allow("another stranger")
	require.True(t, ok)
	require.Len(t, l.full, 1)
}
