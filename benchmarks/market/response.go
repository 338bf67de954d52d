package market

import (
	"fmt"

	"github.com/cosmos/gogoproto/proto"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"

	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// RequestIDs reads the responses to orders.
func RequestIDs(responses []*codectypes.Any) ([]uint64, error) {
	ids := make([]uint64, len(responses))
	for i, response := range responses {
		var ordered jobstypes.MsgRequestJobResponse
		if err := proto.Unmarshal(response.Value, &ordered); err != nil {
			return nil, fmt.Errorf("response of a request: %w", err)
		}
		ids[i] = ordered.RequestId
	}
	return ids, nil
}

// JobID reads the response to a registration.
func JobID(responses []*codectypes.Any) (uint64, error) {
	var registered jobstypes.MsgRegisterJobResponse
	err := proto.Unmarshal(responses[0].Value, &registered)
	return registered.JobId, err
}

// ApplicationID reads the response to what Apply makes.
func ApplicationID(responses []*codectypes.Any) (uint64, error) {
	var applied reputationtypes.MsgApplyJobResponse
	err := proto.Unmarshal(responses[1].Value, &applied)
	return applied.ApplicationId, err
}
