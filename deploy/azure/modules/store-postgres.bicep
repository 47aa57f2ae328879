// Mappings in Azure Database for PostgreSQL, flexible server, with tokens of Entra ID and no password.

@description('Region.')
param location string

@description('Name of the server.')
@minLength(3)
@maxLength(63)
param serverName string

@description('Size of the server.')
param skuName string

@description('Tier of the size.')
@allowed([
  'Burstable'
  'GeneralPurpose'
  'MemoryOptimized'
])
param skuTier string

@description('Tags of the resources.')
param tags object

@description('Name of the identity of the service: the name of its role in the database.')
param identityName string

@description('Object id of the administrator: a person or a group, or the identity of the service.')
param administratorId string

@description('Name of the administrator.')
param administratorName string

@description('What the administrator is.')
@allowed([
  'User'
  'Group'
  'ServicePrincipal'
])
param administratorType string

resource server 'Microsoft.DBforPostgreSQL/flexibleServers@2024-08-01' = {
  name: serverName
  location: location
  tags: tags
  sku: {
    name: skuName
    tier: skuTier
  }
  properties: {
    version: '16'
    createMode: 'Default'
    authConfig: {
      activeDirectoryAuth: 'Enabled'
      passwordAuth: 'Disabled'
      tenantId: tenant().tenantId
    }
    storage: {
      storageSizeGB: 32
      autoGrow: 'Enabled'
    }
    backup: {
      backupRetentionDays: 14
      geoRedundantBackup: 'Disabled'
    }
    highAvailability: {
      mode: 'Disabled'
    }
    network: {
      publicNetworkAccess: 'Enabled'
    }
  }
}

resource database 'Microsoft.DBforPostgreSQL/flexibleServers/databases@2024-08-01' = {
  parent: server
  name: 'acsauth'
  properties: {
    charset: 'UTF8'
    collation: 'en_US.utf8'
  }
}

// Addresses of Azure, of any subscription. Who gets in is decided by the token of Entra ID. docs/publish-to-azure.md says how to close it further.
resource azure 'Microsoft.DBforPostgreSQL/flexibleServers/firewallRules@2024-08-01' = {
  parent: server
  name: 'azure'
  properties: {
    startIpAddress: '0.0.0.0'
    endIpAddress: '0.0.0.0'
  }
  dependsOn: [
    database
  ]
}

// The server takes one change at a time.
resource administrator 'Microsoft.DBforPostgreSQL/flexibleServers/administrators@2024-08-01' = {
  parent: server
  name: administratorId
  properties: {
    principalName: administratorName
    principalType: administratorType
    tenantId: tenant().tenantId
  }
  dependsOn: [
    azure
  ]
}

output store string = 'postgres://${identityName}@${server.properties.fullyQualifiedDomainName}/${database.name}'
output host string = server.properties.fullyQualifiedDomainName
