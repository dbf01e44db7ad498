# HTTP/2 is switched on by server or by address, and has limits of its own; requests over it are in `t/process/http2.rs`.

=== where it is spoken and how much of it
--- http_config
http2 on;
http2_max_concurrent_streams 32;
http2_body_preread_size 128k;
http2_chunk_size 16k;
server {
    listen 127.0.0.1:$PORT2;
    http2 off;
    location / { http2_chunk_size 1k; return 200 "[$http2]\n"; }
}
--- config
location / { return 200 "[$http2]\n"; }
--- http1:requests
GET / 200 = []\n
GET :$PORT2/ 200 = []\n
--- http2:requests
GET / 200 = [h2c]\n
GET :$PORT2/ close

=== limits that are none
--- http_config
http2_max_concurrent_streams 0;
http2_body_preread_size 2048m;
http2_chunk_size 17k;
--- error
pingauge: [emerg] "0" is out of range in http_config:1
   1 | http2_max_concurrent_streams 0;
     |                              ^
     help: between 1 and 65536
pingauge: [emerg] "2048m" is out of range in http_config:2
   2 | http2_body_preread_size 2048m;
     |                         ^^^^^
     help: between 1 and 2147483647
pingauge: [emerg] "17k" is out of range in http_config:3
   3 | http2_chunk_size 17k;
     |                  ^^^
     help: between 1 and 16384

=== on an address, as it was written before
--- http_config
server { listen 127.0.0.1:$PORT2 http2; location / { return 204; } }
--- warn
pingauge: [warn] "listen … http2" is an old way to write "http2 on;" in http_config:1
   1 | server { listen 127.0.0.1:$PORT2 http2; location / { return 204; } }
     |                                 ^^^^^

=== what other servers have besides
--- http_config
http2_recv_buffer_size 256k;
http2_pool_size 4k;
http2_streams_index_size 32;
http2_max_field_size 4k;
http2_max_header_size 16k;
http2_max_requests 1000;
http2_recv_timeout 30s;
http2_idle_timeout 3m;
http2_max_concurrent_pushes 10;
http2_push_preload off;
http2_push off;
--- warn
pingauge: accepted without effect in http_config (line): http2_recv_buffer_size (1), http2_pool_size (2), http2_streams_index_size (3), http2_max_field_size (4), http2_max_header_size (5), http2_max_requests (6), http2_recv_timeout (7), http2_idle_timeout (8), http2_max_concurrent_pushes (9), http2_push_preload (10), http2_push (11)

=== a connection that only begins like one of HTTP/2
--- config
http2 on;
location / { return 200 "[$server_protocol]\n"; }
--- raw_request
P /a HTTP/1.0\r\n\r\n
--- raw_response_like
^HTTP/1.1 (200|404)
--- raw_request
PRI * HTTP/2.0\r\n\r\nSX\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
--- raw_close

=== what the status tells of it
--- http_config
http2 on;
--- config
location / { return 200; }
--- requests
GET / 200 x3
--- http2:json /status/http/http2
{
  "connections": {"accepted": 1, "active": 1, "errors": 0},
  "streams": {"accepted": 4, "active": 1, "refused": 0, "rejected": 0},
  "resets": {"received": 0, "sent": 0},
  "goaways": {"received": 0, "sent": 0},
  "floods": {"acks": 0, "continuations": 0, "data": 0, "heads": 0, "other": 0, "pings": 0, "refused_streams": 0, "resets": 0, "settings": 0, "untaken_streams": 0, "window_updates": 0}
}
--- http1:json_like /status/http/http2
{"connections": {"accepted": 0, "active": 0, "errors": 0}, "streams": {"accepted": 0, "active": 0}}

=== where it is not spoken, there is nothing to tell
--- http_config
http2 off;
--- config
--- http1:json /status/http/http2 404
{"error": "PathNotFound", "description": "<string>"}

=== an address may speak it alone
--- conf
daemon off;
events { }
http {
    access_log off;
    server { listen 127.0.0.1:$PORT http2; location / { api /status/; } }
}
--- json_like /http/http2/connections
{"errors": 0}
