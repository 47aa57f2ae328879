package emu

import (
	"net/http"
	"time"
)

// Wait returns after d of real time. When done closes first it drops the connection of the request that waits.
func Wait(d time.Duration, done <-chan struct{}) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-done:
		panic(http.ErrAbortHandler)
	}
}
