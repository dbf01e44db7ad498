# limit_req: how fast requests of a key may come. What is beyond the rate waits, or is refused when it is beyond the burst too.
# Rates here are so low that no pause of the machine lets in another request.

=== one a minute
--- http_config
limit_req_zone $arg_k zone=z:1m rate=1r/m;
log_format line '$request_uri $status $limit_req_status';
access_log $DIR/lines.log line;
--- config
location / { limit_req zone=z; try_files /none =204; }
location /free { try_files /none =204; }
--- requests
GET /?k=a 204
GET /?k=a 503
GET /?k=b 204
GET /?k=a 503
GET /?k= 204 x3
GET / 204
GET /free?k=a 204
--- json /status/http/limit_reqs/z
{"passed": 2, "skipped": 4, "delayed": 0, "rejected": 2, "exhausted": 0}
--- json_like /status/slabs
{"z": {"pages": "<any>"}}
--- log
\[error\] .*limiting requests, excess: [01]\.\d\d\d by zone "z", client: 127.0.0.1, server: .*, request: "GET /\?k=a
--- file_like lines.log
^/\?k=a 204 PASSED
^/\?k=a 503 REJECTED
^/\?k= 204 -
^/free\?k=a 204 -

=== a burst without waiting, and one that is half without
--- http_config
limit_req_zone $arg_k zone=z:1m rate=1r/m;
limit_req_zone $arg_k zone=half:1m rate=30r/m;
--- config
location / { limit_req zone=z burst=2 nodelay; add_header X-Limit $limit_req_status always; try_files /none =204; }
location /half { limit_req zone=half burst=4 delay=2; add_header X-Limit $limit_req_status always; try_files /none =204; }
--- requests
GET /?k=a 204 x3
--- response_headers
X-Limit: PASSED
--- requests
GET /?k=a 503
--- response_headers
X-Limit: REJECTED
--- requests
GET /half?k=a 204 x3
--- response_headers
X-Limit: PASSED
--- requests
GET /half?k=a 204
--- response_headers
X-Limit: DELAYED
--- json /status/http/limit_reqs
{"z": {"passed": 3, "skipped": 0, "delayed": 0, "rejected": 1, "exhausted": 0},
 "half": {"passed": 3, "skipped": 0, "delayed": 1, "rejected": 0, "exhausted": 0}}
--- log
\[warn\] .*delaying request, excess: [23]\.\d\d\d, by zone "half", client: 127.0.0.1

=== several zones: counted in all or in none, and the first that refuses has refused
--- http_config
limit_req_zone all zone=all:1m rate=1r/m;
limit_req_zone $arg_k zone=each:1m rate=1r/m;
--- config
location / { limit_req zone=all burst=1 nodelay; limit_req zone=each nodelay; try_files /none =204; }
location /each { limit_req zone=each nodelay; try_files /none =204; }
location /turned { limit_req zone=each nodelay; limit_req zone=all burst=1 nodelay; try_files /none =204; }
--- requests
GET /?k=1 204
GET /?k=1 503
GET /?k=2 204
GET /?k=3 503
GET /turned?k=3 503
GET /each?k=3 204
GET /each?k=2 503
GET / 503
--- json /status/http/limit_reqs
{"all": {"passed": 2, "skipped": 0, "delayed": 0, "rejected": 3, "exhausted": 0},
 "each": {"passed": 3, "skipped": 0, "delayed": 0, "rejected": 2, "exhausted": 0}}

=== several zones: the longest delay
--- http_config
limit_req_zone all zone=short:1m rate=10r/s;
limit_req_zone all zone=long:1m rate=60r/m;
--- config
location / { limit_req zone=short burst=5; limit_req zone=long burst=5; try_files /none =204; }
--- requests
GET / 204 x2
--- json_like /status/http/limit_reqs
{"short": {"passed": 2, "delayed": 0}, "long": {"passed": 1, "delayed": 1}}
--- log
delaying request, excess: .* by zone "long"

