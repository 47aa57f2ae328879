// Package cosmos is a small stand-in for the data plane of Azure Cosmos DB for
// NoSQL, for tests on a machine where no emulator of it can run. It is built
// from the public REST contract and listens on loopback.
//
// It knows the account, databases, containers with one partition key path,
// items (create, upsert, read, replace, delete), the transactional batch and the
// queries of package internal/store/cosmos. What it does not know it refuses,
// with a message that says so. It checks the signature and the date of each request.
//
// # Where it is stricter than the service
//
//   - A filter on a path that the indexing policy leaves out is refused; the service would scan.
//   - Only SELECT * or a list of properties, FROM c, and WHERE with = < > IN AND OR are known.
//
// # Where it is simpler
//
//   - A container has one physical partition, and a replica that lags only when it is told to.
//   - Charges are one request unit for everything. No throughput is limited unless a fault says so.
//   - A token of Entra ID is an opaque word, and its holder may read and write items and nothing else.
//   - There are no triggers, procedures, patches, change feeds, offers, users, or times to live.
//
// No answer of it was compared with the real service.
package cosmos
