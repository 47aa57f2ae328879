package e2e

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/internal/attack"
)

// A carriage is a way to bring a good token that no request may use, or a request that is not what it seems.
type carriage struct {
	name string
	make func(r route, m message, token string) message // m has everything but Authorization
	want func(r route) want
	on   func(r route) bool // nil: every route
}

func always(w want) func(route) want { return func(route) want { return w } }

func takesBody(r route) bool { return r.method == "POST" }
func noBody(r route) bool    { return r.method != "POST" }

// fireCarriage is class M: every carriage on every route it is for, byte by byte, and after each a good request on a new connection.
func (s *target) fireCarriage(t *testing.T, result *scores) {
	t.Helper()
	list := slices.Concat(authorizations(), otherPlaces(), framings(), methodTricks(), pathTricks())
	before := s.acs.Load()
	eachOnWire(s, list, func(w *wire, _ int, c carriage) {
		result.add('M', func(n *score) { n.cases++ })
		for _, r := range s.routes {
			if c.on != nil && !c.on(r) {
				continue
			}
			token := s.good(r)
			m := c.make(r, s.message(r), token)
			a, err := w.alone(m.String())
			result.judge('M', fmt.Sprintf("%s: %s", r, c.name), c.want(r), a, err, token)
		}
	})
	if n := s.acs.Load() - before; n != 0 {
		t.Errorf("class M: refused requests caused %d requests to ACS", n)
	}
	eachOnWire(s, s.goodCarriages(), func(w *wire, _ int, c carriage) {
		for _, r := range s.routes {
			if c.on != nil && !c.on(r) {
				continue
			}
			a, err := w.send(c.make(r, s.message(r), s.good(r)).String())
			result.twin('M', fmt.Sprintf("%s: %s", r, c.name), a, err)
		}
	})
}

