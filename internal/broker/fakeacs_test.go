package broker

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sort"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
)

// fakeACS is ACS on the wire, behind the transport of the real client. Its
// create looks up a customId and mints in two steps, as the service is reported to do.
type fakeACS struct {
	w     *world
	ids   map[acsauth.Identity]*fakeIdentity
	names map[acsauth.Identity]string
	leaks int
}

type fakeIdentity struct {
	alive  bool
	custom string
}

type fakeWire struct {
	acs  *fakeACS
	proc string
}

func (f *fakeACS) client(proc string) *acsidentity.Client {
	c, err := acsidentity.NewClientFromConnectionString("endpoint=https://acs.example;accesskey=c2VjcmV0", &acsidentity.ClientOptions{
		ClientOptions: azcore.ClientOptions{Transport: &fakeWire{f, proc}, Retry: policy.RetryOptions{MaxRetries: -1}},
		APIVersion:    "2025-03-02-preview"})
	if err != nil {
		panic(err)
	}
	return c
}

func (f *fakeACS) name(id acsauth.Identity) string {
	f.w.mu.Lock()
	defer f.w.mu.Unlock()
	return f.names[id]
}

func (f *fakeACS) alive(id acsauth.Identity) bool { return f.ids[id] != nil && f.ids[id].alive }

// mint makes an identity, named after the replica that asked.
func (f *fakeACS) mint(proc, custom string) acsauth.Identity {
	f.w.mu.Lock()
	defer f.w.mu.Unlock()
	if f.names == nil {
		f.names = map[acsauth.Identity]string{}
	}
	f.w.count["id"+proc]++
	id := acsauth.Identity(fmt.Sprintf("8:acs:%s_%08d", testResource, len(f.ids)+1))
	f.ids[id] = &fakeIdentity{alive: true, custom: custom}
	f.names[id] = fmt.Sprintf("i%s%d", proc, f.w.count["id"+proc])
	return id
}

func (f *fakeACS) leaked(mapped acsauth.Identity) (ids []acsauth.Identity) {
	for id, i := range f.ids {
		if i.alive && id != mapped {
			ids = append(ids, id)
		}
	}
	return ids
}

func (f *fakeACS) state() string {
	var s []string
	for id, i := range f.ids {
		s = append(s, fmt.Sprintf("%s%v", f.name(id), i.alive))
	}
	sort.Strings(s)
	return strings.Join(s, " ")
}

// checkPoison asserts that no customId has two identities: it would lock the user out.
func (f *fakeACS) checkPoison() {
	n := map[string]int{}
	for _, i := range f.ids {
		if i.alive && i.custom != "" {
			n[i.custom]++
		}
	}
	for _, k := range n {
		if k > 1 {
			f.w.fail("S6: one customId has %d identities", k)
		}
	}
}

var errCut = errors.New("connection reset by peer")

// Do is the wire between one replica and ACS.
func (t *fakeWire) Do(req *http.Request) (*http.Response, error) {
	op, effect := t.effect(req)
	out := t.acs.w.turn(t.proc, op, func() []string { return t.outcomes(op) })
	res, err := (*http.Response)(nil), errCut
	switch out {
	case "ok":
		res, err = effect(t), nil
	case "answer lost":
		effect(t)
	case "refused":
		res, err = t.answer(http.StatusTooManyRequests, `{"error":{"code":"TooManyRequests","message":"slow down"}}`), nil
	case "not sent":
		if trace := httptrace.ContextClientTrace(req.Context()); trace != nil && trace.GetConn != nil {
			trace.GetConn("acs.example:443")
		}
	case "late":
		t.acs.w.later(t.proc, op, func() { effect(&fakeWire{t.acs, "~" + t.proc}) })
	}
	if res == nil && err == nil {
		err = errCut // the replica crashed in mid-call
	}
	status := 0
	if res != nil {
		status = res.StatusCode
	}
	t.acs.w.learn(t.proc, "%s=%d %v", op, status, out == "not sent")
	if res != nil {
		res.Request = req
	}
	return res, err
}

func (t *fakeWire) outcomes(op string) []string {
	s := &turnStore{w: t.acs.w, proc: t.proc}
	if op != "create" {
		return s.faults("lost", "answer lost")
	}
	return s.faults("lost", "answer lost", "late", "refused", "not sent")
}

// effect reads the request and returns what ACS does with it.
func (t *fakeWire) effect(req *http.Request) (op string, do func(*fakeWire) *http.Response) {
	path := req.URL.EscapedPath()
	if req.Method == http.MethodDelete {
		raw, _ := url.PathUnescape(strings.TrimPrefix(path, "/identities/"))
		return "delete " + t.acs.name(acsauth.Identity(raw)), func(t *fakeWire) *http.Response { return t.delete(acsauth.Identity(raw)) }
	}
	if strings.HasSuffix(path, "/:revokeAccessTokens") {
		raw, _ := url.PathUnescape(strings.TrimSuffix(strings.TrimPrefix(path, "/identities/"), "/:revokeAccessTokens"))
		return "revoke " + t.acs.name(acsauth.Identity(raw)), func(t *fakeWire) *http.Response { return t.revoke(acsauth.Identity(raw)) }
	}
	var body struct {
		CustomID string `json:"customId"`
	}
	if req.Body != nil {
		b, _ := io.ReadAll(req.Body)
		_ = json.Unmarshal(b, &body)
	}
	return "create", func(t *fakeWire) *http.Response { return t.create(body.CustomID) }
}

func (t *fakeWire) create(custom string) *http.Response {
	if custom != "" {
		var live []acsauth.Identity
		for id, i := range t.acs.ids {
			if i.alive && i.custom == custom {
				live = append(live, id)
			}
		}
		if len(live) > 1 {
			return t.answer(http.StatusConflict, `{"error":{"code":"MultipleIdentitiesForCustomId","message":"several"}}`)
		}
		if len(live) == 1 {
			t.acs.w.learn(t.proc, "found %s", t.acs.name(live[0]))
			return t.answer(http.StatusCreated, fmt.Sprintf(`{"identity":{"id":%q}}`, live[0]))
		}
		// The look-up and the insert of the service are not one step.
		if out := t.acs.w.turn(t.proc, "mint", func() []string { return []string{"ok"} }); out != "ok" {
			return nil
		}
	}
	id := t.acs.mint(t.proc, custom)
	t.acs.w.learn(t.proc, "made %s", t.acs.name(id))
	return t.answer(http.StatusCreated, fmt.Sprintf(`{"identity":{"id":%q}}`, id))
}

func (t *fakeWire) revoke(id acsauth.Identity) *http.Response {
	if !t.acs.alive(id) {
		return t.answer(http.StatusUnauthorized, `{"error":{"code":"IdentityNotOwned","message":"not there"}}`)
	}
	return t.answer(http.StatusNoContent, "")
}

func (t *fakeWire) delete(id acsauth.Identity) *http.Response {
	if i := t.acs.ids[id]; i != nil {
		i.alive = false
	}
	return t.answer(http.StatusNoContent, "")
}

func (t *fakeWire) answer(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), ProtoMajor: 1, ProtoMinor: 1}
}
