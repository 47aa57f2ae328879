{{- /* What cannot work is refused here, with what to change. What acsauth itself checks is left to it: acsauth check. */ -}}
{{- define "acsauth.check" -}}
{{- $s := .Values.settings -}}
{{- $files := .Values.secrets.files -}}
{{- $_ := required "settings.ACSAUTH_STORE: is not set. Say where identities are kept, such as postgres://acsauth@HOST/acsauth" $s.ACSAUTH_STORE -}}
{{- if not .Values.issuers -}}
{{- if not $s.ACSAUTH_ANY_TENANT }}{{ $_ := required "settings.ACSAUTH_TENANT_IDS: is not set. Write the directory (tenant) ids whose users may call" $s.ACSAUTH_TENANT_IDS }}{{ end -}}
{{- $_ := required "settings.ACSAUTH_CLIENT_ID: is not set. Write the application (client) id of this API's app registration" $s.ACSAUTH_CLIENT_ID -}}
{{- $_ := required "settings.ACSAUTH_ALLOWED_CLIENTS: is not set. Write the application (client) ids of your apps, or * for all" $s.ACSAUTH_ALLOWED_CLIENTS -}}
{{- end -}}
{{- if not (or $s.ACSAUTH_ACS_ENDPOINT $s.ACSAUTH_ACS_CONNECTION_STRING $files.ACSAUTH_ACS_CONNECTION_STRING) -}}
{{- fail "no ACS resource: set settings.ACSAUTH_ACS_ENDPOINT, or name the key of secrets.files.ACSAUTH_ACS_CONNECTION_STRING" -}}
{{- end -}}
{{- range $name, $_ := $files }}{{ if hasKey $s $name }}{{ fail (printf "%s is in settings and in secrets.files: leave one out" $name) }}{{ end }}{{ end -}}
{{- if and $files (eq (not .Values.secrets.existingSecret) (not .Values.secrets.csi.enabled)) -}}
{{- fail "secrets.files needs one source: set secrets.existingSecret or secrets.csi.enabled, not both" -}}
{{- end -}}
{{- if and (not $files) (or .Values.secrets.existingSecret .Values.secrets.csi.enabled) -}}
{{- fail "secrets.files is empty: say which key holds which setting, such as ACSAUTH_STORE_SECRET: store-password" -}}
{{- end -}}
{{- if and .Values.secrets.csi.enabled (not .Values.secrets.csi.secretProviderClass) -}}
{{- range $name := list "keyVaultName" "tenantId" "clientId" }}{{ $_ := required (printf "secrets.csi.%s: is not set" $name) (get $.Values.secrets.csi $name) }}{{ end -}}
{{- end -}}
{{- with include "acsauth.single" . -}}
{{- if or $.Values.autoscaling.enabled (ne (int $.Values.replicas) 1) -}}
{{- fail (printf "%s is a file that one process at a time may use: set replicas to 1 and autoscaling.enabled to false, or take postgres, tables or cosmos" .) -}}
{{- end -}}
{{- if not $.Values.persistence.enabled }}{{ fail (printf "%s would be lost with its pod: set persistence.enabled" .) }}{{ end -}}
{{- $path := trimPrefix "sqlite:" . -}}
{{- if and (hasPrefix "/" $path) (not (hasPrefix "/data/" $path)) }}{{ fail (printf "%s is on the read-only root: write sqlite:/data/acsauth.db" .) }}{{ end -}}
{{- end -}}
{{- if .Values.workloadIdentity.enabled -}}
{{- range $name := list "clientId" "tenantId" }}{{ $_ := required (printf "workloadIdentity.%s: is not set" $name) (get $.Values.workloadIdentity $name) }}{{ end -}}
{{- end -}}
{{- if gt (int (include "acsauth.mostReplicas" .)) 100 }}{{ fail "ACSAUTH_REPLICAS can be 100 at most, and there is one more than replicas or autoscaling.maxReplicas" }}{{ end -}}
{{- if and .Values.autoscaling.enabled (gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas)) }}{{ fail "autoscaling.minReplicas is more than autoscaling.maxReplicas" }}{{ end -}}
{{- if and .Values.networkPolicy.enabled (not .Values.networkPolicy.clients) }}{{ fail "networkPolicy.clients: is empty, so nobody could call. Name the namespace of your ingress" }}{{ end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.host) }}{{ fail "ingress.host: is not set" }}{{ end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) }}{{ fail "httpRoute.parentRefs: is empty. Name your gateway" }}{{ end -}}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.enabled) }}{{ fail "metrics.serviceMonitor.enabled needs metrics.enabled" }}{{ end -}}
{{- end }}
