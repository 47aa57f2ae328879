// The environment of Container Apps: its logs go to the workspace through Azure Monitor, without a key of the workspace, and its OpenTelemetry agent
// hands traces on to Application Insights.

@description('Region.')
param location string

@description('End of the names of the resources.')
param suffix string

@description('Tags of the resources.')
param tags object

@description('Resource id of the Log Analytics workspace.')
param workspaceId string

@description('Name of the Application Insights resource, in this resource group.')
param insightsName string

@description('Whether the OpenTelemetry agent of the environment is on.')
param agent bool

@description('Whether the environment spreads over zones. Only for regions that have them, and only with a network of your own.')
param zoneRedundant bool

@description('Resource id of a subnet for the environment. Empty: a network of the platform.')
param subnetId string

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource environment 'Microsoft.App/managedEnvironments@2024-10-02-preview' = {
  name: 'cae-${suffix}'
  location: location
  tags: tags
  properties: {
    workloadProfiles: [
      {
        name: 'Consumption'
        workloadProfileType: 'Consumption'
      }
    ]
    zoneRedundant: zoneRedundant
    vnetConfiguration: empty(subnetId) ? null : {
      infrastructureSubnetId: subnetId
      internal: false
    }
    appLogsConfiguration: {
      destination: 'azure-monitor'
    }
    appInsightsConfiguration: agent ? {
      connectionString: insights.properties.ConnectionString
    } : null
    openTelemetryConfiguration: agent ? {
      tracesConfiguration: {
        destinations: [
          'appInsights'
        ]
      }
    } : null
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'acsauth'
  scope: environment
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'ContainerAppConsoleLogs'
        enabled: true
      }
      {
        category: 'ContainerAppSystemLogs'
        enabled: true
      }
    ]
  }
}

output id string = environment.id
output defaultDomain string = environment.properties.defaultDomain
