//go:build !uncontrolled

package authn

import "context"

// uncontrolled is false in every build but the one that tests the tests. The compiler removes it.
func uncontrolled(string) bool { return false }

func (k *check) waives(context.Context, *step) bool { return false }