=== a dry run
--- http_config
limit_req_zone all zone=z:1m rate=1r/m;
--- config
limit_req_dry_run on;
location / { limit_req zone=z; add_header X-Limit $limit_req_status always; try_files /none =204; }
location /burst { limit_req zone=z burst=9; add_header X-Limit $limit_req_status always; try_files /none =204; }
--- requests
GET / 204
--- response_headers
X-Limit: PASSED
--- requests
GET / 204
--- response_headers
X-Limit: REJECTED_DRY_RUN
--- requests
GET /burst 204
--- response_headers
X-Limit: DELAYED_DRY_RUN
--- json_like /status/http/limit_reqs/z
{"passed": 1, "delayed": 1, "rejected": 1}
--- log
limiting requests, dry run, excess: .* by zone "z"
delaying request, dry run, excess: .*, by zone "z"

=== another status and other levels
--- http_config
limit_req_zone $arg_k zone=z:1m rate=30r/m;
limit_req_status 429;
limit_req_log_level notice;
--- config
location / { limit_req zone=z; try_files /none =204; }
location /wait { limit_req zone=z burst=1; limit_req_log_level warn; try_files /none =204; }
error_page 429 = @busy;
location @busy { add_header Retry-After 2 always; return 420 busy; }
--- requests
GET /?k=a 204
GET /?k=a 420 = busy
--- response_headers
Retry-After: 2
--- requests
GET /wait?k=b 204 x2
--- log
\[notice\] .*limiting requests, excess
\[notice\] .*delaying request, excess

=== asked once, whatever becomes of a request
--- http_config
limit_req_zone all zone=z:1m rate=1r/m;
limit_req_zone all zone=y:1m rate=1r/m;
--- config
location /a { limit_req zone=z; try_files /none /b; }
location /b { limit_req zone=z; error_page 404 = @c; root /nowhere; }
location @c { limit_req zone=z; try_files /none =204; }
location /y { limit_req zone=y burst=1 nodelay; auth_request /judge; try_files /none =204; }
location /judge { limit_req zone=y; try_files /none =204; }
--- requests
GET /a 204
GET /y 204
GET /b 503
--- json_like /status/http/limit_reqs
{"z": {"passed": 1, "rejected": 1}, "y": {"passed": 1, "rejected": 0}}

=== refused requests are counted before anybody asks who they are
--- http_config
limit_req_zone all zone=z:1m rate=1r/m;
--- config
location / { limit_req zone=z; deny all; }
--- requests
GET / 403
GET / 503

=== a block of its own replaces what was inherited
--- http_config
limit_req_zone all zone=a:1m rate=1r/m;
limit_req_zone all zone=b:1m rate=1r/m;
limit_req zone=a;
--- config
location / { try_files /none =204; }
location /b { limit_req zone=b; try_files /none =204; location /b/in { try_files /none =204; } }
location /status/ { limit_req zone=b burst=100 nodelay; api /status/; }
--- requests
GET / 204
GET /b/in 204
GET /b 503
GET / 503
--- json_like /status/http/limit_reqs
{"a": {"passed": 1, "rejected": 1}, "b": {"passed": 2, "rejected": 1}}

=== not in an if block
--- http_config
limit_req_zone all zone=a:1m rate=1r/m;
limit_req_zone all zone=b:1m rate=1r/m;
--- config
location / { limit_req zone=a; error_page 404 = @named; root /nowhere; if ($arg_b) { limit_req_status 444; } }
location @named { limit_req zone=b; try_files /none =204; }
--- error
pingauge: [emerg] "limit_req_status" directive is not allowed here in config:1
   1 | ion / { limit_req zone=a; error_page 404 = @named; root /nowhere; if ($arg_b) { limit_req_status 444; } }
     |                                                                                 ^^^^^^^^^^^^^^^^
     help: allowed in: http, server, location

=== keys that are long, and differ at their end
--- http_config
limit_req_zone $http_k zone=z:1m rate=1r/m;
large_client_header_buffers 4 32k;
--- config
location / { limit_req zone=z; try_files /none =204; }
--- requests
GET / 204
    K: <<a*300>>1
GET / 204
    K: <<a*300>>2
GET / 503
    K: <<a*300>>1
GET / 204
    K: <<a*20000>>1
GET / 204
    K: <<a*20000>>2
