// A module in which every package breaks the import table; see structure_test.go.
module github.com/ain-network/aind

go 1.26.5

require (
	github.com/cosmos/cosmos-sdk v0.0.0
	github.com/tetratelabs/wazero v0.0.0
)

replace (
	github.com/cosmos/cosmos-sdk => ./fake/cosmos-sdk
	github.com/tetratelabs/wazero => ./fake/wazero
)
