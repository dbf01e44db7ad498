# Certificates and protocols as they are written: what is refused, where, and what is only warned of. The keys are this file's own and protect nothing.

=== a certificate with its key
--- file c.pem
-----BEGIN CERTIFICATE-----
MIIBizCCATKgAwIBAgIUSBpf4W5mTn7iyr/XMHHgpSo7XXkwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGYS50ZXN0MCAXDTI2MTEyNjE4MDgwMloYDzIxMjYxMTAyMTgw
ODAyWjARMQ8wDQYDVQQDDAZhLnRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AAT1fkdpCsvKojlzQv7cHeXP78uBApAFHJI5dBP1FcrGowvS3LJ6E7eaXGO1MEqn
YfTO5r/ImgwrsYDm2/3JAwfao2YwZDAdBgNVHQ4EFgQUNB4S766t3cKpkB00Ri5G
q07U2fAwHwYDVR0jBBgwFoAUNB4S766t3cKpkB00Ri5Gq07U2fAwDwYDVR0TAQH/
BAUwAwEB/zARBgNVHREECjAIggZhLnRlc3QwCgYIKoZIzj0EAwIDRwAwRAIgQtjL
nFI8bPIxn6gEDGGJZ/8X3HL+4niG+xjEKkSW5PECIGH9LHqs4fdfC8ELdmbsgKT9
7S9Ll1xSwxha+IWrEafW
-----END CERTIFICATE-----
--- file k.pem
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgA5HOn4PfJTAVu8Vp
5tNXry6oncRxYgIdRZ8am9FuqamhRANCAAT1fkdpCsvKojlzQv7cHeXP78uBApAF
HJI5dBP1FcrGowvS3LJ6E7eaXGO1MEqnYfTO5r/ImgwrsYDm2/3JAwfa
-----END PRIVATE KEY-----
--- http_config
ssl_certificate c.pem;
ssl_certificate_key k.pem;
ssl_protocols TLSv1.2 TLSv1.3;
server { listen 127.0.0.1:$PORT2 ssl default_server backlog=100; }
--- ok

=== the key of another certificate
--- file c.pem
-----BEGIN CERTIFICATE-----
MIIBizCCATKgAwIBAgIUSBpf4W5mTn7iyr/XMHHgpSo7XXkwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGYS50ZXN0MCAXDTI2MTEyNjE4MDgwMloYDzIxMjYxMTAyMTgw
ODAyWjARMQ8wDQYDVQQDDAZhLnRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AAT1fkdpCsvKojlzQv7cHeXP78uBApAFHJI5dBP1FcrGowvS3LJ6E7eaXGO1MEqn
YfTO5r/ImgwrsYDm2/3JAwfao2YwZDAdBgNVHQ4EFgQUNB4S766t3cKpkB00Ri5G
q07U2fAwHwYDVR0jBBgwFoAUNB4S766t3cKpkB00Ri5Gq07U2fAwDwYDVR0TAQH/
BAUwAwEB/zARBgNVHREECjAIggZhLnRlc3QwCgYIKoZIzj0EAwIDRwAwRAIgQtjL
nFI8bPIxn6gEDGGJZ/8X3HL+4niG+xjEKkSW5PECIGH9LHqs4fdfC8ELdmbsgKT9
7S9Ll1xSwxha+IWrEafW
-----END CERTIFICATE-----
--- file k.pem
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg7n7cgHBthJCTVTVW
RWm2cXSTYifmnMrG8u+G8ZuEvHqhRANCAASyyvR5ifJn0L3ujcFGU+gcvr9yxdqq
uNV8VP26v5bgEMNp4DS1LD1uhbWg7B3DqItUJJrE0RcY9aiM6L9aPXiF
-----END PRIVATE KEY-----
--- http_config
server {
    listen 127.0.0.1:$PORT2 ssl;
    ssl_certificate c.pem;
    ssl_certificate_key k.pem;
}
--- error
pingauge: [emerg] the key "k.pem" does not belong to the certificate "c.pem" in http_config:4
   4 |     ssl_certificate_key k.pem;
     |                         ^^^^^

=== an encrypted key
--- file c.pem
-----BEGIN CERTIFICATE-----
MIIBizCCATKgAwIBAgIUSBpf4W5mTn7iyr/XMHHgpSo7XXkwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGYS50ZXN0MCAXDTI2MTEyNjE4MDgwMloYDzIxMjYxMTAyMTgw
ODAyWjARMQ8wDQYDVQQDDAZhLnRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AAT1fkdpCsvKojlzQv7cHeXP78uBApAFHJI5dBP1FcrGowvS3LJ6E7eaXGO1MEqn
YfTO5r/ImgwrsYDm2/3JAwfao2YwZDAdBgNVHQ4EFgQUNB4S766t3cKpkB00Ri5G
q07U2fAwHwYDVR0jBBgwFoAUNB4S766t3cKpkB00Ri5Gq07U2fAwDwYDVR0TAQH/
BAUwAwEB/zARBgNVHREECjAIggZhLnRlc3QwCgYIKoZIzj0EAwIDRwAwRAIgQtjL
nFI8bPIxn6gEDGGJZ/8X3HL+4niG+xjEKkSW5PECIGH9LHqs4fdfC8ELdmbsgKT9
7S9Ll1xSwxha+IWrEafW
-----END CERTIFICATE-----
--- file k.pem
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiUHTIx4JNJ+QICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEFW4k+ZU3iK2e93clmcDZdMEgZCy
xuleSfNu8kNRvmPx7MUKuq5xAYElFqHD38KoZVNaNezA13JcLo7IXl8wRT3EQbhz
/QJbTFLW13jdsUBjtQsDMGbPWBUvHG8uoLrkysT2GE6t3Eg626zUg8JafNznnrKU
rvCQEpjNQsghzFl+ZZ4byCiZIGk9B+pig3s7iT2N59D8w85rUR/vLMnxCt9nHi4=
-----END ENCRYPTED PRIVATE KEY-----
--- http_config
server {
    listen 127.0.0.1:$PORT2 ssl;
    ssl_certificate c.pem;
    ssl_certificate_key k.pem;
}
--- error
pingauge: [emerg] cannot load certificate key "k.pem": it is encrypted, and no password for it is given in http_config:4
   4 |     ssl_certificate_key k.pem;
     |                         ^^^^^

