// Command morning measures what a service does when everybody comes at once,
// against an emulator that has the limits of ACS. It builds acsauth-dev, starts
// all it needs on loopback, and prints tables in Markdown.
//
//	go run ./bench/morning                     2,000 users within 6 s, about two minutes
//	go run ./bench/morning -full               100,000 users within 5 minutes, an hour
//	go run ./bench/morning -quick              300 users within a second
//	go run ./bench/morning -soak 8h -rate 100  a steady load with bad moments, on PostgreSQL
//
// The exit code is 1 if a user was not served at all.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/acs-solutions/acsauth/bench/internal/dev"
)

const (
	allUsers  = 100_000 // of the whole morning
	allWindow = 5 * time.Minute
)

type options struct {
	scale      int // so many times fewer users, in so many times less time
	quota      string
	soak       time.Duration // 0: the morning
	rate       int           // requests a second of the soak
	store      string        // of the soak
	program    string
	out, notes io.Writer
}

func main() {
	o := usual()
	full := flag.Bool("full", false, "the whole morning: -scale 1")
	small := flag.Bool("quick", false, "a small morning, to see that all of it works")
	flag.IntVar(&o.scale, "scale", o.scale, "so many times fewer users, in so many times less time, 1 to 1000")
	flag.StringVar(&o.quota, "quota", o.quota, "ACSAUTH_ACS_QUOTA of the service: a number of percent, or off")
	flag.DurationVar(&o.soak, "soak", 0, "in place of the morning, a steady load for so long, 5s to 10h")
	flag.IntVar(&o.rate, "rate", o.rate, "requests a second of the steady load, 1 to 2000")
	flag.StringVar(&o.store, "store", o.store, "store of the steady load: postgres or sqlite")
	flag.StringVar(&o.program, "program", "", "an acsauth-dev that is built already")
	flag.Parse()
	switch {
	case *small:
		o.scale = quickScale
	case *full:
		o.scale = 1
	}
	dev.Main("morning", o.run)
}

const quickScale = 333

func usual() options {
	return options{scale: 50, quota: "90", rate: 100, store: postgres, out: os.Stdout, notes: os.Stderr}
}

func (o options) check() error {
	if o.soak != 0 && (o.soak < 5*time.Second || o.soak > 10*time.Hour) {
		return errors.New("-soak must be 5s to 10h")
	}
	if o.store != postgres && o.store != sqlite {
		return errors.New("-store must be postgres or sqlite")
	}
	if n, err := strconv.Atoi(o.quota); o.quota != "off" && (err != nil || n < 1 || n > 1000) {
		return errors.New("-quota must be 1 to 1000, or off")
	}
	return errors.Join(dev.CheckRange("scale", o.scale, 1, 1000), dev.CheckRange("rate", o.rate, 1, 2000))
}

func (o options) run(ctx context.Context) (err error) {
	if err := o.check(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "acsauth-morning-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	e, err := dev.Start(ctx, o.program, "emulate")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Stop()) }()
	file := "sqlite:" + filepath.Join(dir, "morning.db")
	if o.soak != 0 {
		err = o.steady(ctx, e, file)
	} else {
		err = o.morning(ctx, e, file)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(o.out, "The service, the emulator, the database and the callers share the %d cores of this machine. %s/%s, %s, %s.\n",
		runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), time.Now().UTC().Format("2006-01-02"))
	return err
}

func (o options) say(format string, args ...any) {
	fmt.Fprintf(o.notes, "morning: "+format+"\n", args...) // there is nobody else to tell
}

// pause waits, and reports whether ctx is still there.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
