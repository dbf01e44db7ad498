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
pingauge: [emerg] cannot load certificate key "k.pem": it is encrypted, which is not supported in http_config:4
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
ssl_certificate data:$name;
ssl_certificate_key engine:pkcs11:key;
ssl_certificate $ssl_server_name.pem;
ssl_certificate selfsigned:;
--- error
pingauge: [emerg] "data:" is not supported in "data:$name" in http_config:1
   1 | ssl_certificate data:$name;
     |                 ^^^^^^^^^^
     help: expected a file, or "selfsigned:" and a file
pingauge: [emerg] "engine:" is not supported in "engine:pkcs11:key" in http_config:2
   2 | ssl_certificate_key engine:pkcs11:key;
     |                     ^^^^^^^^^^^^^^^^^
     help: expected a file, or "selfsigned:" and a file
pingauge: [emerg] variables are not supported in "$ssl_server_name.pem" in http_config:3
   3 | ssl_certificate $ssl_server_name.pem;
     |                 ^^^^^^^^^^^^^^^^^^^^
     help: write a server for each name; the client's name finds its certificate
pingauge: [emerg] no file in "selfsigned:" in http_config:4
   4 | ssl_certificate selfsigned:;
     |                 ^^^^^^^^^^^

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