GET / 503
    K: <<a*20000>>2
GET / 204
    K: \x80\xff\x01
GET / 503
    K: \x80\xff\x01

=== binary addresses
--- http_config
limit_req_zone $binary_remote_addr zone=z:32k rate=1r/m;
--- config
location / { limit_req zone=z; try_files /none =204; }
--- requests
GET / 204
GET / 503

=== more keys than there is room for: those that were asked about longest ago go
--- http_config
limit_req_zone $arg_k zone=z:32k rate=1r/m;
--- config
location / { limit_req zone=z; try_files /none =204; }
--- requests
GET /?k=<<#4>> 204 x1000
GET /?k=0000 204
GET /?k=0999 503
--- json_like /status/http/limit_reqs/z
{"passed": 1001, "rejected": 1, "exhausted": 0}

=== reload: counts and buckets stay, another rate holds
--- http_config
limit_req_zone $arg_k zone=z:1m rate=1r/m;
--- config
location / { limit_req zone=z; try_files /none =204; }
--- requests
GET /?k=a 204
GET /?k=a 503
--- http_config
limit_req_zone $arg_k zone=z:2m rate=1r/m;
--- reload
--- requests
GET /?k=a 503
GET /?k=b 204
--- json_like /status/http/limit_reqs/z
{"passed": 2, "rejected": 2}
--- http_config
limit_req_zone $arg_k zone=z:2m rate=1000000r/s;
--- reload
--- requests
GET /?k=a 204

=== reload: a zone has one key
--- http_config
limit_req_zone $arg_k zone=z:1m rate=1r/m;
--- config
location / { limit_req zone=z; try_files /none =204; }
--- requests
GET /?k=a 204
--- http_config
limit_req_zone $arg_other zone=z:1m rate=1r/m;
--- reload fails
limit_req zone "z" has had another key until now
--- requests
GET /?k=a 503
--- http_config
limit_req_zone $arg_other zone=y:1m rate=1r/m;
--- config
location / { limit_req zone=y; try_files /none =204; }
--- reload
--- requests
GET /?k=a 204

=== what is wrong with a zone
--- http_config
limit_req_zone $a zone=a:1m rat=1r/s;
limit_req_zone $arg_a zone=a:1m rate=1r/h;
limit_req_zone $arg_a zone=a:1m rate=0r/s;
limit_req_zone $arg_a zone=a rate=1r/s;
limit_req_zone $arg_a zone=a:1k rate=1r/s;
limit_req_zone $arg_a zone=a:1m zone=b:1m;
limit_req_zone $arg_a rate=1r/s rate=2r/s;
limit_req_zone $arg_a zone=a:1m;
limit_req_zone $arg_a zone=fine:1m rate=1r/s;
limit_req_zone $arg_a zone=fine:1m rate=1r/s;
metric_zone fine:1m count;
--- config
location / { limit_req zone=fime; }
--- error
pingauge: [emerg] invalid parameter "rat=1r/s" in http_config:1
   1 | limit_req_zone $a zone=a:1m rat=1r/s;
     |                             ^^^^^^^^
     help: did you mean "rate="?
pingauge: [emerg] invalid rate "1r/h" in http_config:2
   2 | limit_req_zone $arg_a zone=a:1m rate=1r/h;
     |                                      ^^^^
     help: expected a number with r/s or r/m, as in 10r/s
pingauge: [emerg] invalid rate "0r/s" in http_config:3
   3 | limit_req_zone $arg_a zone=a:1m rate=0r/s;
     |                                      ^^^^
     help: expected a number with r/s or r/m, as in 10r/s
pingauge: [emerg] zone "a" has no size in http_config:4
   4 | limit_req_zone $arg_a zone=a rate=1r/s;
     |                            ^
     help: expected NAME:SIZE, as in a:1m
pingauge: [emerg] zone "a" is too small: at least 32768 bytes in http_config:5
   5 | limit_req_zone $arg_a zone=a:1k rate=1r/s;
     |                            ^^^^
     help: the smallest zone is 32k
pingauge: [emerg] duplicate parameter "zone=b:1m" in http_config:6
   6 | limit_req_zone $arg_a zone=a:1m zone=b:1m;
     |                                 ^^^^^^^^^
     help: "zone" is given once
