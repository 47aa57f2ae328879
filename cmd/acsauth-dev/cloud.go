package main

import (
	"fmt"
	"slices"
	"strings"
)

// cloudMarkers are variables that App Service, Functions, Container Apps and Kubernetes set.
var cloudMarkers = []string{
	"WEBSITE_INSTANCE_ID", "WEBSITE_SITE_NAME", "FUNCTIONS_WORKER_RUNTIME", "CONTAINER_APP_NAME", "KUBERNETES_SERVICE_HOST",
}

// refuseCloud keeps a program that lets everybody in out of places that others can reach.
func refuseCloud(env []string) error {
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		if value != "" && slices.Contains(cloudMarkers, name) {
			return fmt.Errorf("%s is set, so this looks like a cloud, and this program lets everybody in; in a cloud run acsauth", name)
		}
	}
	return nil
}
