// Mappings in Azure Cosmos DB for NoSQL: one write region, bounded staleness, no key.

@description('Region.')
param location string

@description('Name of the account.')
@minLength(3)
@maxLength(44)
param accountName string

@description('Tags of the resources.')
param tags object

@description('Object id of the identity of the service.')
param principalId string

// Cosmos DB Built-in Data Contributor, a role of the data plane of the account.
var roleId = '00000000-0000-0000-0000-000000000002'

resource account 'Microsoft.DocumentDB/databaseAccounts@2024-05-15' = {
  name: accountName
  location: location
  tags: tags
  kind: 'GlobalDocumentDB'
  properties: {
    databaseAccountOfferType: 'Standard'
    enableMultipleWriteLocations: false
    disableLocalAuth: true
    minimalTlsVersion: 'Tls12'
    consistencyPolicy: {
      defaultConsistencyLevel: 'BoundedStaleness'
      maxIntervalInSeconds: 5
      maxStalenessPrefix: 10
    }
    locations: [
      {
        locationName: location
        failoverPriority: 0
      }
    ]
    capabilities: [
      {
        name: 'EnableServerless'
      }
    ]
  }
}

resource database 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases@2024-05-15' = {
  parent: account
  name: 'acsauth'
  properties: {
    resource: {
      id: 'acsauth'
    }
  }
}

resource container 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2024-05-15' = {
  parent: database
  name: 'mappings'
  properties: {
    resource: {
      id: 'mappings'
      partitionKey: {
        kind: 'Hash'
        version: 2
        paths: [
          '/key'
        ]
      }
    }
  }
}

resource role 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2024-05-15' = {
  parent: account
  name: guid(account.id, principalId, roleId)
  properties: {
    principalId: principalId
    roleDefinitionId: '${account.id}/sqlRoleDefinitions/${roleId}'
    scope: account.id
  }
}

output store string = 'cosmos:${account.properties.documentEndpoint}${database.name}/${container.name}'
