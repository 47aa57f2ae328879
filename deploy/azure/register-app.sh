#!/usr/bin/env bash
# Makes the app registrations of acsauth in Microsoft Entra ID: the API, and one single-page application that may call it. A second run makes
# nothing new. No secret is made: the API proves itself by a managed identity. Needs az, signed in to the right tenant (az login), and bash.
set -euo pipefail

readonly graph=https://graph.microsoft.com/v1.0
readonly scope_id=d133ec7e-7bd3-47e4-87ec-d0c94066e226
readonly acs=1fd5118e-2576-4263-8130-9503064c837a # Azure Communication Services
readonly graph_app=00000003-0000-0000-c000-000000000000
readonly guid='^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'

usage() {
  cat <<'TEXT'
bash deploy/azure/register-app.sh [options]

  --api-name NAME      key of the registration of the API (acsauth-api)
  --app-name NAME      key of the registration of the app (acsauth-app)
  --redirect URI       a redirect URI of the app; as often as needed, those that are there stay
  --identity ID        object id of the managed identity of the service: the federated credential of the API
  --graph              the API reads the user's profile in Microsoft Graph (ACSAUTH_GRAPH_ADOPT, store graph)
  --no-teams           the app does not ask for the two Teams permissions of ACS
  --consent            consent for everybody; needs an administrator
  --url URL            where the service is, for the file of the client
  --client-env FILE    writes what the developer of the app needs
  --azd                takes redirect URIs from DEPLOY_REDIRECT_URIS, too (commas between), and hands the ids on to azd, but leaves
                       ACSAUTH_ALLOWED_CLIENTS alone if it is set; does nothing at all if DEPLOY_REGISTRATION=skip

It prints the settings of the service.
TEXT
}

fail() {
  printf 'register-app.sh: %s\n' "$1" >&2
  exit 1
}

api_name=acsauth-api app_name=acsauth-app identity='' url='' client_env=''
with_graph=false with_teams=true with_consent=false with_azd=false
redirects=()
while (($#)); do
  option=$1
  shift
  case $option in
    --graph) with_graph=true ;;
    --no-teams) with_teams=false ;;
    --consent) with_consent=true ;;
    --azd) with_azd=true ;;
    -h | --help)
      usage
      exit 0
      ;;
    --api-name | --app-name | --redirect | --identity | --url | --client-env)
      (($#)) || fail "$option needs a value"
      case $option in
        --api-name) api_name=$1 ;;
        --app-name) app_name=$1 ;;
        --redirect) redirects+=("$1") ;;
        --identity) identity=$1 ;;
        --url) url=$1 ;;
        --client-env) client_env=$1 ;;
      esac
      shift
      ;;
    *) fail "$option is not known; see --help" ;;
  esac
done

if $with_azd; then
  if [[ ${DEPLOY_REGISTRATION:-} == skip ]]; then
    echo 'DEPLOY_REGISTRATION=skip: the registrations are left alone.'
    exit 0
  fi
  IFS=, read -r -a more <<<"${DEPLOY_REDIRECT_URIS:-}"
  redirects+=(${more[@]+"${more[@]}"})
fi

