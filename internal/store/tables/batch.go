package tables

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
)

type batchSizeKey struct{}

// together sends writes of one partition that happen all or not at all.
func (s *Store) together(ctx context.Context, actions []aztables.TransactionAction) error {
	_, err := s.client.SubmitTransaction(context.WithValue(ctx, batchSizeKey{}, len(actions)), actions, nil)
	return plain(err)
}

// batchPolicy judges the answers of transactions. The SDK takes an answer that
// is cut short for success, and reports a refusal without its status and code.
type batchPolicy struct{}

func (batchPolicy) Do(req *policy.Request) (*http.Response, error) {
	resp, err := req.Next()
	size, isBatch := req.Raw().Context().Value(batchSizeKey{}).(int)
	if err != nil || !isBatch || resp.StatusCode != http.StatusAccepted {
		return resp, err
	}
	body, err := runtime.Payload(resp)
	if err != nil {
		return resp, err
	}
	status, code, err := batchOutcome(body, size)
	if err != nil {
		return nil, err
	}
	if status != 0 {
		resp.StatusCode = status // so that the SDK makes an error of it
		resp.Header.Set("x-ms-error-code", code)
	}
	return resp, nil
}

var errorCode = regexp.MustCompile(`"code"\s*:\s*"([A-Za-z]{1,64})"`)

// batchOutcome reads the answer of a transaction of so many writes. status is 0
// if all were done, else the one of the refusal.
func batchOutcome(body []byte, size int) (status int, code string, err error) {
	done := 0
	for line := range bytes.Lines(body) {
		rest, ok := strings.CutPrefix(string(line), "HTTP/1.1 ")
		if !ok {
			continue
		}
		n, err := strconv.Atoi(rest[:min(len(rest), 3)])
		switch {
		case err != nil || n < 200 || n >= 300 && n < 400:
			return 0, "", errors.New("the answer to a transaction has an unknown status")
		case n >= 400:
			if m := errorCode.FindSubmatch(body); m != nil {
				code = string(m[1])
			}
			return n, code, nil
		}
		done++
	}
	if done != size || !bytes.HasSuffix(bytes.TrimSpace(body), []byte("--")) {
		return 0, "", errors.New("the answer to a transaction is not complete")
	}
	return 0, "", nil
}
