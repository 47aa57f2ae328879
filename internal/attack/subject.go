package attack

import (
	"fmt"
	"strings"
)

// subject is class J.
func (c *corpus) subject() {
	for _, oid := range []string{"", " ", "null", "undefined", "me", "alice@example.com", "{" + Alice + "}", strings.ReplaceAll(Alice, "-", ""), Alice + " ", " " + Alice, Alice + "\x00", Alice[:35], Alice + "0",
		Alice[:35] + "\u0661", "\uff41" + Alice[3:], strings.Repeat("a", 10<<10), "' OR 1=1 --", "'; DROP TABLE mappings;--", "a11ce000' eq '", "__proto__", "constructor", "../" + Alice, Alice + "/..", "*",
		"00000000-0000-0000-0000-000000000000", "a11ce000_0000_4000_8000_00000000000a", "urn:uuid:" + Alice, "a11ce0000-000-4000-8000-00000000000a", Alice + "," + Bob} {
		c.add('J', "token_subject", fmt.Sprintf("oid %.40q", oid), Set("oid", oid))
		c.twin(Set("oid", strings.ToUpper(Bob)))
	}
	for _, oid := range []any{nil, 0, 1, true, []string{Alice}, []string{}, map[string]string{"oid": Alice}} {
		c.add('J', "token_subject", fmt.Sprintf("oid %v", oid), Set("oid", oid))
		c.add('J', "token_subject", fmt.Sprintf("sub %v", oid), Set("sub", oid))
	}
	for _, sub := range []string{"", " ", "\t", "a b", "a\x00", "\u00e9", strings.Repeat("s", 257), "\u200b"} {
		c.add('J', "token_subject", fmt.Sprintf("sub %.40q", sub), Set("sub", sub))
		c.twin(Set("sub", strings.Repeat("s", 256)))
	}
	c.add('J', "token_subject", "oid missing", Del("oid"))
	c.add('J', "token_subject", "sub missing", Del("sub"))
	c.add('J', "token_subject", "names instead of oid", All(Del("oid"), Set("upn", "alice@example.com"), Set("email", "alice@example.com"), Set("puid", "1003")))
	c.twin(All(Set("upn", "alice@example.com"), Set("email", "alice@example.com"), Set("puid", "1003")))
	c.v1('J', "token_subject", "v1 without oid", Del("oid"))
}
