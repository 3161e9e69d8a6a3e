{{- define "prometheus.name" -}}
{{ .Release.Name }}-server
{{- end }}

{{- define "prometheus.selector" -}}
app.kubernetes.io/component: server
app.kubernetes.io/name: prometheus
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "prometheus.labels" -}}
{{ include "prometheus.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion }}
app.kubernetes.io/part-of: prometheus
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}
