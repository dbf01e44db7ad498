# Directives with one small effect each.

=== absolute_redirect
--- config
absolute_redirect off;
location /a { return 301 /b; }
location /dir/ { absolute_redirect on; return 301 /c; }
--- requests
GET /a 301
--- response_headers
Location: /b
--- requests
GET /dir/ 301
--- response_headers
Location: ~^http://.*/c$

=== keepalive_time
--- config
location / { return 200 x; }
location /short { keepalive_time 0; return 200 x; }
--- requests
GET /
--- response_headers
Connection: keep-alive
--- requests
GET /short
--- response_headers
Connection: close

=== expires
--- config
location /epoch { expires epoch; return 200 x; }
location /off { expires off; return 200 x; }
location /max { expires 1h; return 200 x; }
location /modified { expires modified 2h; return 200 x; }
--- requests
GET /epoch
--- response_headers
Expires: Thu, 01 Jan 1970 00:00:01 GMT
Cache-Control: no-cache
--- requests
GET /off
--- response_headers
!Expires
--- requests
GET /max
--- response_headers
Cache-Control: max-age=3600
--- requests
GET /modified
--- response_headers
Cache-Control: max-age=7200
Expires: ~GMT$

=== names of headers
--- http
server { listen 80; location / { return 200 "[$http_x_y]"; } }
server { listen 8080; underscores_in_headers on; location / { return 200 "[$http_x_y]"; } }
--- requests
GET / = []
    X_Y: 1
GET :$PORT2/ = [1]
    X_Y: 1

=== times and logs
--- main_config
worker_shutdown_timeout 10s;
--- http_config
client_body_timeout 5s;
send_timeout 5s;
ignore_invalid_headers on;
log_not_found off;
--- config
--- requests
GET /none 404
--- no_log
/none

=== server_tokens
--- config
location /on { server_tokens on; return 204; }
location /off { server_tokens Off; return 204; }
location /text { server_tokens "my server"; return 204; }
location /none { server_tokens ""; return 204; }
--- requests
GET /on 204
--- response_headers
Server: ~^pingauge/\d
--- requests
GET /off 204
--- response_headers
Server: pingauge
--- requests
GET /text 204
--- response_headers
Server: my server
--- requests
GET /none 204
--- response_headers
!Server

=== server_tokens has no variables
--- config
server_tokens $hostname;
--- error
pingauge: [emerg] variables are not supported in "$hostname" in config:1
   1 | server_tokens $hostname;
     |               ^^^^^^^^^
     help: write the text as it is to be sent; "add_header" takes variables
