package types_test

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/x/reputation/types"
)

// TestDigestsAreFixed pins the bytes: daemons of any version must agree with the
// chain. The vectors were computed from the definition, not by this package.
func TestDigestsAreFixed(t *testing.T) {
	seed := types.QualificationSeed("ain-devnet-1", 26, alice, worker, nonce)
	require.Equal(t, "43a565df1460f6eb9b5baea36a60cc7af67fd65a165a1c5ad6801eb96571d04b", hex.EncodeToString(seed[:]))
	require.Equal(t, "sha256:5fbb15466f6e5a988e3d2fd9cc06ac1c090fe0e44f60541e0e65a4db61bf221e", types.QualificationDigest("ain-devnet-1", 26, alice, worker, nonce, []byte("result")))
	require.Equal(t, "000000000000000f61696e2f6f70657261746f722f7631000000000000000c61696e2d6465766e65742d310000000000000014616c6963655f5f5f5f5f5f5f5f5f5f5f5f5f5f5f0000000000000014626f625f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f", hex.EncodeToString(types.OperatorConsent("ain-devnet-1", alice, bob)))
}

func TestDigestsDifferInEveryPart(t *testing.T) {
	first := types.QualificationDigest("ain", 1, alice, worker, nonce, []byte("result"))
	others := map[string]string{
		"chain":     types.QualificationDigest("ain-2", 1, alice, worker, nonce, []byte("result")),
		"job":       types.QualificationDigest("ain", 2, alice, worker, nonce, []byte("result")),
		"applicant": types.QualificationDigest("ain", 1, bob, worker, nonce, []byte("result")),
		"role":      types.QualificationDigest("ain", 1, alice, evaluator, nonce, []byte("result")),
		"nonce":     types.QualificationDigest("ain", 1, alice, worker, nonce[1:], []byte("result")),
		"result":    types.QualificationDigest("ain", 1, alice, worker, nonce, []byte("other")),
		"boundary":  types.QualificationDigest("ain", 1, alice, worker, append(nonce[:len(nonce):len(nonce)], 'r'), []byte("esult")),
	}
	for part, other := range others {
		require.NotEqual(t, first, other, part)
	}
}