=== files that are not there, or not what they should be
--- file text
nothing of that kind
--- http_config
server {
    listen 127.0.0.1:$PORT2 ssl;
    ssl_certificate none.pem;
    ssl_certificate_key text;
}
server {
    listen 127.0.0.1:$PORT2 ssl;
    server_name b.test;
    ssl_certificate text;
    ssl_certificate_key text;
}
--- error
pingauge: [emerg] cannot load certificate "none.pem" (2: No such file or directory) in http_config:3
   3 |     ssl_certificate none.pem;
     |                     ^^^^^^^^
pingauge: [emerg] cannot load certificate "text": there is no certificate in it in http_config:9
   9 |     ssl_certificate text;
     |                     ^^^^

=== a key is missing
--- file c.pem
-----BEGIN CERTIFICATE-----
MIIBizCCATKgAwIBAgIUSBpf4W5mTn7iyr/XMHHgpSo7XXkwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGYS50ZXN0MCAXDTI2MTEyNjE4MDgwMloYDzIxMjYxMTAyMTgw
ODAyWjARMQ8wDQYDVQQDDAZhLnRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AAT1fkdpCsvKojlzQv7cHeXP78uBApAFHJI5dBP1FcrGowvS3LJ6E7eaXGO1MEqn
YfTO5r/ImgwrsYDm2/3JAwfao2YwZDAdBgNVHQ4EFgQUNB4S766t3cKpkB00Ri5G
q07U2fAwHwYDVR0jBBgwFoAUNB4S766t3cKpkB00Ri5Gq07U2fAwDwYDVR0TAQH/
BAUwAwEB/zARBgNVHREECjAIggZhLnRlc3QwCgYIKoZIzj0EAwIDRwAwRAIgQtjL
nFI8bPIxn6gEDGGJZ/8X3HL+4niG+xjEKkSW5PECIGH9LHqs4fdfC8ELdmbsgKT9
7S9Ll1xSwxha+IWrEafW
-----END CERTIFICATE-----
--- http_config
server {
    listen 127.0.0.1:$PORT2 ssl;
    ssl_certificate c.pem;
}
--- error
pingauge: [emerg] no "ssl_certificate_key" is defined for certificate "c.pem" in http_config:3
   3 |     ssl_certificate c.pem;
     |                     ^^^^^

=== an address without a certificate
--- http_config
server {
    listen 127.0.0.1:$PORT2 ssl;
    server_name a.test;
}
--- error
pingauge: [emerg] no "ssl_certificate" is defined for the server "a.test", which is the default one of 127.0.0.1:$PORT2 in http_config:2
   2 |     listen 127.0.0.1:$PORT2 ssl;
     |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^
     help: write "ssl_certificate" and "ssl_certificate_key" in that server

=== the default server has none
--- file c.pem
-----BEGIN CERTIFICATE-----
MIIBizCCATKgAwIBAgIUSBpf4W5mTn7iyr/XMHHgpSo7XXkwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGYS50ZXN0MCAXDTI2MTEyNjE4MDgwMloYDzIxMjYxMTAyMTgw
ODAyWjARMQ8wDQYDVQQDDAZhLnRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AAT1fkdpCsvKojlzQv7cHeXP78uBApAFHJI5dBP1FcrGowvS3LJ6E7eaXGO1MEqn
YfTO5r/ImgwrsYDm2/3JAwfao2YwZDAdBgNVHQ4EFgQUNB4S766t3cKpkB00Ri5G
q07U2fAwHwYDVR0jBBgwFoAUNB4S766t3cKpkB00Ri5Gq07U2fAwDwYDVR0TAQH/
BAUwAwEB/zARBgNVHREECjAIggZhLnRlc3QwCgYIKoZIzj0EAwIDRwAwRAIgQtjL
nFI8bPIxn6gEDGGJZ/8X3HL+4niG+xjEKkSW5PECIGH9LHqs4fdfC8ELdmbsgKT9
7S9Ll1xSwxha+IWrEafW
-----END CERTIFICATE-----
--- file k.pem
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgA5HOn4PfJTAVu8Vp
5tNXry6oncRxYgIdRZ8am9FuqamhRANCAAT1fkdpCsvKojlzQv7cHeXP78uBApAF
HJI5dBP1FcrGowvS3LJ6E7eaXGO1MEqnYfTO5r/ImgwrsYDm2/3JAwfa
-----END PRIVATE KEY-----
--- http_config
server {
    listen 127.0.0.1:$PORT2;
}
server {
    listen 127.0.0.1:$PORT2 ssl;
    server_name a.test;
    ssl_certificate c.pem;
    ssl_certificate_key k.pem;
}
--- error
pingauge: [emerg] no "ssl_certificate" is defined for the server "", which is the default one of 127.0.0.1:$PORT2 in http_config:5
   5 |     listen 127.0.0.1:$PORT2 ssl;
     |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^
     help: write "ssl_certificate" and "ssl_certificate_key" in that server

=== a server that rejects needs none
--- http_config
server {
    listen 127.0.0.1:$PORT2 ssl;
    ssl_reject_handshake on;
}
--- ok

=== sources that there are none of
--- http_config
ssl_certificate store:x;
ssl_certificate_key engine:pkcs11:key;
ssl_certificate selfsigned:$ssl_server_name.pem;
ssl_certificate selfsigned:;
ssl_certificate_key data:;
ssl_certificate $nothing_of_the_kind;
ssl_certificate_key k.pem;
server { listen 127.0.0.1:$PORT2 ssl; }
--- error
pingauge: [emerg] "store:" is not supported in "store:x" in http_config:1
   1 | ssl_certificate store:x;
     |                 ^^^^^^^
     help: expected a file, or "selfsigned:" and a file
pingauge: [emerg] "engine:" is not supported in "engine:pkcs11:key" in http_config:2
   2 | ssl_certificate_key engine:pkcs11:key;
     |                     ^^^^^^^^^^^^^^^^^
     help: expected a file, or "selfsigned:" and a file
pingauge: [emerg] variables are not supported in "selfsigned:$ssl_server_name.pem" in http_config:3
   3 | ssl_certificate selfsigned:$ssl_server_name.pem;
     |                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
     help: write a server for each name; the client's name finds its certificate
pingauge: [emerg] no file in "selfsigned:" in http_config:4
   4 | ssl_certificate selfsigned:;
     |                 ^^^^^^^^^^^