pingauge: [emerg] duplicate parameter "rate=2r/s" in http_config:7
   7 | limit_req_zone $arg_a rate=1r/s rate=2r/s;
     |                                 ^^^^^^^^^
     help: "rate" is given once
pingauge: [emerg] invalid number of arguments in "limit_req_zone" directive in http_config:8
   8 | limit_req_zone $arg_a zone=a:1m;
     | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
     help: syntax: limit_req_zone KEY zone=NAME:SIZE rate=Nr/s | rate=Nr/m;
pingauge: [emerg] "limit_req_zone" "fine" is already declared in http_config:10
  10 | limit_req_zone $arg_a zone=fine:1m rate=1r/s;
     |                            ^^^^^^^
pingauge: [emerg] zone "fine" is already declared for a different use in http_config:11
  11 | metric_zone fine:1m count;
     | ^^^^^^^^^^^^^^^^^^^^^^^^^^
     help: it is a zone of limit_req, and cannot be one of metrics too
pingauge: [emerg] unknown limit_req zone "fime" in config:1
   1 | location / { limit_req zone=fime; }
     |                             ^^^^
     help: did you mean "fine"?

=== what is wrong with a limit
--- http_config
limit_req_zone $arg_a zone=a:1m rate=1r/s;
--- config
location /1 { limit_req burst=5; }
location /2 { limit_req zone=a burst=x; }
location /3 { limit_req zone=a burst=5000000; }
location /4 { limit_req zone=a delay=1 nodelay; }
location /5 { limit_req zone=a nodelay=1; }
location /6 { limit_req zone=a; limit_req zone=a; }
location /7 { limit_req zone=a brst=1; }
location /8 { limit_req_status 200; }
location /9 { limit_req_log_level debug; }
location /10 { limit_req_dry_run maybe; }
location /11 { limit_req zone=a delay=0; }
--- error
pingauge: [emerg] "limit_req" must have "zone" parameter in config:1
   1 | location /1 { limit_req burst=5; }
     |               ^^^^^^^^^
     help: write zone=NAME, of a zone that limit_req_zone declares
pingauge: [emerg] invalid burst value "x" in config:2
   2 | location /2 { limit_req zone=a burst=x; }
     |                                      ^
     help: expected a whole number from 1 to 4000000
pingauge: [emerg] invalid burst value "5000000" in config:3
   3 | location /3 { limit_req zone=a burst=5000000; }
     |                                      ^^^^^^^
     help: expected a whole number from 1 to 4000000
pingauge: [emerg] "nodelay" and "delay" exclude each other in config:4
   4 | location /4 { limit_req zone=a delay=1 nodelay; }
     |                                        ^^^^^^^
pingauge: [emerg] invalid parameter "nodelay=1" in config:5
   5 | location /5 { limit_req zone=a nodelay=1; }
     |                                ^^^^^^^^^
     help: "nodelay" has no value
pingauge: [emerg] "limit_req" directive is duplicate in config:6
   6 | location /6 { limit_req zone=a; limit_req zone=a; }
     |                                 ^^^^^^^^^
     help: each zone is named once
pingauge: [emerg] invalid parameter "brst=1" in config:7
   7 | location /7 { limit_req zone=a brst=1; }
     |                                ^^^^^^
     help: did you mean "burst="?
pingauge: [emerg] value must be between 400 and 599 in config:8
   8 | location /8 { limit_req_status 200; }
     |                                ^^^
pingauge: [emerg] invalid value "debug" in "limit_req_log_level" directive, it must be "info" or "notice" or "warn" or "error" in config:9
   9 | location /9 { limit_req_log_level debug; }
     |                                   ^^^^^
pingauge: [emerg] invalid value "maybe" in "limit_req_dry_run" directive, it must be "on" or "off" in config:10
  10 | location /10 { limit_req_dry_run maybe; }
     |                                  ^^^^^
pingauge: [emerg] invalid delay value "0" in config:11
  11 | location /11 { limit_req zone=a delay=0; }
     |                                       ^
     help: expected a whole number from 1 to 4000000
