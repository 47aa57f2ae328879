package authn_test

import (
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/internal/authn"
)

func TestNewRefusesWeakOptions(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*authn.Options)
		want   string // in the error; "": accepted
	}{
		"as it is":           {func(*authn.Options) {}, ""},
		"closing slash":      {func(o *authn.Options) { o.Issuers[0].AuthorityHost = "https://login.microsoftonline.us/" }, ""},
		"upper case":         {func(o *authn.Options) { o.Issuers[0].TenantIDs = []string{strings.ToUpper(tenantA)} }, ""},
		"any client":         {func(o *authn.Options) { o.Issuers[0].AllowedClients = []string{"*"} }, ""},
		"URI only":           {func(o *authn.Options) { o.Issuers[0].Audiences = []string{apiURI} }, ""},
		"loopback allowed":   {func(o *authn.Options) { o.Issuers[0].AuthorityHost, o.AllowLoopback = "http://127.0.0.1:80", true }, ""},
		"localhost allowed":  {func(o *authn.Options) { o.Issuers[0].AuthorityHost, o.AllowLoopback = "http://localhost:1234", true }, ""},
		"no authority":       {func(o *authn.Options) { o.Issuers[0].AuthorityHost = "" }, "authority host"},
		"http":               {func(o *authn.Options) { o.Issuers[0].AuthorityHost = "http://login.microsoftonline.com" }, "not https"},
		"http with loopback": {func(o *authn.Options) { o.Issuers[0].AuthorityHost, o.AllowLoopback = "http://10.0.0.1", true }, "not https"},
		"loopback":           {func(o *authn.Options) { o.Issuers[0].AuthorityHost = "http://127.0.0.1" }, "development"},
		"loopback https":     {func(o *authn.Options) { o.Issuers[0].AuthorityHost = "https://localhost" }, "development"},
		"loopback v6":        {func(o *authn.Options) { o.Issuers[0].AuthorityHost = "https://[::1]:8443" }, "development"},
		"loopback look-alike": {func(o *authn.Options) {
			o.Issuers[0].AuthorityHost, o.AllowLoopback = "http://127.0.0.1.evil.example", true
		}, "not https"},
		"tenant in authority":  {func(o *authn.Options) { o.Issuers[0].AuthorityHost = publicHost + "/" + tenantA }, "form https://host"},
		"query":                {func(o *authn.Options) { o.Issuers[0].AuthorityHost = publicHost + "?x" }, "form https://host"},
		"user":                 {func(o *authn.Options) { o.Issuers[0].AuthorityHost = "https://u@login.microsoftonline.com" }, "form https://host"},
		"no tenant":            {func(o *authn.Options) { o.Issuers[0].TenantIDs = nil }, "no tenant id"},
		"common":               {func(o *authn.Options) { o.Issuers[0].TenantIDs = []string{tenantA, "common"} }, "not a GUID"},
		"domain":               {func(o *authn.Options) { o.Issuers[0].TenantIDs = []string{"contoso.com"} }, "not a GUID"},
		"no audience":          {func(o *authn.Options) { o.Issuers[0].Audiences = nil }, "no audience"},
		"empty audience":       {func(o *authn.Options) { o.Issuers[0].Audiences = []string{""} }, "audience"},
		"any audience":         {func(o *authn.Options) { o.Issuers[0].Audiences = []string{"*"} }, "audience"},
		"Graph audience":       {func(o *authn.Options) { o.Issuers[0].Audiences = []string{apiID, graphID} }, "API of Microsoft"},
		"Graph URL":            {func(o *authn.Options) { o.Issuers[0].Audiences = []string{"https://Graph.microsoft.com/"} }, "API of Microsoft"},
		"Teams audience":       {func(o *authn.Options) { o.Issuers[0].Audiences = []string{teamsURL} }, "API of Microsoft"},
		"no client":            {func(o *authn.Options) { o.Issuers[0].AllowedClients = nil }, "no allowed client"},
		"any client and one":   {func(o *authn.Options) { o.Issuers[0].AllowedClients = []string{"*", spaID} }, "not a GUID"},
		"any client for Teams": {func(o *authn.Options) { o.Issuers[0].TeamsClients = []string{"*"} }, "not a GUID"},
		"skew":                 {func(o *authn.Options) { o.Skew = time.Hour }, "Skew"},
		"negative skew":        {func(o *authn.Options) { o.Skew = -time.Second }, "Skew"},
		"refresh":              {func(o *authn.Options) { o.RefreshEvery = time.Second }, "RefreshEvery"},
		"timeout":              {func(o *authn.Options) { o.FetchTimeout = time.Hour }, "FetchTimeout"},
		"key age":              {func(o *authn.Options) { o.MaxKeyAge = time.Hour }, "MaxKeyAge"},
	} {
		opt := options(newAuthority())
		c.change(&opt)
		v, err := authn.New(opt)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (err == nil || v != nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestNewNamesEveryFault(t *testing.T) {
	_, err := authn.New(authn.Options{Issuers: []authn.Issuer{{}}})
	for _, want := range []string{"authority host", "tenant id", "audience", "allowed client"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name the %s", err, want)
		}
	}
}
