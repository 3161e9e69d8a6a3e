{{/* As a part of another chart it needs a name of its own. */}}
{{- define "promtail.fullname" -}}
{{- .Values.fullnameOverride | default .Release.Name }}
{{- end }}

{{- define "promtail.selector" -}}
app.kubernetes.io/name: promtail
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "promtail.labels" -}}
{{ include "promtail.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "promtail.config" -}}
server:
  log_level: {{ .Values.config.logLevel }}
  log_format: {{ .Values.config.logFormat }}
  http_listen_port: {{ .Values.config.serverPort }}
  {{- with .Values.config.snippets.extraServerConfigs }}
  {{- . | nindent 2 }}
  {{- end }}
clients:
  {{- tpl (toYaml .Values.config.clients) . | nindent 2 }}
positions:
  {{- toYaml .Values.config.positions | nindent 2 }}
scrape_configs:
  {{- tpl .Values.config.snippets.scrapeConfigs . | nindent 2 }}
{{- end }}
