package emulator

const (
	// OtherResourceID is a second ACS resource on the same address. Requests signed with [OtherAccessKey] are for it, and
	// identities of the one are not the other's.
	OtherResourceID = "ac5a0000-0000-4000-a000-0000000000c6"
	// OtherAccessKey is the access key of [OtherResourceID], in base64.
	OtherAccessKey = "YWNzYXV0aCBlbXVsYXRvciBhY2Nlc3Mga2V5IG9mIHRoZSBvdGhlciByZXNvdXJjZSwgd2VsbCBrbm93biwgdG9vLg=="
)
