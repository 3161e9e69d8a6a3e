{{- /* falco.yaml: the values under falco, and what other values say about them. */ -}}
{{- define "falco.yaml" -}}
{{- $config := deepCopy .Values.falco -}}
{{- if .Values.falcosidekick.enabled -}}
{{- $_ := set $config "json_output" true -}}
{{- $_ := set $config "json_include_output_property" true -}}
{{- $_ := set $config.http_output "enabled" true -}}
{{- $_ := set $config.http_output "url" ($config.http_output.url | default (printf "http://%s-falcosidekick:2801" (include "falco.fullname" .))) -}}
{{- end -}}
{{- with .Values.driver.modernEbpf -}}
{{- $preset := dict "buf_size_preset" .bufSizePreset "drop_failed_exit" .dropFailedExit "cpus_for_each_buffer" .cpusForEachBuffer "disable_iterators" .disableIterators -}}
{{- $_ := set $config "engine" (dict "kind" "modern_ebpf" "modern_ebpf" $preset) -}}
{{- end -}}
{{- if .Values.metrics.enabled -}}
{{- $_ := set $config.webserver "enabled" true -}}
{{- $_ := set $config.webserver "prometheus_metrics_enabled" true -}}
{{- with .Values.metrics -}}
{{- $metrics := dict "enabled" true "interval" .interval "output_rule" .outputRule "rules_counters_enabled" .rulesCountersEnabled "resource_utilization_enabled" .resourceUtilizationEnabled "state_counters_enabled" .stateCountersEnabled "kernel_event_counters_enabled" .kernelEventCountersEnabled -}}
{{- $_ := set $config "metrics" $metrics -}}
{{- end -}}
{{- end -}}
{{- $engines := include "falco.engines" . | fromYaml -}}
{{- if $engines -}}
{{- with .Values.collectors.containerEngine -}}
{{- $plugin := dict "name" "container" "library_path" "libcontainer.so" "init_config" (dict "label_max_len" .labelMaxLen "with_size" .withSize "hooks" .hooks "engines" $engines) -}}
{{- $_ := set $config "plugins" (append $config.plugins $plugin) -}}
{{- $_ := set $config "load_plugins" (append $config.load_plugins "container") -}}
{{- end -}}
{{- end -}}
{{- toYaml $config -}}
{{- end }}
