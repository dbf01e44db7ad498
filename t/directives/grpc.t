# Requests of gRPC on their way to servers in HTTP/2, with a family of directives that is that of `proxy_pass` but has values of its own.

=== the server is asked for what the client asked for, and its trailers arrive
--- config
location /p.S/ { grpc_pass grpc://$ORIGIN_g; }
location /to/ { rewrite ^/to(/.*)$ $1 break; grpc_pass $ORIGIN_g; }
--- origin g
* /p.S/* 200
    Content-Type: application/grpc
    Trailer-Grpc-Status: 0
    Trailer-Grpc-Message: a%20b
    | $HEAD [$BODY]
--- raw_request
POST /p.S/M?q=1 HTTP/1.1\r\n
Host: a\r\n
Content-Type: application/grpc\r\n
Content-Length: 3\r\n
TE: trailers, deflate\r\n
Connection: TE, close\r\n
\r\n
abc
--- raw_response_like
^HTTP/1.1 200 OK
[Cc]ontent-[Tt]ype: application/grpc
POST /p.S/M\?q=1 HTTP/2.0
Host: 127.0.0.1:\d+
te: trailers
content-length: 3
content-type: application/grpc \[abc\]
\r\n0\r\ngrpc-status: 0\r\ngrpc-message: a%20b\r\n\r\n$
--- requests
POST /to/p.S/N 200 ~ ^POST /p.S/N HTTP/2.0

=== fields are set, hidden and passed as by proxy_, whose directives say nothing here
--- config
proxy_set_header X-Not 1;
proxy_hide_header X-B;
grpc_set_header X-Set $arg_x;
grpc_set_header Host b.test:81;
location /a { grpc_hide_header X-A; grpc_pass_header Server; grpc_pass $ORIGIN_g; }
--- origin g
* * 200
    X-A: 1
    X-B: 2
    Server: own
    | $HEAD
--- requests
GET /a?x=y 200 ~ ^GET /a\?x=y HTTP/2.0\r\nHost: b.test:81\r\nte: trailers\r\nx-set: y\n?$
--- response_headers
!X-A
X-B: 2
Server: own

=== heads may be as long as is said
--- config
location /short { grpc_buffer_size 1k; grpc_pass $ORIGIN_g; }
location /long { grpc_buffer_size 8k; grpc_pass $ORIGIN_g; }
--- origin g
* * 200
    X-A: <<x*2000>>
--- requests
GET /short 502
GET /long 200
--- log
upstream sent too big header

=== errors are intercepted
--- config
location / { grpc_intercept_errors on; error_page 404 = /own; grpc_pass $ORIGIN_g; }
location = /own { add_header grpc-status 5 always; return 204; }
location /plain { error_page 404 = /own; grpc_pass $ORIGIN_g; }
--- origin g
* * 404
    | theirs
--- requests
GET /a 204
--- response_headers
grpc-status: 5
--- requests
GET /plain 404 ~ theirs

=== the next server is asked where that is said
--- http_config
upstream g { server $ORIGIN_a; server $ORIGIN_b; }
--- config
location /next { grpc_next_upstream http_503; grpc_pass g; }
location /one { grpc_next_upstream http_503; grpc_next_upstream_tries 1; grpc_pass g; }
location /off { grpc_next_upstream off; grpc_pass g; }
location /time { grpc_next_upstream http_503; grpc_next_upstream_timeout 1h; grpc_pass g; }
--- origin a
* * 503
    | busy
--- origin b
* * 200
    | fine
--- requests
GET /next 200 x4
GET /time 200 x4

=== a server that says nothing is given up, and so is one that is not there
--- config
location /late { grpc_read_timeout 100ms; grpc_send_timeout 5s; grpc_connect_timeout 5s; grpc_pass $ORIGIN_g; }
location /none { grpc_pass 127.0.0.1:1; }
location /closed { grpc_pass $ORIGIN_g; }
--- origin g
* /late 200 delay=3
* * close
--- requests
GET /late 504
GET /none 502
GET /closed 502
--- log
upstream timed out while reading response header from upstream
connect\(\) failed .* while connecting to upstream
recv\(\) failed \(the peer reset the stream: INTERNAL_ERROR\) while reading response header from upstream

=== one that speaks HTTP/1 is told from one that is broken
--- http_config
server { listen 8080; http2 off; location / { return 200; } }
--- config
location / { grpc_pass 127.0.0.1:$PORT2; }
--- requests
GET / 502
--- log
the peer does not speak HTTP/2

=== addresses in all forms, and every setting of TLS
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
grpc_ssl_certificate c.pem;
grpc_ssl_certificate_key k.pem;
grpc_ssl_ciphers HIGH:!aNULL;
upstream b { server 127.0.0.1:9; }
--- config
location /a { grpc_ssl_name $host; grpc_ssl_server_name on; grpc_ssl_verify on; grpc_ssl_verify_depth 2; grpc_ssl_trusted_certificate c.pem; grpc_ssl_protocols tlsv1.3; grpc_ssl_session_reuse off; grpc_pass grpcs://b; }
location /b { grpc_pass GRPCS://[::1]:5; }
location /c { grpc_pass unix:/s; }
location /d { grpc_pass grpc://unix:/s; }
location /e { grpc_pass $arg_to; }
location /f { grpc_pass b; if ($arg_a) { grpc_pass localhost:9; } }
--- ok

=== what is no address of a server of gRPC
--- config
location /a { grpc_pass grpc://127.0.0.1:9/x; }
location /b { grpc_pass http://127.0.0.1:9; }
location /c { grpc_pass grpc://; }
location /d { grpc_ssl_verify on; grpc_pass grpcs://127.0.0.1:9; }
location /e { grpc_ssl_crl no.pem; grpc_ssl_ciphers NULL; grpc_pass 127.0.0.1:9; }
--- error
pingauge: [emerg] "grpc_pass" cannot have URI part in config:1
   1 | location /a { grpc_pass grpc://127.0.0.1:9/x; }
     |                         ^^^^^^^^^^^^^^^^^^^^
     help: peers are asked for the path that the client asked for
pingauge: [emerg] invalid URL prefix in config:2
   2 | location /b { grpc_pass http://127.0.0.1:9; }
     |                         ^^^^^^^^^^^^^^^^^^
     help: the address of a server of gRPC begins with "grpc://", "grpcs://" or neither
pingauge: [emerg] no host in upstream "" in config:3
   3 | location /c { grpc_pass grpc://; }
     |                         ^^^^^^^
pingauge: [emerg] no grpc_ssl_trusted_certificate for grpc_ssl_verify in config:4
   4 | location /d { grpc_ssl_verify on; grpc_pass grpcs://127.0.0.1:9; }
     |                                             ^^^^^^^^^^^^^^^^^^^
pingauge: [emerg] no cipher is left of "NULL" in config:5
   5 | location /e { grpc_ssl_crl no.pem; grpc_ssl_ciphers NULL; grpc_pass 127.0.0.1:9; }
     |                                                     ^^^^
     help: there are AES-GCM and ChaCha20-Poly1305 with ECDHE: "grpc_ssl_ciphers DEFAULT" allows them all

=== a location hands its requests to one place
--- config
location / { proxy_pass http://127.0.0.1:9; grpc_pass 127.0.0.1:9; }
--- warn
pingauge: [warn] "proxy_pass" above has no effect in config:1
   1 | location / { proxy_pass http://127.0.0.1:9; grpc_pass 127.0.0.1:9; }
     |                                             ^^^^^^^^^^^^^^^^^^^^^^
     help: a location has one source of content, the last that is written

=== trailers come behind a body whose length was said
--- origin o
* * 200
    Content-Length: 2
    Trailer-Grpc-Status: 0
    | ok
--- config
location / { grpc_pass $ORIGIN_o; }
location /plain { proxy_http_version 2; proxy_pass http://$ORIGIN_o; }
--- requests
POST / 200 = ok
--- response_headers
Content-Length: 2
--- requests
GET /plain 200 = ok
--- response_headers
Content-Length: 2

=== hosts that are no authority, and none, are nobody's failure
--- origin o
* * 200
    | $HEAD
--- http_config
upstream two { zone two 64k; server $ORIGIN_o; server $ORIGIN_o; keepalive 2; }
--- config
location / { grpc_set_header Host $http_host; grpc_pass two; }
location /none { grpc_set_header Host ""; grpc_pass two; }
--- http1:requests
GET /a 200 ~ (?i)^host: %41
    Host: %41
GET /b 200 ~ (?i)^host: a\{b
    Host: a{b
GET /none 200
GET /c 200
