{{- define "ceb.labels" -}}
app.kubernetes.io/name: causal-eval-bench
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Values.image.tag | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "ceb.select" -}}
app.kubernetes.io/name: causal-eval-bench
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "ceb.bounds" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "ceb.pod" -}}
{{ include "ceb.bounds" . }}
volumes:
  - name: secrets
    secret: {secretName: {{ required "secretName: the Secret with database-url" .Values.secretName }}, defaultMode: 0440}
  - name: state
    emptyDir: {sizeLimit: 1Gi}
  - name: tmp
    emptyDir: {sizeLimit: 256Mi}
{{- if .Values.providerKeysSecretName }}
  - name: keys
    secret: {secretName: {{ .Values.providerKeysSecretName }}, defaultMode: 0440}
{{- end }}
{{- end }}

{{- /* App and workers see how old the last backup is, unless its volume is one node's alone. The migration runs before it is there. */ -}}
{{- define "ceb.seen" -}}
{{- if and .root.Values.backup.enabled (eq .root.Values.backup.storage.accessMode "ReadWriteMany") }}
{{- if eq .as "volume" }}
- name: backups
  persistentVolumeClaim: {claimName: {{ .root.Release.Name }}-backups, readOnly: true}
{{- else }}
- {name: backups, mountPath: /var/lib/causal-eval/backups, readOnly: true}
{{- end }}
{{- end }}
{{- end }}

{{- define "ceb.rights" -}}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{- define "ceb.tag" -}}
{{ required "image.tag: the commit that the image was built of" .Values.image.tag }}
{{- end }}

{{- define "ceb.container" -}}
image: "{{ .Values.image.repository }}:{{ include "ceb.tag" . }}"
{{ include "ceb.rights" . }}
volumeMounts:
  - {name: secrets, mountPath: /run/secrets/causal-eval, readOnly: true}
  - {name: state, mountPath: /var/lib/causal-eval}
  - {name: tmp, mountPath: /tmp}
{{- if .Values.providerKeysSecretName }}
  - {name: keys, mountPath: /run/keys, readOnly: true}
{{- end }}
{{- end }}

{{- define "ceb.env" -}}
- {name: DATABASE_URL_FILE, value: /run/secrets/causal-eval/database-url}
- {name: CEB_SIGNING_KEY_FILE, value: /run/secrets/causal-eval/signing-key.pem}
{{- if .Values.useRedis }}
- {name: REDIS_URL_FILE, value: /run/secrets/causal-eval/redis-url}
{{- end }}
{{- if .Values.useMasterKey }}
- {name: CEB_MASTER_KEY_FILE, value: /run/secrets/causal-eval/master.key}
{{- end }}
- {name: CEB_METRICS_TOKEN_FILE, value: /run/secrets/causal-eval/metrics-token}
{{- if .Values.sentinel.enabled }}
- {name: CEB_SENTINEL_URL, value: "http://{{ .Release.Name }}-sentinel:9095"}
- {name: CEB_SENTINEL_TOKEN_FILE, value: /run/secrets/causal-eval/sentinel-token}
{{- end }}
{{- if .Values.providerKeysSecretName }}
- {name: OPENAI_API_KEY_FILE, value: /run/keys/openai}
- {name: ANTHROPIC_API_KEY_FILE, value: /run/keys/anthropic}
- {name: GOOGLE_API_KEY_FILE, value: /run/keys/google}
{{- end }}
{{- range $name, $value := .Values.settings }}
- {name: {{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- end }}
