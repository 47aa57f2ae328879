package config

import (
	"bytes"
	"context"
	"encoding"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A holder has secrets in every place that a printer can come across.
type holder struct {
	Public  Secret
	private Secret
	Pointer *Secret
	pointer *Secret
	Any     any
	List    []Secret
	Map     map[string]Secret
	nested  struct{ deep []Secret }
}

func hold(s Secret) holder {
	h := holder{s, s, &s, &s, s, []Secret{s}, map[string]Secret{"k": s}, struct{ deep []Secret }{[]Secret{s}}}
	return h
}

var verbs = []string{"v", "+v", "#v", "s", "q", "x", "X", "#x", "# x", "d", "t", "c", "U", "e", "f", "g", "b", "o", "O", "p", "T", "w", "20v", "-40s", ".3s"}

// Each route is one way in which a value becomes text or bytes.
var routes = map[string]func(s Secret, out *bytes.Buffer) error{
	"fmt": func(s Secret, out *bytes.Buffer) error {
		h := hold(s)
		for _, verb := range verbs {
			for _, v := range []any{s, &s, h, &h, []any{s}, map[string]any{"k": h}} {
				fmt.Fprintf(out, "%"+verb, v)
			}
		}
		fmt.Fprint(out, s, &s, h, &h)
		fmt.Fprintln(out, s, &s, h, &h)
		return nil
	},
	"error": func(s Secret, out *bytes.Buffer) error {
		err := fmt.Errorf("cannot use %v: %w", s, fmt.Errorf("inner %s, %#v", s, hold(s)))
		_, e := fmt.Fprintf(out, "%v %+v %#v %s %q", err, err, err, errors.Join(err, err), err)
		return e
	},
	"panic": func(s Secret, out *bytes.Buffer) error {
		defer func() { fmt.Fprint(out, recover()) }()
		panic(s)
	},
	"json": func(s Secret, out *bytes.Buffer) error { return json.NewEncoder(out).Encode(hold(s)) },
	"xml": func(s Secret, out *bytes.Buffer) error {
		type document struct{ A, B Secret }
		return xml.NewEncoder(out).Encode(document{s, s})
	},
	"gob": func(s Secret, out *bytes.Buffer) error { return gob.NewEncoder(out).Encode(struct{ A Secret }{s}) },
	"text": func(s Secret, out *bytes.Buffer) error {
		var m encoding.TextMarshaler = s
		text, err := m.MarshalText()
		out.Write(text)
		return err
	},
	"yaml": func(s Secret, out *bytes.Buffer) error {
		v, err := s.MarshalYAML()
		fmt.Fprint(out, v)
		return err
	},
	"binary": func(s Secret, out *bytes.Buffer) error {
		b, err := s.MarshalBinary()
		out.Write(b)
		return err
	},
	"slog": func(s Secret, out *bytes.Buffer) error {
		for _, h := range []slog.Handler{slog.NewJSONHandler(out, nil), slog.NewTextHandler(out, nil)} {
			l := slog.New(h).With("a", s, "h", hold(s)).WithGroup("g")
			l.Info("m", "s", s, "p", &s, "any", slog.AnyValue(hold(s)), slog.Group("in", "s", s))
			l.Error("m", "err", fmt.Errorf("with %v", s))
		}
		return nil
	},
	"log": func(s Secret, out *bytes.Buffer) error {
		log.New(out, "", 0).Println(s, hold(s))
		return nil
	},
	"template": func(s Secret, out *bytes.Buffer) error {
		return template.Must(template.New("").Parse("{{.}} {{.Public}} {{printf \"%s %x %#v\" .Public .Public .}}")).Execute(out, hold(s))
	},
	"cmp": func(s Secret, out *bytes.Buffer) error {
		_, err := out.WriteString(cmp.Diff(map[string]Secret{"k": s}, map[string]Secret{"k": NewSecret("other")}))
		return err
	},
	"reflection": func(s Secret, out *bytes.Buffer) error {
		dump(out, reflect.ValueOf(hold(s)), 0)
		return nil
	},
	"report": func(s Secret, out *bytes.Buffer) error {
		c := &Config{ACSConnectionString: s, ACSConnectionString2: s, StoreSecret: s, ClientSecret: s, ClientCertificate: s, GraphMACKeys: s, AuditKeys: s}
		fmt.Fprintf(out, "%v %+v %#v", c, *c, c)
		fmt.Fprint(out, c.Validate(Production), "\n", c.Validate(Development))
		_, err := c.MACKeys()
		_, err2 := c.AuditKeyList()
		fmt.Fprint(out, err, err2)
		_, err = c.With(map[string]Secret{"ACSAUTH_ACS_CONNECTION_STRING": s, "ACSAUTH_GRAPH_MAC_KEYS": s})
		fmt.Fprint(out, err)
		return errors.Join(c.WriteReport(out), json.NewEncoder(out).Encode(c))
	},
	"load": func(s Secret, out *bytes.Buffer) error {
		environ := good()[:3]
		for _, set := range secretSettings() {
			environ = append(environ, set.name+"="+s.Reveal())
		}
		c, err := Load(Sources{Environ: environ}, Production)
		fmt.Fprint(out, err)
		return c.WriteReport(out)
	},
	"resolve": func(s Secret, out *bytes.Buffer) error {
		c, err := Load(Sources{Environ: append(good()[:3], "ACSAUTH_ACS_CONNECTION_STRING=keyvault:https://contoso.vault.azure.net/secrets/a")}, Production)
		if err != nil {
			return err
		}
		fmt.Fprint(out, c.Resolve(context.Background(), func(context.Context, Reference) (string, error) { return s.Reveal(), nil }))
		return c.WriteReport(out)
	},
}

// dump prints what reflection can reach, exported or not, as debuggers' printers do.
func dump(out *bytes.Buffer, v reflect.Value, depth int) {
	if depth > 12 {
		return
	}
	fmt.Fprintln(out, v.Kind(), v.String())
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			dump(out, v.Field(i), depth+1)
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			dump(out, v.Elem(), depth+1)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			dump(out, v.Index(i), depth+1)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			dump(out, v.MapIndex(k), depth+1)
		}
	case reflect.Uint8:
		out.WriteByte(byte(v.Uint()))
	}
}