# What goes into JSON or a URL below is of these forms only.
[[ $api_name =~ ^[A-Za-z0-9._-]{1,60}$ && $app_name =~ ^[A-Za-z0-9._-]{1,60}$ ]] || fail 'a name has letters, digits and . _ -'
[[ $api_name != "$app_name" ]] || fail 'the two names must differ'
[[ -z $identity || $identity =~ $guid ]] || fail "--identity is the object id of the identity, a GUID"
[[ -z $url || $url =~ ^https://[A-Za-z0-9.-]+(:[0-9]+)?/?$ ]] || fail '--url is an https URL without a path'
for uri in ${redirects[@]+"${redirects[@]}"}; do
  [[ $uri =~ ^(https://|http://localhost)[A-Za-z0-9._~:/-]*$ ]] || fail "--redirect $uri is not an https URL, or one of http://localhost"
done

# get URL QUERY prints one value, or one a line, or nothing.
get() { az rest --method GET --url "$1" --query "$2" --output tsv; }

# patiently COMMAND... tries a few times: what was just made may not be everywhere yet.
patiently() {
  local try
  for try in 1 2 3 4 5; do
    "$@" && return
    sleep $((try * 2))
  done
  return 1
}

# patch URL BODY [HEADER]
patch() { az rest --method PATCH --url "$1" --headers Content-Type=application/json ${3:+"$3"} --body "$2" --output none; }

# ensure NAME DISPLAY makes the registration if it is not there, found by its unique name.
ensure() {
  get "$graph/applications(uniqueName='$1')" appId >/dev/null 2>&1 ||
    patch "$graph/applications(uniqueName='$1')" "{\"displayName\":\"$2\",\"signInAudience\":\"AzureADMyOrg\"}" Prefer=create-if-missing
}

# principal APPID makes the service principal if it is not there.
principal() {
  [[ -n $(get "$graph/servicePrincipals?\$filter=appId%20eq%20'$1'&\$select=id" 'value[0].id') ]] ||
    patiently az ad sp create --id "$1" --output none
}

tenant=$(az account show --query tenantId --output tsv)
[[ $tenant =~ $guid ]] || fail 'az is not signed in; run az login'

# The API: token version 2, the scope, the roles of the administration routes, and two claims that say more of the caller.
readonly api="$graph/applications(uniqueName='$api_name')"
ensure "$api_name" acsauth
api_id=$(patiently get "$api" appId)
[[ $api_id =~ $guid ]] || fail "the registration $api_name cannot be read"

if [[ $(get "$api" api.requestedAccessTokenVersion) != 2 ]]; then
  patch "$api" '{"api":{"requestedAccessTokenVersion":2}}'
fi
if [[ -z $(get "$api" 'identifierUris[0]') ]]; then
  patch "$api" "{\"identifierUris\":[\"api://$api_id\"]}"
fi
found=$(get "$api" "api.oauth2PermissionScopes[?value=='access_as_user'].id | [0]")
if [[ -z $found ]]; then
  [[ -z $(get "$api" 'api.oauth2PermissionScopes[0].id') ]] || fail "$api_name has scopes, but not access_as_user: add it in the portal, Expose an API"
  patch "$api" '{"api":{"oauth2PermissionScopes":[{"id":"'$scope_id'","value":"access_as_user","type":"User","isEnabled":true,
    "adminConsentDisplayName":"Use Azure Communication Services as the user",
    "adminConsentDescription":"Lets the app get an identity and access tokens of Azure Communication Services for the signed-in user.",
    "userConsentDisplayName":"Call and chat as you",
    "userConsentDescription":"Lets the app get an identity and access tokens of Azure Communication Services for you."}]}}'
  found=$scope_id
fi
readonly scope=$found
[[ $scope =~ $guid ]] || fail 'the scope has no id'
if [[ -z $(get "$api" 'appRoles[0].id') ]]; then
  patch "$api" '{"appRoles":[
    {"id":"3eeb9fc0-5399-427d-94a2-2de642c9b0db","value":"Identities.Read","displayName":"Look identities up","isEnabled":true,
     "description":"Look up whose identity is whose.","allowedMemberTypes":["Application","User"]},
    {"id":"251f7235-daf1-44a2-91cc-8df247127809","value":"Identities.Manage","displayName":"Manage identities","isEnabled":true,
     "description":"Make, revoke and delete identities of users, and look them up.","allowedMemberTypes":["Application","User"]}]}'
fi
if [[ -z $(get "$api" 'optionalClaims.accessToken[0].name') ]]; then
  patch "$api" '{"optionalClaims":{"accessToken":[{"name":"idtyp"},{"name":"acct"}]}}'
fi
if $with_graph && [[ -z $(get "$api" 'requiredResourceAccess[0].resourceAppId') ]]; then
  patch "$api" '{"requiredResourceAccess":[{"resourceAppId":"'$graph_app'","resourceAccess":[{"id":"b4e74841-8e56-480b-be8b-910348b18b4c","type":"Scope"}]}]}'
fi
principal "$api_id"

