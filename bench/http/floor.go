package main

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// A floor is a server that does the least for the same bytes: it reads the body and
// sends an answer that it has already. With keys it checks the caller's token first.
type floor struct {
	Header http.Header
	Body   string
	Keys   []webKey
}

// A webKey is an RSA key of a JSON Web Key Set.
type webKey struct{ Kid, N, E string }

func (k webKey) public() (*rsa.PublicKey, error) {
	n, nerr := base64.RawURLEncoding.DecodeString(k.N)
	e, eerr := base64.RawURLEncoding.DecodeString(k.E)
	if err := errors.Join(nerr, eerr); err != nil {
		return nil, err
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}, nil
}

// serveFloor serves until ctx ends. text is a floor as JSON.
func serveFloor(ctx context.Context, text string, out io.Writer) error {
	var f floor
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		return err
	}
	handler, err := f.handler()
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = s.Close() })()
	if _, err := fmt.Fprintf(out, "{\"Server\":\"http://%s\"}\n", ln.Addr()); err != nil {
		return err
	}
	if err := s.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (f floor) handler() (http.Handler, error) {
	keys := map[string]*rsa.PublicKey{}
	for _, k := range f.Keys {
		key, err := k.public()
		if err != nil {
			return nil, err
		}
		keys[k.Kid] = key
	}
	find := func(t *jwt.Token) (any, error) {
		kid, _ := t.Header["kid"].(string)
		if key := keys[kid]; key != nil {
			return key, nil
		}
		return nil, errors.New("there is no such key")
	}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithExpirationRequired())
	body := []byte(f.Body)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(keys) > 0 {
			token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			if _, err := parser.Parse(token, find); err != nil {
				http.Error(w, "unauthorized", http.StatusUnauthorized)
				return
			}
		}
		if _, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, 64<<10)); err != nil {
			http.Error(w, "bad request", http.StatusBadRequest)
			return
		}
		h := w.Header()
		for name, values := range f.Header {
			h[name] = values
		}
		_, _ = w.Write(body) // the client left
	}), nil
}