// authorizations are fields that are not one Bearer, one space and one token.
func authorizations() []carriage {
	var list []carriage
	field := func(code, name string, f func(token string) []string) {
		list = append(list, carriage{name: name, want: always(refused(code)), make: func(_ route, m message, token string) message { return m.with(f(token)...) }})
	}
	value := func(name, format string) {
		field("token_malformed", name, func(token string) []string {
			return []string{"Authorization: " + strings.ReplaceAll(format, "TOKEN", token)}
		})
	}
	field("token_missing", "no Authorization", func(string) []string { return nil })
	value("empty", "")
	value("scheme alone", "Bearer")
	value("token alone", "TOKEN")
	value("two spaces", "Bearer  TOKEN")
	value("tab", "Bearer\tTOKEN")
	value("comma", "Bearer, TOKEN")
	value("colon", "Bearer: TOKEN")
	value("equals", "Bearer=TOKEN")
	value("no space", "BearerTOKEN")
	value("scheme twice", "Bearer Bearer TOKEN")
	value("in quotes", `Bearer "TOKEN"`)
	value("in angle brackets", "Bearer <TOKEN>")
	value("as a parameter", "Bearer token=TOKEN")
	value("two tokens", "Bearer TOKEN TOKEN")
	value("two credentials", "Bearer TOKEN, Bearer TOKEN")
	value("parameter behind", "Bearer TOKEN, realm=x")
	value("semicolon", "Bearer TOKEN;x")
	value("scheme with a look-alike", "Be\u0430rer TOKEN")
	value("no-break space", "Bearer\xc2\xa0TOKEN")
	for _, scheme := range []string{"Basic", "Token", "JWT", "DPoP", "PoP", "OAuth", "Negotiate", "SharedAccessSignature", "Bearer2"} {
		value("scheme "+scheme, scheme+" TOKEN")
	}
	field("token_malformed", "Basic with the token as password", func(token string) []string {
		return []string{"Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("user:"+token))}
	})
	twice := func(name, first, second string) {
		field("token_malformed", name, func(token string) []string {
			r := strings.NewReplacer("TOKEN", token)
			return []string{r.Replace(first), r.Replace(second)}
		})
	}
	twice("twice the same", "Authorization: Bearer TOKEN", "Authorization: Bearer TOKEN")
	twice("bad one first", "Authorization: Bearer a.b.c", "Authorization: Bearer TOKEN")
	twice("bad one last", "Authorization: Bearer TOKEN", "Authorization: Bearer a.b.c")
	twice("empty one beside", "Authorization: Bearer TOKEN", "Authorization:")
	twice("Basic beside", "Authorization: Basic eDp5", "Authorization: Bearer TOKEN")
	twice("twice in other case", "authorization: Bearer TOKEN", "AUTHORIZATION: Bearer TOKEN")
	return list
}

// otherPlaces hold a good token where nobody must look for it.
func otherPlaces() []carriage {
	var list []carriage
	missing := func(name, field string) {
		list = append(list, carriage{name: name, want: always(refused("token_missing")), make: func(_ route, m message, token string) message {
			return m.with(strings.ReplaceAll(field, "TOKEN", token))
		}})
	}
	for _, name := range []string{"X-Access-Token", "X-Authorization", "Proxy-Authorization", "X-Forwarded-Authorization", "X-Original-Authorization", "Authorization-Bearer", "Authorization_", "X_Authorization",
		"X-MS-TOKEN-AAD-ACCESS-TOKEN", "X-MS-TOKEN-AAD-ID-TOKEN", "X-Auth-Token", "X-JWT-Assertion", "X-Forwarded-Access-Token", "Token", "Bearer", "Access_Token", "X-Api-Key"} {
		missing("field "+name, name+": Bearer TOKEN")
	}
	missing("cookie", "Cookie: access_token=TOKEN; Authorization=Bearer TOKEN")
	principal := base64.StdEncoding.EncodeToString([]byte(`{"auth_typ":"aad","claims":[{"typ":"oid","val":"` + attack.Alice + `"}]}`))
	for _, field := range []string{"X-MS-CLIENT-PRINCIPAL: " + principal, "X-MS-CLIENT-PRINCIPAL-ID: " + attack.Alice, "X-Forwarded-User: " + attack.Alice, "X-Remote-User: alice@example.com", "X-User: alice", "Remote-User: alice",
		"X-Forwarded-Email: alice@example.com", "X-Forwarded-Uri: /livez", "X-Original-URL: /livez", "X-Rewrite-URL: /livez", "X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1;host=localhost", "X-Client-Cert: x", "X-Forwarded-Client-Cert: Subject=\"CN=acsauth\"", "SSL-Client-Verify: SUCCESS",
		"User-Agent: kube-probe/1.30", "User-Agent: GoogleHC/1.0", "User-Agent: ELB-HealthChecker/2.0", "X-Request-Id: Bearer", "Expect: 100-continue", "Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings"} {
		missing(field, field)
	}
	query := func(name, code, at string, with bool) {
		list = append(list, carriage{name: name, want: always(refused(code)), make: func(r route, m message, token string) message {
			m = m.to(r.method, r.path+"?"+strings.ReplaceAll(at, "TOKEN", token))
			if with {
				m = m.with("Authorization: Bearer " + token)
			}
			return m
		}})
	}
	query("query", "token_malformed", "access_token=TOKEN", false)
	query("query and field", "token_malformed", "access_token=TOKEN", true)
	query("query in capitals", "token_malformed", "Access_Token=TOKEN", true)
	query("query by escape", "token_malformed", "%61ccess%5Ftoken=TOKEN", true)
	query("query behind another", "token_malformed", "a=b&access_token=TOKEN", true)
	query("query of another name", "token_missing", "token=TOKEN", false)
	query("empty query token", "token_malformed", "access_token=", true)
	body := func(name, mediaType, text string) {
		list = append(list, carriage{name: name, on: takesBody, want: always(refused("token_missing")), make: func(_ route, m message, token string) message {
			m = m.sending(strings.ReplaceAll(text, "TOKEN", token)).without("Content-Type")
			return m.with("Content-Type: " + mediaType)
		}})
	}
	body("form", "application/x-www-form-urlencoded", "access_token=TOKEN")
	body("JSON member", "application/json", `{"access_token":"TOKEN","token":"TOKEN"}`)
	body("text", "text/plain", "Bearer TOKEN")
	return list
}

// framings are messages whose end, or whose fields, can be read in two ways.
func framings() []carriage {
	const second = "GET /getToken HTTP/1.1\r\nHost: a\r\n\r\n"
	malformed, anything := always(refused("request_malformed")), always(transport(400))
	auth := func(f func(r route, m message) message) func(route, message, string) message {
		return func(r route, m message, token string) message { return f(r, m.with("Authorization: Bearer "+token)) }
	}
	bare := func(m message) message { m = m.without("Content-Length", "Content-Type"); m.body = ""; return m }
	chunked := func(m message, fields []string, chunks string) message {
		m = bare(m).with(fields...)
		m.body = chunks
		return m
	}
	framed := func(name string, on func(route) bool, w func(route) want, fields []string, body string) carriage {
		return carriage{name: name, on: on, want: w, make: auth(func(_ route, m message) message { return chunked(m, fields, body) })}
	}
	const chunks = "2\r\n{}\r\n0\r\n\r\n"
	return []carriage{
		{name: "folded in front of the scheme", want: malformed, make: func(_ route, m message, token string) message { return m.with("Authorization:\r\n Bearer " + token) }},
		{name: "folded behind the scheme", want: malformed, make: func(_ route, m message, token string) message { return m.with("Authorization: Bearer\r\n " + token) }},
		{name: "folded by tab", want: malformed, make: func(_ route, m message, token string) message { return m.with("Authorization: Bearer\r\n\t" + token) }},
		{name: "folded field beside", want: malformed, make: auth(func(_ route, m message) message { return m.with("X-A: b\r\n c") })},
		{name: "bare LF in front of the field", want: malformed, make: func(_ route, m message, token string) message {
			return m.with("X-A: b\nAuthorization: Bearer " + token)
		}},
		{name: "bare LF at the end of the header", want: malformed, make: auth(func(_ route, m message) message { return bare(m).with("X-A: b\r\n\n" + second) })},
		{name: "space in front of the colon", want: anything, make: func(_ route, m message, token string) message { return m.with("Authorization : Bearer " + token) }},
		{name: "CR inside", want: anything, make: func(_ route, m message, token string) message { return m.with("Authorization: Bearer\r" + token) }},
		{name: "NUL inside", want: anything, make: func(_ route, m message, token string) message { return m.with("Authorization: Bearer \x00" + token) }},
		{name: "two Hosts", want: anything, make: auth(func(_ route, m message) message { return m.with("Host: evil.example") })},
		{name: "no Host", want: anything, make: auth(func(_ route, m message) message { return m.without("Host") })},
		{name: "Host with a path", want: anything, make: auth(func(_ route, m message) message { return m.without("Host").with("Host: a/livez") })},
		framed("length and encoding", takesBody, malformed, []string{"Content-Length: 12", "Transfer-Encoding: chunked"}, chunks),
		framed("encoding and length", takesBody, malformed, []string{"Transfer-Encoding: chunked", "Content-Length: 12"}, chunks+second),
		framed("length that ends early", takesBody, malformed, []string{"Content-Length: 4", "Transfer-Encoding: chunked"}, "0\r\n\r\n"+second),
		framed("two lengths", takesBody, anything, []string{"Content-Length: 2", "Content-Length: 9"}, "{}"+second),
		framed("list of lengths", takesBody, anything, []string{"Content-Length: 2, 2"}, "{}"),
		framed("signed length", takesBody, anything, []string{"Content-Length: +2"}, "{}"),
		framed("length in hexadecimal", takesBody, anything, []string{"Content-Length: 0x2"}, "{}"),
		framed("negative length", takesBody, anything, []string{"Content-Length: -2"}, "{}"),
		framed("folded encoding", takesBody, malformed, []string{"Transfer-Encoding:\r\n chunked"}, chunks),
		framed("unknown encoding", takesBody, always(transport(501)), []string{"Transfer-Encoding: xchunked"}, chunks),
		framed("encoding identity", takesBody, always(transport(501)), []string{"Transfer-Encoding: identity"}, "{}"),
		framed("two encodings", takesBody, always(transport(501)), []string{"Transfer-Encoding: gzip, chunked"}, chunks),
		framed("encoding twice", takesBody, always(transport(400, 501)), []string{"Transfer-Encoding: chunked", "Transfer-Encoding: identity"}, chunks),
		framed("bad chunk", takesBody, malformed, []string{"Transfer-Encoding: chunked", "Content-Type: application/json"}, "zz\r\n{}\r\n0\r\n\r\n"),
		framed("chunk with a huge size", takesBody, malformed, []string{"Transfer-Encoding: chunked", "Content-Type: application/json"}, "ffffffffffffffffff\r\n{}\r\n0\r\n\r\n"),
		framed("body where there is none", noBody, malformed, []string{"Content-Length: 37"}, second),
		framed("chunks where there are none", noBody, malformed, []string{"Transfer-Encoding: chunked"}, chunks+second),
		{name: "token in the trailer", on: takesBody, want: always(refused("token_missing")), make: func(_ route, m message, token string) message {
			return chunked(m, []string{"Transfer-Encoding: chunked", "Trailer: Authorization"}, "2\r\n{}\r\n0\r\nAuthorization: Bearer "+token+"\r\n\r\n")
		}},
		{name: "body of a media type of its own", on: func(r route) bool { return r.body != "" }, want: always(refused("media_type_unsupported")), make: auth(func(_ route, m message) message {
			return m.without("Content-Type").with("Content-Type: text/plain")
		})},
	}
}

// methodTricks ask for one method and mean another.
func methodTricks() []carriage {
	var list []carriage
	for _, method := range []string{"OPTIONS", "HEAD", "TRACE", "PUT", "PATCH", "PROPFIND", "get", "GETX"} {
		expect := refused("method_not_allowed")
		if method == "HEAD" { // whose answer has no body
			expect = transport(405)
		}
		list = append(list, carriage{name: method, want: always(expect), make: func(r route, m message, token string) message {
			m = m.without("Content-Length", "Content-Type").to(method, r.path).with("Authorization: Bearer " + token)
			m.body = ""
			return m
		}})
	}
	for _, field := range []string{"X-HTTP-Method-Override: ", "X-HTTP-Method: ", "X-Method-Override: "} {
		list = append(list, carriage{name: field, want: always(refused("method_not_allowed")), make: func(r route, m message, token string) message {
			m = m.without("Content-Length", "Content-Type").to("PUT", r.path).with(field+r.method, "Authorization: Bearer "+token)
			m.body = ""
			return m
		}})
	}
	list = append(list, carriage{name: "_method", want: always(refused("method_not_allowed")), make: func(r route, m message, token string) message {
		m = m.without("Content-Length", "Content-Type").to("PUT", r.path+"?_method="+r.method).with("Authorization: Bearer " + token)
		m.body = ""
		return m
	}})
	return list
}

// pathTricks are other spellings of a route.
func pathTricks() []carriage {
	var list []carriage
	at := func(name string, f func(path string) string) {
		list = append(list, carriage{name: name, want: always(refused("route_not_found")), make: func(r route, m message, token string) message {
			return m.to(r.method, f(r.path)).with("Authorization: Bearer " + token)
		}})
	}
	at("closing slash", func(p string) string { return p + "/" })
	at("two slashes", func(p string) string { return "/" + p })
	at("dot segment", func(p string) string { return "/." + p })
	at("dot segments back", func(p string) string { return "/livez/.." + p })
	at("escaped slash", func(p string) string { return "/" + strings.ReplaceAll(p[1:], "/", "%2f") + "%2f" })
	at("escaped letter", func(p string) string { return fmt.Sprintf("/%%%02x%s", p[1], p[2:]) })
	at("escaped twice", func(p string) string { return fmt.Sprintf("/%%25%02x%s", p[1], p[2:]) })
	at("capitals", strings.ToUpper)
	at("parameter", func(p string) string { return p + ";jsessionid=1" })
	at("escaped question mark", func(p string) string { return p + "%3fx" })
	at("escaped fragment", func(p string) string { return "/livez%23/.." + p })
	at("escaped NUL", func(p string) string { return p + "%00" })
	at("escaped line end", func(p string) string { return p + "%0d%0a" })
	at("backslash", func(p string) string { return "/livez/..\\" + p[1:] })
	at("suffix", func(p string) string { return p + ".json" })
	list = append(list, carriage{name: "query of a probe", want: always(refused("request_malformed")), make: func(r route, m message, token string) message {
		return m.to(r.method, r.path+"?x=/livez").with("Authorization: Bearer " + token)
	}}, carriage{name: "absolute form without a token", want: always(refused("token_missing")), make: func(r route, m message, _ string) message {
		return m.to(r.method, "http://evil.example"+r.path)
	}})
	return list
}

// goodCarriages are the twins of class M: spellings that HTTP says are equal, and fields that must change nothing.
func (s *target) goodCarriages() []carriage {
	var list []carriage
	add := func(name string, f func(r route, m message, token string) message) {
		list = append(list, carriage{name: name, make: f})
	}
	for _, scheme := range []string{"Bearer", "bearer", "BEARER", "bEaReR"} {
		add("scheme "+scheme, func(_ route, m message, token string) message {
			return m.with("Authorization: " + scheme + " " + token)
		})
	}
	add("field in other case", func(_ route, m message, token string) message { return m.with("aUTHORIZATION: Bearer " + token) })
	add("blanks around the value", func(_ route, m message, token string) message {
		return m.with("Authorization: \t Bearer " + token + " \t")
	})
	add("no blank behind the colon", func(_ route, m message, token string) message { return m.with("Authorization:Bearer " + token) })
	add("absolute form", func(r route, m message, token string) message {
		return m.to(r.method, "http://"+s.addr+r.path).with("Authorization: Bearer " + token)
	})
	for _, field := range []string{"X-HTTP-Method-Override: DELETE", "X-Forwarded-User: bob", "X-MS-CLIENT-PRINCIPAL-ID: " + attack.Bob, "X-Forwarded-Host: evil.example", "Cookie: access_token=x", "X-Original-URL: /livez", "X_Authorization: Bearer x", "User-Agent: kube-probe/1.30"} {
		add("with "+field, func(_ route, m message, token string) message { return m.with(field, "Authorization: Bearer "+token) })
	}
	for _, host := range []string{"evil.example", "localhost", "[::1]", "login.microsoftonline.com"} {
		add("Host "+host, func(_ route, m message, token string) message {
			return m.without("Host").with("Host: "+host, "Authorization: Bearer "+token)
		})
	}
	list = append(list, carriage{name: "chunked", on: takesBody, make: func(r route, m message, token string) message {
		body := m.body
		m = m.without("Content-Length").with("Transfer-Encoding: chunked", "Authorization: Bearer "+token)
		m.body = fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
		if body == "" {
			m.body = "0\r\n\r\n"
		}
		return m
	}})
	return list
}