# The app: a single-page application.
readonly app="$graph/applications(uniqueName='$app_name')"
ensure "$app_name" 'acsauth app'
app_id=$(patiently get "$app" appId)
[[ $app_id =~ $guid ]] || fail "the registration $app_name cannot be read"

uris=() missing=false
while IFS= read -r uri; do
  [[ -z $uri ]] || uris+=("$uri")
done < <(get "$app" 'spa.redirectUris[]')
for uri in ${redirects[@]+"${redirects[@]}"}; do
  case " ${uris[*]-} " in
    *" $uri "*) ;;
    *) uris+=("$uri") missing=true ;;
  esac
done
if $missing; then
  list=$(printf ',"%s"' "${uris[@]}")
  patch "$app" "{\"spa\":{\"redirectUris\":[${list#,}]}}"
fi

# asks RESOURCE tells whether the app asks for permissions of it.
asks() { [[ -n $(get "$app" "requiredResourceAccess[?resourceAppId=='$1'].resourceAppId | [0]") ]]; }
if ! asks "$api_id" || { $with_teams && ! asks "$acs"; }; then
  for other in $(get "$app" 'requiredResourceAccess[].resourceAppId'); do
    [[ $other == "$api_id" || $other == "$acs" ]] || fail "$app_name asks for permissions of $other: add those of acsauth in the portal, API permissions"
  done
  access='{"resourceAppId":"'$api_id'","resourceAccess":[{"id":"'$scope'","type":"Scope"}]}'
  if $with_teams; then
    access+=',{"resourceAppId":"'$acs'","resourceAccess":[{"id":"de8ec1df-066a-4817-bc5d-9a985b986262","type":"Scope"},
      {"id":"6290af7f-b407-49f9-92d5-bf584fdc4019","type":"Scope"}]}'
  fi
  patch "$app" "{\"requiredResourceAccess\":[$access]}"
fi
principal "$app_id"
if $with_teams; then
  principal "$acs"
fi

# The app needs nobody's consent for the API. Those that may do so already stay.
clients=()
while IFS= read -r client; do
  [[ -z $client ]] || clients+=("$client")
done < <(get "$api" "api.preAuthorizedApplications[].appId")
case " ${clients[*]-} " in
  *" $app_id "*) ;;
  *)
    list=''
    for client in ${clients[@]+"${clients[@]}"} "$app_id"; do
      list+=',{"appId":"'$client'","delegatedPermissionIds":["'$scope'"]}'
    done
    patch "$api" "{\"api\":{\"preAuthorizedApplications\":[${list#,}]}}"
    ;;
esac

if [[ -n $identity ]]; then
  if [[ -z $(get "$api/federatedIdentityCredentials" "value[?subject=='$identity'].id | [0]") ]]; then
    az rest --method POST --url "$api/federatedIdentityCredentials" --headers Content-Type=application/json --output none --body \
      '{"name":"acsauth-'"$identity"'","issuer":"https://login.microsoftonline.com/'"$tenant"'/v2.0","subject":"'"$identity"'",
      "description":"The managed identity of the service, in place of a client secret.","audiences":["api://AzureADTokenExchange"]}'
  fi
fi
if $with_consent; then
  az ad app permission admin-consent --id "$app_id"
  ! $with_graph || az ad app permission admin-consent --id "$api_id"
fi

printf '# Settings of the service\nACSAUTH_TENANT_IDS=%s\nACSAUTH_CLIENT_ID=%s\nACSAUTH_ALLOWED_CLIENTS=%s\n' "$tenant" "$api_id" "$app_id"
if [[ -n $client_env ]]; then
  {
    printf '# What the app needs. None of it is secret.\nAUTHORITY=https://login.microsoftonline.com/%s\nCLIENT_ID=%s\n' "$tenant" "$app_id"
    printf 'SCOPE=api://%s/access_as_user\nSERVICE_URL=%s\n' "$api_id" "${url%/}"
  } >"$client_env"
  echo "# Settings of the app: $client_env"
fi
if $with_azd; then
  azd env set ACSAUTH_CLIENT_ID "$api_id"
  [[ -n ${ACSAUTH_ALLOWED_CLIENTS:-} ]] || azd env set ACSAUTH_ALLOWED_CLIENTS "$app_id"
fi
