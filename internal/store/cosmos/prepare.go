package cosmos

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"
)

const (
	partitionPath = "/key"
	schemaVersion = 1
	databaseLen   = 16
)

// prepare finds the container, or makes it, and its mark.
func (s *Store) prepare(ctx context.Context, o Options) error {
	found, err := s.items.Read(ctx, nil)
	if err = plain(err); isFault(err, http.StatusNotFound) {
		if err := s.createContainer(ctx, o); err != nil {
			return err
		}
		found, err = s.items.Read(ctx, nil)
		err = plain(err)
	}
	if err != nil {
		return s.explain(err, o)
	}
	if err := checkContainer(found.ContainerProperties); err != nil {
		return err
	}
	s.database, err = s.readSchema(ctx)
	if absent(err) {
		s.database, err = s.writeSchema(ctx)
	}
	if err != nil {
		return s.explain(err, o)
	}
	return nil
}

// createContainer makes the database and the container. Whoever has no key may not.
func (s *Store) createContainer(ctx context.Context, o Options) error {
	if o.Credential != nil {
		return fmt.Errorf("there is no such container, and roles of the data plane may not create one; run "+
			"az cosmosdb sql database create --account-name ACCOUNT --resource-group GROUP --name %[1]s && "+
			"az cosmosdb sql container create --account-name ACCOUNT --resource-group GROUP --database-name %[1]s --name %[2]s --partition-key-path %[3]s",
			o.Database, o.Container, partitionPath)
	}
	_, err := s.client.CreateDatabase(ctx, azcosmos.DatabaseProperties{ID: o.Database}, nil)
	if err = plain(err); err != nil && !exists(err) {
		return s.explain(err, o)
	}
	db, err := s.client.NewDatabase(o.Database)
	if err != nil {
		return err
	}
	_, err = db.CreateContainer(ctx, definition(o.Container), nil)
	if err = plain(err); err != nil && !exists(err) {
		return s.explain(err, o)
	}
	return nil
}

// definition is that of a new container: what is never looked for is not indexed.
func definition(name string) azcosmos.ContainerProperties {
	return azcosmos.ContainerProperties{
		ID:                     name,
		PartitionKeyDefinition: azcosmos.PartitionKeyDefinition{Kind: azcosmos.PartitionKeyKindHash, Paths: []string{partitionPath}, Version: 2},
		IndexingPolicy: &azcosmos.IndexingPolicy{Automatic: true, IndexingMode: azcosmos.IndexingModeConsistent,
			IncludedPaths: []azcosmos.IncludedPath{{Path: partitionPath + "/?"}, {Path: "/kind/?"}, {Path: "/state/?"}, {Path: "/identity/?"}},
			ExcludedPaths: []azcosmos.ExcludedPath{{Path: "/*"}, {Path: `/"_etag"/?`}}},
	}
}

// checkContainer refuses settings that would break a promise.
func checkContainer(p *azcosmos.ContainerProperties) error {
	paths := p.PartitionKeyDefinition.Paths
	switch {
	case len(paths) != 1 || paths[0] != partitionPath:
		return fmt.Errorf("%w: its partition key must be %s; make another container, since it cannot be changed", errForeign, partitionPath)
	case p.DefaultTimeToLive != nil && *p.DefaultTimeToLive > 0:
		return fmt.Errorf("%w: its items expire by themselves; set its time to live to off", errForeign)
	case p.UniqueKeyPolicy != nil && len(p.UniqueKeyPolicy.UniqueKeys) > 0:
		return fmt.Errorf("%w: it has unique keys; make another container without any", errForeign)
	case p.IndexingPolicy != nil && p.IndexingPolicy.IndexingMode == azcosmos.IndexingModeNone:
		return fmt.Errorf("%w: it has no index; set its indexing mode to consistent", errForeign)
	}
	return nil
}

// readSchema checks the mark that says that the container is ours, and returns its id.
func (s *Store) readSchema(ctx context.Context) (database string, err error) {
	i, _, err := s.get(ctx, metaPartition, schemaID)
	if err != nil {
		return "", err
	}
	if i.Kind != kindSchema || i.Version != schemaVersion || len(i.Database) != databaseLen {
		return "", fmt.Errorf("%w: it has schema version %d and this program knows version %d", errForeign, i.Version, schemaVersion)
	}
	return i.Database, nil
}

// writeSchema marks a new container as ours.
func (s *Store) writeSchema(ctx context.Context) (database string, err error) {
	mark := item{ID: schemaID, Key: metaPartition, Kind: kindSchema, Version: schemaVersion, Database: rand.Text()[:databaseLen]}
	if _, err := s.create(ctx, mark); err != nil && !exists(err) {
		return "", err
	}
	return s.readSchema(ctx)
}

// explain says what to do about an error at the opening.
func (s *Store) explain(err error, o Options) error {
	f, ok := errors.AsType[*fault](err)
	if a := s.gate.account.Load(); errors.Is(a.err, errAccount) {
		return a.err
	}
	_, wire := errors.AsType[*wireError](err)
	switch {
	case errors.Is(err, errForeign):
		return err
	case wire:
		return fmt.Errorf("the account cannot be reached: check the endpoint and the network: %w", err)
	case !ok && noToken(err):
		return fmt.Errorf("the credential gives no token: %w", err)
	case !ok:
		return err
	case f.status == http.StatusUnauthorized && o.Credential == nil:
		return fmt.Errorf("the key is not accepted: check it, and whether the account permits keys: %w", err)
	case f.status == http.StatusForbidden && o.Credential == nil:
		return fmt.Errorf("access is refused: check the clock of this machine, the firewall of the account, and whether the key is a read-only one: %w", err)
	case f.status == http.StatusUnauthorized || f.status == http.StatusForbidden:
		return fmt.Errorf("access is refused: the identity needs the role Cosmos DB Built-in Data Contributor "+
			"(az cosmosdb sql role assignment create), and the firewall of the account must let this machine in: %w", err)
	}
	return err
}

// noToken reports whether err is of a credential of the Azure SDK.
func noToken(err error) bool {
	type credentialError interface {
		error
		NonRetriable()
	}
	_, ok := errors.AsType[credentialError](err)
	return ok
}

// Ping implements [acsauth.Store]: it reads the mark of the container.
func (s *Store) Ping(ctx context.Context) error {
	return s.do(ctx, "ping", func(ctx context.Context) error {
		id, err := s.readSchema(ctx)
		if absent(err) || err == nil && id != s.database {
			return errors.New("the container was replaced by another one while it was open")
		}
		return err
	})
}
