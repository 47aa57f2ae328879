package emulator

// TB is the part of testing.TB that [Start] needs. It keeps package testing and its flags out of other programs.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// Start runs an emulator for a test and closes it when the test ends.
func Start(t TB, o Options) *Emulator {
	t.Helper()
	e, err := New(o)
	if err != nil {
		t.Fatalf("%v", err)
	}
	if err := e.Start(); err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Fatalf("%v", err)
		}
	})
	return e
}
