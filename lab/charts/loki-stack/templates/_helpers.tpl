{{/* The labels of the real chart, by which its objects differ from those of the chart loki. */}}
{{- define "loki-stack.selector" -}}
app: loki
release: {{ .Release.Name }}
{{- end }}

{{/* What of the values Loki 3 understands, with a schema and folders like those of the real chart. */}}
{{- define "loki-stack.config" -}}
{{- $config := .Values.loki.config }}
auth_enabled: {{ $config.auth_enabled }}
server:
  http_listen_port: 3100
  grpc_listen_port: 9095
analytics:
  reporting_enabled: false
common:
  path_prefix: /data/loki
  replication_factor: 1
  ring:
    kvstore:
      store: inmemory
  compactor_grpc_address: 127.0.0.1:9095
  storage:
    filesystem:
      chunks_directory: /data/loki/chunks
      rules_directory: /data/loki/rules
ingester:
  lifecycler:
    {{- toYaml $config.ingester.lifecycler | nindent 4 }}
frontend_worker:
  frontend_address: 127.0.0.1:9095
schema_config:
  configs:
    - from: "2020-10-24"
      store: boltdb-shipper
      object_store: filesystem
      schema: v11
      index:
        prefix: index_
        period: 24h
compactor:
  retention_enabled: {{ $config.compactor.retention_enabled }}
  delete_request_store: filesystem
limits_config:
  # The old schema has no place for it.
  allow_structured_metadata: false
  {{- toYaml $config.limits_config | nindent 2 }}
{{- end }}
