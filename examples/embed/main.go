// Command embed is a program of your own with acsauth beside it: it knows meetings, and acsauth knows users. It listens on 127.0.0.1:8085.
//
//	go run ./cmd/acsauth-dev                                # in another terminal
//	go run ./examples/embed http://127.0.0.1:8080
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"time"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: embed URL-OF-ACSAUTH")
		os.Exit(2)
	}
	f := &Front{
		Acsauth: os.Args[1], HTTP: &http.Client{Timeout: 10 * time.Second},
		Meetings: map[string]Meeting{
			"standup": {Call: "6a1f0c3e-7d5b-4f2a-9c8e-1b2d3e4f5a6b", Open: true},
			"review":  {Call: "0d9c8b7a-6f5e-4d3c-8b2a-1908f7e6d5c4"},
		},
	}
	s := &http.Server{Addr: "127.0.0.1:8085", Handler: f.Handler(), ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute, MaxHeaderBytes: 64 << 10}
	log.Fatal(s.ListenAndServe())
}
