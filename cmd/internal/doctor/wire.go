package doctor

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"
)

// maxBody bounds an answer that is read.
const maxBody = 1 << 20

// newHTTP returns a client like those of the service: no redirect is followed and no proxy used.
func newHTTP() *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: 5 * time.Second, MaxResponseHeaderBytes: 64 << 10,
		},
	}
}

// An answer is what a server said.
type answer struct {
	status int
	header http.Header
	body   []byte
	skew   time.Duration // by how much the local clock is ahead of the server's
	dated  bool
}

// get asks for a URL, with a bearer token unless it is empty.
func (e *exam) get(ctx context.Context, address, token string) (answer, error) {
	ctx, cancel := e.bounded(ctx)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return answer{}, errors.New("the URL cannot be asked")
	}
	req.Header.Set("User-Agent", "acsauth-doctor")
	req.Header.Set("Accept", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	sent := time.Now()
	res, err := e.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	came := time.Now()
	a := answer{status: res.StatusCode, header: res.Header}
	if date, err := http.ParseTime(res.Header.Get("Date")); err == nil {
		a.dated, a.skew = true, sent.Add(came.Sub(sent)/2).Sub(date.Add(time.Second/2)) // the header has whole seconds
	}
	if a.body, err = io.ReadAll(io.LimitReader(res.Body, maxBody)); err != nil {
		return a, err
	}
	return a, nil
}

// unreached says why a host gave no answer, and what to change. Each cause has another remedy. setting names where the URL is from.
func unreached(err error, setting string) (seen string, what advice) {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return fmt.Sprintf("the name %s does not exist in DNS", dns.Name), advice{"correct the name; for a private endpoint, link its private DNS zone to this network", setting}
		}
		return fmt.Sprintf("the name %s could not be looked up: the DNS server gives no answer", dns.Name), advice{"see that this machine reaches its DNS server", "/etc/resolv.conf, or the DNS settings of the network"}
	}
	if seen, what, ok := untrusted(err); ok {
		return seen, what
	}
	proxy := advice{"let this machine connect out directly: in the firewall, the network security group or the egress policy", "the network of this machine; " + setting}
	note := ""
	if name := proxySet(); name != "" {
		note = "; " + name + " is set, but the service uses no proxy"
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection is refused: nothing listens there" + note, advice{"correct host and port, or start what should listen there", setting}
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "there is no route to it" + note, proxy
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return "no answer in time; a firewall may drop the packets" + note, proxy
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was cut; a firewall or a proxy may do that" + note, proxy
	}
	return "no answer: " + without(err) + note, proxy
}

// untrusted explains a fault of TLS.
func untrusted(err error) (string, advice, bool) {
	const interception = "the network of this machine: except the host from TLS inspection"
	if host, ok := errors.AsType[x509.HostnameError](err); ok {
		return "its certificate is for another name than " + host.Host, advice{"correct the name, or look for something in between that answers in its place", interception}, true
	}
	if e, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		by := ""
		if e.Cert != nil {
			by = " (" + cmp.Or(e.Cert.Issuer.CommonName, strings.Join(e.Cert.Issuer.Organization, ", "), "without a name") + ")"
		}
		return "its certificate is by an authority that this machine does not know" + by + "; a proxy that intercepts TLS looks so",
			advice{"except the host from interception, install the CA certificates of the system, or add the company's to them", interception + "; SSL_CERT_FILE"}, true
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		if e.Reason == x509.Expired {
			return "its certificate is expired or not valid yet, by the clock of this machine", advice{"look at the clock of this machine first, then at the certificate", "NTP (chronyc tracking, timedatectl)"}, true
		}
		return "its certificate is not valid for this use", advice{"look for something in between that answers in its place", interception}, true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "it does not speak TLS", advice{"correct the port, or look for something in between that answers in its place", interception}, true
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "its certificate is not trusted", advice{"install the CA certificates of the system", "SSL_CERT_FILE"}, true
	}
	return "", advice{}, false
}

func isTimeout(err error) bool {
	n, ok := errors.AsType[net.Error](err)
	return ok && n.Timeout()
}

// without drops the URL, which net/http puts before the cause.
func without(err error) string {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}

// proxySet names a variable that other programs take a proxy from. Its value may hold a password.
func proxySet() string {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY"} {
		if strings.TrimSpace(os.Getenv(name)) != "" {
			return name
		}
	}
	return ""
}
