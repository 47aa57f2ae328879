package stores

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/internal/store/cosmos"
	"github.com/acs-solutions/acsauth/internal/store/graph"
	"github.com/acs-solutions/acsauth/internal/store/postgres"
	"github.com/acs-solutions/acsauth/internal/store/tables"
)

// What holds a secret of a store prints without it, by every verb and in a log.
func TestOptionsOfStoresHideSecrets(t *testing.T) {
	const marker = "marker-of-a-secret"
	for _, v := range []any{
		postgres.Options{Password: marker}, tables.Options{AccountKey: marker}, cosmos.Options{Key: marker},
		graph.MACKey{ID: "k", Key: []byte(marker)}, graph.Options{MACKeys: []graph.MACKey{{ID: "k", Key: []byte(marker)}}},
	} {
		var log strings.Builder
		slog.New(slog.NewTextHandler(&log, nil)).Info("options", "v", v)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
			log.WriteString(fmt.Sprintf(verb, v))
		}
		for _, leak := range []string{marker, fmt.Sprintf("%x", marker), fmt.Sprint([]byte(marker))} {
			if strings.Contains(log.String(), leak) {
				t.Errorf("%T shows its secret: %s", v, log.String())
			}
		}
	}
}