pingauge: [emerg] no file in "data:" in http_config:5
   5 | ssl_certificate_key data:;
     |                     ^^^^^
pingauge: [emerg] unknown "nothing_of_the_kind" variable in http_config:6
   6 | ssl_certificate $nothing_of_the_kind;
     |                 ^^^^^^^^^^^^^^^^^^^^

=== protocols of old
--- http_config
ssl_protocols SSLv3 TLSv1 TLSv1.1 TLSv1.2;
--- warn
pingauge: [warn] "SSLv3" is not supported, ignored in http_config:1
   1 | ssl_protocols SSLv3 TLSv1 TLSv1.1 TLSv1.2;
     |               ^^^^^
pingauge: [warn] "TLSv1" is not supported, ignored in http_config:1
   1 | ssl_protocols SSLv3 TLSv1 TLSv1.1 TLSv1.2;
     |                     ^^^^^
pingauge: [warn] "TLSv1.1" is not supported, ignored in http_config:1
   1 | ssl_protocols SSLv3 TLSv1 TLSv1.1 TLSv1.2;
     |                           ^^^^^^^

=== no protocol is left
--- http_config
ssl_protocols TLSv1 TLSv1.1;
--- error_like
"TLSv1" is not supported, ignored in http_config:1
no supported protocol is left in http_config:1

=== no protocol at all
--- http_config
ssl_protocols tls1.3;
--- error
pingauge: [emerg] invalid value "tls1.3" in "ssl_protocols" directive in http_config:1
   1 | ssl_protocols tls1.3;
     |               ^^^^^^
     help: expected "TLSv1.2" or "TLSv1.3"

=== other protocols on a listener
--- http_config
server { listen 127.0.0.1:$PORT2 ssl quic; }
--- error_like
the "quic" parameter of "listen" is not supported

=== one of both is made here
--- http_config
server {
    listen 127.0.0.1:$PORT2 ssl;
    ssl_certificate selfsigned:c.pem;
    ssl_certificate_key k.pem;
}
--- error
pingauge: [emerg] "selfsigned:" stands before the certificate or the key only in http_config:4
   4 |     ssl_certificate_key k.pem;
     |                         ^^^^^
     help: write it before both, or before neither

=== both are made here
--- http_config
server {
    listen 127.0.0.1:$PORT2 ssl;
    ssl_certificate selfsigned:c.pem;
    ssl_certificate_key selfsigned:k.pem;
}
--- ok

=== the certificate is there and its key is not
--- file c.pem
-----BEGIN CERTIFICATE-----
MIIBizCCATKgAwIBAgIUSBpf4W5mTn7iyr/XMHHgpSo7XXkwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGYS50ZXN0MCAXDTI2MTEyNjE4MDgwMloYDzIxMjYxMTAyMTgw
ODAyWjARMQ8wDQYDVQQDDAZhLnRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AAT1fkdpCsvKojlzQv7cHeXP78uBApAFHJI5dBP1FcrGowvS3LJ6E7eaXGO1MEqn
YfTO5r/ImgwrsYDm2/3JAwfao2YwZDAdBgNVHQ4EFgQUNB4S766t3cKpkB00Ri5G
q07U2fAwHwYDVR0jBBgwFoAUNB4S766t3cKpkB00Ri5Gq07U2fAwDwYDVR0TAQH/
BAUwAwEB/zARBgNVHREECjAIggZhLnRlc3QwCgYIKoZIzj0EAwIDRwAwRAIgQtjL
nFI8bPIxn6gEDGGJZ/8X3HL+4niG+xjEKkSW5PECIGH9LHqs4fdfC8ELdmbsgKT9
7S9Ll1xSwxha+IWrEafW
-----END CERTIFICATE-----
--- http_config
server {
    listen 127.0.0.1:$PORT2 ssl;
    ssl_certificate selfsigned:c.pem;
    ssl_certificate_key selfsigned:k.pem;
}
--- error
pingauge: [emerg] "selfsigned:" certificate "c.pem" exists but key "k.pem" is missing in http_config:3
   3 |     ssl_certificate selfsigned:c.pem;
     |                     ^^^^^^^^^^^^^^^^
     help: put the other one back, or delete this one to have both made anew

=== the key is there and its certificate is not
--- file k.pem
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgA5HOn4PfJTAVu8Vp
5tNXry6oncRxYgIdRZ8am9FuqamhRANCAAT1fkdpCsvKojlzQv7cHeXP78uBApAF
HJI5dBP1FcrGowvS3LJ6E7eaXGO1MEqnYfTO5r/ImgwrsYDm2/3JAwfa
-----END PRIVATE KEY-----
--- http_config
server {
    listen 127.0.0.1:$PORT2 ssl;
    ssl_certificate selfsigned:c.pem;
    ssl_certificate_key selfsigned:k.pem;
}
--- error
pingauge: [emerg] "selfsigned:" key "k.pem" exists but certificate "c.pem" is missing in http_config:3
   3 |     ssl_certificate selfsigned:c.pem;
     |                     ^^^^^^^^^^^^^^^^
     help: put the other one back, or delete this one to have both made anew

=== the folder is not there
--- http_config
server {
    listen 127.0.0.1:$PORT2 ssl;
    ssl_certificate selfsigned:none/c.pem;
    ssl_certificate_key selfsigned:none/k.pem;
}
--- error
pingauge: [emerg] "none/c.pem" cannot be made (2: No such file or directory) in http_config:3
   3 |     ssl_certificate selfsigned:none/c.pem;
     |                     ^^^^^^^^^^^^^^^^^^^^^
     help: "none" must be a folder that the server may write to

