package acs

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const (
	versionFirst   = "2021-03-07"
	versionTeams   = "2022-06-01"         // first with the Teams exchange in its present form
	versionExpiry  = "2022-10-01"         // first with expiresInMinutes
	versionJoin    = "2023-10-01"         // first with the join scopes
	versionPreview = "2025-03-02-preview" // the only one with customId and GET
)

// versions are the api-versions answered, oldest first. They begin with a
// date, so that they compare as strings.
var versions = []string{
	versionFirst, versionTeams, versionExpiry, versionJoin, versionPreview, "2025-06-30", "2026-09-23",
}

// checkVersion returns the request's api-version if op exists in it.
func checkVersion(r *http.Request, query url.Values, op *operation) (string, *refusal) {
	version := query.Get("api-version")
	if version == "" {
		return "", &refusal{
			status: http.StatusBadRequest, code: "ApiVersionUnspecified",
			message: "An API version is required, but was not specified.",
		}
	}
	if !op.in(version) {
		return "", &refusal{
			status: http.StatusBadRequest, code: "UnsupportedApiVersion",
			message: fmt.Sprintf("The HTTP resource that matches the request URI '%s' does not support the API version '%s'.",
				requestURL(r), version),
		}
	}
	return version, nil
}

func (op *operation) in(version string) bool {
	if op.only != "" {
		return version == op.only
	}
	return version >= op.since && slices.Contains(versions, version)
}

// supported lists the api-versions of op as the service's header does.
func (op *operation) supported() string {
	var out []string
	for _, v := range versions {
		if op.in(v) {
			out = append(out, v)
		}
	}
	return strings.Join(out, ", ")
}

func requestURL(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host + r.URL.EscapedPath()
}
