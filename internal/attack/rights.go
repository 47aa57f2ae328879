package attack

import (
	"fmt"
)

// rights is class H.
func (c *corpus) rights() {
	for _, scp := range []string{"access_as_user2", "xaccess_as_user", "access_as_use", "Access_as_user", "ACCESS_AS_USER", "access_as_user,User.Read", "access_as_user\tUser.Read", "access_as_user\n", "\u00a0access_as_user",
		"acce\u0455s_as_user", "access-as-user", "User.Read", "", " ", APIURI + "/access_as_user", "access_as_user.", "*", ".default", "access_as_user\x00", "access as user"} {
		c.add('H', "token_scope", fmt.Sprintf("scp %q", scp), Set("scp", scp))
		c.twin(Set("scp", "User.Read  access_as_user openid"))
		if scp != "" && scp != " " { // the routes for administration look at the role, not at the scope
			c.admin("")
		}
	}
	for _, scp := range []any{nil, 1, true, []string{"access_as_user"}, []string{}, map[string]bool{"access_as_user": true}} {
		c.add('H', "token_scope", fmt.Sprintf("scp %v", scp), Set("scp", scp))
	}
	c.add('H', "token_scope", "no scp", Del("scp"))
	c.admin("") // a program with the role
	c.add('H', "token_scope", "no scp, empty roles", All(Del("scp"), Set("roles", []string{})))
	c.add('H', "token_scope", "no scp, idtyp app", All(Del("scp"), Set("idtyp", "app")))
	c.admin("")
	c.add('H', "token_scope", "empty scp beside roles", All(Set("scp", ""), Set("roles", []string{"access_as_user"})))
	c.twin(Set("roles", []string{"access_as_user"}))
	for _, roles := range []any{"Admin", nil, 1, []any{1}, []string{""}, map[string]string{"a": "b"}, []any{[]string{"a"}}} {
		c.add('H', "token_scope", fmt.Sprintf("roles %v", roles), Set("roles", roles))
		c.twin(Set("roles", []string{"Admin"}))
	}
	app := All(Del("scp"), Set("roles", []string{"access_as_user"}))
	program := func(name string, e Edit) {
		c.add('H', "token_app_only", name, e)
		c.admin("admin_role")
	}
	program("roles instead of scp", app)
	program("idtyp app", All(app, Set("idtyp", "app")))
	program("app-only guest", All(app, Set("acct", 1)))
	c.v1('H', "token_app_only", "v1 roles instead of scp", app)
	c.admin("admin_role")
	c.add('H', "token_app_only", "idtyp app beside scp", Set("idtyp", "app"))
	c.admin("")
	c.twin(Set("idtyp", "user"))
	for _, idtyp := range []any{"device", "App", "USER", "", nil, 1} {
		c.add('H', "token_kind", fmt.Sprintf("idtyp %v", idtyp), Set("idtyp", idtyp))
	}
	c.add('H', "token_kind", "idtyp user without scp", All(app, Set("idtyp", "user")))
	for _, azp := range []any{StrangerID, "", "*", nil, 1, []string{SPAID}, SPAID + " ", "{" + SPAID + "}", "https://spa.example", GraphID, APIID} {
		c.add('H', "token_client", fmt.Sprintf("azp %v", azp), Set("azp", azp))
		c.v1('H', "token_client", fmt.Sprintf("appid %v", azp), Set("appid", azp))
	}
	c.add('H', "token_client", "azp missing", Del("azp"))
	c.v1('H', "token_client", "appid missing", Del("appid"))
	c.add('H', "token_version", "azp and appid", Set("appid", SPAID))
	c.v1('H', "token_version", "appid and azp", Set("azp", SPAID))
	c.add('H', "token_version", "appid for azp", All(Del("azp"), Set("appid", SPAID)))
	c.add('H', "token_version", "appidacr in v2", Set("appidacr", "0"))
	c.v1('H', "token_version", "azpacr in v1", Set("azpacr", "0"))
	for _, idp := range []any{"live.com", "mail", "google.com", "https://sts.windows.net/" + TenantX + "/", "https://sts.windows.net/" + TenantA, "", nil, 1} {
		c.add('H', "token_guest", fmt.Sprintf("idp %v", idp), Set("idp", idp))
		c.twin(Set("idp", "https://sts.windows.net/"+TenantA+"/"))
	}
	for _, acct := range []any{1, "1", 2, true, nil, -1, "guest", []int{0}} {
		c.add('H', "token_guest", fmt.Sprintf("acct %#v", acct), Set("acct", acct))
		c.twin(Set("acct", 0))
	}
}