=== what certificates say about themselves
--- file c.pem
-----BEGIN CERTIFICATE-----
MIIBizCCATKgAwIBAgIUSBpf4W5mTn7iyr/XMHHgpSo7XXkwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGYS50ZXN0MCAXDTI2MTEyNjE4MDgwMloYDzIxMjYxMTAyMTgw
ODAyWjARMQ8wDQYDVQQDDAZhLnRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AAT1fkdpCsvKojlzQv7cHeXP78uBApAFHJI5dBP1FcrGowvS3LJ6E7eaXGO1MEqn
YfTO5r/ImgwrsYDm2/3JAwfao2YwZDAdBgNVHQ4EFgQUNB4S766t3cKpkB00Ri5G
q07U2fAwHwYDVR0jBBgwFoAUNB4S766t3cKpkB00Ri5Gq07U2fAwDwYDVR0TAQH/
BAUwAwEB/zARBgNVHREECjAIggZhLnRlc3QwCgYIKoZIzj0EAwIDRwAwRAIgQtjL
nFI8bPIxn6gEDGGJZ/8X3HL+4niG+xjEKkSW5PECIGH9LHqs4fdfC8ELdmbsgKT9
7S9Ll1xSwxha+IWrEafW
-----END CERTIFICATE-----
--- file k.pem
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgA5HOn4PfJTAVu8Vp
5tNXry6oncRxYgIdRZ8am9FuqamhRANCAAT1fkdpCsvKojlzQv7cHeXP78uBApAF
HJI5dBP1FcrGowvS3LJ6E7eaXGO1MEqnYfTO5r/ImgwrsYDm2/3JAwfa
-----END PRIVATE KEY-----
--- http_config
ssl_certificate c.pem;
ssl_certificate_key k.pem;
server { listen 127.0.0.1:$PORT2 ssl; status_zone encrypted; }
--- config
location /all/ { api /; }
location / { return 200 "$scheme [$https] [$ssl_protocol] [$ssl_cipher] [$ssl_server_name] [$ssl_session_reused] [$ssl_alpn_protocol]"; }
--- requests
GET / 200 = http [] [] [] [] [] []
GET /all/certificates/ 200
--- json
{
  "static": {
    "$DIR/c.pem": {
      "chain": [
        {
          "issuer": {
            "common_name": "a.test"
          },
          "subject": {
            "alt_names": [
              "a.test"
            ],
            "common_name": "a.test"
          },
          "validity": {
            "since": "2026-11-26T18:08:02Z",
            "until": "2126-11-02T18:08:02Z"
          }
        }
      ],
      "key": "ECDSA (256 bits)"
    }
  }
}

--- json /status/http/server_zones/
{
  "encrypted": {
    "data": {
      "received": 0,
      "sent": 0
    },
    "requests": {
      "discarded": 0,
      "processing": 0,
      "total": 0
    },
    "responses": {},
    "ssl": {
      "failed": 0,
      "handshaked": 0,
      "reuses": 0,
      "timedout": 0
    }
  }
}

=== plain requests are told, or sent where they belong
--- http1_only they are told in HTTP/1, whatever they come in
--- http_config
server {
    listen 127.0.0.1:$PORT2 ssl;
    ssl_reject_handshake on;
    keepalive_timeout 60s;
    location / { return 200 secret; }
    location /moved { error_page 497 =301 https://$host$request_uri; return 200 secret; }
}
server {
    listen 127.0.0.1:$PORT2;
    server_name moved.test;
    error_page 497 =307 https://$host$request_uri;
}
--- requests
GET :$PORT2/ 400 ~ The plain HTTP request was sent to HTTPS port
--- response_headers
Connection: close
--- requests
GET :$PORT2/x?y 307
    Host: moved.test
--- response_headers
Location: https://moved.test/x?y
Connection: close

=== a certificate that is made here needs a file beside its key's
--- http
server { listen 80 ssl; ssl_certificate selfsigned:a; ssl_certificate_key selfsigned:a; }
--- error
pingauge: [emerg] "a" cannot be both certificate and key in http:1
   1 | server { listen 80 ssl; ssl_certificate selfsigned:a; ssl_certificate_key selfsigned:a; }
     |                                                                           ^^^^^^^^^^^^
     help: two files are made

=== sessions
--- http_config
ssl_session_cache builtin:1000 shared:TLS:1m;
ssl_session_timeout 1h;
server { listen 127.0.0.1:$PORT2; ssl_session_cache off; }
--- ok

=== sessions written wrongly
--- http_config
ssl_session_cache on;
server { listen 127.0.0.1:$PORT2; ssl_session_cache shared:TLS:1k; ssl_session_timeout soon; }
--- error
pingauge: [emerg] invalid session cache "on" in http_config:1
   1 | ssl_session_cache on;
     |                   ^^
     help: expected off, none, builtin, builtin:COUNT or shared:NAME:SIZE
pingauge: [emerg] session cache "TLS" is too small in http_config:2
   2 | server { listen 127.0.0.1:$PORT2; ssl_session_cache shared:TLS:1k; ssl_session_timeout soon; }
     |                                                    ^^^^^^^^^^^^^
     help: the smallest is 32k
pingauge: [emerg] "ssl_session_timeout" directive invalid value "soon" in http_config:2
   2 |  { listen 127.0.0.1:$PORT2; ssl_session_cache shared:TLS:1k; ssl_session_timeout soon; }
     |                                                                                 ^^^^
     help: expected a time such as 30, 10s or "1h 30m"

=== certificates of clients: what is wrong in words
--- http_config
server {
    listen 127.0.0.1:$PORT2 ssl;
    ssl_certificate selfsigned:$DIR/c.pem;
    ssl_certificate_key selfsigned:$DIR/k.pem;
    ssl_verify_client maybe;
    ssl_verify_depth deep;
}
--- error
pingauge: [emerg] invalid value "maybe" in "ssl_verify_client" directive in http_config:5
   5 |     ssl_verify_client maybe;
     |                       ^^^^^
     help: expected "on", "off", "optional" or "optional_no_ca"
pingauge: [emerg] "ssl_verify_depth" directive invalid value "deep" in http_config:6
   6 |     ssl_verify_depth deep;
     |                      ^^^^
     help: expected a whole number

=== certificates of clients: nobody is trusted where they are asked for
--- http_config
ssl_certificate selfsigned:$DIR/c.pem;
ssl_certificate_key selfsigned:$DIR/k.pem;
server { listen 127.0.0.1:$PORT2 ssl; ssl_verify_client on; }
server { listen 127.0.0.1:$PORT2 ssl; server_name b; ssl_verify_client optional; ssl_client_certificate ""; }
server { listen 127.0.0.1:$PORT2 ssl; server_name c; ssl_verify_client optional_no_ca; }
server { listen 127.0.0.1:$PORT2 ssl; server_name d; ssl_verify_client off; }
--- error
pingauge: [emerg] no ssl_client_certificate for ssl_verify_client in http_config:3
   3 | server { listen 127.0.0.1:$PORT2 ssl; ssl_verify_client on; }
     |                                      ^^^^^^^^^^^^^^^^^
     help: "ssl_client_certificate" names the file of those who are trusted
     also: line 4

=== certificates of clients: files that are not there, or hold something else
--- file key.pem
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgA5HOn4PfJTAVu8Vp
5tNXry6oncRxYgIdRZ8am9FuqamhRANCAAT1fkdpCsvKojlzQv7cHeXP78uBApAF
HJI5dBP1FcrGowvS3LJ6E7eaXGO1MEqnYfTO5r/ImgwrsYDm2/3JAwfa
-----END PRIVATE KEY-----
--- http_config
ssl_certificate selfsigned:$DIR/c.pem;
ssl_certificate_key selfsigned:$DIR/k.pem;
server { listen 127.0.0.1:$PORT2 ssl; server_name a; ssl_verify_client on; ssl_client_certificate no.pem; }
server { listen 127.0.0.1:$PORT2 ssl; server_name b; ssl_verify_client on; ssl_client_certificate key.pem; }
server { listen 127.0.0.1:$PORT2 ssl; server_name c; ssl_trusted_certificate no.pem; }
server { listen 127.0.0.1:$PORT2 ssl; server_name d; ssl_verify_client optional_no_ca; ssl_crl key.pem; }
server { listen 127.0.0.1:$PORT2 ssl; server_name e; ssl_client_certificate /x/$ssl_server_name.pem; }
--- error
pingauge: [emerg] cannot load client certificate "no.pem" (2: No such file or directory) in http_config:3
   3 | 27.0.0.1:$PORT2 ssl; server_name a; ssl_verify_client on; ssl_client_certificate no.pem; }
     |                                                                                 ^^^^^^
