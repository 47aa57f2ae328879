package acs

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

const (
	versionLegacy  = "2020-07-20-preview2" // flat identity, PATCH to revoke, /token to issue
	versionActions = "2021-02-22-preview1" // first with actions that begin with a colon
	versionTeams   = "2021-03-31-preview1" // first with the Teams exchange, its body a token alone
	versionOwner   = "2022-06-01"          // first whose Teams exchange names application and user
	versionExpiry  = "2022-10-01"          // first with expiresInMinutes
	versionJoin    = "2023-10-01"          // first with the join scopes; what the vendor's clients ask for
	versionPreview = "2025-03-02-preview"  // the only one with customId, GET, and access by Entra users
	versionPhone   = "2025-06-30"          // first stable one with the Teams extension
)

// versions are the api-versions answered, oldest first. They begin with a
// date, so that they compare as strings.
var versions = []string{
	versionLegacy, versionActions, "2021-03-07", versionTeams, "2021-10-31-preview", versionOwner,
	versionExpiry, "2023-08-01", versionJoin, versionPreview, versionPhone, "2026-09-23",
}

// since lists the api-versions from the given one on.
func since(version string) []string { return versions[slices.Index(versions, version):] }

// checkVersion returns the request's api-version if op exists in it. A loose
// service takes a missing one for what the vendor's clients ask for.
func checkVersion(r *http.Request, op *operation, loose bool) (string, *refusal) {
	asked := r.URL.Query()["api-version"]
	if slices.Sort(asked); len(slices.Compact(asked)) > 1 {
		return "", &refusal{
			status: http.StatusBadRequest, code: "AmbiguousApiVersion",
			message: "Only a single API version may be specified. Please update the intended API version and retry the request.",
		}
	}
	version := r.URL.Query().Get("api-version")
	if version == "" && loose {
		version = versionJoin
	}
	if version == "" {
		return "", &refusal{
			status: http.StatusBadRequest, code: "ApiVersionUnspecified",
			message: "An API version is required, but was not specified.",
		}
	}
	if !slices.Contains(op.versions, version) {
		return "", &refusal{
			status: http.StatusBadRequest, code: "UnsupportedApiVersion",
			message: fmt.Sprintf("The HTTP resource that matches the request URI '%s' does not support the API version '%.64s'.",
				requestURL(r), version),
		}
	}
	return version, nil
}

// supported lists the api-versions of op as the service's header does.
func (op *operation) supported() string { return strings.Join(op.versions, ", ") }

func requestURL(r *http.Request) string { return baseURL(r) + r.URL.EscapedPath() }

func baseURL(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
