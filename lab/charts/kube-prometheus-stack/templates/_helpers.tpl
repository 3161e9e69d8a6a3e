{{- define "stack.fullname" -}}
{{ required "fullnameOverride is empty; the lab's chart derives no name of its own. Set it, or use the real chart." .Values.fullnameOverride }}
{{- end }}

{{- define "stack.labels" -}}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/part-of: {{ .Chart.Name }}
chart: {{ .Chart.Name }}-{{ .Chart.Version }}
release: {{ .Release.Name }}
{{- end }}

{{- define "stack.operatorSelector" -}}
app: {{ .Chart.Name }}-operator
release: {{ .Release.Name }}
{{- end }}

{{- /* A selector of the Prometheus: all objects of the kind, or this release's only. */ -}}
{{- define "stack.selector" -}}
{{- if index .spec (printf "%sSelectorNilUsesHelmValues" .kind) -}}
{matchLabels: {release: {{ .release }}}}
{{- else -}}
{}
{{- end }}
{{- end }}
