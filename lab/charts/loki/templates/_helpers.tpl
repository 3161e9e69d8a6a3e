{{- define "loki.selector" -}}
app.kubernetes.io/name: loki
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "loki.labels" -}}
{{ include "loki.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* Loki's configuration: the sections as the values have them, and the folders the chart mounts. */}}
{{- define "loki.config" -}}
{{- $folders := dict "filesystem" (dict "chunks_directory" "/var/loki/chunks" "rules_directory" "/var/loki/rules") }}
auth_enabled: {{ .Values.loki.auth_enabled }}
common:
  {{- toYaml (merge (dict "storage" $folders) .Values.loki.commonConfig) | nindent 2 }}
schema_config:
  {{- toYaml .Values.loki.schemaConfig | nindent 2 }}
{{- range $section := list "server" "ingester" "frontend" "frontend_worker" "compactor" "analytics" "query_range" "limits_config" }}
{{- with index $.Values.loki $section }}
{{ $section }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- range $section, $content := .Values.loki.structuredConfig }}
{{ $section }}:
  {{- toYaml $content | nindent 2 }}
{{- end }}
{{- end }}
