package attack

import (
	"fmt"
	"strings"
)

// TeamsCases are class N as far as the Teams token goes: tokens that a caller with the good token of Alice must not get exchanged.
func (w World) TeamsCases() []Case {
	c := &corpus{w: w}
	bad := func(want, name string, e Edit) { c.add('N', want, name, e) }
	for _, aud := range []any{APIID, APIURI, GraphID, "https://graph.microsoft.com", TeamsURL + "//", TeamsURL + ".evil.example", strings.ToUpper(TeamsURL), "http" + TeamsURL[5:], "https://communication.azure.com", strings.ToUpper(TeamsID), "api://" + TeamsID, "", nil, 1, []string{TeamsURL}} {
		bad("teams_token_audience", fmt.Sprintf("aud %v", aud), Set("aud", aud))
	}
	bad("teams_token_audience", "aud missing", Del("aud"))
	bad("teams_token_expired", "exp 0", Set("exp", 0))
	for _, ahead := range []int64{-3600, -1, 0, 59} {
		bad("teams_token_expired", fmt.Sprint("exp ", ahead, " s ahead"), At("exp", ahead))
		c.twin(At("exp", 60+w.Slack))
	}
	bad("teams_token_invalid", "a life of 29 h", At("exp", 29*3600))
	c.twin(At("exp", 28*3600))
	for _, exp := range []any{int64(1) << 53, "946688400", 1.5, nil, -1} {
		bad("teams_token_invalid", fmt.Sprintf("exp %v", exp), Set("exp", exp))
	}
	bad("teams_token_invalid", "exp missing", Del("exp"))
	for _, tid := range []any{TenantB, TenantX, "", nil, 1, []string{TenantA}, "common"} {
		bad("teams_token_tenant", fmt.Sprintf("tid %v", tid), Set("tid", tid))
	}
	bad("teams_token_tenant", "tid missing", Del("tid"))
	for _, oid := range []any{Bob, "", nil, 1, []string{Alice}, Alice + " ", "{" + Alice + "}"} {
		bad("teams_token_user", fmt.Sprintf("oid %v", oid), Set("oid", oid))
	}
	bad("teams_token_user", "oid missing", Del("oid"))
	for _, id := range []any{StrangerID, "", nil, 1, []string{SPAID}, APIID, "*"} {
		bad("teams_token_client", fmt.Sprintf("appid %v", id), Set("appid", id))
	}
	bad("teams_token_client", "appid missing", Del("appid"))
	bad("teams_token_client", "appid and azp", Set("azp", SPAID))
	bad("teams_token_client", "azp of a stranger", All(Del("appid"), Set("azp", StrangerID)))
	for _, scp := range []any{"Teams.ManageCalls", "Teams.ManageChats", "", "Teams.ManageCallsTeams.ManageChats", "Teams.ManageCalls,Teams.ManageChats", "teams.managecalls teams.managechats", "Teams.ManageCalls\tTeams.ManageChats",
		"Teams.ManageCalls2 Teams.ManageChats", "access_as_user", nil, 1, []string{"Teams.ManageCalls", "Teams.ManageChats"}} {
		bad("teams_token_scope", fmt.Sprintf("scp %q", scp), Set("scp", scp))
	}
	bad("teams_token_scope", "roles instead", All(Del("scp"), Set("roles", []string{"Teams.ManageCalls", "Teams.ManageChats"})))
	text := func(name, s string) {
		bad("teams_token_invalid", name, Wrap(func(string) string { return s }))
	}
	text("opaque", "0.AXoA.x")
	text("list of tokens", "["+Mint(w.Teams())+"]")
	text("17 KiB", strings.Repeat("A", 17<<10))
	text("two tokens", Mint(w.Teams())+" "+Mint(w.Teams()))
	bad("teams_token_missing", "nothing", Wrap(func(string) string { return "" }))
	bad("teams_token_invalid", "no signature", Part(2, func(string) string { return "" }))
	bad("teams_token_invalid", "alg none", HSet("alg", "None"))
	bad("teams_token_invalid", "alg missing", HDel("alg"))
	bad("teams_token_invalid", "duplicate oid", Payload(First(`"oid":"`+Bob+`"`)))
	bad("teams_token_invalid", "OID beside oid", Payload(First(`"OID":"`+Bob+`"`)))
	bad("teams_token_invalid", "trailing text", Payload(func(s string) string { return s + "x" }))
	bad("teams_token_invalid", "JSON extras", Payload(First(`"x":[1,]`)))
	bad("teams_token_audience", "the bearer itself", func(k *Token) { *k = *w.V2() })
	bad("teams_token_user", "Bob's token", All(Set("oid", Bob), Set("name", "Bob")))
	return c.cases
}
