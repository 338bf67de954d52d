package keeper

import (
	"context"
	"math"

	lru "github.com/hashicorp/golang-lru/v2"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/jobs/types"
)

// cachedSchemas bounds the compiled schemas kept in memory: a large one takes a
// few hundred kilobytes.
const cachedSchemas = 128

// schemaCache keeps compiled schemas by digest. What a digest names never changes,
// so that an entry is right whatever became of the transaction that made it. It is
// shared by blocks, checks and queries, and is safe for that.
type schemaCache struct {
	compiled *lru.Cache[string, *types.Schema]
}

func newSchemaCache() *schemaCache {
	compiled, err := lru.New[string, *types.Schema](cachedSchemas)
	if err != nil {
		panic(err) // The size is a constant above zero.
	}
	return &schemaCache{compiled: compiled}
}

// schema returns the compiled schema of a digest. It uses no gas, on a miss
// neither: gas is part of the block's results, and caches differ between nodes.
// What decoding costs is charged by the byte, by chargeDecoding.
func (k *Keeper) schema(ctx context.Context, digest string) (*types.Schema, error) {
	if schema, ok := k.schemas.compiled.Get(digest); ok {
		return schema, nil
	}
	free := sdk.UnwrapSDKContext(ctx).WithGasMeter(storetypes.NewInfiniteGasMeter())
	file, err := k.schemaFiles.Get(free, digest)
	if err != nil {
		return nil, err
	}
	// Limits were held when it was registered, and may be lower since.
	schema, err := types.ParseSchema(file, types.SchemaLimits{
		MaxBytes: math.MaxUint32, MaxMessages: math.MaxUint32, MaxFields: math.MaxUint32, MaxNesting: math.MaxUint32,
	})
	if err != nil {
		return nil, err
	}
	k.schemas.compiled.Add(digest, schema)
	return schema, nil
}

// storeSchema checks a new job's schema, keeps it once, and returns its digest.
func (k *Keeper) storeSchema(ctx context.Context, file []byte, params types.Params) (string, *types.Schema, error) {
	if uint64(len(file)) <= uint64(params.MaxSchemaBytes) {
		chargeDecoding(ctx, params, len(file))
	}
	schema, err := types.ParseSchema(file, params.SchemaLimits())
	if err != nil {
		return "", nil, err
	}
	digest := types.Digest(file)
	known, err := k.schemaFiles.Has(ctx, digest)
	if err != nil || known {
		return digest, schema, err
	}
	return digest, schema, k.schemaFiles.Set(ctx, digest, file)
}

// checkInput decodes an inline input against a job's schema. What lies in storage
// is decoded by those that fetch it.
func checkInput(ctx context.Context, path string, schema *types.Schema, input types.Input, params types.Params) error {
	if input.Reference != nil {
		return nil
	}
	chargeDecoding(ctx, params, len(input.Inline))
	if err := schema.DecodeRequest(input.Inline); err != nil {
		return types.ErrDecode.Wrapf("%s.inline: %s", path, err)
	}
	return nil
}

func chargeDecoding(ctx context.Context, params types.Params, bytes int) {
	sdk.UnwrapSDKContext(ctx).GasMeter().ConsumeGas(uint64(bytes)*params.GasPerDecodedByte, "decode")
}
