# TLS to origins as it is written: what is taken, what is refused, where, and what is only warned of. The keys are this file's own and protect nothing.

=== everything at once
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
proxy_ssl_certificate c.pem;
proxy_ssl_certificate_key k.pem;
proxy_ssl_ciphers HIGH:!aNULL;
upstream b { server 127.0.0.1:9; }
--- config
location /a { proxy_ssl_name $host; proxy_ssl_server_name on; proxy_ssl_verify on; proxy_ssl_verify_depth 2; proxy_ssl_trusted_certificate c.pem; proxy_ssl_protocols tlsv1.3; proxy_ssl_session_reuse off; proxy_pass https://b/x; }
location /b { proxy_ssl_certificate ""; proxy_pass $scheme://127.0.0.1; }
location /c { proxy_pass HTTPS://[::1]; }
--- ok

=== nobody is trusted where verification is asked for
--- config
proxy_ssl_verify on;
location /plain { proxy_pass http://127.0.0.1:9; }
location /a { proxy_pass https://127.0.0.1:9; }
location /b { proxy_pass $scheme://127.0.0.1:9; }
--- error
pingauge: [emerg] no proxy_ssl_trusted_certificate for proxy_ssl_verify in config:3
   3 | location /a { proxy_pass https://127.0.0.1:9; }
     |                          ^^^^^^^^^^^^^^^^^^^
     also: line 4

=== a certificate without a key
--- config
location / { proxy_ssl_certificate c.pem; proxy_pass https://127.0.0.1:9; }
--- error
pingauge: [emerg] no "proxy_ssl_certificate_key" is defined for certificate "c.pem" in config:1
   1 | location / { proxy_ssl_certificate c.pem; proxy_pass https://127.0.0.1:9; }
     |                                    ^^^^^

=== files that are not there
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
--- config
location /a { proxy_ssl_certificate no.pem; proxy_ssl_certificate_key no.key; proxy_pass https://127.0.0.1:9; }
location /b { proxy_ssl_verify on; proxy_ssl_trusted_certificate no.pem; proxy_pass https://127.0.0.1:9; }
location /c { proxy_ssl_verify on; proxy_ssl_trusted_certificate c.pem; proxy_ssl_crl no.crl; proxy_pass https://127.0.0.1:9; }
--- error
pingauge: [emerg] cannot load certificate "no.pem" (2: No such file or directory) in config:1
   1 | location /a { proxy_ssl_certificate no.pem; proxy_ssl_certificate_key no.key; proxy_pass https://127.0.0.1:9; }
     |                                     ^^^^^^
pingauge: [emerg] cannot load trusted certificate "no.pem" (2: No such file or directory) in config:2
   2 | location /b { proxy_ssl_verify on; proxy_ssl_trusted_certificate no.pem; proxy_pass https://127.0.0.1:9; }
     |                                                                  ^^^^^^
pingauge: [emerg] cannot load CRL "no.crl" (2: No such file or directory) in config:3
   3 | on /c { proxy_ssl_verify on; proxy_ssl_trusted_certificate c.pem; proxy_ssl_crl no.crl; proxy_pass https://127.0.0.1:9; }
     |                                                                                 ^^^^^^

=== files that hold something else
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
--- config
location /a { proxy_ssl_certificate c.pem; proxy_ssl_certificate_key c.pem; proxy_pass https://127.0.0.1:9; }
location /b { proxy_ssl_verify on; proxy_ssl_trusted_certificate k.pem; proxy_pass https://127.0.0.1:9; }
location /c { proxy_ssl_verify on; proxy_ssl_trusted_certificate c.pem; proxy_ssl_crl c.pem; proxy_pass https://127.0.0.1:9; }
--- error
pingauge: [emerg] cannot load certificate key "c.pem": there is no private key in it in config:1
   1 | location /a { proxy_ssl_certificate c.pem; proxy_ssl_certificate_key c.pem; proxy_pass https://127.0.0.1:9; }
     |                                                                      ^^^^^
pingauge: [emerg] cannot load trusted certificate "k.pem": there is no certificate in it in config:2
   2 | location /b { proxy_ssl_verify on; proxy_ssl_trusted_certificate k.pem; proxy_pass https://127.0.0.1:9; }
     |                                                                  ^^^^^
pingauge: [emerg] cannot load CRL "c.pem": there is no list of revoked certificates in it in config:3
   3 | on /c { proxy_ssl_verify on; proxy_ssl_trusted_certificate c.pem; proxy_ssl_crl c.pem; proxy_pass https://127.0.0.1:9; }
     |                                                                                 ^^^^^

=== files by variables and from elsewhere
--- config
location /a { proxy_ssl_certificate $host.pem; }
location /b { proxy_ssl_certificate_key engine:x:y; }
location /c { proxy_ssl_certificate data:x; }
location /d { proxy_ssl_crl ""; }
location /e { proxy_ssl_trusted_certificate ""; }
--- error
pingauge: [emerg] "engine:" is not supported in "engine:x:y" in config:2
   2 | location /b { proxy_ssl_certificate_key engine:x:y; }
     |                                         ^^^^^^^^^^
     help: expected a file, or "data:" and what would be in it
pingauge: [emerg] no file in "proxy_ssl_crl" in config:4
   4 | location /d { proxy_ssl_crl ""; }
     |                             ^^
pingauge: [emerg] no file in "proxy_ssl_trusted_certificate" in config:5
   5 | location /e { proxy_ssl_trusted_certificate ""; }
     |                                             ^^

=== words and numbers
--- config
location /a { proxy_ssl_verify yes; }
location /b { proxy_ssl_verify_depth -1; }
location /c { proxy_ssl_server_name 1; }
location /d { proxy_ssl_session_reuse x; }
location /e { proxy_ssl_protocols TLSv2; }
location /f { proxy_ssl_protocols TLSv1; }
location /g { proxy_ssl_name $nothing; proxy_pass https://127.0.0.1:9; }
--- error
pingauge: [emerg] invalid value "yes" in "proxy_ssl_verify" directive, it must be "on" or "off" in config:1
   1 | location /a { proxy_ssl_verify yes; }
     |                                ^^^
pingauge: [emerg] "proxy_ssl_verify_depth" directive invalid value "-1" in config:2
   2 | location /b { proxy_ssl_verify_depth -1; }
     |                                      ^^
     help: expected a whole number
pingauge: [emerg] invalid value "1" in "proxy_ssl_server_name" directive, it must be "on" or "off" in config:3
   3 | location /c { proxy_ssl_server_name 1; }
     |                                     ^
pingauge: [emerg] invalid value "x" in "proxy_ssl_session_reuse" directive, it must be "on" or "off" in config:4
   4 | location /d { proxy_ssl_session_reuse x; }
     |                                       ^
pingauge: [emerg] invalid value "TLSv2" in "proxy_ssl_protocols" directive in config:5
   5 | location /e { proxy_ssl_protocols TLSv2; }
     |                                   ^^^^^
     help: expected "TLSv1.2" or "TLSv1.3"
pingauge: [emerg] no supported protocol is left in config:6
   6 | location /f { proxy_ssl_protocols TLSv1; }
     |               ^^^^^^^^^^^^^^^^^^^
     help: write "proxy_ssl_protocols TLSv1.2 TLSv1.3"
pingauge: [warn] "TLSv1" is not supported, ignored in config:6
   6 | location /f { proxy_ssl_protocols TLSv1; }
     |                                   ^^^^^
pingauge: [emerg] unknown "nothing" variable in config:7
   7 | location /g { proxy_ssl_name $nothing; proxy_pass https://127.0.0.1:9; }
     |                              ^^^^^^^^

=== no cipher is left
--- config
location / { proxy_ssl_ciphers RC4:!ECDHE; }
--- error
pingauge: [emerg] no cipher is left of "RC4:!ECDHE" in config:1
   1 | location / { proxy_ssl_ciphers RC4:!ECDHE; }
     |                                ^^^^^^^^^^
     help: there are AES-GCM and ChaCha20-Poly1305 with ECDHE: "proxy_ssl_ciphers DEFAULT" allows them all

=== old ciphers and protocols
--- config
location / { proxy_ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256:AES128-SHA; proxy_ssl_protocols TLSv1.1 TLSv1.2; proxy_pass https://127.0.0.1:9; }
--- warn
pingauge: [warn] not supported, ignored: DHE-RSA-AES128-GCM-SHA256, AES128-SHA in config:1
   1 | location / { proxy_ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256:AES128-SHA; proxy_ssl_prot
     |                                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
pingauge: [warn] "TLSv1.1" is not supported, ignored in config:1
   1 | RSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256:AES128-SHA; proxy_ssl_protocols TLSv1.1 TLSv1.2; proxy_pass https://127.0.0.1:9; }
     |                                                                                 ^^^^^^^

=== what is not there
--- config
location / { proxy_ssl_key_log x; proxy_pass https://127.0.0.1:9; }
--- error
pingauge: [emerg] "proxy_ssl_key_log" directive is known in nginx, not supported here in config:1
   1 | location / { proxy_ssl_key_log x; proxy_pass https://127.0.0.1:9; }
     |              ^^^^^^^^^^^^^^^^^
     help: remove the line: certificates that requests name are read again when their files change, and keys of connections are written nowhere

=== nobody listens
--- config
location / { proxy_pass https://127.0.0.1:1; }
--- requests
GET / 502
--- log
connect\(\) failed .* while connecting to upstream

=== variables of a target in TLS
--- config
location /a { proxy_pass https://127.0.0.1:1; error_page 502 = @said; }
location /b { set $p https; proxy_pass $p://127.0.0.1; error_page 502 = @said; }
location @said { return 200 "$proxy_host|$proxy_port|$upstream_addr|$upstream_status"; }
--- requests
GET /a 200 = 127.0.0.1:1|1|127.0.0.1:1|502
GET /b 200 = 127.0.0.1|443|127.0.0.1:443|502

=== commands of OpenSSL
--- config
location /a { proxy_ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256; proxy_pass https://127.0.0.1:9; }
location /b { proxy_ssl_conf_command Ciphersuites TLS_AES_128_CCM_SHA256; }
location /c { proxy_ssl_conf_command MinProtocol TLSv1.3; }
location /d { grpc_ssl_conf_command CipherString HIGH; }
location /e { proxy_ssl_conf_command Options -SessionTicket; }
location /f { proxy_ssl_conf_command Ciphersuites; }
--- error
pingauge: [warn] not supported, ignored: TLS_AES_128_CCM_SHA256 in config:1
   1 | location /a { proxy_ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256; proxy_pass https://127.0.0.1:9; }
     |                                                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
pingauge: [emerg] no cipher of TLS 1.3 is left of "TLS_AES_128_CCM_SHA256" in config:2
   2 | location /b { proxy_ssl_conf_command Ciphersuites TLS_AES_128_CCM_SHA256; }
     |                                                   ^^^^^^^^^^^^^^^^^^^^^^
     help: there are TLS_AES_256_GCM_SHA384, TLS_AES_128_GCM_SHA256, TLS_CHACHA20_POLY1305_SHA256
pingauge: [emerg] command "MinProtocol" is not supported in "proxy_ssl_conf_command" in config:3
   3 | location /c { proxy_ssl_conf_command MinProtocol TLSv1.3; }
     |                                      ^^^^^^^^^^^
     help: "proxy_ssl_protocols" names the versions that are spoken
pingauge: [emerg] command "CipherString" is not supported in "grpc_ssl_conf_command" in config:4
   4 | location /d { grpc_ssl_conf_command CipherString HIGH; }
     |                                     ^^^^^^^^^^^^
     help: write "grpc_ssl_ciphers HIGH"
pingauge: [emerg] command "Options" is not supported in "proxy_ssl_conf_command" in config:5
   5 | location /e { proxy_ssl_conf_command Options -SessionTicket; }
     |                                      ^^^^^^^
     help: remove the line
pingauge: [emerg] invalid number of arguments in "proxy_ssl_conf_command" directive in config:6
   6 | location /f { proxy_ssl_conf_command Ciphersuites; }
     |               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
     help: syntax: proxy_ssl_conf_command Ciphersuites list;

=== certificates for peers: what cannot be said
--- config
location /a { proxy_ssl_certificate selfsigned:c.pem; }
location /b { proxy_ssl_certificate engine:c.pem; }
location /c { grpc_ssl_certificate $arg_c; grpc_pass grpcs://127.0.0.1:9; }
location /d { proxy_ssl_certificate data:x; proxy_ssl_certificate_key data:y; proxy_pass https://127.0.0.1:9; }
location /e { proxy_ssl_certificate data:$nothing; }
--- error
pingauge: [emerg] "selfsigned:" is not supported in "selfsigned:c.pem" in config:1
   1 | location /a { proxy_ssl_certificate selfsigned:c.pem; }
     |                                     ^^^^^^^^^^^^^^^^
     help: expected a file, or "data:" and what would be in it
pingauge: [emerg] "engine:" is not supported in "engine:c.pem" in config:2
   2 | location /b { proxy_ssl_certificate engine:c.pem; }
     |                                     ^^^^^^^^^^^^
     help: expected a file, or "data:" and what would be in it
pingauge: [emerg] no "grpc_ssl_certificate_key" is defined for certificate "$arg_c" in config:3
   3 | location /c { grpc_ssl_certificate $arg_c; grpc_pass grpcs://127.0.0.1:9; }
     |                                    ^^^^^^
pingauge: [emerg] cannot load certificate "data:": there is no certificate in it in config:4
   4 | location /d { proxy_ssl_certificate data:x; proxy_ssl_certificate_key data:y; proxy_pass https://127.0.0.1:9; }
     |                                     ^^^^^^

=== ciphers of TLS 1.3 on both sides
--- http_config
ssl_certificate selfsigned:$DIR/c.pem;
ssl_certificate_key selfsigned:$DIR/k.pem;
server { listen 127.0.0.1:$PORT2 ssl; location / { return 200 $ssl_cipher; } location /all { return 200 $ssl_ciphers; } }
server { listen 127.0.0.1:$PORT2 ssl; server_name b.test; ssl_conf_command Ciphersuites TLS_CHACHA20_POLY1305_SHA256; location / { return 200 $ssl_cipher; } }
proxy_ssl_session_reuse off;
proxy_ssl_protocols TLSv1.3;
--- config
location / { proxy_pass https://127.0.0.1:$PORT2; }
location /all { proxy_ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384; proxy_pass https://127.0.0.1:$PORT2; }
location /client { proxy_ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256; proxy_pass https://127.0.0.1:$PORT2/; }
location /server { proxy_set_header Host b.test; proxy_ssl_server_name on; proxy_ssl_name b.test; proxy_pass https://127.0.0.1:$PORT2; }
location /neither { proxy_set_header Host b.test; proxy_ssl_server_name on; proxy_ssl_name b.test;
    proxy_ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256; proxy_pass https://127.0.0.1:$PORT2; }
--- requests
GET / 200 = TLS_AES_256_GCM_SHA384
GET /all 200 ~ ^TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:ECDHE
GET /client 200 = TLS_AES_128_GCM_SHA256
GET /server 200 = TLS_CHACHA20_POLY1305_SHA256
GET /neither 502
