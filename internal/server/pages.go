package server

import (
	"fmt"
	"net/http"
	"strings"
)

// A Page is a file that is served as it is.
type Page struct {
	Path string // such as /docs
	Type string // media type
	// Policy is its Content-Security-Policy. Empty: that of all other answers, which allows nothing.
	Policy string
	Body   []byte
}

// addPages adds the pages to the table of routes. None may hide a route.
func (s *Server) addPages(pages []Page) error {
	for _, p := range pages {
		if _, taken := s.table[p.Path]; taken || !strings.HasPrefix(p.Path, "/") || p.Type == "" {
			return fmt.Errorf("the page %q cannot be served: its path is taken or malformed, or its media type is missing", p.Path)
		}
		s.table[p.Path] = page(p.serve)
	}
	return nil
}

func (p Page) serve(x *exchange, _ *http.Request) error {
	if p.Policy != "" {
		x.Header().Set("Content-Security-Policy", p.Policy)
	}
	return x.send(http.StatusOK, p.Type, p.Body)
}