pingauge: [emerg] cannot load client certificate "key.pem": there is no certificate in it in http_config:4
   4 | 27.0.0.1:$PORT2 ssl; server_name b; ssl_verify_client on; ssl_client_certificate key.pem; }
     |                                                                                 ^^^^^^^
pingauge: [emerg] cannot load trusted certificate "no.pem" (2: No such file or directory) in http_config:5
   5 | server { listen 127.0.0.1:$PORT2 ssl; server_name c; ssl_trusted_certificate no.pem; }
     |                                                                             ^^^^^^
pingauge: [emerg] cannot load CRL "key.pem": there is no list of revoked certificates in it in http_config:6
   6 | n 127.0.0.1:$PORT2 ssl; server_name d; ssl_verify_client optional_no_ca; ssl_crl key.pem; }
     |                                                                                 ^^^^^^^
pingauge: [emerg] variables are not supported in "/x/$ssl_server_name.pem" in http_config:7
   7 | server { listen 127.0.0.1:$PORT2 ssl; server_name e; ssl_client_certificate /x/$ssl_server_name.pem; }
     |                                                                            ^^^^^^^^^^^^^^^^^^^^^^^
     help: expected a file

=== keys of session tickets: lengths, and files that are not there
--- file short.key
short
--- http_config
server {
    listen 127.0.0.1:$PORT2 ssl;
    ssl_certificate selfsigned:$DIR/c.pem;
    ssl_certificate_key selfsigned:$DIR/k.pem;
    ssl_session_ticket_key short.key;
}
server {
    listen 127.0.0.1:$PORT2 ssl;
    server_name b;
    ssl_certificate selfsigned:$DIR/c.pem;
    ssl_certificate_key selfsigned:$DIR/k.pem;
    ssl_session_ticket_key no.key;
}
--- error
pingauge: [emerg] cannot load session ticket key "short.key": it must be 48 or 80 bytes long in http_config:5
   5 |     ssl_session_ticket_key short.key;
     |                            ^^^^^^^^^
pingauge: [emerg] cannot load session ticket key "no.key" (2: No such file or directory) in http_config:12
  12 |     ssl_session_ticket_key no.key;
     |                            ^^^^^^

=== early data is never taken
--- http_config
ssl_early_data on;
--- error
pingauge: [emerg] early data is not supported in http_config:1
   1 | ssl_early_data on;
     |                ^^
     help: remove the line: clients then wait for the handshake

=== sessions and tickets: what can be said
--- http_config
ssl_session_tickets off;
ssl_early_data off;
ssl_session_timeout 1h;
server {
    listen 127.0.0.1:$PORT2 ssl;
    ssl_certificate selfsigned:$DIR/c.pem;
    ssl_certificate_key selfsigned:$DIR/k.pem;
    ssl_session_tickets on;
    ssl_session_cache none;
}
--- ok

=== sessions and tickets: what cannot
--- http_config
ssl_session_tickets yes;
--- error
pingauge: [emerg] invalid value "yes" in "ssl_session_tickets" directive, it must be "on" or "off" in http_config:1
   1 | ssl_session_tickets yes;
     |                     ^^^

=== encrypted keys: opened by one of the passwords
--- file c.pem
-----BEGIN CERTIFICATE-----
MIIBeTCCAR+gAwIBAgIUNNT7w1LFqBM4k+fhcN0BVfhlSnwwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGYS50ZXN0MCAXDTI2MTEzMDA2NTMyMVoYDzIxMjYxMTA2MDY1
MzIxWjARMQ8wDQYDVQQDDAZhLnRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AAQnick2POrYqyjtB2EqbDUbFq4jd1eDILLvbbK2rN6/xVVgJwpgakBbVjmzwvPe
3/kLHvHEQ2moPmEWITWcSMjUo1MwUTAdBgNVHQ4EFgQU3pYrg64OD94snW/1ayMv
IeG7IZIwHwYDVR0jBBgwFoAU3pYrg64OD94snW/1ayMvIeG7IZIwDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiA1oqBEHN9IERYwwtepmWfqVYbxgZNp
70rCAtoG+GRN+QIhAKLLXU1QmG1WO1YLOxYpMv9N9EgQY+zpm5oyVJfM2Hy7
-----END CERTIFICATE-----
--- file e.pem
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiS22ljU15g5AICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEKsGRb1QVHVvlArELfmeIj4EgZBb
RBqHW8bVuSAQtANU7HFIc2YuxjVXDuW2sWPL01iDABOH5bt29vCPMZZr3DMROJTB
owgjBK0R2MJyd+mia3ONCdH29ArHFu01mvQk21rRPq9RqpzdL0caEDYF6xSXZqdG
S+4G3dYx4OBT4GoIpIcnzgkXfh0/uB6bGMvh9LA3SLeZfONJ/1Ee+itd36eX2Vk=
-----END ENCRYPTED PRIVATE KEY-----
--- file passwords
wrong

