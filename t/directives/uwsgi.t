# Requests that are passed on to programs by uwsgi and SCGI, whose directives are those of FastCGI but for the format.

=== parameters, fields and bodies by uwsgi
--- config
uwsgi_param REQUEST_METHOD $request_method;
uwsgi_param REQUEST_URI $request_uri;
uwsgi_param CONTENT_LENGTH $content_length;
uwsgi_param LEFT_OUT $arg_none if_not_empty;
location / { uwsgi_modifier1 0; uwsgi_modifier2 7; uwsgi_pass uwsgi://$ORIGIN_u; }
location /plain { uwsgi_request_buffering off; uwsgi_pass $ORIGIN_u; }
--- origin u
* /missing 404
    | gone
* * 200
    X-A: b
    | $HEAD [$BODY]
--- requests
GET /a 200 ~ ^REQUEST_METHOD: GET\r\nREQUEST_URI: /a\r\nCONTENT_LENGTH: \r\nHTTP_HOST: [^\r]+\r\n(?s).*MODIFIERS: 0 7 \[\]
GET /missing 404 = gone
POST /plain 200 ~ CONTENT_LENGTH: 3\r\n(?s).*MODIFIERS: 0 0 \[abc\]
    | abc
--- http1:raw_request
POST /plain HTTP/1.1\r\n
Host: a\r\n
Transfer-Encoding: chunked\r\n
Connection: close\r\n
\r\n
3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n
--- http1:raw_response_like
CONTENT_LENGTH: 7\r\n(?s).*\[abcdefg\]

=== parameters, fields and bodies by SCGI
--- config
scgi_param REQUEST_METHOD $request_method;
scgi_param REQUEST_URI $request_uri;
scgi_param SCGI 1;
location / { scgi_pass $ORIGIN_s; }
location /plain { scgi_request_buffering off; scgi_pass $ORIGIN_s; }
location /without { scgi_pass_request_body off; scgi_pass $ORIGIN_s; }
--- origin s
* /missing 404
    | gone
* * 200
    X-A: b
    | $HEAD [$BODY]
--- requests
GET /a 200 ~ ^CONTENT_LENGTH: 0\r\nREQUEST_METHOD: GET\r\nREQUEST_URI: /a\r\nSCGI: 1\r\nHTTP_HOST: [^\r]+(?s).*\[\]
GET /missing 404 = gone
POST /a 200 ~ ^CONTENT_LENGTH: 3\r\n(?s).*\[abc\]
    | abc
POST /without 200 ~ ^CONTENT_LENGTH: 0\r\n(?s).*\[\]
    | abc
--- http1:raw_request
POST /plain HTTP/1.1\r\n
Host: a\r\n
Transfer-Encoding: chunked\r\n
Connection: close\r\n
\r\n
3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n
--- http1:raw_response_like
^HTTP/1.1 200 OK
CONTENT_LENGTH: 7\r\n(?s).*\[abcdefg\]

=== parameters of uwsgi are short
--- config
location / { uwsgi_param A <<$arg_a*5>>; uwsgi_param B <<$arg_a*5>>; uwsgi_pass $ORIGIN_u; }
--- origin u
* * 200
--- requests
GET /?a=<<x*6000>> 200
GET /?a=<<x*7000>> 400
--- log
parameters are too long for uwsgi

=== numbers and addresses
--- config
location /a { uwsgi_modifier1 256; }
location /b { uwsgi_pass http://a:1; }
location /c { scgi_pass a; }
location /d { scgi_pass uwsgi://a:1; }
--- error_like
invalid value "256" in config:1
invalid URL prefix in config:2
no port in upstream "a" in config:3
also: line 4

=== what is shared with proxy_pass is a family of its own
--- config
proxy_hide_header X-A;
uwsgi_hide_header X-B;
location / { uwsgi_pass $ORIGIN_u; }
--- origin u
* * 200
    X-A: 1
    X-B: 2
--- requests
GET / 200
--- response_headers
X-A: 1
!X-B

=== the family of fastcgi_pass
--- http_config
upstream fastcgi_both { server $ORIGIN_late; server $ORIGIN_a; }
--- config
fastcgi_param REQUEST_URI $request_uri;
fastcgi_hide_header X-A;
fastcgi_pass_header X-Accel-Charset;
fastcgi_ignore_headers X-Accel-Redirect;
fastcgi_buffering on;
fastcgi_buffers 4 16k;
fastcgi_max_temp_file_size 0;
fastcgi_temp_path $DIR/temp;
fastcgi_connect_timeout 5s;
fastcgi_send_timeout 5s;
fastcgi_bind 127.0.0.1;
fastcgi_socket_keepalive on;
fastcgi_ignore_client_abort on;
fastcgi_pass_request_body on;
fastcgi_store off;
fastcgi_temp_file_write_size 16k;
location / { fastcgi_pass $ORIGIN_a; }
location /long { fastcgi_buffer_size 1k; fastcgi_pass $ORIGIN_a; }
location /late { fastcgi_read_timeout 500ms; fastcgi_pass $ORIGIN_late; }
location /next { fastcgi_read_timeout 2s; fastcgi_next_upstream timeout; fastcgi_next_upstream_tries 2; fastcgi_next_upstream_timeout 10s; fastcgi_pass fastcgi_both; }
location /page { fastcgi_intercept_errors on; error_page 404 = /other; fastcgi_pass_request_headers off; fastcgi_pass $ORIGIN_a; }
location /other { return 200 "other"; }
--- origin late
* * 200 delay=8
--- origin a
* /page 404
* /accel 200
    X-Accel-Redirect: /other
    X-Accel-Charset: own
    X-A: 1
    | here
* /long 200
    X-B: <<x*1100>>
* * 200
    | here
--- requests
GET /accel 200 = here
--- response_headers
X-Accel-Charset: own
!X-A
--- requests
GET /page 200 = other
GET /long 502
GET /late 504
GET /next 200 = here

=== the family of uwsgi_pass
--- http_config
upstream uwsgi_both { server $ORIGIN_late; server $ORIGIN_a; }
--- config
uwsgi_param REQUEST_URI $request_uri;
uwsgi_hide_header X-A;
uwsgi_pass_header X-Accel-Charset;
uwsgi_ignore_headers X-Accel-Redirect;
uwsgi_buffering on;
uwsgi_buffers 4 16k;
uwsgi_max_temp_file_size 0;
uwsgi_temp_path $DIR/temp;
uwsgi_connect_timeout 5s;
uwsgi_send_timeout 5s;
uwsgi_bind 127.0.0.1;
uwsgi_socket_keepalive on;
uwsgi_ignore_client_abort on;
uwsgi_pass_request_body on;
uwsgi_store off;
uwsgi_temp_file_write_size 16k;
location / { uwsgi_pass $ORIGIN_a; }
location /long { uwsgi_buffer_size 1k; uwsgi_pass $ORIGIN_a; }
location /late { uwsgi_read_timeout 500ms; uwsgi_pass $ORIGIN_late; }
location /next { uwsgi_read_timeout 2s; uwsgi_next_upstream timeout; uwsgi_next_upstream_tries 2; uwsgi_next_upstream_timeout 10s; uwsgi_pass uwsgi_both; }
location /page { uwsgi_intercept_errors on; error_page 404 = /other; uwsgi_pass_request_headers off; uwsgi_pass $ORIGIN_a; }
location /other { return 200 "other"; }
--- origin late
* * 200 delay=8
--- origin a
* /page 404
* /accel 200
    X-Accel-Redirect: /other
    X-Accel-Charset: own
    X-A: 1
    | here
* /long 200
    X-B: <<x*1100>>
* * 200
    | here
--- requests
GET /accel 200 = here
--- response_headers
X-Accel-Charset: own
!X-A
--- requests
GET /page 200 = other
GET /long 502
GET /late 504
GET /next 200 = here

=== the family of scgi_pass
--- http_config
upstream scgi_both { server $ORIGIN_late; server $ORIGIN_a; }
--- config
scgi_param REQUEST_URI $request_uri;
scgi_hide_header X-A;
scgi_pass_header X-Accel-Charset;
scgi_ignore_headers X-Accel-Redirect;
scgi_buffering on;
scgi_buffers 4 16k;
scgi_max_temp_file_size 0;
scgi_temp_path $DIR/temp;
scgi_connect_timeout 5s;
scgi_send_timeout 5s;
scgi_bind 127.0.0.1;
scgi_socket_keepalive on;
scgi_ignore_client_abort on;
scgi_pass_request_body on;
scgi_store off;
scgi_temp_file_write_size 16k;
location / { scgi_pass $ORIGIN_a; }
location /long { scgi_buffer_size 1k; scgi_pass $ORIGIN_a; }
location /late { scgi_read_timeout 500ms; scgi_pass $ORIGIN_late; }
location /next { scgi_read_timeout 2s; scgi_next_upstream timeout; scgi_next_upstream_tries 2; scgi_next_upstream_timeout 10s; scgi_pass scgi_both; }
location /page { scgi_intercept_errors on; error_page 404 = /other; scgi_pass_request_headers off; scgi_pass $ORIGIN_a; }
location /other { return 200 "other"; }
--- origin late
* * 200 delay=8
--- origin a
* /page 404
* /accel 200
    X-Accel-Redirect: /other
    X-Accel-Charset: own
    X-A: 1
    | here
* /long 200
    X-B: <<x*1100>>
* * 200
    | here
--- requests
GET /accel 200 = here
--- response_headers
X-Accel-Charset: own
!X-A
--- requests
GET /page 200 = other
GET /long 502
GET /late 504
GET /next 200 = here

=== suwsgi:// is spoken in TLS, which its settings are about
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
--- file p.txt
secret
--- http_config
server { listen 127.0.0.1:$PORT2 ssl; ssl_certificate c.pem; ssl_certificate_key k.pem; location / { return 200; } }
uwsgi_ssl_certificate c.pem;
uwsgi_ssl_certificate_key k.pem;
uwsgi_ssl_password_file p.txt;
uwsgi_ssl_ciphers HIGH:!aNULL;
uwsgi_ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
--- config
# A server of HTTP takes a packet for a request that is none, and says so behind a status line.
location /tls { uwsgi_ssl_name a.test; uwsgi_ssl_server_name on; uwsgi_ssl_verify on; uwsgi_ssl_verify_depth 2; uwsgi_ssl_trusted_certificate c.pem; uwsgi_ssl_protocols TLSv1.3; uwsgi_ssl_session_reuse off; uwsgi_pass suwsgi://127.0.0.1:$PORT2; add_header X-Status $upstream_status always; }
location /other { uwsgi_ssl_name b.test; uwsgi_ssl_verify on; uwsgi_ssl_trusted_certificate c.pem; uwsgi_pass suwsgi://127.0.0.1:$PORT2; }
--- requests
GET /other 502
GET /tls 400
--- response_headers
X-Status: 400
--- log
while SSL handshaking to upstream

=== revoked certificates are looked for in files that are there
--- config
location / { uwsgi_ssl_verify on; uwsgi_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt; uwsgi_ssl_crl no.pem; uwsgi_pass suwsgi://127.0.0.1:9; }
--- error_like
no.pem
