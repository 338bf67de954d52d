package app

import (
	"cosmossdk.io/core/store"

	"github.com/cosmos/cosmos-sdk/runtime"
)

// storeServices gives keepers the store of a name.
func storeServices(app *App) func(name string) store.KVStoreService {
	return func(name string) store.KVStoreService { return runtime.NewKVStoreService(app.keys[name]) }
}
