// acsauth in App Service for Linux containers, in one resource group. The other way, and the default, is main.bicep.
targetScope = 'resourceGroup'

@description('Beginning of the names of the resources: letters, digits and hyphens.')
@minLength(3)
@maxLength(20)
param name string = 'acsauth'

@description('Region of the resources.')
param location string = resourceGroup().location

@description('Container image of the service, with its registry and a tag or digest.')
param image string

@description('Resource id of the Azure Container Registry that holds the image. Empty: the image is public.')
param registryId string = ''

@description('Directory (tenant) ids of Entra ID whose users may call, with commas between.')
param tenantIds string = tenant().tenantId

@description('Application (client) id of the registration of the API; see docs/before-the-first-run.md.')
@minLength(36)
@maxLength(36)
param clientId string

@description('Application (client) ids of the apps that may call, with commas between, or * for any of the tenants.')
param allowedClients string

@description('Application (client) ids of the apps whose Teams users\' tokens may be exchanged. Empty: those that may call.')
param teamsClients string = ''

@description('Application (client) ids of the programs that may call the administration routes. Empty: none.')
param adminClients string = ''

@description('App roles, one of which a user must have. Empty: no role is needed.')
param roles string = ''

@description('Whether guests of the tenants may call.')
param allowGuests bool = true

@description('Web origins whose pages may call, such as https://app.contoso.com, with commas between. Empty: none.')
param allowedOrigins string = ''

@description('Application (client) id of the single-page application of the page to try the service. Empty: no such page.')
param playgroundClientId string = ''

@description('Resource id of an ACS resource that is there already. Empty: a new one is made.')
param communicationServiceId string = ''

@description('Where a new ACS resource keeps its data. It cannot be changed later.')
param dataLocation string = 'Europe'

@description('Role of the identity at the ACS resource. Contributor is wider, and is there in case the other one is refused.')
@allowed([
  'Communication and Email Service Owner'
  'Contributor'
])
param communicationRole string = 'Communication and Email Service Owner'

@description('Whether mappings are labelled with the immutable id of the ACS resource, and every identity is checked to carry it. Decide before the first user.')
param labelByImmutableId bool = false

@description('Where mappings are kept.')
@allowed([
  'tables'
  'postgres'
  'cosmos'
])
param store string = 'tables'

@description('Redundancy of the storage account, with store tables.')
@allowed([
  'Standard_LRS'
  'Standard_ZRS'
  'Standard_GRS'
  'Standard_GZRS'
])
param storageSku string = 'Standard_ZRS'

@description('Size of the database server, with store postgres.')
param postgresSku string = 'Standard_B1ms'

@description('Tier of that size.')
@allowed([
  'Burstable'
  'GeneralPurpose'
  'MemoryOptimized'
])
param postgresTier string = 'Burstable'

@description('Object id of the administrator of the database server, with store postgres. Empty: the identity of the service, which is more than it needs.')
param postgresAdministratorId string = ''

@description('Name of that administrator in Entra ID.')
param postgresAdministratorName string = ''

@description('What that administrator is.')
@allowed([
  'User'
  'Group'
  'ServicePrincipal'
])
param postgresAdministratorType string = 'Group'

@description('Whether mappings that the public samples wrote into Microsoft Graph are taken over; see docs/moving.md. Only for as long as the move takes.')
param adoptSampleMappings bool = false

@description('Name of the open extension that the samples wrote.')
param graphExtension string = 'com.contoso.identityMapping'

@description('Whether the audit log is written, among the logs.')
param audit bool = false

@description('Days for which logs are kept.')
@minValue(30)
@maxValue(730)
param retentionInDays int = 30

@description('Endpoint of an OpenTelemetry collector of yours (OTLP), in place of the one that the platform names.')
param otlpEndpoint string = ''

@description('Protocol of that collector.')
@allowed([
  'grpc'
  'http/protobuf'
])
param otlpProtocol string = 'http/protobuf'

@description('Tags of the resources.')
param tags object = {}

@description('URL under which clients reach the service, if it has a domain of yours. Empty: the name that the platform gives.')
param publicUrl string = ''

@description('Size of the plan. It must be one that keeps the app loaded.')
param planSku string = 'P0v3'

@description('Instances of the plan, all of which run the service.')
@minValue(1)
@maxValue(30)
param instances int = 2

@description('Proxies whose word on the address of the client is believed: the front ends of App Service.')
param trustedProxies string = 'private,169.254.0.0/16'

var suffix = '${toLower(name)}-${uniqueString(resourceGroup().id, name)}'
var short = '${take(replace(toLower(name), '-', ''), 11)}${uniqueString(resourceGroup().id, name)}'

// The ids of the two roles, from the list of built-in roles of Azure.
var communicationRoles = {
  'Communication and Email Service Owner': '09976791-48a7-449e-bb21-39d1a415f350'
  Contributor: 'b24988ac-6180-42a0-ab88-20f7382dd24c'
}

var newCommunication = empty(communicationServiceId)
var communicationName = newCommunication ? 'acs-${suffix}' : last(split(communicationServiceId, '/'))
var communicationSubscription = newCommunication ? subscription().subscriptionId : split(communicationServiceId, '/')[2]
var communicationGroup = newCommunication ? resourceGroup().name : split(communicationServiceId, '/')[4]

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-${suffix}'
  location: location
  tags: tags
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring-${suffix}'
  params: {
    location: location
    suffix: suffix
    tags: tags
    retentionInDays: retentionInDays
  }
}

resource communication 'Microsoft.Communication/communicationServices@2023-04-01' = if (newCommunication) {
  name: 'acs-${suffix}'
  location: 'global'
  tags: tags
  properties: {
    dataLocation: dataLocation
  }
}

