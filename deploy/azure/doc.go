// Package azure holds the templates that publish the service to Azure, and the tests of them. It has no code of its own.
package azure
