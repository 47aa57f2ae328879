package attack

import (
	"fmt"
	"strings"
)

// audience is class G.
func (c *corpus) audience() {
	for _, aud := range []string{strings.ToUpper(APIID), APIID + "/", " " + APIID, APIID + " ", "{" + APIID + "}", strings.ReplaceAll(APIID, "-", ""), StrangerID, "api://" + StrangerID, APIURI,
		APIURI + "/", "api:///" + APIID, "API://" + APIID, "https://contoso.example/api", "", "*", "null", APIID[:35], APIID + "0", APIID + "," + StrangerID, APIID + " " + StrangerID, "urn:" + APIID,
		"https://communication.azure.com/.default", "00000000-0000-0000-0000-000000000000", strings.Repeat("a", 5000)} {
		c.add('G', "token_audience", fmt.Sprintf("aud %.50q", aud), Set("aud", aud))
	}
	for _, aud := range []string{strings.ToUpper(APIURI), APIURI + "/", APIURI + "/access_as_user", "https://" + APIID, strings.ToUpper(APIID), StrangerID, "API://" + APIID, "api://" + StrangerID} {
		c.v1('G', "token_audience", "v1 aud "+aud, Set("aud", aud))
		c.twin(Set("aud", APIID))
	}
	for _, aud := range []any{nil, 1, true, []string{}, []string{APIID}, []string{APIID, StrangerID}, []any{[]string{APIID}}, []any{APIID, 1}, map[string]string{"aud": APIID}} {
		c.add('G', "token_audience", fmt.Sprintf("aud %v", aud), Set("aud", aud))
	}
	c.add('G', "token_audience", "aud missing", Del("aud"))
	for _, aud := range []string{GraphID, "https://graph.microsoft.com", "https://graph.microsoft.com/", "https://GRAPH.microsoft.com", "https://graph.microsoft.us", "00000002-0000-0000-c000-000000000000"} {
		c.add('G', "token_for_graph", "aud "+aud, Set("aud", aud))
	}
}