open sesame
other
--- http_config
ssl_password_file passwords;
server { listen 127.0.0.1:$PORT2 ssl; server_name e; ssl_certificate c.pem; ssl_certificate_key e.pem;  }
--- config
location / { proxy_ssl_certificate c.pem; proxy_ssl_certificate_key e.pem; proxy_ssl_password_file passwords; proxy_pass https://127.0.0.1:9; }
location /grpc/ { grpc_ssl_certificate c.pem; grpc_ssl_certificate_key e.pem; grpc_ssl_password_file passwords; grpc_pass grpcs://127.0.0.1:9; }
--- ok

=== encrypted keys: what does not open them
--- file c.pem
-----BEGIN CERTIFICATE-----
MIIBeTCCAR+gAwIBAgIUNNT7w1LFqBM4k+fhcN0BVfhlSnwwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGYS50ZXN0MCAXDTI2MTEzMDA2NTMyMVoYDzIxMjYxMTA2MDY1
MzIxWjARMQ8wDQYDVQQDDAZhLnRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AAQnick2POrYqyjtB2EqbDUbFq4jd1eDILLvbbK2rN6/xVVgJwpgakBbVjmzwvPe
3/kLHvHEQ2moPmEWITWcSMjUo1MwUTAdBgNVHQ4EFgQU3pYrg64OD94snW/1ayMv
IeG7IZIwHwYDVR0jBBgwFoAU3pYrg64OD94snW/1ayMvIeG7IZIwDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiA1oqBEHN9IERYwwtepmWfqVYbxgZNp
70rCAtoG+GRN+QIhAKLLXU1QmG1WO1YLOxYpMv9N9EgQY+zpm5oyVJfM2Hy7
-----END CERTIFICATE-----
--- file e.pem
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiS22ljU15g5AICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEKsGRb1QVHVvlArELfmeIj4EgZBb
RBqHW8bVuSAQtANU7HFIc2YuxjVXDuW2sWPL01iDABOH5bt29vCPMZZr3DMROJTB
owgjBK0R2MJyd+mia3ONCdH29ArHFu01mvQk21rRPq9RqpzdL0caEDYF6xSXZqdG
S+4G3dYx4OBT4GoIpIcnzgkXfh0/uB6bGMvh9LA3SLeZfONJ/1Ee+itd36eX2Vk=
-----END ENCRYPTED PRIVATE KEY-----
--- file o.pem
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGxMBwGCiqGSIb3DQEMAQMwDgQIspX1NdhM850CAggABIGQUD1sKrle3hHXLBlP
RqrhDpCMGO2i5q8h69aa86IpzyKOKLcSFZONq76zLgj9WpylW9OqPlQP2cHH87S5
hoJ/z30LCHsV/Zg0RiB4p1c4pS7/dPrrBOwsYaTvrpv2NLea0tLN/Y9yrDxFfOdP
APenZaUZ5ibvB2eYXg/fo3OJ2GZ73//vKxF/TwhdKR6VQ/gB
-----END ENCRYPTED PRIVATE KEY-----
--- file old.pem
-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-256-CBC,C6D9A0F05C2BC40B6DD9E55531B83F44

IJu70Y1a8fTkCCwOVnR23NCzxF2h/y87cWEmUHwO46iYIBOOsxTCJAGTJsc008VR
+KHId9XceSZJY4036HVzkbMSeLuE1KX/HQ4WklUGzLL/igahdV9IY+87/PElLnam
fGVnYpzZDmlythdrBgBmyhaPmH6vkQwzMkFktGSIMUs=
-----END EC PRIVATE KEY-----
--- file passwords
open sesame
--- file wrong
close sesame
--- http_config
server { listen 127.0.0.1:$PORT2 ssl; server_name e; ssl_certificate c.pem; ssl_certificate_key e.pem;  }
server { listen 127.0.0.1:$PORT2 ssl; server_name e; ssl_certificate c.pem; ssl_certificate_key e.pem; ssl_password_file wrong; }
server { listen 127.0.0.1:$PORT2 ssl; server_name e; ssl_certificate c.pem; ssl_certificate_key e.pem; ssl_password_file no; }
server { listen 127.0.0.1:$PORT2 ssl; server_name o; ssl_certificate c.pem; ssl_certificate_key o.pem; ssl_password_file passwords; }
server { listen 127.0.0.1:$PORT2 ssl; server_name old; ssl_certificate c.pem; ssl_certificate_key old.pem; ssl_password_file passwords; }
--- config
location / { proxy_ssl_certificate c.pem; proxy_ssl_certificate_key e.pem; proxy_pass https://127.0.0.1:9; }
--- error
pingauge: [emerg] cannot load certificate key "e.pem": it is encrypted, and no password for it is given in http_config:1
   1 |  127.0.0.1:$PORT2 ssl; server_name e; ssl_certificate c.pem; ssl_certificate_key e.pem;  }
     |                                                                                 ^^^^^
     also: config:1
pingauge: [warn] conflicting server name "e" on 127.0.0.1:$PORT2, ignored in http_config:2
   2 | server { listen 127.0.0.1:$PORT2 ssl; server_name e; ssl_certificate c.pem; ssl_certificate_key e.pem; ssl_password_file wrong; }
     |                                                  ^
     also: line 3
pingauge: [emerg] cannot load certificate key "e.pem": no password of the password file opens it in http_config:2
   2 |  127.0.0.1:$PORT2 ssl; server_name e; ssl_certificate c.pem; ssl_certificate_key e.pem; ssl_password_file wrong; }
     |                                                                                 ^^^^^
pingauge: [emerg] cannot load password file "no" (2: No such file or directory) in http_config:3
   3 | ver_name e; ssl_certificate c.pem; ssl_certificate_key e.pem; ssl_password_file no; }
     |                                                                                 ^^
pingauge: [emerg] cannot load certificate key "o.pem": the way in which it is encrypted is not supported in http_config:4
   4 |  127.0.0.1:$PORT2 ssl; server_name o; ssl_certificate c.pem; ssl_certificate_key o.pem; ssl_password_file passwords; }
     |                                                                                 ^^^^^
