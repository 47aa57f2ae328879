package tables

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/testkit"
)

// stored is an entity as the service gives it back.
func stored(f *testing.F, content []byte) []byte {
	f.Helper()
	var e map[string]any
	if err := json.Unmarshal(content, &e); err != nil {
		f.Fatal(err)
	}
	e["Timestamp"] = "2026-01-05T09:08:07.1234567Z"
	e["odata.etag"] = `W/"x"`
	out, err := json.Marshal(e)
	if err != nil {
		f.Fatal(err)
	}
	return out
}

// Z-14: whatever the table holds, it is a row of the user of its partition or a line of its attempt, which are written
// again as they were read, or it is refused.
func FuzzEntity(f *testing.F) {
	r := &row{Mapping: activeRow("alice"), write: "w"}
	must(f, r.Check())
	content, err := r.encode()
	must(f, err)
	f.Add(stored(f, content))
	l := &line{JournalLine: orphanOf(pendingRow("alice")), known: true}
	l.Since = time.Unix(1, 0)
	content, err = l.encode()
	must(f, err)
	f.Add(stored(f, content))
	for _, s := range []string{`{}`, `{"PartitionKey":"a","RowKey":"m","Timestamp":"2026-01-05T09:08:07Z"}`, `{"Timestamp":"x"}`, `{"Lease":"9223372036854775807","Lease@odata.type":"Edm.Int64"}`,
		`{"Issuer":"!","Issuer@odata.type":"Edm.Binary"}`, `{"RowKey":"j:zz"}`, `{"Since":"-9223372036854775808","Since@odata.type":"Edm.Int64"}`, "[]", "null", `{"a":{}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		testkit.Bounded(t, len(text), func() {
			var e aztables.EDMEntity
			if json.Unmarshal(text, &e) != nil {
				return
			}
			if r, err := decodeRow(e); err == nil {
				if r.Key.Hash() != e.PartitionKey {
					t.Fatal("the row of another user was read")
				}
				again := reread(t, r.encode)
				again.Timestamp = e.Timestamp
				if back, err := decodeRow(again); err != nil || back.Key != r.Key || back.State != r.State || back.Identity != r.Identity || back.Generation != r.Generation {
					t.Fatalf("%+v is written as %+v, %v", r, back, err)
				}
			} else if !errors.Is(err, errUnreadable) {
				t.Fatal(err)
			}
			if l, err := decodeLine(e); err == nil {
				if lineRow(l.Attempt) != e.RowKey || l.User != e.PartitionKey {
					t.Fatal("the line of another attempt was read")
				}
				again := reread(t, l.encode)
				again.Timestamp = e.Timestamp
				if back, err := decodeLine(again); err != nil || back.Attempt != l.Attempt || back.Kind != l.Kind || back.Identity != l.Identity || !bytes.Equal(back.Answer, l.Answer) {
					t.Fatalf("%+v is written as %+v, %v", l, back, err)
				}
			}
		})
	})
}

func reread(t *testing.T, encode func() ([]byte, error)) (e aztables.EDMEntity) {
	t.Helper()
	content, err := encode()
	if err == nil {
		err = json.Unmarshal(content, &e)
	}
	if err != nil {
		t.Fatalf("what was read cannot be written: %v", err)
	}
	return e
}

// A tableAnswer is what the service says to every request.
type tableAnswer struct {
	status         int
	date, etag, id string
	body           []byte
}

func (a *tableAnswer) Do(r *http.Request) (*http.Response, error) {
	h := http.Header{"Content-Type": {"application/json"}, "Date": {a.date}, "Etag": {a.etag}, "X-Ms-Request-Id": {a.id}}
	return &http.Response{StatusCode: a.status, Header: h, Body: io.NopCloser(bytes.NewReader(a.body)), Request: r}, nil
}

// Z-14: whatever the service answers to reading a row, it is the row of that user, none, or an error without the answer in it.
func FuzzTablesAnswers(f *testing.F) {
	answer := &tableAnswer{}
	credential, err := aztables.NewSharedKeyCredential("account", "a2V5")
	must(f, err)
	service, err := aztables.NewServiceClientWithSharedKey("https://account.table.example", credential, &aztables.ClientOptions{ClientOptions: azcore.ClientOptions{Transport: answer, Retry: once()}})
	must(f, err)
	s := &Store{client: service.NewClient("t")}
	alice := activeRow("alice")
	content, err := (&row{Mapping: alice, write: "w"}).encode()
	must(f, err)
	const now = "Mon, 05 Jan 2026 09:08:07 GMT"
	for _, status := range []int{200, 204, 302, 400, 401, 403, 404, 409, 412, 500} {
		for _, body := range []string{string(stored(f, content)), `{"odata.error":{"code":"ResourceNotFound","message":{"value":"secret-canary"}}}`, `{"odata.error":{"code":"TableNotFound"}}`, "", "<html>"} {
			f.Add(status, now, `W/"x"`, "id", []byte(body))
		}
	}
	f.Add(200, "", "", "\x1b[2J", stored(f, content))
	f.Fuzz(func(t *testing.T, status int, date, etag, id string, body []byte) {
		if status < 200 || status > 999 || status >= 500 || status == 408 || status == 429 {
			return // those are asked again, with pauses, as the tests of faults show
		}
		*answer = tableAnswer{status, date, etag, id, body}
		testkit.Bounded(t, len(body), func() {
			r, at, err := s.row(t.Context(), alice.Key.Hash())
			if err == nil {
				if r.Key.Hash() != alice.Key.Hash() && !strings.Contains(string(body), r.Key.Hash()) || at.IsZero() || r.etag == "" || status != 200 {
					t.Fatalf("%+v with %d", r, status)
				}
				return
			}
			if absent(err) && (status != 404 || !strings.Contains(string(body), "ResourceNotFound")) {
				if status != 404 {
					t.Fatalf("status %d is taken for: there is no row", status)
				}
			}
			if said := err.Error(); strings.Contains(said, "canary") || strings.ContainsAny(said, "\x1b\r\n") {
				t.Fatalf("the error tells what the service said: %q", said)
			}
			if errors.Is(err, acsauth.ErrNotFound) || errors.Is(err, acsauth.ErrConflict) {
				t.Fatalf("%v", err)
			}
		})
	})
}
