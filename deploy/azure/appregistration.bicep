// The app registrations: the API (this service), and one single-page application that may call it. register-app.sh makes the same with the Azure CLI.
// Deploy it into any resource group; the registrations themselves are in the directory. It has no secret: the API proves itself by a managed identity.
targetScope = 'resourceGroup'

extension microsoftGraphV1

@description('Key of the registration of the API, by which it is found again.')
param apiUniqueName string = 'acsauth-api'

@description('Key of the registration of the app.')
param appUniqueName string = 'acsauth-app'

@description('Application (client) id of the API. Empty at the first deployment, which says it; the second one makes api://ID of it.')
param apiClientId string = ''

@description('Redirect URIs of the app, such as https://app.contoso.com/.')
param redirectUris array = []

@description('Object id of the managed identity of the service, which becomes the federated credential of the API. Empty: none.')
param identityPrincipalId string = ''

@description('Whether Teams users\' tokens are exchanged: the app asks for the two Teams permissions of ACS.')
param teams bool = true

@description('Whether the permissions of the app are consented to for everybody, which only an administrator can do.')
param consent bool = false

@description('Whether the API reads the user\'s profile in Microsoft Graph, to take over mappings of the public samples.')
param graph bool = false

var communicationAppId = '1fd5118e-2576-4263-8130-9503064c837a'
var graphAppId = '00000003-0000-0000-c000-000000000000'
var scopeId = 'd133ec7e-7bd3-47e4-87ec-d0c94066e226'

resource api 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: apiUniqueName
  displayName: 'acsauth'
  signInAudience: 'AzureADMyOrg'
  identifierUris: empty(apiClientId) ? [] : [
    'api://${apiClientId}'
  ]
  api: {
    requestedAccessTokenVersion: 2
    oauth2PermissionScopes: [
      {
        id: scopeId
        value: 'access_as_user'
        type: 'User'
        isEnabled: true
        adminConsentDisplayName: 'Use Azure Communication Services as the user'
        adminConsentDescription: 'Lets the app get an identity and access tokens of Azure Communication Services for the signed-in user.'
        userConsentDisplayName: 'Call and chat as you'
        userConsentDescription: 'Lets the app get an identity and access tokens of Azure Communication Services for you.'
      }
    ]
    preAuthorizedApplications: empty(apiClientId) ? [] : [
      {
        appId: app.appId
        delegatedPermissionIds: [
          scopeId
        ]
      }
    ]
  }
  appRoles: [
    {
      id: '3eeb9fc0-5399-427d-94a2-2de642c9b0db'
      value: 'Identities.Read'
      displayName: 'Look identities up'
      description: 'Look up whose identity is whose.'
      isEnabled: true
      allowedMemberTypes: [
        'Application'
        'User'
      ]
    }
    {
      id: '251f7235-daf1-44a2-91cc-8df247127809'
      value: 'Identities.Manage'
      displayName: 'Manage identities'
      description: 'Make, revoke and delete identities of users, and look them up.'
      isEnabled: true
      allowedMemberTypes: [
        'Application'
        'User'
      ]
    }
  ]
  optionalClaims: {
    accessToken: [
      {
        name: 'idtyp'
      }
      {
        name: 'acct'
      }
    ]
  }
  requiredResourceAccess: graph ? [
    {
      resourceAppId: graphAppId
      resourceAccess: [
        {
          // User.ReadWrite
          id: 'b4e74841-8e56-480b-be8b-910348b18b4c'
          type: 'Scope'
        }
      ]
    }
  ] : []
}

resource apiPrincipal 'Microsoft.Graph/servicePrincipals@v1.0' = {
  appId: api.appId
}

resource credential 'Microsoft.Graph/applications/federatedIdentityCredentials@v1.0' = if (!empty(identityPrincipalId)) {
  name: '${api.uniqueName}/acsauth-identity'
  description: 'The managed identity of the service, in place of a client secret.'
  issuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
  subject: identityPrincipalId
  audiences: [
    'api://AzureADTokenExchange'
  ]
}

resource app 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: appUniqueName
  displayName: 'acsauth app'
  signInAudience: 'AzureADMyOrg'
  spa: {
    redirectUris: redirectUris
  }
  requiredResourceAccess: concat(empty(apiClientId) ? [] : [
    {
      resourceAppId: apiClientId
      resourceAccess: [
        {
          id: scopeId
          type: 'Scope'
        }
      ]
    }
  ], teams ? [
    {
      resourceAppId: communicationAppId
      resourceAccess: [
        {
          // Teams.ManageCalls
          id: 'de8ec1df-066a-4817-bc5d-9a985b986262'
          type: 'Scope'
        }
        {
          // Teams.ManageChats
          id: '6290af7f-b407-49f9-92d5-bf584fdc4019'
          type: 'Scope'
        }
      ]
    }
  ] : [])
}

resource appPrincipal 'Microsoft.Graph/servicePrincipals@v1.0' = {
  appId: app.appId
}

// ACS itself is a stranger to many tenants until somebody makes its service principal.
resource communicationPrincipal 'Microsoft.Graph/servicePrincipals@v1.0' = if (teams) {
  appId: communicationAppId
}

resource teamsConsent 'Microsoft.Graph/oauth2PermissionGrants@v1.0' = if (teams && consent) {
  clientId: appPrincipal.id
  resourceId: communicationPrincipal.id
  consentType: 'AllPrincipals'
  scope: 'Teams.ManageCalls Teams.ManageChats'
}

output ACSAUTH_TENANT_IDS string = tenant().tenantId
output ACSAUTH_CLIENT_ID string = api.appId
output ACSAUTH_ALLOWED_CLIENTS string = app.appId
output CLIENT_SCOPE string = 'api://${api.appId}/access_as_user'
