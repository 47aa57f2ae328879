package emulator

import (
	"testing"

	"github.com/acs-solutions/acsauth/deploy/internal/image"
)

func TestStages(t *testing.T) {
	list := image.Read(t)
	list.CheckStages(t)
	if from := list.All("FROM"); len(from) != 2 || from[1] != "scratch" {
		t.Errorf("stages %q, want two, and scratch", from)
	}
}

func TestStaticBuild(t *testing.T) { image.Read(t).CheckStatic(t, "acsauth-dev") }

func TestIgnored(t *testing.T) { image.CheckIgnored(t, "acsauth-dev") }
