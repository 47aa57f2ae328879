// What the service needs of an ACS resource, new or not: a role for its identity, and the log of who asked for what.
// A module of its own, since the ACS resource may be in another resource group.

@description('Name of the ACS resource, which is in the resource group of this deployment.')
param name string

@description('Object id of the identity of the service.')
param principalId string

@description('Resource id of the identity of the service; part of the name of the role assignment, which must be known beforehand.')
param identityId string

@description('Id of the role definition.')
param roleId string

@description('Log Analytics workspace that gets the authentication log of ACS. Empty: none is sent.')
param workspaceId string

resource acs 'Microsoft.Communication/communicationServices@2023-04-01' existing = {
  name: name
}

resource role 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(acs.id, identityId, roleId)
  scope: acs
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
  }
}

resource log 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!empty(workspaceId)) {
  name: 'acsauth'
  scope: acs
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'AuthOperational'
        enabled: true
      }
    ]
  }
}

output endpoint string = 'https://${acs.properties.hostName}'
output immutableResourceId string = acs.properties.immutableResourceId
