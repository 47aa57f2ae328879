// The settings of the service, for every place that it runs in. It makes no resource. What is empty is left out, so the program's own default holds.

@description('Port that the container listens on.')
param port int

@description('URL under which clients reach the service.')
param publicUrl string

@description('Proxies whose word on the address of the client is believed.')
param trustedProxies string

@description('Most replicas that run at once.')
param replicas int

@description('Directory (tenant) ids whose users may call, with commas between.')
param tenantIds string

@description('Application (client) id of the registration of the API.')
param clientId string

@description('Client applications that may call, with commas between, or *.')
param allowedClients string

@description('Client applications whose Teams users\' tokens may be exchanged. Empty: those that may call.')
param teamsClients string

@description('Client applications that may call the administration routes.')
param adminClients string

@description('App roles, one of which a user must have.')
param roles string

@description('Whether guests may call.')
param allowGuests bool

@description('Web origins whose pages may call.')
param allowedOrigins string

@description('Client id of the page to try the service. Empty: no such page.')
param playgroundClientId string

@description('Endpoint of the ACS resource.')
param communicationEndpoint string

@description('Immutable id of the ACS resource as its label. Empty: the label is the host of the endpoint.')
param communicationLabel string

@description('Client id of the user-assigned managed identity.')
param identityClientId string

@description('Value of ACSAUTH_STORE.')
param store string

@description('Whether mappings of the public samples in Microsoft Graph are taken over.')
param adoptSampleMappings bool

@description('Name of the open extension that the samples wrote.')
param graphExtension string

@description('Whether the audit log is written, among the logs.')
param audit bool

@description('Endpoint of an OpenTelemetry collector of yours (OTLP). Empty: what the platform sets, or none.')
param otlpEndpoint string

@description('Protocol of that collector.')
param otlpProtocol string

var always = [
  {
    name: 'ACSAUTH_LISTEN'
    value: ':${port}'
  }
  {
    name: 'ACSAUTH_PUBLIC_URL'
    value: publicUrl
  }
  {
    name: 'ACSAUTH_TRUSTED_PROXIES'
    value: trustedProxies
  }
  {
    name: 'ACSAUTH_SHUTDOWN_DELAY'
    value: '10s'
  }
  {
    name: 'ACSAUTH_SHUTDOWN_TIMEOUT'
    value: '28s'
  }
  {
    name: 'ACSAUTH_REPLICAS'
    value: string(replicas)
  }
  {
    name: 'ACSAUTH_TENANT_IDS'
    value: tenantIds
  }
  {
    name: 'ACSAUTH_CLIENT_ID'
    value: clientId
  }
  {
    name: 'ACSAUTH_ALLOWED_CLIENTS'
    value: allowedClients
  }
  {
    name: 'ACSAUTH_ALLOW_GUESTS'
    value: allowGuests ? 'true' : 'false'
  }
  {
    name: 'ACSAUTH_ACS_ENDPOINT'
    value: communicationEndpoint
  }
  {
    name: 'ACSAUTH_ACS_CREDENTIAL'
    value: 'managed-identity'
  }
  {
    name: 'ACSAUTH_ACS_CLIENT_ID'
    value: identityClientId
  }
  {
    name: 'ACSAUTH_STORE'
    value: store
  }
  {
    name: 'ACSAUTH_STORE_CREDENTIAL'
    value: 'managed-identity'
  }
  {
    name: 'ACSAUTH_AUDIT'
    value: audit ? 'stdout' : 'off'
  }
  {
    name: 'OTEL_SERVICE_NAME'
    value: 'acsauth'
  }
]

var teams = empty(teamsClients) ? [] : [
  {
    name: 'ACSAUTH_TEAMS_CLIENTS'
    value: teamsClients
  }
]

var admins = empty(adminClients) ? [] : [
  {
    name: 'ACSAUTH_ADMIN_CLIENTS'
    value: adminClients
  }
]

var needed = empty(roles) ? [] : [
  {
    name: 'ACSAUTH_ROLES'
    value: roles
  }
]

var origins = empty(allowedOrigins) ? [] : [
  {
    name: 'ACSAUTH_ALLOWED_ORIGINS'
    value: allowedOrigins
  }
]

var playground = empty(playgroundClientId) ? [] : [
  {
    name: 'ACSAUTH_PLAYGROUND_CLIENT_ID'
    value: playgroundClientId
  }
]

var label = empty(communicationLabel) ? [] : [
  {
    name: 'ACSAUTH_ACS_RESOURCE'
    value: communicationLabel
  }
]

// The API calls Graph on behalf of the user, as itself: the managed identity is its federated credential, in place of a client secret.
var adopt = adoptSampleMappings ? [
  {
    name: 'ACSAUTH_GRAPH_ADOPT'
    value: 'true'
  }
  {
    name: 'ACSAUTH_GRAPH_EXTENSION'
    value: graphExtension
  }
  {
    name: 'ACSAUTH_CLIENT_CREDENTIAL'
    value: 'managed-identity'
  }
] : []

var collector = empty(otlpEndpoint) ? [] : [
  {
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT'
    value: otlpEndpoint
  }
  {
    name: 'OTEL_EXPORTER_OTLP_PROTOCOL'
    value: otlpProtocol
  }
]

output env array = concat(always, teams, admins, needed, origins, playground, label, adopt, collector)
