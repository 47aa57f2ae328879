// Package container holds the container file of acsauth, and the tests of it. It has no code of its own.
package container
