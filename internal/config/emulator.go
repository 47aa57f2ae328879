package config

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// emulatorDigests are SHA-256 digests of the ids and keys that the emulator
// gives to everybody. Digests, so that the production program holds none of them.
var emulatorDigests = []string{
	"57e0afa1382050101f86bf2a5ce88a9715aa8a43358461045096b175e90cc2c8", // tenant
	"e8beee3678e1da9b0ea135c6e98749f6955af2a9581fd68ef58be2916f85f8f4", // other tenant
	"214d2aa966998bc4babd92a340ec102dfe3583ffd93a7e2fdea9eb11c073be88", // API
	"03797574c6189c855719d16d4af7042c8024b424b55406bbfeed242d841fea50", // API's secret
	"7de4a407816fefa847c42e247502380f1cb8c5960e8fd4923347f227c470814d", // browser client
	"9e5a9964e2087252cb2f70ccffe207a4fcb0f847033e4d997fdc96df2a34b642", // daemon
	"3440538d6a8bc85268a2d05698292543d53be2477ebe5e7ccfb21d91d99c2e4b", // daemon's secret
	"dc753fd500446fcf3fcc798a8d6fad6eeb9fdd52400a1c846436beb7e7bede3a", // ACS resource
	"e2e01b50fbb654b7c1b13ac8bf43c66b9e9e132b09b3c91a1a0314bbdf4b008c", // primary access key
	"d5fc769b066757dfdf35f9142f0639cb3e582b4293c52ffdc5b703f7fde8c089", // secondary access key
	"68dac62b8b783b9e360a20da7649526a028eadcea359cdaa832571f8c95e6e96", // other ACS resource
	"43fdcc3142668e905d3ddff50d509f485ee7c960f1e487656025c067c0a13aa6", // its access key
	"78656d7257784ed0035a2d088b14de5f3b466a87c570fa1d0fe3e3ba9ff3d5fd", // External ID tenant
	"37621b0461f6d1ec6222c471245ab4e78c2c9bdd8993f8a3492e2b226ab7f8fb", // B2C tenant
	"c8bc19ad235471cfd19e6f578f92bbc13ab8f5d36f5dbce7d261e041928e2127", // External ID API
	"ebd7c785a839d3cbd4548e461578fdad378387eb52e456f300dd759825236989", // External ID browser client
	"808180fc99908c47ef77b4f0139963399fb148a4110857c5b6fc146bf384b5e1", // External ID API's secret
	"546c7efd7dd17fc12ed48417d61fc38ca6d5afd51f6bc8027dc7bea7c58eb104", // B2C API
	"174513a95d9d6c3a4af519f15a18970f034993b27ad3ae0674044cd94b469d27", // B2C browser client
	"e3208ffdb01c8b00156b500002b797a00536ea84fae423d034b1cc0674809f88", // B2C API's secret
	"93bb50202fb6fbf376f604469313a9d6a15601c27660afaa131e980d1903eccb", // managed identity's client id
	"c0cde279bb1c7ce08d95eb741b553a663751881690506edff845fb98e82d3359", // managed identity's header
	"233632999ef0ee04e5a24f6f3230e1e66b370aa696ecc9f37167e381ce7e7c36", // key for mappings in Graph
}

// IsEmulatorValue reports whether s is an id or a key that the emulator publishes.
func IsEmulatorValue(s string) bool {
	for _, form := range [...]string{s, strings.ToLower(s)} {
		sum := sha256.Sum256([]byte(form))
		if slices.Contains(emulatorDigests, hex.EncodeToString(sum[:])) {
			return true
		}
	}
	return false
}

// noEmulator refuses whatever is known to everybody who has the emulator.
func (k *check) noEmulator() {
	c := k.c
	_, key, _ := splitConnectionString(c.ACSConnectionString.Reveal()) // their faults are reported elsewhere
	_, key2, _ := splitConnectionString(c.ACSConnectionString2.Reveal())
	values := [...]struct {
		name string
		list []string
	}{
		{"ACSAUTH_TENANT_IDS", c.TenantIDs},
		{"ACSAUTH_CLIENT_ID", []string{c.ClientID}},
		{"ACSAUTH_AUDIENCES", c.Audiences},
		{"ACSAUTH_ALLOWED_CLIENTS", c.AllowedClients},
		{"ACSAUTH_TEAMS_CLIENTS", c.TeamsClients},
		{"ACSAUTH_ADMIN_CLIENTS", c.AdminClients},
		{"ACSAUTH_PLAYGROUND_CLIENT_ID", []string{c.PlaygroundClientID}},
		{"ACSAUTH_ACS_CONNECTION_STRING", []string{key}},
		{"ACSAUTH_ACS_CONNECTION_STRING_2", []string{key2}},
		{"ACSAUTH_ACS_RESOURCE", []string{c.ACSResource}},
		{"ACSAUTH_CLIENT_SECRET", []string{c.ClientSecret.Reveal()}},
		{"ACSAUTH_GRAPH_MAC_KEYS", strings.Split(c.GraphMACKeys.Reveal(), ",")},
	}
	for _, v := range values {
		if slices.ContainsFunc(v.list, func(s string) bool { return IsEmulatorValue(strings.TrimPrefix(s, "api://")) }) {
			k.bad(v.name, "holds a value of the emulator, which everybody knows")
		}
	}
}
