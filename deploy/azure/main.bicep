// acsauth in Azure Container Apps, in one resource group. docs/publish-to-azure.md says how to run it, and what was checked without Azure.
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

@description('URL under which clients reach the service, if something of yours is in front of it. Empty: customDomain, or the name that the platform gives.')
param publicUrl string = ''

@description('Domain of yours at which the service is reached. Its DNS records come first; see docs/publish-to-azure.md.')
param customDomain string = ''

@description('Resource id of the certificate of that domain. Empty: the domain is there without one, as a managed certificate needs it at first.')
param certificateId string = ''

@description('Least replicas that run.')
@minValue(1)
@maxValue(100)
param minReplicas int = 2

@description('Most replicas that run. The limits of ACS are shared out among as many.')
@minValue(1)
@maxValue(100)
param maxReplicas int = 4

@description('Requests at once for which one more replica is started.')
@minValue(1)
param concurrentRequests int = 100

@description('Processor cores of a replica; its memory is twice as many GiB.')
@allowed([
  '0.25'
  '0.5'
  '1'
  '2'
])
param cpu string = '0.5'

@description('Proxies whose word on the address of the client is believed: the ingress of Container Apps.')
param trustedProxies string = 'private,100.100.0.0/16'

@description('Whether traces go to Application Insights by the OpenTelemetry agent of Container Apps.')
param tracing bool = true

@description('Resource id of a subnet for the environment. Empty: a network of the platform.')
param subnetId string = ''

@description('Whether the environment spreads over zones, which needs a subnet of yours.')
param zoneRedundant bool = false

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

module environmentOfApps 'modules/environment.bicep' = {
  name: 'environment-${suffix}'
  params: {
    location: location
    suffix: suffix
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    insightsName: monitoring.outputs.insightsName
    agent: tracing
    zoneRedundant: zoneRedundant
    subnetId: subnetId
  }
}

var appName = 'ca-${short}'
var platformUrl = 'https://${appName}.${environmentOfApps.outputs.defaultDomain}'
var url = !empty(publicUrl) ? publicUrl : empty(certificateId) ? platformUrl : 'https://${customDomain}'
var replicas = max(minReplicas, maxReplicas)

module settings 'modules/settings.bicep' = {
  name: 'settings-${suffix}'
  params: {
    port: 8080
    publicUrl: url
    trustedProxies: trustedProxies
    replicas: replicas
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

var memory = {
  '0.25': '0.5Gi'
  '0.5': '1Gi'
  '1': '2Gi'
  '2': '4Gi'
}

resource app 'Microsoft.App/containerApps@2024-10-02-preview' = {
  name: appName
  location: location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identity.id}': {}
    }
  }
  properties: {
    environmentId: environmentOfApps.outputs.id
    workloadProfileName: 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      ingress: {
        external: true
        targetPort: 8080
        transport: 'http'
        allowInsecure: false
        customDomains: empty(customDomain) ? [] : [
          {
            name: customDomain
            bindingType: empty(certificateId) ? 'Disabled' : 'SniEnabled'
            certificateId: empty(certificateId) ? null : certificateId
          }
        ]
      }
      registries: empty(registryId) ? [] : [
        {
          server: registry!.outputs.loginServer
          identity: identity.id
        }
      ]
    }
    template: {
      terminationGracePeriodSeconds: 45
      containers: [
        {
          name: 'acsauth'
          image: image
          args: [
            'serve'
          ]
          env: settings.outputs.env
          resources: {
            cpu: json(cpu)
            memory: memory[cpu]
          }
          probes: [
            {
              type: 'Startup'
              httpGet: {
                path: '/livez'
                port: 8080
              }
              periodSeconds: 6
              failureThreshold: 10
            }
            {
              type: 'Liveness'
              httpGet: {
                path: '/livez'
                port: 8080
              }
              periodSeconds: 10
              failureThreshold: 3
            }
            {
              type: 'Readiness'
              httpGet: {
                path: '/readyz'
                port: 8080
              }
              periodSeconds: 5
              failureThreshold: 2
              timeoutSeconds: 3
            }
          ]
        }
      ]
      scale: {
        minReplicas: minReplicas
        maxReplicas: replicas
        rules: [
          {
            name: 'requests'
            http: {
              metadata: {
                concurrentRequests: string(concurrentRequests)
              }
            }
          }
        ]
      }
    }
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
