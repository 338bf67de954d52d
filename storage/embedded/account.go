package embedded

import (
	"encoding/json"
	"fmt"

	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/s3err"
)

// accounts is the gateway's account service. It knows the accounts of Config and
// keeps them in memory: the gateway's own services would write secrets to disk
// in the clear. Accounts change with the configuration, never over the network.
type accounts struct {
	byAccessKey map[string]auth.Account
}

var _ auth.IAMService = accounts{}

func newAccounts(cfg Config) accounts {
	known := map[string]auth.Account{
		cfg.AccessKey: {Access: cfg.AccessKey, Secret: cfg.SecretKey, Role: auth.RoleAdmin},
	}
	for _, a := range cfg.Accounts {
		known[a.AccessKey] = auth.Account{Access: a.AccessKey, Secret: a.SecretKey, Role: auth.RoleUser}
	}
	return accounts{byAccessKey: known}
}

// GetUserAccount implements auth.IAMService.
func (a accounts) GetUserAccount(access string) (auth.Account, error) {
	account, ok := a.byAccessKey[access]
	if !ok {
		return auth.Account{}, auth.ErrNoSuchUser
	}
	return account, nil
}

// ResolveAccounts implements auth.IAMService: it returns the keys that are unknown.
func (a accounts) ResolveAccounts(accessKeys []string) ([]string, error) {
	var missing []string
	for _, key := range accessKeys {
		if _, ok := a.byAccessKey[key]; !ok {
			missing = append(missing, key)
		}
	}
	return missing, nil
}

// CreateAccount implements auth.IAMService by refusing.
func (accounts) CreateAccount(auth.Account) error { return errFixedAccounts() }

// UpdateUserAccount implements auth.IAMService by refusing.
func (accounts) UpdateUserAccount(string, auth.MutableProps) error { return errFixedAccounts() }

// DeleteUserAccount implements auth.IAMService by refusing.
func (accounts) DeleteUserAccount(string) error { return errFixedAccounts() }

// ListUserAccounts implements auth.IAMService by refusing: it would hand out secrets.
func (accounts) ListUserAccounts() ([]auth.Account, error) { return nil, errFixedAccounts() }

// Shutdown implements auth.IAMService.
func (accounts) Shutdown() error { return nil }

func errFixedAccounts() error { return s3err.GetAPIError(s3err.ErrAdminMethodNotSupported) }

// statement is one statement of a bucket policy.
type statement struct {
	Effect    string   `json:"Effect"`
	Principal []string `json:"Principal"`
	Action    []string `json:"Action"`
	Resource  string   `json:"Resource"`
}

// bucketPolicy returns the policy that lets the accounts of cfg store and read
// objects by digest, or nil when there are none.
func bucketPolicy(cfg Config) ([]byte, error) {
	if len(cfg.Accounts) == 0 {
		return nil, nil
	}
	names := make([]string, len(cfg.Accounts))
	for i, a := range cfg.Accounts {
		names[i] = a.AccessKey
	}
	policy, err := json.Marshal(struct {
		Version   string      `json:"Version"`
		Statement []statement `json:"Statement"`
	}{
		Version: "2012-10-17",
		Statement: []statement{{
			Effect:    "Allow",
			Principal: names,
			Action:    []string{"s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"},
			Resource:  fmt.Sprintf("arn:aws:s3:::%s/%s*", cfg.Bucket, keyPrefix),
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("encode bucket policy: %w", err)
	}
	return policy, nil
}
