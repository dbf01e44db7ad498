# Names that are looked up while serving; what servers do to that is in `process/resolver.rs`.

=== all of it is read
--- http_config
resolver 127.0.0.1 127.0.0.1:5353 [::1] [::1]:5353 localhost valid=1m30s ipv4=on ipv6=off status_zone=z;
resolver_timeout 100ms;
--- config
resolver 127.0.0.1 ipv4=off;
resolver_timeout 5s;
location / { resolver 127.0.0.1 valid=0; proxy_pass http://$arg_h; }
--- ok

=== a resolver is written with its servers
--- config
resolver valid=10s;
location /a { resolver 127.0.0.1 ipv4=off ipv6=off; }
location /b { resolver 127.0.0.1 ipv6=maybe; }
location /c { resolver 127.0.0.1 valid=soon; }
location /d { resolver 127.0.0.1 status_zone=; }
location /e { resolver 127.0.0.1 speed=9; }
location /f { resolver 127.0.0.1:0; }
location /g { resolver unix:/x; }
location /h { resolver no..such; }
location /i { resolver_timeout x; }
--- error
pingauge: [emerg] no name servers defined in config:1
   1 | resolver valid=10s;
     | ^^^^^^^^
     help: a resolver begins with the addresses of name servers
pingauge: [emerg] "ipv4" and "ipv6" cannot both be "off" in config:2
   2 | location /a { resolver 127.0.0.1 ipv4=off ipv6=off; }
     |               ^^^^^^^^
pingauge: [emerg] invalid parameter "ipv6=maybe" in config:3
   3 | location /b { resolver 127.0.0.1 ipv6=maybe; }
     |                                  ^^^^^^^^^^
     help: expected "on" or "off"
pingauge: [emerg] invalid parameter "valid=soon" in config:4
   4 | location /c { resolver 127.0.0.1 valid=soon; }
     |                                  ^^^^^^^^^^
     help: expected a time such as 30s
pingauge: [emerg] invalid parameter "status_zone=" in config:5
   5 | location /d { resolver 127.0.0.1 status_zone=; }
     |                                  ^^^^^^^^^^^^
     help: expected one of valid=, ipv4=, ipv6=, status_zone=
pingauge: [emerg] invalid parameter "speed=9" in config:6
   6 | location /e { resolver 127.0.0.1 speed=9; }
     |                                  ^^^^^^^
     help: expected one of valid=, ipv4=, ipv6=, status_zone=
pingauge: [emerg] invalid port in resolver "127.0.0.1:0" in config:7
   7 | location /f { resolver 127.0.0.1:0; }
     |                        ^^^^^^^^^^^
pingauge: [emerg] invalid host in resolver "unix:/x" in config:8
   8 | location /g { resolver unix:/x; }
     |                        ^^^^^^^
pingauge: [emerg] host not found in resolver "no..such" in config:9
   9 | location /h { resolver no..such; }
     |                        ^^^^^^^^
pingauge: [emerg] "resolver_timeout" directive invalid value "x" in config:10
  10 | location /i { resolver_timeout x; }
     |                                ^
     help: expected a time such as 500ms, 30 or 1m30s

=== where a resolver may stand
--- main_config
resolver 127.0.0.1;
--- error
pingauge: [emerg] "resolver" directive is not allowed here in main_config:1
   1 | resolver 127.0.0.1;
     | ^^^^^^^^
     help: allowed in: http, server, location, upstream

=== names of the system are found
--- origin o
* * 200
    | found
--- config
set $port $ORIGIN_o;
if ($port ~ "([0-9]+)$") { set $port $1; }
resolver 127.0.0.1:$PORT2;
location / { proxy_pass http://$arg_h:$port; }
--- requests
GET /?h=localhost = found
GET /?h=LOCALHOST. = found
GET /?h=any.localhost = found
GET /?h=a..b 502
--- log
a..b could not be resolved \(3: Host not found\), client: 127.0.0.1, .*request: "GET /\?h=a..b $PROTOCOL", upstream: "a..b:

=== `localhost` has the addresses that are wanted
--- origin o
* * 200
    | found
--- config
set $port $ORIGIN_o;
if ($port ~ "([0-9]+)$") { set $port $1; }
location /four { resolver 127.0.0.1:$PORT2 ipv6=off; proxy_pass http://any.localhost$arg_none:$port; }
location /six { resolver 127.0.0.1:$PORT2 ipv4=off; proxy_pass http://any.localhost$arg_none:$port; }
--- requests
GET /four = found
GET /six 502

=== a server that is not there costs no more than the timeout
--- http_config
resolver 127.0.0.1:1 status_zone=z;
--- config
resolver_timeout 200ms;
error_page 502 /page;
location /page { return 200 page; }
location / { proxy_pass http://$arg_h; }
--- requests
GET /?h=a.test 502 = page
--- log
a.test could not be resolved \(110: Operation timed out\), client:
--- json /status/resolvers/z/queries
{"name": 1, "srv": 0, "addr": 0}
--- json /status/resolvers/z/sent
{"a": 1, "aaaa": 1, "srv": 0, "ptr": 0}

=== a resolver is shown although nothing asks it yet
--- config
location /a { resolver 127.0.0.1 status_zone=one; }
location /b { resolver 127.0.0.1 status_zone=two; }
location /c { resolver 127.0.0.1 status_zone=one; }
--- requests
GET /status/resolvers/one/queries 200
--- json /status/resolvers/two/responses
{
  "success": 0, "timedout": 0, "format_error": 0, "server_failure": 0,
  "not_found": 0, "unimplemented": 0, "refused": 0, "other": 0
}

=== servers that follow their names
--- http_config
upstream u {
    resolver 127.0.0.1:1 status_zone=u; resolver_timeout 200ms;
    server a.test:8080 resolve weight=2;
    server b..test resolve backup;
    server 127.0.0.1:$PORT2 resolve down;
}
--- config
location / { proxy_pass http://u; }
--- requests
GET /status/resolvers/u/queries 200
GET / 502
--- log
b..test could not be resolved \(3: Host not found\) in upstream "u"

=== what is no way to follow a name
--- http_config
upstream u { server a.test resolve=on; server b.test service=http; server c.test:80 service=http resolve; server 127.0.0.1 service=http resolve; server d.test service=http resolve; server d.test service= resolve; }
--- error
pingauge: [emerg] invalid parameter "resolve=on" in http_config:1
   1 | upstream u { server a.test resolve=on; server b.test service=http; server c.test:80 service=http resolve; s
     |                            ^^^^^^^^^^
     help: expected one of weight=, max_fails=, fail_timeout=, max_conns=, sid=, resolve, service=, backup, down
pingauge: [emerg] "service" needs "resolve" in http_config:1
   1 | upstream u { server a.test resolve=on; server b.test service=http; server c.test:80 service=http resolve; server 127.0.0.1 ser
     |                                               ^^^^^^
     help: write "server example.com service=http resolve"
pingauge: [emerg] a server with "service" has no port of its own in http_config:1
   1 | upstream u { server a.test resolve=on; server b.test service=http; server c.test:80 service=http resolve; server 127.0.0.1 service=http resolve; server d.
     |                                                                           ^^^^^^^^^
     help: write "server example.com service=http resolve"
pingauge: [emerg] "service" needs a name in http_config:1
   1 | e=on; server b.test service=http; server c.test:80 service=http resolve; server 127.0.0.1 service=http resolve; server d.test service=http resolve; server d.tes
     |                                                                                 ^^^^^^^^^
     help: write "server example.com service=http resolve"
pingauge: [emerg] invalid parameter "service=" in http_config:1
   1 | 7.0.0.1 service=http resolve; server d.test service=http resolve; server d.test service= resolve; }
     |                                                                                 ^^^^^^^^
     help: expected one of weight=, max_fails=, fail_timeout=, max_conns=, sid=, resolve, service=, backup, down

=== a group that follows names has the servers that are written as well
--- origin o
* * 200
    | found
--- http_config
upstream u {
    zone u 64k;
    resolver 127.0.0.1:1;
    hash $uri consistent;
    server $ORIGIN_o;
    server localhost:$PORT2 resolve;
    server a.test resolve;
}
--- config
location / { proxy_pass http://u; }
--- requests
GET /status/http/upstreams/u/zone 200
--- wait_like /status/http/upstreams/u/peers
{"$ORIGIN_o": {"server": "$ORIGIN_o"}, "127.0.0.1:$PORT2": {"server": "localhost:$PORT2"}}
