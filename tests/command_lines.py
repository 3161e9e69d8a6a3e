"""Command lines with a planted secret, and others that must stay as they are, in events as Falco prints them."""

from __future__ import annotations

import json

SECRET = "hunter2S3cr3t"
# %s stands for the secret.
WITH_A_SECRET = (
    "curl -u admin:%s https://x.example/a",
    "curl -uadmin:%s https://x.example",
    "curl -sSu admin:%s x.example",
    'curl -u "admin:%s" x.example',
    "curl --user admin:%s x.example",
    "curl --user=admin:%s x.example",
    "curl --proxy-user proxy:%s x.example",
    "curl -H Authorization: Bearer %s https://x.example",
    'sh -c curl -H "Authorization: Bearer %s" https://x.example',
    "wget --header=Authorization: Basic %s x.example",
    "curl -H authorization: token %s x.example",
    "curl -H Authorization: %s",
    "git -c http.extraHeader=Authorization: Basic %s clone x",
    "curl --oauth2-bearer %s x.example",
    "curl -H X-Api-Key: %s x.example",
    "curl -H PRIVATE-TOKEN: %s x.example",
    "curl https://x.example/?user=a&api_key=%s&b=1",
    'curl -d {"user":"bob","password":"%s"} https://x.example',
    'curl -d {"password": "%s", "x":1} https://x.example',
    "wget --password=%s https://x.example",
    "wget --http-password %s https://x.example",
    "app -password %s",
    "app --secret-key=%s --client-secret %s --verbose",
    "app --token='%s'",
    'app --password="%s"',
    'app --password back\\slash"quote%s x',
    "vault login token=%s",
    "kubectl create secret generic x --from-literal=password=%s",
    "helm install --set auth.rootPassword=%s x",
    "sh -c PGPASSWORD='%s' psql",
    "sh -c MYSQL_PWD=%s mysql",
    "sh -c export AWS_SECRET_ACCESS_KEY=%s; aws s3 ls",
    "env DB_PASS=%s app",
    "psql postgresql://bob:%s@db.example:5432/x",
    "git clone https://bob:%s@git.example/x.git",
    "redis-cli -u redis://:%s@cache.example",
    "redis-cli -h x.example -a %s ping",
    "mysql -u root -p%s db",
    "mysqldump -h db.example -p%s",
    "sshpass -p %s ssh x.example",
    "docker login -u bob -p %s registry.example",
    "openssl enc -pass pass:%s",
)
HARMLESS = (
    "cat /run/secrets/kubernetes.io/serviceaccount/token",
    "curl http://x.example:80/a",
    "curl https://x.example:8443/path@2x.png",
    "docker login --password-stdin -u bob registry.example",
    "app --password-file /etc/app/password --token-ttl 5m",
    "ls -la /etc",
    "mysql --port 3306 -P 3306 -p db",
    "passwd bob",
    "python -u script.py",
    "redis-cli -h x.example ping",
    "sh -c test -p /run/fifo",
    "sudo -u www-data ls",
    "vault token lookup",
)


def event(command_line: str) -> str:
    """The event of a program with this command line, which is in its text and in its fields."""
    return json.dumps(
        {
            "hostname": "node",
            "output": f"21:00:00.000000001: Notice Download tool | process=a command={command_line} terminal=0 k8s_pod_name=pod",
            "output_fields": {"proc.cmdline": command_line, "k8s.pod.name": "pod", "proc.pname": "sh"},
            "rule": "Launch Ingress Remote File Copy Tools in Container",
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
