package probe

import (
	"strings"
	"testing"
	"time"
)

func TestOptions(t *testing.T) {
	good := userToken()
	old := jwt(map[string]any{"exp": 1})
	for name, c := range map[string]struct {
		o    Options
		want string // "": they are right
	}{
		"right":        {Options{URL: "https://auth.contoso.com", Tokens: Tokens{Good: good, Wrong: []Wrong{{Control: "expiry", Token: old}}}, Skip: []string{"teams"}}, ""},
		"closing /":    {Options{URL: "https://auth.contoso.com/", Tokens: Tokens{Good: good}}, ""},
		"loopback":     {Options{URL: "http://[::1]:8080", Tokens: Tokens{Good: good}}, ""},
		"plain":        {Options{URL: "http://auth.contoso.com", Tokens: Tokens{Good: good}}, "plain text"},
		"looks local":  {Options{URL: "http://127.0.0.1.evil.example", Tokens: Tokens{Good: good}}, "plain text"},
		"path":         {Options{URL: "https://auth.contoso.com/x", Tokens: Tokens{Good: good}}, "not of the form"},
		"user":         {Options{URL: "https://a:b@auth.contoso.com", Tokens: Tokens{Good: good}}, "not of the form"},
		"no URL":       {Options{Tokens: Tokens{Good: good}}, "not of the form"},
		"no token":     {Options{URL: "https://a.example"}, "the good token: is not a JWT"},
		"no JWT":       {Options{URL: "https://a.example", Tokens: Tokens{Good: "a.b.c"}}, "the good token: is not a JWT"},
		"too long":     {Options{URL: "https://a.example", Tokens: Tokens{Good: good + strings.Repeat("A", maxToken)}}, "the good token"},
		"Teams":        {Options{URL: "https://a.example", Tokens: Tokens{Good: good, Teams: "x"}}, "the Teams token"},
		"no control":   {Options{URL: "https://a.example", Tokens: Tokens{Good: good, Wrong: []Wrong{{Control: "luck", Token: old}}}}, `no token can be given for "luck"`},
		"not expired":  {Options{URL: "https://a.example", Tokens: Tokens{Good: good, Wrong: []Wrong{{Control: "expiry", Token: userToken()}}}}, "is not expired"},
		"valid by now": {Options{URL: "https://a.example", Tokens: Tokens{Good: good, Wrong: []Wrong{{Control: "not-before", Token: old}}}}, "is valid already"},
		"the good one": {Options{URL: "https://a.example", Tokens: Tokens{Good: good, Wrong: []Wrong{{Control: "audience", Token: good}}}}, "is the good one"},
		"skip":         {Options{URL: "https://a.example", Tokens: Tokens{Good: good}, Skip: []string{"luck"}}, `no control "luck"`},
		"timeout":      {Options{URL: "https://a.example", Tokens: Tokens{Good: good}, Timeout: time.Hour}, "the timeout"},
		"too many":     {Options{URL: "https://a.example", Tokens: Tokens{Good: good, Wrong: make([]Wrong, maxWrong+1)}}, "allowed are 64"},
	} {
		err := c.o.Validate()
		if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), strings.Split(good, ".")[1]) {
			t.Errorf("%s: the token is in the error", name)
		}
	}
}

// A change is one change: the rest of the token stays as it was.
func TestEdits(t *testing.T) {
	tok, err := parse(userToken())
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := parse(tok.with(nil).compact()); again.text("oid") != tok.text("oid") || again.time("exp") != tok.time("exp") || again.parts[2] != tok.parts[2] {
		t.Error("a claim got lost")
	}
	edited := tok.with(map[string]any{"aud": "x", "scp": nil})
	if _, ok := edited.claims["scp"]; ok || edited.text("aud") != "x" || edited.text("tid") != tok.text("tid") || edited.parts[0] != tok.parts[0] || tok.text("aud") != "api" {
		t.Errorf("%v", edited.claims)
	}
	if d := tok.damaged(); d.parts[2] == tok.parts[2] || d.parts[0]+d.parts[1] != tok.parts[0]+tok.parts[1] || len(d.parts[2]) != len(tok.parts[2]) {
		t.Error("the signature alone must differ")
	}
	if a, b := newGUID(), newGUID(); a == b || len(a) != 36 || a[14] != '4' {
		t.Errorf("%s %s", a, b)
	}
	for _, bad := range []string{"", "..", "a.b", "e30.e30.a.b", "W10.e30.a", "bnVsbA.e30.a", "e30.bnVsbA.a", "e30=.e30.a"} {
		if _, err := parse(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
