module github.com/cosmos/cosmos-sdk

go 1.26.5