// leak returns what of the secret is in out: an 8-byte window of it, or of its base64 or hex.
func leak(secret string, out string) string {
	forms := []string{secret, hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret)))}
	for shift := range 3 { // base64 of a text looks different by where it begins
		forms = append(forms, base64.RawStdEncoding.EncodeToString([]byte(secret[shift:])), base64.RawURLEncoding.EncodeToString([]byte(secret[shift:])))
	}
	for _, form := range forms {
		for i := 0; i+8 <= len(form); i++ {
			if strings.Contains(out, form[i:i+8]) {
				return form[i : i+8]
			}
		}
	}
	return ""
}

func TestSecretOnEveryRoute(t *testing.T) {
	const planted = "hunter2-planted-Z9x8W7v6"
	for name, route := range routes {
		var out bytes.Buffer
		if err := route(NewSecret(planted), &out); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if l := leak(planted, out.String()); l != "" {
			t.Errorf("%s shows %q of the secret:\n%s", name, l, &out)
		}
		if out.Len() == 0 {
			t.Errorf("%s printed nothing, so it proves nothing", name)
		}
	}
	for _, verb := range verbs { // %T, %p and %w outside of Errorf never ask a formatter
		if got := fmt.Sprintf("%"+verb, NewSecret(planted)); got != redacted && !strings.Contains("pTw", verb) {
			t.Errorf("%%%s prints %q", verb, got)
		}
	}
	var out bytes.Buffer // the check itself finds what is not hidden
	fmt.Fprintf(&out, "%x", struct{ s string }{planted})
	if leak(planted, out.String()) == "" {
		t.Error("the check is blind")
	}
}

// P-10: no output of any printer, log or error holds 8 bytes of a secret, plain, in base64 or in hex.
func TestSecretNeverLeaks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Random enough that no window of it is in an output by chance, in the alphabets of keys, passwords and PEM.
		secret := rapid.StringMatching(`[A-Za-z0-9+/=!#$_.~-]{24,96}`).Filter(func(s string) bool {
			distinct := map[rune]bool{}
			for _, r := range s {
				distinct[r] = true
			}
			return len(distinct) >= 12
		}).Draw(t, "secret")
		for name, route := range routes {
			var out bytes.Buffer
			if err := route(NewSecret(secret), &out); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if l := leak(secret, out.String()); l != "" {
				t.Fatalf("%s shows %q", name, l)
			}
		}
	})
}

func TestSecretValues(t *testing.T) {
	var none Secret
	if s := NewSecret("x"); s.IsZero() || s.Reveal() != "x" || s.Pending() || !s.Equal(NewSecret("x")) || s.Equal(NewSecret("y")) || s.Equal(none) {
		t.Error("a set secret")
	}
	if !none.IsZero() || !NewSecret("").IsZero() || none.Reveal() != "" || none.String() != "" || !none.Equal(NewSecret("")) {
		t.Error("no secret")
	}
	var s Secret
	for _, text := range []string{redacted, "[REDACTED]"} {
		if err := s.UnmarshalText([]byte(text)); err == nil || !s.IsZero() {
			t.Errorf("%q is taken for a secret", text)
		}
	}
	// What was printed does not come back as a secret.
	text, err := json.Marshal(NewSecret("x"))
	if err != nil || json.Unmarshal(text, &s) == nil {
		t.Errorf("%s comes back, %v", text, err)
	}
}
