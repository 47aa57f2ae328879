// Lets the identity of the service pull its image from an Azure Container Registry that is there already.

@description('Name of the registry, which is in the resource group of this deployment.')
param name string

@description('Object id of the identity of the service.')
param principalId string

@description('Resource id of the identity of the service.')
param identityId string

// AcrPull
var roleId = '7f951dda-4ed3-4680-a7ca-43fe172d538d'

resource registry 'Microsoft.ContainerRegistry/registries@2023-07-01' existing = {
  name: name
}

resource role 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(registry.id, identityId, roleId)
  scope: registry
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
  }
}

output loginServer string = registry.properties.loginServer
