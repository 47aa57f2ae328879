//go:build uncontrolled

package config

func testNames() []string { return []string{"ACSAUTH_UNCONTROLLED"} }