pingauge: [emerg] cannot load certificate key "old.pem": it is encrypted in an old form, which is not supported: "openssl pkcs8 -topk8" makes a new one in http_config:5
   5 | 27.0.0.1:$PORT2 ssl; server_name old; ssl_certificate c.pem; ssl_certificate_key old.pem; ssl_password_file passwords; }
     |                                                                                 ^^^^^^^

=== ciphers, groups and records: what can be said
--- http_config
ssl_ciphers HIGH:!aNULL:!MD5;
ssl_ecdh_curve auto;
ssl_prefer_server_ciphers on;
ssl_buffer_size 4k;
server {
    listen 127.0.0.1:$PORT2 ssl;
    ssl_certificate selfsigned:$DIR/c.pem;
    ssl_certificate_key selfsigned:$DIR/k.pem;
    ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256;
    ssl_ecdh_curve secp521r1:prime256v1:X448;
}
--- warn
pingauge: [warn] not supported, ignored: DHE-RSA-AES128-GCM-SHA256 in http_config:9
   9 |     ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256;
     |                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
pingauge: [warn] not supported, ignored: secp521r1, X448 in http_config:10
  10 |     ssl_ecdh_curve secp521r1:prime256v1:X448;
     |                    ^^^^^^^^^^^^^^^^^^^^^^^^^

=== ciphers, groups and records: what leaves nothing
--- http_config
ssl_ciphers AES128-SHA:RC4-MD5;
ssl_ecdh_curve secp521r1;
ssl_prefer_server_ciphers maybe;
ssl_buffer_size 100;
--- error
pingauge: [emerg] no cipher is left of "AES128-SHA:RC4-MD5" in http_config:1
   1 | ssl_ciphers AES128-SHA:RC4-MD5;
     |             ^^^^^^^^^^^^^^^^^^
     help: there are AES-GCM and ChaCha20-Poly1305 with ECDHE: "ssl_ciphers DEFAULT" allows them all
pingauge: [emerg] no group is left of "secp521r1" in http_config:2
   2 | ssl_ecdh_curve secp521r1;
     |                ^^^^^^^^^
     help: there are "X25519", "prime256v1" and "secp384r1"
pingauge: [emerg] invalid value "maybe" in "ssl_prefer_server_ciphers" directive, it must be "on" or "off" in http_config:3
   3 | ssl_prefer_server_ciphers maybe;
     |                           ^^^^^
pingauge: [emerg] "100" is too short in http_config:4
   4 | ssl_buffer_size 100;
     |                 ^^^
     help: the shortest is 512

