package audit

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/acs-solutions/acsauth"
)

// Who calls found with each line that is about a user, as caller or as target.
// It does not verify the lines. The keys are those the log was written with.
func Who(r io.Reader, keys [][]byte, user acsauth.UserKey, found func(text []byte) error) error {
	if len(keys) == 0 {
		return errors.New("audit: without the key of the log nobody can be found in it")
	}
	sets, err := deriveAll(keys)
	if err != nil {
		return err
	}
	names := map[string]bool{}
	for _, k := range sets {
		names[k.user(user)] = true
	}
	delete(names, "") // of no user
	for lines := bufio.NewReaderSize(r, MaxLine); ; {
		text, err := lines.ReadSlice('\n')
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		text = bytes.TrimSuffix(text, []byte("\n"))
		if body, _, ok := split(text); ok {
			if one, bad := parse(body); bad == nil && (names[one.Who] || names[one.Target]) {
				if err := found(text); err != nil {
					return err
				}
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
	}
}
