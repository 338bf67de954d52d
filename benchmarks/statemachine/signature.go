package statemachine

import (
	"errors"
	"time"

	"github.com/ain-network/aind/client"
)

// SignatureCheck is the CPU time of one check of a signature, as the chain makes it, in the mean of so many.
func SignatureCheck(count int) (time.Duration, error) {
	key, message := client.GenerateKey(), make([]byte, 300)
	signature, err := key.Sign(message)
	if err != nil {
		return 0, err
	}
	used, err := Used(func() error {
		for range count {
			if !key.PubKey().VerifySignature(message, signature) {
				return errors.New("a signature of ours is not right")
			}
		}
		return nil
	})
	return used / time.Duration(count), err
}