module access 'modules/communication-access.bicep' = {
  name: 'access-${suffix}'
  scope: resourceGroup(communicationSubscription, communicationGroup)
  params: {
    name: communicationName
    principalId: identity.properties.principalId
    identityId: identity.id
    roleId: communicationRoles[communicationRole]
    workspaceId: monitoring.outputs.workspaceId
  }
  dependsOn: [
    communication
  ]
}

module registry 'modules/registry-access.bicep' = if (!empty(registryId)) {
  name: 'registry-${suffix}'
  scope: resourceGroup(empty(registryId) ? subscription().subscriptionId : split(registryId, '/')[2], empty(registryId) ? resourceGroup().name : split(registryId, '/')[4])
  params: {
    name: last(split(registryId, '/'))
    principalId: identity.properties.principalId
    identityId: identity.id
  }
}

module tables 'modules/store-tables.bicep' = if (store == 'tables') {
  name: 'tables-${suffix}'
  params: {
    location: location
    accountName: short
    sku: storageSku
    tags: tags
    principalId: identity.properties.principalId
    identityId: identity.id
  }
}

module postgres 'modules/store-postgres.bicep' = if (store == 'postgres') {
  name: 'postgres-${suffix}'
  params: {
    location: location
    serverName: 'psql-${suffix}'
    skuName: postgresSku
    skuTier: postgresTier
    tags: tags
    identityName: identity.name
    administratorId: empty(postgresAdministratorId) ? identity.properties.principalId : postgresAdministratorId
    administratorName: empty(postgresAdministratorId) ? identity.name : postgresAdministratorName
    administratorType: empty(postgresAdministratorId) ? 'ServicePrincipal' : postgresAdministratorType
  }
}

module cosmos 'modules/store-cosmos.bicep' = if (store == 'cosmos') {
  name: 'cosmos-${suffix}'
  params: {
    location: location
    accountName: 'cosmos-${suffix}'
    tags: tags
    principalId: identity.properties.principalId
  }
}

var appName = take('app-${suffix}', 60)
var url = empty(publicUrl) ? 'https://${appName}.azurewebsites.net' : publicUrl

module settings 'modules/settings.bicep' = {
  name: 'settings-${suffix}'
  params: {
    port: 8080
    publicUrl: url
    trustedProxies: trustedProxies
    replicas: instances
    tenantIds: tenantIds
    clientId: clientId
    allowedClients: allowedClients
    teamsClients: teamsClients
    adminClients: adminClients
    roles: roles
    allowGuests: allowGuests
    allowedOrigins: allowedOrigins
    playgroundClientId: playgroundClientId
    communicationEndpoint: access.outputs.endpoint
    communicationLabel: labelByImmutableId ? access.outputs.immutableResourceId : ''
    identityClientId: identity.properties.clientId
    store: store == 'tables' ? tables!.outputs.store : store == 'postgres' ? postgres!.outputs.store : cosmos!.outputs.store
    adoptSampleMappings: adoptSampleMappings
    graphExtension: graphExtension
    audit: audit
    otlpEndpoint: otlpEndpoint
    otlpProtocol: otlpProtocol
  }
}

resource plan 'Microsoft.Web/serverfarms@2023-12-01' = {
  name: 'plan-${suffix}'
  location: location
  tags: tags
  kind: 'linux'
  sku: {
    name: planSku
    capacity: instances
  }
  properties: {
    reserved: true
  }
}

resource app 'Microsoft.Web/sites@2023-12-01' = {
  name: appName
  location: location
  tags: tags
  kind: 'app,linux,container'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identity.id}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    siteConfig: {
      linuxFxVersion: 'DOCKER|${image}'
      appCommandLine: 'serve'
      alwaysOn: true
      ftpsState: 'Disabled'
      minTlsVersion: '1.2'
      healthCheckPath: '/readyz'
      acrUseManagedIdentityCreds: !empty(registryId)
      acrUserManagedIdentityID: empty(registryId) ? '' : identity.properties.clientId
      appSettings: concat(settings.outputs.env, [
        {
          name: 'WEBSITES_PORT'
          value: '8080'
        }
        {
          name: 'WEBSITES_ENABLE_APP_SERVICE_STORAGE'
          value: 'false'
        }
        {
          name: 'WEBSITES_CONTAINER_STOP_TIME_LIMIT'
          value: '45'
        }
      ])
    }
  }
  dependsOn: [
    registry
  ]
}

resource basicFtp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2023-12-01' = {
  parent: app
  name: 'ftp'
  properties: {
    allow: false
  }
}

resource basicScm 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2023-12-01' = {
  parent: app
  name: 'scm'
  properties: {
    allow: false
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'acsauth'
  scope: app
  properties: {
    workspaceId: monitoring.outputs.workspaceId
    logs: [
      {
        category: 'AppServiceConsoleLogs'
        enabled: true
      }
      {
        category: 'AppServicePlatformLogs'
        enabled: true
      }
    ]
  }
}

// For the client: what the developer of the app needs. register-app.sh writes them into a file.
output ACSAUTH_PUBLIC_URL string = url
output CLIENT_AUTHORITY string = '${environment().authentication.loginEndpoint}${split(tenantIds, ',')[0]}'
output CLIENT_SCOPE string = 'api://${clientId}/access_as_user'
// For the app registration: the identity that becomes its federated credential.
output IDENTITY_PRINCIPAL_ID string = identity.properties.principalId
output IDENTITY_CLIENT_ID string = identity.properties.clientId
output IDENTITY_NAME string = identity.name
output ACSAUTH_ACS_ENDPOINT string = access.outputs.endpoint
output AZURE_RESOURCE_GROUP string = resourceGroup().name
output APP_NAME string = app.name
