//go:build !linux && !darwin

package sqlite

import "errors"

// hamper knows no handicaps here.
func hamper(handicap string) error {
	if handicap != "" {
		return errors.New("no handicaps on this system")
	}
	return nil
}
