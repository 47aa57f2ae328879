package server_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/acs-solutions/acsauth/internal/server"
)

func TestNewRefusesBadOptions(t *testing.T) {
	var good server.Options
	newWorld(t, func(o *server.Options) { good = *o })
	for name, change := range map[string]func(*server.Options){
		"no verifier":     func(o *server.Options) { o.Verifier = nil },
		"no broker":       func(o *server.Options) { o.Broker = nil },
		"no endpoint":     func(o *server.Options) { o.Endpoint = "" },
		"short lifetime":  func(o *server.Options) { o.ActionLifetime = 59 * time.Minute },
		"long lifetime":   func(o *server.Options) { o.SampleLifetime = 25 * time.Hour },
		"long drain":      func(o *server.Options) { o.Drain = 2 * time.Minute },
		"null origin":     func(o *server.Options) { o.AllowedOrigins = []string{"null"} },
		"star and more":   func(o *server.Options) { o.AllowedOrigins = []string{"*", "https://a.test"} },
		"origin path":     func(o *server.Options) { o.AllowedOrigins = []string{"https://a.test/"} },
		"origin pattern":  func(o *server.Options) { o.AllowedOrigins = []string{"a.test"} },
		"ftp url":         func(o *server.Options) { o.PublicURL = "ftp://a.test" },
		"url with query":  func(o *server.Options) { o.PublicURL = "https://a.test/?x" },
		"url with user":   func(o *server.Options) { o.PublicURL = "https://a@a.test/" },
		"relative url":    func(o *server.Options) { o.PublicURL = "/x" },
		"url with anchor": func(o *server.Options) { o.PublicURL = "https://a.test/#x" },
	} {
		o := good
		change(&o)
		if _, err := server.New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := server.New(server.Options{Verifier: good.Verifier, Broker: good.Broker, Endpoint: acsEndpoint}); err != nil {
		t.Error(err)
	}
}

// TestMetadataOfAPathedAPI: the well-known segment goes between host and path.
func TestMetadataOfAPathedAPI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(o *server.Options) { o.PublicURL = "https://contoso.com/auth/" })
		w.handler = w.server.Handler() // the document names the plain path only
		a := w.do("GET", "/.well-known/oauth-protected-resource/auth", "")
		if a.StatusCode != 200 || a.object(t)["resource"] != "https://contoso.com/auth/" {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
		if c := w.do("GET", "/getUser", "").Header.Get("WWW-Authenticate"); c != `Bearer realm="acsauth", resource_metadata="https://contoso.com/.well-known/oauth-protected-resource/auth"` {
			t.Error(c)
		}
	})
}
