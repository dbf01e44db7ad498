# limit_conn: how many requests of a key may be under way at once, and what became of those beyond that. A request that asks
# for another one through the server itself is under way while it does.

=== there is room for one, and none for the one it asks for
--- http_config
limit_conn_zone $arg_k zone=z:1m;
log_format line '$request_uri $status $limit_conn_status';
access_log $DIR/lines.log line;
--- config
location /outer { limit_conn z 1; proxy_pass http://127.0.0.1:$PORT/inner; }
location /across { limit_conn z 1; proxy_pass http://127.0.0.1:$PORT/inner?k=b; }
location /inner { limit_conn z 1; try_files /none =204; }
location /free { try_files /none =204; }
--- requests
GET /inner?k=a 204 x3
GET /outer?k=a 503
GET /across?k=a 204
GET /outer 204
GET /free 204
--- json /status/http/limit_conns/z
{"passed": 6, "skipped": 2, "rejected": 1, "exhausted": 0}
--- json_like /status/slabs
{"z": {"pages": "<any>"}}
--- log
\[error\] .*limiting connections by zone "z", client: 127.0.0.1, server: .*, request: "GET /inner\?k=a
--- file_like lines.log
^/inner\?k=a 204 PASSED
^/inner\?k=a 503 REJECTED
^/outer\?k=a 503 PASSED
^/outer 204 -
^/free 204 -

=== another number in another place, of the same zone
--- http_config
limit_conn_zone all zone=z:1m;
--- config
location /outer { limit_conn z 3; proxy_pass http://127.0.0.1:$PORT/inner; }
location /inner { limit_conn z 2; try_files /none =204; }
location /far { limit_conn z 3; proxy_pass http://127.0.0.1:$PORT/outer; }
--- requests
GET /outer 204
GET /far 503
GET /inner 204
--- json /status/http/limit_conns/z
{"passed": 5, "skipped": 0, "rejected": 1, "exhausted": 0}

=== several zones: in all or in none
--- http_config
limit_conn_zone all zone=all:1m;
limit_conn_zone $arg_k zone=each:1m;
--- config
limit_conn all 2;
limit_conn each 1;
location /same { proxy_pass http://127.0.0.1:$PORT/inner?k=a; }
location /other { proxy_pass http://127.0.0.1:$PORT/inner?k=b; }
location /deep { proxy_pass http://127.0.0.1:$PORT/other?k=a; }
location /inner { try_files /none =204; }
location /status/ { limit_conn all 9; api /status/; }
--- requests
GET /same?k=a 503 x3
GET /other?k=a 204
GET /deep?k=c 503
GET /other?k=a 204
GET /same 204
--- json_like /status/http/limit_conns
{"all": {"passed": 12, "rejected": 1}, "each": {"passed": 10, "rejected": 3}}

=== a dry run
--- http_config
limit_conn_zone all zone=z:1m;
--- config
limit_conn_dry_run on;
location /outer { limit_conn z 1; proxy_pass http://127.0.0.1:$PORT/inner; }
location /inner { limit_conn z 1; add_header X-Limit $limit_conn_status always; try_files /none =204; }
--- requests
GET /outer 204
--- response_headers
X-Limit: REJECTED_DRY_RUN
--- requests
GET /inner 204
--- response_headers
X-Limit: PASSED
--- json /status/http/limit_conns/z
{"passed": 2, "skipped": 0, "rejected": 1, "exhausted": 0}
--- log
limiting connections, dry run, by zone "z"

=== another status and another level
--- http_config
limit_conn_zone all zone=z:1m;
limit_conn_status 429;
limit_conn_log_level warn;
--- config
location /outer { limit_conn z 1; proxy_pass http://127.0.0.1:$PORT/inner; }
location /inner { limit_conn z 1; try_files /none =204; }
--- requests
GET /outer 429
--- log
\[warn\] .*limiting connections by zone "z"

=== counted once, whatever becomes of a request
--- http_config
limit_conn_zone all zone=z:1m;
--- config
location /a { limit_conn z 1; try_files /none /b; }
location /b { limit_conn z 1; error_page 404 = @c; root /nowhere; }
location @c { limit_conn z 1; try_files /none =204; }
location /y { limit_conn z 1; auth_request /judge; try_files /none =204; }
location /judge { limit_conn z 1; try_files /none =204; }
--- requests
GET /a 204
GET /y 204
--- json_like /status/http/limit_conns/z
{"passed": 2, "rejected": 0}

=== one that is refused by others is not under way any more
--- http_config
limit_conn_zone all zone=z:1m;
limit_req_zone all zone=r:1m rate=1r/m;
--- config
location / { limit_conn z 1; deny all; }
location /r { limit_conn z 1; limit_req zone=r; try_files /none =204; }
--- requests
GET / 403 x3
GET /r 204
GET /r 503
--- json_like /status/http/limit_conns/z
{"passed": 4, "rejected": 0}

=== a full zone gives the places of those who are gone
--- http_config
limit_conn_zone $arg_k zone=z:32k;
--- config
location / { limit_conn z 1; try_files /none =204; }
--- requests
GET /?k=<<#4>> 204 x1000
--- json /status/http/limit_conns/z
{"passed": 1000, "skipped": 0, "rejected": 0, "exhausted": 0}

=== a key that is long
--- http_config
limit_conn_zone $http_k zone=z:1m;
large_client_header_buffers 4 32k;
--- config
location /outer { limit_conn z 1; proxy_set_header K $http_k$arg_more; proxy_pass http://127.0.0.1:$PORT/inner; }
location /inner { limit_conn z 1; try_files /none =204; }
--- requests
GET /outer 503
    K: <<a*20000>>
GET /outer?more=1 204
    K: <<a*20000>>

=== reload: what is counted stays, and a zone has one key
--- http_config
limit_conn_zone $arg_k zone=z:1m;
--- config
location / { limit_conn z 1; try_files /none =204; }
--- requests
GET /?k=a 204
--- http_config
limit_conn_zone $arg_k zone=z:2m;
--- reload
--- requests
GET /?k=a 204
--- json /status/http/limit_conns/z
{"passed": 2, "skipped": 0, "rejected": 0, "exhausted": 0}
--- http_config
limit_conn_zone $arg_j zone=z:1m;
--- reload fails
limit_conn zone "z" has had another key until now

=== what is wrong
--- http_config
limit_conn_zone $arg_a size=1m;
limit_conn_zone $arg_a zone=a;
limit_conn_zone $arg_a zone=a:1m:file=x;
limit_conn_zone $arg_a;
limit_conn_zone $arg_a zone=fine:1m;
limit_conn_zone $arg_a zone=fine:1m;
limit_req_zone $arg_a zone=fine:1m rate=1r/s;
--- config
location /1 { limit_conn fine 0; }
location /2 { limit_conn fine 65536; }
location /3 { limit_conn fine x; }
location /4 { limit_conn fine 1; limit_conn fine 2; }
location /5 { limit_conn fien 1; }
location /6 { limit_conn fine; }
location /7 { limit_conn_status 600; }
location /8 { limit_conn_log_level loud; }
location /9 { limit_conn_dry_run x; }
--- error
pingauge: [emerg] invalid parameter "size=1m" in http_config:1
   1 | limit_conn_zone $arg_a size=1m;
     |                        ^^^^^^^
     help: expected zone, with =VALUE
pingauge: [emerg] zone "a" has no size in http_config:2
   2 | limit_conn_zone $arg_a zone=a;
     |                             ^
     help: expected NAME:SIZE, as in a:1m
pingauge: [emerg] limits are not kept in files in http_config:3
   3 | limit_conn_zone $arg_a zone=a:1m:file=x;
     |                                       ^
     help: write zone=NAME:SIZE
pingauge: [emerg] invalid number of arguments in "limit_conn_zone" directive in http_config:4
   4 | limit_conn_zone $arg_a;
     | ^^^^^^^^^^^^^^^^^^^^^^^
     help: syntax: limit_conn_zone KEY zone=NAME:SIZE;
pingauge: [emerg] zone "fine" is already declared for a different use in http_config:5
   5 | limit_conn_zone $arg_a zone=fine:1m;
     |                             ^^^^^^^
     help: it is a zone of limit_req, and cannot be one of limit_conn too
pingauge: [emerg] "limit_conn_zone" "fine" is already declared in http_config:6
   6 | limit_conn_zone $arg_a zone=fine:1m;
     |                             ^^^^^^^
pingauge: [emerg] invalid number of connections "0" in config:1
   1 | location /1 { limit_conn fine 0; }
     |                               ^
     help: expected a whole number from 1 to 65535
pingauge: [emerg] invalid number of connections "65536" in config:2
   2 | location /2 { limit_conn fine 65536; }
     |                               ^^^^^
     help: expected a whole number from 1 to 65535
pingauge: [emerg] invalid number of connections "x" in config:3
   3 | location /3 { limit_conn fine x; }
     |                               ^
     help: expected a whole number from 1 to 65535
pingauge: [emerg] "limit_conn" directive is duplicate in config:4
   4 | location /4 { limit_conn fine 1; limit_conn fine 2; }
     |                                  ^^^^^^^^^^
     help: each zone is named once
pingauge: [emerg] unknown limit_conn zone "fien" in config:5
   5 | location /5 { limit_conn fien 1; }
     |                          ^^^^
     help: did you mean "fine"?
pingauge: [emerg] invalid number of arguments in "limit_conn" directive in config:6
   6 | location /6 { limit_conn fine; }
     |               ^^^^^^^^^^^^^^^^
     help: syntax: limit_conn ZONE NUMBER;
pingauge: [emerg] value must be between 400 and 599 in config:7
   7 | location /7 { limit_conn_status 600; }
     |                                 ^^^
pingauge: [emerg] invalid value "loud" in "limit_conn_log_level" directive, it must be "info" or "notice" or "warn" or "error" in config:8
   8 | location /8 { limit_conn_log_level loud; }
     |                                    ^^^^
pingauge: [emerg] invalid value "x" in "limit_conn_dry_run" directive, it must be "on" or "off" in config:9
   9 | location /9 { limit_conn_dry_run x; }
     |                                  ^