=== certificates by variables, and certificates in place
--- file c.pem
-----BEGIN CERTIFICATE-----
MIIBeTCCAR+gAwIBAgIUNNT7w1LFqBM4k+fhcN0BVfhlSnwwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGYS50ZXN0MCAXDTI2MTEzMDA2NTMyMVoYDzIxMjYxMTA2MDY1
MzIxWjARMQ8wDQYDVQQDDAZhLnRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AAQnick2POrYqyjtB2EqbDUbFq4jd1eDILLvbbK2rN6/xVVgJwpgakBbVjmzwvPe
3/kLHvHEQ2moPmEWITWcSMjUo1MwUTAdBgNVHQ4EFgQU3pYrg64OD94snW/1ayMv
IeG7IZIwHwYDVR0jBBgwFoAU3pYrg64OD94snW/1ayMvIeG7IZIwDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiA1oqBEHN9IERYwwtepmWfqVYbxgZNp
70rCAtoG+GRN+QIhAKLLXU1QmG1WO1YLOxYpMv9N9EgQY+zpm5oyVJfM2Hy7
-----END CERTIFICATE-----
--- file k.pem
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg4EnQJ2Tsku1A5mPm
Vb7hTewC3FXVENHYTcBwrSgYogShRANCAAQnick2POrYqyjtB2EqbDUbFq4jd1eD
ILLvbbK2rN6/xVVgJwpgakBbVjmzwvPe3/kLHvHEQ2moPmEWITWcSMjU
-----END PRIVATE KEY-----
--- http_config
map $ssl_server_name $who { default nobody; a.test a; }
server { listen 127.0.0.1:$PORT2 ssl; server_name a; ssl_certificate /x/$ssl_server_name.pem; ssl_certificate_key /x/$who.key; }
server { listen 127.0.0.1:$PORT2 ssl; server_name b; ssl_certificate data:$who; ssl_certificate_key data:$who; ssl_certificate c.pem; ssl_certificate_key k.pem; }
server { listen 127.0.0.1:$PORT2 ssl; server_name c; ssl_certificate "data:-----BEGIN CERTIFICATE-----
MIIBeTCCAR+gAwIBAgIUNNT7w1LFqBM4k+fhcN0BVfhlSnwwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGYS50ZXN0MCAXDTI2MTEzMDA2NTMyMVoYDzIxMjYxMTA2MDY1
MzIxWjARMQ8wDQYDVQQDDAZhLnRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AAQnick2POrYqyjtB2EqbDUbFq4jd1eDILLvbbK2rN6/xVVgJwpgakBbVjmzwvPe
3/kLHvHEQ2moPmEWITWcSMjUo1MwUTAdBgNVHQ4EFgQU3pYrg64OD94snW/1ayMv
IeG7IZIwHwYDVR0jBBgwFoAU3pYrg64OD94snW/1ayMvIeG7IZIwDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiA1oqBEHN9IERYwwtepmWfqVYbxgZNp
70rCAtoG+GRN+QIhAKLLXU1QmG1WO1YLOxYpMv9N9EgQY+zpm5oyVJfM2Hy7
-----END CERTIFICATE-----
"; ssl_certificate_key "data:-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg4EnQJ2Tsku1A5mPm
Vb7hTewC3FXVENHYTcBwrSgYogShRANCAAQnick2POrYqyjtB2EqbDUbFq4jd1eD
ILLvbbK2rN6/xVVgJwpgakBbVjmzwvPe3/kLHvHEQ2moPmEWITWcSMjU
-----END PRIVATE KEY-----
"; }
--- ok

=== certificates in place that are none
--- http_config
server { listen 127.0.0.1:$PORT2 ssl; ssl_certificate data:garbage; ssl_certificate_key data:garbage; }
--- error
pingauge: [emerg] cannot load certificate "data:": there is no certificate in it in http_config:1
   1 | server { listen 127.0.0.1:$PORT2 ssl; ssl_certificate data:garbage; ssl_certificate_key data:garbage; }
     |                                                      ^^^^^^^^^^^^

=== commands of OpenSSL
--- http_config
ssl_conf_command Ciphersuites TLS_CHACHA20_POLY1305_SHA256;
ssl_conf_command ciphersuites TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256;
ssl_conf_command Ciphersuites AES;
ssl_conf_command Options KTLS;
ssl_conf_command Options PrioritizeChaCha,ServerPreference;
ssl_conf_command Options -SessionTicket;
ssl_conf_command Groups X25519;
ssl_conf_command CipherString DEFAULT;
ssl_conf_command MinProtocol TLSv1.3;
ssl_conf_command SignatureAlgorithms x;
ssl_conf_command Options;
--- error
pingauge: [warn] not supported, ignored: TLS_AES_128_CCM_SHA256 in http_config:2
   2 | ssl_conf_command ciphersuites TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256;
     |                               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
pingauge: [emerg] no cipher of TLS 1.3 is left of "AES" in http_config:3
   3 | ssl_conf_command Ciphersuites AES;
     |                               ^^^
     help: there are TLS_AES_256_GCM_SHA384, TLS_AES_128_GCM_SHA256, TLS_CHACHA20_POLY1305_SHA256
pingauge: [emerg] command "Options" is not supported in "ssl_conf_command" in http_config:4
   4 | ssl_conf_command Options KTLS;
     |                  ^^^^^^^
     help: remove the line
     also: line 5, line 6
pingauge: [emerg] command "Groups" is not supported in "ssl_conf_command" in http_config:7
   7 | ssl_conf_command Groups X25519;
     |                  ^^^^^^
     help: write "ssl_ecdh_curve X25519"
pingauge: [emerg] command "CipherString" is not supported in "ssl_conf_command" in http_config:8
   8 | ssl_conf_command CipherString DEFAULT;
     |                  ^^^^^^^^^^^^
     help: write "ssl_ciphers DEFAULT"
pingauge: [emerg] command "MinProtocol" is not supported in "ssl_conf_command" in http_config:9
   9 | ssl_conf_command MinProtocol TLSv1.3;
     |                  ^^^^^^^^^^^
     help: "ssl_protocols" names the versions that are spoken
pingauge: [emerg] command "SignatureAlgorithms" is not supported in "ssl_conf_command" in http_config:10
  10 | ssl_conf_command SignatureAlgorithms x;
     |                  ^^^^^^^^^^^^^^^^^^^
     help: remove the line
pingauge: [emerg] invalid number of arguments in "ssl_conf_command" directive in http_config:11
  11 | ssl_conf_command Options;
     | ^^^^^^^^^^^^^^^^^^^^^^^^^
     help: syntax: ssl_conf_command Ciphersuites list;

=== answers of responders: nobody is told of what no server needs
--- http_config
ssl_stapling on;
--- config
location / { return 200; }
--- ok

=== answers of responders
--- file answer
-----BEGIN CERTIFICATE-----
--- http_config
server {
    listen 127.0.0.1:$PORT2 ssl;
    ssl_certificate selfsigned:$DIR/c.pem;
    ssl_certificate_key selfsigned:$DIR/k.pem;
    ssl_stapling on;
    ssl_stapling_file answer;
}
server {
    listen 127.0.0.1:$PORT2 ssl;
    server_name b;
    ssl_certificate selfsigned:$DIR/c.pem;
    ssl_certificate_key selfsigned:$DIR/k.pem;
    ssl_stapling on;
    ssl_stapling_file none;
}
server {
    listen 127.0.0.1:$PORT2 ssl;
    server_name c;
    ssl_certificate selfsigned:$DIR/c.pem;
    ssl_certificate_key selfsigned:$DIR/k.pem;
    ssl_stapling_file answer;
}
server {
    listen 127.0.0.1:$PORT2 ssl;
    server_name d;
    ssl_certificate selfsigned:$DIR/c.pem;
    ssl_certificate_key selfsigned:$DIR/k.pem;
    ssl_stapling on;
    ssl_stapling_verify maybe;
}
ssl_stapling_file engine:x;
ssl_stapling_responder http://a/;
--- error
pingauge: [emerg] cannot load stapling file "answer": it is no answer of an OCSP responder in DER in http_config:6
   6 |     ssl_stapling_file answer;
     |                       ^^^^^^
pingauge: [emerg] cannot load stapling file "none" (2: No such file or directory) in http_config:14
  14 |     ssl_stapling_file none;
     |                       ^^^^
pingauge: [warn] "ssl_stapling_file" ignored, "ssl_stapling" is not on in http_config:21
  21 |     ssl_stapling_file answer;
     |                       ^^^^^^
     help: write "ssl_stapling on;"
pingauge: [warn] "ssl_stapling" ignored, there is no "ssl_stapling_file" in http_config:28
  28 |     ssl_stapling on;
     |     ^^^^^^^^^^^^
     help: responders are not asked here; "openssl ocsp -respout" writes what they say to a file
pingauge: [emerg] invalid value "maybe" in "ssl_stapling_verify" directive, it must be "on" or "off" in http_config:29
  29 |     ssl_stapling_verify maybe;
     |                         ^^^^^
pingauge: [emerg] "engine:" is not supported in "engine:x" in http_config:31
  31 | ssl_stapling_file engine:x;
     |                   ^^^^^^^^
     help: expected a file
pingauge: [emerg] "ssl_stapling_responder" directive is known in nginx, not supported here in http_config:32
  32 | ssl_stapling_responder http://a/;
     | ^^^^^^^^^^^^^^^^^^^^^^
     help: "ssl_stapling_file" names the file of an answer

=== early data is told, and is none
--- config
location / { return 200 "[$ssl_early_data]"; }
--- requests
GET / = []

=== names of sessions are none
--- config
location / { return 200 "[$ssl_session_id]"; }
--- error
pingauge: [emerg] "$ssl_session_id" variable is known in nginx, not supported here in config:1
   1 | location / { return 200 "[$ssl_session_id]"; }
     |                           ^^^^^^^^^^^^^^^
     help: "$ssl_session_reused" says whether a session was taken up, "$connection" tells connections apart
