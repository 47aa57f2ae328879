package acs

import (
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

func refuseAll(string) (emu.Claims, error) { return nil, errors.New("refused") }

func BenchmarkCreateWithToken(b *testing.B) {
	f := newFixture(b, nil)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			w := httptest.NewRecorder()
			f.ServeHTTP(w, f.request("POST", "/identities?api-version="+stable, `{"createTokenWithScopes":["chat","voip"]}`))
			if w.Code != 201 {
				b.Error(w.Code)
				return
			}
		}
	})
}

func BenchmarkIssue(b *testing.B) {
	f := newFixture(b, nil)
	path := pathOf(f.createOne()) + "/:issueAccessToken?api-version=" + stable
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			w := httptest.NewRecorder()
			f.ServeHTTP(w, f.request("POST", path, `{"scopes":["chat"]}`))
			if w.Code != 200 {
				b.Error(w.Code)
				return
			}
		}
	})
}
