package app_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	protov2 "google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/cosmos/gogoproto/proto"

	msgv1 "cosmossdk.io/api/cosmos/msg/v1"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/app"
	"github.com/ain-network/aind/app/apptest"
	permissionstypes "github.com/ain-network/aind/x/permissions/types"
)

// routed are the type URLs of all messages that the chain executes.
func routed(c *apptest.Chain) []string {
	var urls []string
	for _, url := range c.App.InterfaceRegistry().ListImplementations(sdk.MsgInterfaceProtoName) {
		if c.App.MsgServiceRouter().HandlerByTypeURL(url) != nil {
			urls = append(urls, url)
		}
	}
	return urls
}

// A new message says whether rules may stop it: x/permissions/types/class.go.
func TestEveryMessageIsClassified(t *testing.T) {
	urls := routed(apptest.New(t, apptest.Config{}))
	require.Greater(t, len(urls), 50)
	for _, url := range urls {
		require.NotEqual(t, permissionstypes.ClassUnknown, permissionstypes.ClassOf(url),
			"%s: x/permissions/types/class.go has to say whether it starts, finishes or governs", url)
	}
	var classified []string
	for _, class := range []permissionstypes.Class{permissionstypes.ClassStarting, permissionstypes.ClassFinishing, permissionstypes.ClassGoverning} {
		classified = append(classified, permissionstypes.TypeURLs(class)...)
	}
	require.ElementsMatch(t, urls, classified, "class.go names messages that the chain does not have")
}

// Whatever may be stopped is stopped: no module is registered around the rules.
func TestEveryStartingMessageIsBehindTheRules(t *testing.T) {
	c := apptest.New(t, apptest.Config{})
	authority := sdk.MustAccAddressFromBech32(app.Authority())
	for _, url := range permissionstypes.TypeURLs(permissionstypes.ClassStarting) {
		t.Run(strings.TrimPrefix(url, "/"), func(t *testing.T) {
			ctx := c.Context()
			rule := permissionstypes.Rule{TypeUrl: url, Access: permissionstypes.ACCESS_NOBODY}
			require.NoError(t, c.App.Permissions.SetRule(ctx, authority, rule))
			_, err := c.App.MsgServiceRouter().HandlerByTypeURL(url)(ctx, unchecked{signedBy(t, c, url)})
			require.ErrorIs(t, err, permissionstypes.ErrNotAllowed)
			require.ErrorContains(t, err, url+": nobody may send it")
		})
	}
}

// unchecked hides a message's ValidateBasic, which an empty one would fail before anybody asks who sent it.
type unchecked struct{ proto.Message }

//nolint:staticcheck // The name is gogoproto's.
func (u unchecked) XXX_MessageName() string { return proto.MessageName(u.Message) }

func (u unchecked) Marshal() ([]byte, error) { return proto.Marshal(u.Message) }

// signedBy makes a message of a type that says nothing but who signs it.
func signedBy(t *testing.T, c *apptest.Chain, url string) sdk.Msg {
	t.Helper()
	found, err := proto.HybridResolver.FindDescriptorByName(protoreflect.FullName(strings.TrimPrefix(url, "/")))
	require.NoError(t, err)
	msg, err := c.App.InterfaceRegistry().Resolve(url)
	require.NoError(t, err)
	require.NoError(t, c.App.AppCodec().UnmarshalJSON([]byte(signerJSON(t, found.(protoreflect.MessageDescriptor))), msg))
	return msg
}

// signerJSON fills in the field that names the signer; that of a message in a message is found there.
func signerJSON(t *testing.T, message protoreflect.MessageDescriptor) string {
	t.Helper()
	names := protov2.GetExtension(message.Options(), msgv1.E_Signer).([]string)
	require.Len(t, names, 1, message.FullName())
	field := message.Fields().ByName(protoreflect.Name(names[0]))
	value := fmt.Sprintf("%q", apptest.NewAccount("alice").String())
	switch {
	case field.Message() != nil:
		value = signerJSON(t, field.Message())
	case message.Name() == "MsgCreateValidator":
		value = fmt.Sprintf("%q", sdk.ValAddress(apptest.NewAccount("alice").Address).String())
	}
	if field.IsList() {
		value = "[" + value + "]"
	}
	return fmt.Sprintf(`{%q: %s}`, field.Name(), value)
}
