package cosmos

import (
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/acs-solutions/acsauth"
)

// maxHints bounds the rows remembered.
const maxHints = 4096

// hints remembers the entity tags of rows that were read or written lately, so
// that a change of such a row need not read it first. An entity tag stands for
// one version for ever: if the row has changed, the service refuses the write,
// and the row is read. Nothing is ever answered from here.
type hints struct {
	mu   sync.Mutex
	kept map[string]hint // by the hash of the key
}

type hint struct {
	fence acsauth.Mapping // only its fence counts
	etag  azcore.ETag
}

func newHints() *hints { return &hints{kept: map[string]hint{}} }

// keep remembers a version of a row.
func (h *hints) keep(key string, row acsauth.Mapping, etag azcore.ETag) {
	if etag == "" {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.kept) >= maxHints {
		clear(h.kept)
	}
	h.kept[key] = hint{row, etag}
}

// take returns the entity tag of a row with the fence, once.
func (h *hints) take(key string, fence acsauth.Mapping) (etag azcore.ETag, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	is, ok := h.kept[key]
	delete(h.kept, key)
	return is.etag, ok && is.fence.Fenced(fence)
}
