{{- define "falco.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{ .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{- define "falco.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "falco.labels" -}}
{{ include "falco.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- /* This folder is packed twice: as 9.x, and as the last chart of the classic variant, 8.x, which has gRPC. */ -}}
{{- define "falco.classic" -}}
{{- if semverCompare "<9.0.0-0" .Chart.Version }}true{{ end -}}
{{- end }}

{{- /* Settings of the gRPC server, and none in 9.x. */ -}}
{{- define "falco.grpc" -}}
{{- if include "falco.classic" . -}}
{{- merge dict (.Values.falco.grpc | default dict) (dict "enabled" false "bind_address" "unix:///run/falco/falco.sock" "threadiness" 0) | toYaml -}}
{{- else -}}
{}
{{- end -}}
{{- end }}

{{- define "falco.engines" -}}
{{- $collectors := .Values.collectors -}}
{{- ternary $collectors.containerEngine.engines dict (and $collectors.enabled $collectors.containerEngine.enabled) | toYaml -}}
{{- end }}

{{- define "falco.image" -}}
{{ with .Values.image.registry }}{{ . }}/{{ end }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- /* The sockets of all engines that are on, each once, in the order the chart's users know. */ -}}
{{- define "falco.sockets" -}}
{{- $engines := include "falco.engines" . | fromYaml -}}
{{- $sockets := list -}}
{{- range list "docker" "podman" "containerd" "cri" -}}
{{- $engine := index $engines . | default dict -}}
{{- if $engine.enabled -}}
{{- $sockets = concat $sockets $engine.sockets -}}
{{- end -}}
{{- end -}}
{{- $sockets | uniq | toJson -}}
{{- end }}
