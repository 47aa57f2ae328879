package postgres

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
)

// planted stands for a secret.
const planted = "hunter2-planted"

// TestTLSByDefault: a host that is not this machine is only spoken to with
// TLS, and verified unless the DSN says otherwise.
func TestTLSByDefault(t *testing.T) {
	for dsn, want := range map[string]string{
		"postgres://u@db.example.com/d":                                                    "verified",
		"postgres://u@db.example.com":                                                      "verified",
		"postgresql://u:a%3Fsslmode%3Ddisable@db.example.com/d?application_name=x":         "verified",
		"postgres://u:a?b=c@db.example.com:5433/d?connect_timeout=3":                       "verified",
		"postgres://u@db.example.com/d?application_name=sslmode":                           "verified",
		"postgres://u@10.0.0.1/d":                                                          "verified",
		"postgres://u@[2001:db8::1]:5432/d":                                                "verified",
		"postgres://u@127.0.0.1,db.example.com/d":                                          "verified",
		"host=db.example.com user=u dbname=d":                                              "verified",
		"postgres://u@db.example.com/d?sslmode=verify-full":                                "verified",
		"postgres://u@db.example.com/d?sslmode=require":                                    "unverified",
		"host=db.example.com sslmode = require":                                            "unverified",
		"postgres://u@db.example.com/d?sslmode=disable":                                    "refused",
		"postgres://u@db.example.com/d?sslmode=allow":                                      "refused",
		"postgres://u@db.example.com/d?sslmode=prefer":                                     "refused",
		"postgres://u@db.example.com/d?ssl%6dode=prefer":                                   "refused",
		"postgres://u@127.0.0.1,db.example.com/d?sslmode=prefer":                           "refused",
		"host=db.example.com user=u sslmode=disable":                                       "refused",
		"host=db.example.com password='x sslmode=verify-full' user=u":                      "refused", // taken for a setting: safe
		"postgres://u@127.0.0.1/d":                                                         "local",
		"postgres://u@localhost/d?sslmode=disable":                                         "local",
		"postgres://u@[::1]/d":                                                             "local",
		"host=/var/run/postgresql user=u":                                                  "local",
		"postgres://u@127.0.0.1.example.com/d":                                             "verified",
		"postgres://u@localhost.example.com/d?target_session_attrs=any&sslrootcert=system": "verified",
	} {
		cfg, err := parse(Options{DSN: dsn})
		if want == "refused" {
			wantFault(t, err, "leave sslmode out, or set it to verify-full")
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", dsn, err)
			continue
		}
		if got := kindOf(cfg); got != want {
			t.Errorf("%s: %s, want %s", dsn, got, want)
		}
	}
}

// kindOf says how the worst of the remote hosts is spoken to.
func kindOf(cfg *pgxpool.Config) string {
	kind := "local"
	for _, h := range hosts(cfg) {
		switch {
		case local(h.Host):
		case h.TLSConfig == nil:
			return "plain"
		case h.TLSConfig.InsecureSkipVerify:
			return "unverified"
		default:
			kind = "verified"
		}
	}
	return kind
}

// TestDefaultKeepsPassword: what is added to a DSN changes nothing else in it.
func TestDefaultKeepsPassword(t *testing.T) {
	for _, dsn := range []string{
		"postgres://u:p?x=y&z@db.example.com:5433/d?application_name=app",
		"postgres://u:p%3Fx=y&z@db.example.com:5433/d?application_name=app",
		"host=db.example.com port=5433 user=u password='p?x=y&z' dbname=d application_name=app",
	} {
		cfg, err := parse(Options{DSN: dsn})
		mustDo(t, err)
		if c := cfg.ConnConfig; c.User != "u" || c.Password != "p?x=y&z" || c.Host != "db.example.com" || c.Port != 5433 || c.Database != "d" || c.RuntimeParams["application_name"] != "app" {
			t.Errorf("%s was read as user %q, password %q, host %q, port %d, database %q", dsn, c.User, c.Password, c.Host, c.Port, c.Database)
		}
	}
}

// TestRefusedDSN: the error says what to do and shows no secret.
func TestRefusedDSN(t *testing.T) {
	for dsn, want := range map[string]string{
		"":                                       "there is no DSN",
		"postgres://u:" + planted + "@h:port/d":  "cannot be parsed",
		"postgres://u:sec:" + planted + "/x@h/d": "cannot be parsed",
		"postgres://u@h/d?sslmode=" + planted:    "sslmode is invalid",
		"postgres://u@h/d?target_session_attrs=x&password=" + planted: "cannot be parsed",
		"host=h password=" + planted + " " + planted:                  "cannot be parsed",
		"host=h pass word=" + planted:                                 "cannot be parsed",
		planted:                                                       "cannot be parsed",
		"postgres://u:" + planted + "@h/d?sslmode=verify-full&sslrootcert=/no/such/file.pem": "/no/such/file.pem",
		"postgres://u:" + planted + "@h/d?sslmode=verify-full&sslcert=/no/such/file.pem":     "required",
		"postgres://u:" + planted + "@h/d?sslmode=disable":                                   "without TLS",
		"postgres://u:" + planted + "@127.0.0.1/d?pool_max_conns=" + planted:                 "cannot be parsed",
	} {
		_, err := Open(t.Context(), Options{DSN: dsn})
		wantFault(t, err, want)
		if err != nil && strings.Contains(err.Error(), planted) {
			t.Errorf("the error shows the secret: %v", err)
		}
	}
	for _, n := range []int32{-1, 1001} {
		_, err := Open(t.Context(), Options{DSN: "postgres://u@127.0.0.1/d", MaxConns: n})
		wantFault(t, err, "1 to 1000")
	}
}

// TestSecretsStayHidden: whatever goes wrong with a connection, its password is not told.
func TestSecretsStayHidden(t *testing.T) {
	dsn := fresh(t)
	user, _ := passwordUser(t, dsn, "right")
	with := func(user, host string) string {
		return strings.Replace(strings.Replace(dsn, "postgres@", user+"@", 1), "127.0.0.1:", host+":", 1)
	}
	for _, o := range []Options{
		{DSN: with(user+":"+planted, "127.0.0.1")},
		{DSN: with(user, "127.0.0.1"), Password: planted},
		{DSN: with("no_such_user:"+planted, "127.0.0.1")},
		{DSN: with("u:"+planted, "no-such-host.invalid") + "&connect_timeout=1"},
		{DSN: "postgres://u:" + planted + "@127.0.0.1:1/d"},
		{DSN: with("u:"+planted, "127.0.0.1") + "&sslmode=require"},
	} {
		_, err := Open(t.Context(), o)
		if err == nil || strings.Contains(err.Error(), planted) {
			t.Errorf("got %v, want an error that does not show the password", err)
		}
	}
	useAll(t, openWith(t, Options{DSN: with(user, "127.0.0.1"), Password: "right"}), "x")
}
