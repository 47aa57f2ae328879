// Package emulator holds the container file of the emulator, and the tests of it. It has no code of its own.
package emulator
