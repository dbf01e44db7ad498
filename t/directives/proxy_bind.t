# Where connections to origins come from, and whether they are asked if they are still there.

=== the address is one of ours, fixed or by variables
--- http_config
server { listen 8080; location / { return 200 $remote_addr; } }
--- config
proxy_bind 127.0.0.3;
location /fixed { proxy_socket_keepalive on; proxy_pass http://127.0.0.1:$PORT2; }
location /port { proxy_bind 127.0.0.4:0; proxy_pass http://127.0.0.1:$PORT2; }
location /off { proxy_bind off; proxy_pass http://127.0.0.1:$PORT2; }
location /by { proxy_bind $arg_a; proxy_pass http://127.0.0.1:$PORT2; }
location /other { proxy_bind ::1; proxy_pass http://127.0.0.1:$PORT2; }
--- requests
GET /fixed 200 = 127.0.0.3
GET /port 200 = 127.0.0.4
GET /off 200 = 127.0.0.1
GET /by?a=127.0.0.5 200 = 127.0.0.5
GET /by 200 = 127.0.0.1
GET /by?a=nonsense 200 = 127.0.0.1
GET /other 502
--- log
invalid local address "nonsense"
connect\(\) failed

=== a connection that is kept is for those that ask for its address
--- http_config
upstream u { server 127.0.0.1:$PORT2; keepalive 4; }
server { listen 8080; location / { return 200 $remote_addr; } }
--- config
location / { proxy_bind $arg_a; proxy_pass http://u; }
--- requests
GET /?a=127.0.0.3 200 = 127.0.0.3
GET /?a=127.0.0.4 200 = 127.0.0.4
GET / 200 = 127.0.0.1
GET /?a=127.0.0.3 200 = 127.0.0.3

=== the same of gRPC
--- config
location / { grpc_bind 127.0.0.3; grpc_socket_keepalive on; grpc_pass 127.0.0.1:9; }
--- ok

=== addresses that are none, and what is not there
--- config
location /a { proxy_bind localhost; proxy_pass http://127.0.0.1:9; }
location /b { proxy_bind $remote_addr transparent; proxy_pass http://127.0.0.1:9; }
location /c { grpc_bind 1.2.3; grpc_pass 127.0.0.1:9; }
--- error
pingauge: [emerg] invalid address "localhost" in config:1
   1 | location /a { proxy_bind localhost; proxy_pass http://127.0.0.1:9; }
     |                          ^^^^^^^^^
     help: expected an address of this machine, with or without a port, or "off"
pingauge: [emerg] "transparent" is not supported in "proxy_bind" in config:2
   2 | location /b { proxy_bind $remote_addr transparent; proxy_pass http://127.0.0.1:9; }
     |                                       ^^^^^^^^^^^
     help: connections can only come from an address of this machine
pingauge: [emerg] invalid address "1.2.3" in config:3
   3 | location /c { grpc_bind 1.2.3; grpc_pass 127.0.0.1:9; }
     |                         ^^^^^
     help: expected an address of this machine, with or without a port, or "off"
