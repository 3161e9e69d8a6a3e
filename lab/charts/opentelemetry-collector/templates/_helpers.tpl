{{- define "collector.fullname" -}}
{{- .Values.fullnameOverride | default .Release.Name }}
{{- end }}

{{- define "collector.account" -}}
{{- .Values.serviceAccount.name | default (include "collector.fullname" .) }}
{{- end }}

{{- define "collector.selector" -}}
app.kubernetes.io/name: opentelemetry-collector
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "collector.labels" -}}
{{ include "collector.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "collector.config" -}}
{{- tpl (toYaml .Values.alternateConfig) . }}
{{- end }}

{{- define "collector.component" -}}
{{- ternary "agent-collector" "statefulset-collector" (eq .Values.mode "daemonset") }}
{{- end }}

{{- define "collector.name" -}}
{{- include "collector.fullname" . }}{{ if eq .Values.mode "daemonset" }}-agent{{ end }}
{{- end }}

{{- define "collector.settings" -}}
{{- include "collector.fullname" . }}-{{ ternary "agent" "statefulset" (eq .Values.mode "daemonset") }}
{{- end }}
