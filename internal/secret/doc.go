// Package secret fetches secrets from Azure Key Vault ([Vaults]) and reads
// secrets again while the service runs ([Watcher]).
package secret
