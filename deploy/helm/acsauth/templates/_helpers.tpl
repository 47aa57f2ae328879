{{- define "acsauth.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "acsauth.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: server
{{- end }}

{{- /* All labels but the component. */ -}}
{{- define "acsauth.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "acsauth.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (ternary (include "acsauth.name" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{- define "acsauth.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ with .Values.image.digest }}@{{ . }}{{ end }}
{{- end }}

{{- /* The most pods there can be: those wanted, and one more while a new version comes. */ -}}
{{- define "acsauth.mostReplicas" -}}
{{- if include "acsauth.single" . }}1{{ else if .Values.autoscaling.enabled }}{{ add1 (int .Values.autoscaling.maxReplicas) }}{{ else }}{{ add1 (int .Values.replicas) }}{{ end }}
{{- end }}

{{- /* Not empty if a file of sqlite is used, which one process at a time may open. */ -}}
{{- define "acsauth.single" -}}
{{- $s := .Values.settings -}}
{{- $store := toString $s.ACSAUTH_STORE -}}
{{- if hasPrefix "sqlite:" $store }}{{ $store }}
{{- else if and (hasPrefix "graph:" $store) (hasPrefix "sqlite:" (toString ($s.ACSAUTH_GRAPH_JOURNAL | default "sqlite:acsauth-journal.db"))) -}}
{{ $s.ACSAUTH_GRAPH_JOURNAL | default "sqlite:acsauth-journal.db" }}
{{- end }}
{{- end }}

{{- define "acsauth.secretProviderClass" -}}
{{ .Values.secrets.csi.secretProviderClass | default (include "acsauth.name" .) }}
{{- end }}

{{- /* An object as JSON, a text as it is. */ -}}
{{- define "acsauth.file" -}}
{{ if kindIs "string" . }}{{ . }}{{ else }}{{ toPrettyJson . }}{{ end }}
{{- end }}

{{- /* A value as acsauth reads it: a number of YAML without an exponent. */ -}}
{{- define "acsauth.value" -}}
{{ if kindIs "float64" . }}{{ printf "%.0f" . }}{{ else }}{{ toString . }}{{ end }}
{{- end }}

{{- /* The whole environment of the service, as YAML. What follows from other values wins. */ -}}
{{- define "acsauth.environment" -}}
{{- $e := dict -}}
{{- range $name, $value := .Values.settings }}{{ $_ := set $e $name (include "acsauth.value" $value) }}{{ end -}}
{{- range $name, $value := .Values.telemetry.settings }}{{ $_ := set $e $name (include "acsauth.value" $value) }}{{ end -}}
{{- range $name, $key := .Values.secrets.files }}{{ $_ := set $e (printf "%s_FILE" $name) (printf "/var/run/acsauth/secrets/%s" $key) }}{{ end -}}
{{- if .Values.workloadIdentity.enabled -}}
{{- $_ := set $e "ACSAUTH_ACS_CREDENTIAL" (get $e "ACSAUTH_ACS_CREDENTIAL" | default "workload-identity") -}}
{{- $_ := set $e "ACSAUTH_KEYVAULT_CREDENTIAL" (get $e "ACSAUTH_KEYVAULT_CREDENTIAL" | default "workload-identity") -}}
{{- $_ := set $e "ACSAUTH_ACS_CLIENT_ID" .Values.workloadIdentity.clientId -}}
{{- $_ := set $e "ACSAUTH_ACS_TENANT_ID" .Values.workloadIdentity.tenantId -}}
{{- $_ := set $e "ACSAUTH_ACS_TOKEN_PATH" "/var/run/secrets/azure/tokens/azure-identity-token" -}}
{{- end -}}
{{- if .Values.tls.secretName -}}
{{- $_ := set $e "ACSAUTH_TLS_CERTIFICATE" "/var/run/acsauth/tls/tls.crt" -}}
{{- $_ := set $e "ACSAUTH_TLS_KEY" "/var/run/acsauth/tls/tls.key" -}}
{{- end -}}
{{- if .Values.policy }}{{ $_ := set $e "ACSAUTH_POLICY" "/var/run/acsauth/policy/policy.json" }}{{ end -}}
{{- if .Values.issuers }}{{ $_ := set $e "ACSAUTH_ISSUERS" "/var/run/acsauth/issuers/issuers.json" }}{{ end -}}
{{- $_ := set $e "ACSAUTH_LISTEN" ":8080" -}}
{{- $_ := set $e "ACSAUTH_METRICS_LISTEN" (ternary ":9090" "off" .Values.metrics.enabled) -}}
{{- $_ := set $e "ACSAUTH_REPLICAS" (include "acsauth.mostReplicas" .) -}}
{{- $_ := set $e "ACSAUTH_SHUTDOWN_DELAY" (printf "%ds" (int .Values.shutdown.delaySeconds)) -}}
{{- $_ := set $e "ACSAUTH_SHUTDOWN_TIMEOUT" (printf "%ds" (int .Values.shutdown.timeoutSeconds)) -}}
{{- toYaml $e -}}
{{- end }}

{{- /* What the profile "restricted" of the Pod Security Standards asks for, and a read-only root. */ -}}
{{- define "acsauth.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "acsauth.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- /* Not empty if a token of a managed identity may be fetched from the node. */ -}}
{{- define "acsauth.managedIdentity" -}}
{{- $e := include "acsauth.environment" . | fromYaml -}}
{{- $used := list -}}
{{- if get $e "ACSAUTH_ACS_ENDPOINT" }}{{ $used = append $used (get $e "ACSAUTH_ACS_CREDENTIAL" | default "managed-identity") }}{{ end -}}
{{- $secret := or (get $e "ACSAUTH_STORE_SECRET") (get $e "ACSAUTH_STORE_SECRET_FILE") -}}
{{- $azure := or (hasPrefix "tables:" (get $e "ACSAUTH_STORE")) (hasPrefix "cosmos:" (get $e "ACSAUTH_STORE")) -}}
{{- if and (not $secret) (or $azure (get $e "ACSAUTH_STORE_CREDENTIAL")) }}{{ $used = append $used (get $e "ACSAUTH_STORE_CREDENTIAL" | default "managed-identity") }}{{ end -}}
{{- $used = append $used (get $e "ACSAUTH_CLIENT_CREDENTIAL") -}}
{{- range $value := values $e }}{{ if hasPrefix "keyvault:" $value }}{{ $used = append $used (get $e "ACSAUTH_KEYVAULT_CREDENTIAL" | default "managed-identity") }}{{ end }}{{ end -}}
{{- if has "managed-identity" $used }}yes{{ end }}
{{- end }}
