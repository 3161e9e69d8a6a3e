{{- /* falco.yaml: the values under falco, and what other values say about them. */ -}}
{{- define "falco.yaml" -}}
{{- $config := deepCopy .Values.falco -}}
{{- $_ := set $config "engine" (include "falco.engine" . | fromYaml) -}}
{{- if include "falco.classic" . -}}
{{- $_ := set $config "grpc" (include "falco.grpc" . | fromYaml) -}}
{{- $_ := set $config "grpc_output" (merge dict ($config.grpc_output | default dict) (dict "enabled" false)) -}}
{{- end -}}
{{- if .Values.falcosidekick.enabled -}}
{{- $url := $config.http_output.url | default (printf "http://%s-falcosidekick:2801" (include "falco.fullname" .)) -}}
{{- $_ := set $config "json_output" true -}}
{{- $_ := set $config "json_include_output_property" true -}}
{{- $_ := set $config "http_output" (merge (dict "enabled" true "url" $url) $config.http_output) -}}
{{- end -}}
{{- if .Values.metrics.enabled -}}
{{- $_ := set $config "webserver" (merge (dict "enabled" true "prometheus_metrics_enabled" true) $config.webserver) -}}
{{- $_ := set $config "metrics" (include "falco.metrics" . | fromYaml) -}}
{{- end -}}
{{- if include "falco.engines" . | fromYaml -}}
{{- $_ := set $config "plugins" (append $config.plugins (include "falco.containerPlugin" . | fromYaml)) -}}
{{- $_ := set $config "load_plugins" (append $config.load_plugins "container") -}}
{{- end -}}
{{- toYaml $config -}}
{{- end }}

{{- define "falco.engine" -}}
kind: modern_ebpf
modern_ebpf:
  {{- with .Values.driver.modernEbpf }}
  buf_size_preset: {{ .bufSizePreset }}
  drop_failed_exit: {{ .dropFailedExit }}
  cpus_for_each_buffer: {{ .cpusForEachBuffer }}
  {{- if not (include "falco.classic" $) }}
  disable_iterators: {{ .disableIterators }}
  {{- end }}
  {{- end }}
{{- end }}

{{- define "falco.metrics" -}}
enabled: true
{{- with .Values.metrics }}
interval: {{ .interval }}
output_rule: {{ .outputRule }}
rules_counters_enabled: {{ .rulesCountersEnabled }}
resource_utilization_enabled: {{ .resourceUtilizationEnabled }}
state_counters_enabled: {{ .stateCountersEnabled }}
kernel_event_counters_enabled: {{ .kernelEventCountersEnabled }}
{{- end }}
{{- end }}

{{- define "falco.containerPlugin" -}}
name: container
library_path: libcontainer.so
init_config:
  {{- with .Values.collectors.containerEngine }}
  label_max_len: {{ .labelMaxLen }}
  with_size: {{ .withSize }}
  hooks: {{ toJson .hooks }}
  engines: {{ toJson .engines }}
  {{- end }}
{{- end }}
