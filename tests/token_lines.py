# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of applications with planted tokens and keys, and others that must stay as they are."""

from __future__ import annotations

# In pieces, so that no scanner takes one for real.
DIGITS = "0a1B2c3D4e5F6g7H8i9J"
LONG = DIGITS * 2
JWT_BODY = "ey" + "JzdWIiOiJ4In0"

# A line with %s for the secret, and the secret.
WITH_A_SECRET = (
    ("GET /x HTTP/1.1 Authorization: Bearer %s", LONG),
    ('{"headers":{"authorization":"bearer %s"}}', LONG),
    ("Bearer %s", f"ey{'JhbGciOiJSUzI1NiJ9'}.{JWT_BODY}.{LONG}"),
    ("session ey" + "JhbGciOiJSUzI1NiJ9.%s ends", f"{JWT_BODY}.{LONG}"),
    ("connecting to postgres://app:%s@db.example:5432/app", "p4ss!w0rd"),
    ('{"url":"amqp://app:%s@mq.example/"}', "p4ss,w0rd"),
    ("redis://:%s@cache.example", "p4ssw0rd"),
    ('{"key":"-----BEGIN PRIVATE ' + 'KEY-----%s-----END PRIVATE KEY-----\\n"}', f"\\n{LONG}\\n{LONG}=\\n"),
    ("-----BEGIN RSA PRIVATE " + "KEY-----%s", f"\\n{LONG}"),
    ("id AKIA%s used", "0123456789ABCDEF"),
    ("id=ASIA%s", "0123456789ABCDEF"),
    ("aws_secret_access_key = %s", f"{LONG}"),
    ('{"SecretAccessKey":"%s"}', f"{LONG}"),
    ('{\\"SecretAccessKey\\":\\"%s\\"}', f"{LONG}"),
    ("AWS_SECRET_ACCESS_KEY=%s", f"{LONG}"),
    ("clone with gh" + "p_%s failed", LONG),
    ("token gh" + "s_%s", LONG),
    ("token github" + "_pat_%s", LONG),
    ("token gl" + "pat-%s", DIGITS),
    ("token xo" + "xb-%s", "123456789012-" + DIGITS),
    ("POST https://hooks." + "slack.com/services/%s 200", "T00000000/B00000000/" + DIGITS),
    ("?key=AI" + "za%s&x=1", LONG[:35]),
    ("charge with sk" + "_live_%s", DIGITS),
    ("//registry/:_authToken=np" + "m_%s", LONG[:36]),
)

HARMLESS = (
    "the bearer of this ticket",
    "bearer token authentication is on",
    "GET http://api.example:8080/a/b?x=1@2 200",
    "listening on http://[::]:8080 and tcp://0.0.0.0:4317",
    "mail user@example.com about ssh://git@example.com:22/x",
    "image registry.example:5000/app@sha256:" + "0a" * 32,
    "-----BEGIN CERTIFICATE-----\\n" + LONG + "\\n-----END CERTIFICATE-----",
    "commit " + "0a" * 20,
    "secret_access_key is not set",
    "eyJ is how base64 of JSON begins",
    "weights gh_pages npm_config_cache glpat- AKIA AIzawa",
)
