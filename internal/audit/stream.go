package audit

import "io"

// A stream is a sink without a file.
type stream struct{ w io.Writer }

func (s stream) write(text []byte) error {
	_, err := s.w.Write(text)
	return err
}

func (stream) next(int) (bool, error) { return false, nil }

func (stream) close() error { return nil }
