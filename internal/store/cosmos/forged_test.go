package cosmos

import (
	"io"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// forged answers batches itself.
type forged struct {
	next   policy.Transporter
	status int
	body   string
}

func (f forged) Do(req *http.Request) (*http.Response, error) {
	resp, err := f.next.Do(req)
	if err == nil && req.Header.Get("x-ms-cosmos-is-batch-request") != "" {
		_ = resp.Body.Close()
		resp.StatusCode, resp.Body = f.status, io.NopCloser(strings.NewReader(f.body))
	}
	return resp, err
}
