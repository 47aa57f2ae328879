package tlsfile

import (
	"context"
	"crypto/tls"
	"log/slog"
	"sync/atomic"
	"time"
)

const (
	// PollEvery is how often the files are read.
	PollEvery = 30 * time.Second
	// ExpiryWarning is how long before its end a certificate is warned about, once a day.
	ExpiryWarning = 14 * 24 * time.Hour
)

// A Pair is a certificate with its key, as the files last gave it.
type Pair struct {
	certPath, keyPath string
	log               *slog.Logger
	now               atomic.Pointer[loaded]

	// Of the goroutine that runs Run, and of Open before it.
	complaint string
	warned    time.Time
}

// Open reads a certificate (with the chain after it) and its key from PEM files
// of up to 1 MiB. Its errors name the file and what is wrong, and hold nothing
// of the key. An expired certificate is served, with an error in the log:
// clients will refuse it, but the service can start and take the next one.
func Open(certPath, keyPath string, log *slog.Logger) (*Pair, error) {
	p := &Pair{certPath: certPath, keyPath: keyPath, log: log}
	l, err := read(certPath, keyPath, time.Now())
	if err != nil {
		return nil, err
	}
	p.now.Store(&l)
	p.warnExpiry(time.Now())
	return p, nil
}

// NotAfter is when the certificate in use ends.
func (p *Pair) NotAfter() time.Time { return p.now.Load().cert.Leaf.NotAfter }

// Config is for a server: HTTP/1.1 on TLS 1.2 or, preferred, 1.3. Each
// handshake takes the certificate of that moment. There are no session tickets:
// one that was issued under an old key would be taken up without the new key
// being used, so a change of key would not end what the old one began. (A config
// per certificate would not help: package crypto/tls takes the ticket keys of
// the outer one.)
func (p *Pair) Config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return p.now.Load().cert, nil
		},
		SessionTicketsDisabled: true,
		CipherSuites: []uint16{ // of TLS 1.2: forward secrecy and authenticated encryption only
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
			tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
	}
}

// Run reads the files every 30 seconds until ctx ends. A new pair that fits
// together is used by the next handshake; open connections go on. While the
// files cannot be used, the pair before stays, and there is one warning for each
// change.
func (p *Pair) Run(ctx context.Context) {
	t := time.NewTicker(PollEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			p.poll(now)
		}
	}
}

func (p *Pair) poll(now time.Time) {
	defer p.warnExpiry(now)
	old := p.now.Load()
	l, err := read(p.certPath, p.keyPath, now)
	if err == nil && l.sum == old.sum {
		p.complaint = ""
		return
	}
	if err == nil && !now.Before(l.cert.Leaf.NotAfter) && now.Before(old.cert.Leaf.NotAfter) {
		p.complain(string(l.sum[:]), "the new TLS certificate has expired; the one before stays in use", "ended", l.cert.Leaf.NotAfter.UTC())
		return
	}
	if err != nil {
		p.complain(err.Error()+string(l.sum[:]), "the TLS certificate cannot be used as it is now; the one before stays in use", "error", err)
		return
	}
	p.now.Store(&l)
	p.complaint, p.warned = "", time.Time{}
	p.log.Info("a changed TLS certificate is in use", "ends", l.cert.Leaf.NotAfter.UTC())
}

// complain warns once about one state of the files.
func (p *Pair) complain(id, message string, args ...any) {
	if p.complaint == id {
		return
	}
	p.complaint = id
	p.log.Warn(message, append(args, "certificate", p.certPath, "key", p.keyPath)...)
}

// warnExpiry warns once a day when the end of the certificate is near.
func (p *Pair) warnExpiry(now time.Time) {
	ends := p.NotAfter()
	if ends.Sub(now) > ExpiryWarning || now.Sub(p.warned) < 24*time.Hour {
		return
	}
	p.warned = now
	if !now.Before(ends) {
		p.log.Error("the TLS certificate has expired; clients refuse it; put a new one into its place", "certificate", p.certPath, "ended", ends.UTC())
		return
	}
	p.log.Warn("the TLS certificate ends soon; put a new one into its place", "certificate", p.certPath, "ends", ends.UTC())
}
