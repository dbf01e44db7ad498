# backpressure: a request is let in while the window has room, and what became of it is told in variables, logs and counts.
# A request that asks for another one through the server itself has room while it does.

=== there is room for one, and none for the one it asks for
--- http_config
metric_zone number:64k last;
backpressure_zone z:64k min=1 max=1 { signal n path=/http/metric_zones/number/metrics/v warn=1 emergency=2; }
log_format line '$uri $status $backpressure_status $backpressure_window/$backpressure_active [$backpressure_retry_after]';
access_log $DIR/lines.log line;
--- config
location /outer { backpressure z; proxy_pass http://127.0.0.1:$PORT/inner; }
location /inner { backpressure z; try_files /none =204; }
location /other { try_files /none =204; }
--- requests
GET /inner 204
GET /outer 429
GET /inner 204
GET /other 204
--- json_like /status/http/backpressure_zones/z
{"min": 1, "max": 1, "window": 1, "active": 0, "allowance": 1, "passed": 3, "skipped": 0, "rejected": 1, "exhausted": 0}
--- log
\[error\] .*limiting requests by backpressure zone "z", client: 127.0.0.1, server: .*, request: "GET /inner
--- file_like lines.log
^/inner 204 PASSED 1/1 \[-\]
^/inner 429 REJECTED 1/1 \[[12]\]
^/outer 429 PASSED 1/1 \[-\]
^/other 204 - -/- \[-\]

=== the page of a refusal, with the time to come again
--- http_config
metric_zone number:64k last;
backpressure_zone z:64k min=1 max=1 { signal n path=/http/metric_zones/number/metrics/v warn=1 emergency=2; }
--- config
location /outer { proxy_intercept_errors off; backpressure z; proxy_pass http://127.0.0.1:$PORT/inner; }
location /inner { backpressure z; error_page 429 = @busy; try_files /none =204; }
location @busy {
    backpressure z;
    default_type application/json;
    add_header Retry-After $backpressure_retry_after always;
    add_header X-Back $backpressure_status always;
    return 429 '{"status":"error","errorType":"backpressure","error":"congestion window closed"}';
}
--- requests
GET /outer 429 = {"status":"error","errorType":"backpressure","error":"congestion window closed"}
--- response_headers
Retry-After: ~^[12]$
X-Back: REJECTED
Content-Type: application/json

=== another status, and another level
--- http_config
metric_zone number:64k last;
backpressure_zone a:64k max=1 { signal n path=/http/metric_zones/number/metrics/v warn=1 emergency=2; }
backpressure_zone b:64k max=1 { signal n path=/http/metric_zones/number/metrics/v warn=1 emergency=2; }
backpressure_status 503;
backpressure_log_level notice;
--- config
location /outer { backpressure a; proxy_pass http://127.0.0.1:$PORT/inner; }
location /inner { backpressure a; try_files /none =204; }
location /next { backpressure b; proxy_pass http://127.0.0.1:$PORT/last$is_args$args; }
location /last { backpressure b; backpressure_status 400; backpressure_log_level warn; try_files /none =204; }
--- requests
GET /outer 503
GET /next 400
--- json_like /status/http/backpressure_zones
{"a": {"passed": 1, "rejected": 1}, "b": {"passed": 1, "rejected": 1}}
--- log
\[notice\] .*limiting requests by backpressure zone "a", client: .*, request: "GET /inner
\[warn\] .*limiting requests by backpressure zone "b", client: .*, request: "GET /last

=== some are not asked
--- http_config
metric_zone number:64k last;
backpressure_zone z:64k min=1 max=1 { signal n path=/http/metric_zones/number/metrics/v warn=1 emergency=2; }
--- config
backpressure z;
backpressure_bypass $arg_a $arg_b;
location /outer { proxy_pass http://127.0.0.1:$PORT/inner$is_args$args; }
location /inner { add_header X-Back $backpressure_status always; try_files /none =204; }
location /status/ { backpressure off; api /status/; }
--- requests
GET /outer?a=0 429
GET /inner?a=0&b=yes 204
--- response_headers
X-Back: BYPASSED
--- requests
GET /outer?b=1 204
--- json_like /status/http/backpressure_zones/z
{"passed": 1, "skipped": 3, "rejected": 1, "active": 0}

=== a dry run lets everybody in
--- http_config
metric_zone number:64k last;
backpressure_zone z:64k min=1 max=1 { signal n path=/http/metric_zones/number/metrics/v warn=1 emergency=2; }
--- config
backpressure_dry_run on;
location /outer { backpressure z; proxy_pass http://127.0.0.1:$PORT/inner; }
location /inner { backpressure z; add_header X-Back "$backpressure_status $backpressure_retry_after" always; try_files /none =204; }
--- requests
GET /outer 204
--- response_headers
X-Back: REJECTED_DRY_RUN 
--- json_like /status/http/backpressure_zones/z
{"passed": 1, "rejected": 1, "active": 0}
--- log
limiting requests, dry run, by backpressure zone "z"

=== off ends what was inherited, and a block of its own replaces it
--- http_config
metric_zone number:64k last;
backpressure_zone a:64k min=1 max=1 { signal n path=/http/metric_zones/number/metrics/v warn=1 emergency=2; }
backpressure_zone b:64k min=1 max=1 { signal n path=/http/metric_zones/number/metrics/v warn=1 emergency=2; }
backpressure a;
--- config
location /outer/ { proxy_pass http://127.0.0.1:$PORT/; }
location /off { backpressure off; try_files /none =204; }
location /b { backpressure b; try_files /none =204; }
location /a { try_files /none =204; }
location /both { backpressure b; backpressure a; try_files /none =204; }
location /status/ { backpressure off; api /status/; }
--- requests
GET /outer/off 204
GET /outer/b 204
GET /outer/a 429
GET /outer/both 429
GET /both 204
--- json_like /status/http/backpressure_zones
{"a": {"passed": 5, "rejected": 2, "active": 0}, "b": {"passed": 2, "rejected": 0, "active": 0, "window": 1}}

=== an internal redirect does not ask again
--- http_config
metric_zone number:64k last;
backpressure_zone z:64k min=1 max=1 { signal n path=/http/metric_zones/number/metrics/v warn=1 emergency=2; }
--- config
location /a { backpressure z; try_files /none /b; }
location /b { backpressure z; error_page 404 = @c; root /nowhere; }
location @c { backpressure z; add_header X-Back "$backpressure_status $backpressure_active" always; try_files /none =204; }
location /free { error_page 404 = @c; root /nowhere; }
--- requests
GET /a 204
GET /free 204
GET /a 204
--- response_headers
X-Back: PASSED 1
--- json_like /status/http/backpressure_zones/z
{"passed": 3, "rejected": 0, "active": 0}

=== subrequests are not asked
--- http_config
metric_zone number:64k last;
backpressure_zone z:64k min=1 max=1 { signal n path=/http/metric_zones/number/metrics/v warn=1 emergency=2; }
--- config
location /a { backpressure z; auth_request /may; try_files /none =204; }
location /may { backpressure z; try_files /none =204; }
--- requests
GET /a 204 x3
--- json_like /status/http/backpressure_zones/z
{"passed": 3, "rejected": 0, "active": 0}

=== the window grows by what is over, as the zone says
--- http_config
metric_zone number:64k last;
backpressure_zone one:64k min=2 max=6 { signal n path=/http/metric_zones/number/metrics/v; }
backpressure_zone three:64k min=2 max=100 increase=3 { signal n path=/http/metric_zones/number/metrics/v; }
backpressure_zone used:64k min=2 max=100 utilization=50% { signal n path=/http/metric_zones/number/metrics/v; }
--- config
location /one { backpressure one; backpressure three; backpressure used; try_files /none =204; }
--- requests
GET /one 204 x5
--- json_like /status/http/backpressure_zones
{"one": {"window": 6}, "three": {"window": 17}, "used": {"window": 3}}

=== a plain signal shrinks it with each evaluation, or with each request
--- http_config
metric_zone number:64k last;
backpressure_zone z:64k min=3 max=100 interval=100ms { signal n path=/http/metric_zones/number/metrics/v; }
backpressure_zone literal:64k min=3 max=100 decrease_on=completion interval=100ms { signal n path=/http/metric_zones/number/metrics/v; }
--- config
location /set { metric number v=$arg_v on=request; try_files /none =204; }
location /z { backpressure z; backpressure literal; try_files /none =204; }
--- requests
GET /z 204 x77
GET /set?v=1 204
--- wait_like /status/http/backpressure_zones
{"z": {"window": 3}, "literal": {"window": 80}}
--- requests
GET /z 204
--- json_like /status/http/backpressure_zones
{"z": {"window": 3}, "literal": {"window": 40}}
--- requests
GET /z 204 x2
--- json_like /status/http/backpressure_zones
{"z": {"window": 3}, "literal": {"window": 10}}
--- requests
GET /set?v=0 204
--- wait_like /status/http/backpressure_zones
{"z": {"signals": {"n": {"firing": false}}}}

=== each key has a window of its own
--- http_config
metric_zone number:64k last;
backpressure_zone z:64k min=1 max=2 key=$arg_k interval=100ms { signal n path=/http/metric_zones/number/metrics/v warn=1 emergency=2; }
--- config
location /set { metric number v=$arg_v on=request; try_files /none =204; }
location /outer { backpressure z; proxy_pass http://127.0.0.1:$PORT/inner?k=$arg_to; }
location /inner { backpressure z; add_header X-Back "$backpressure_status $backpressure_window $backpressure_active" always; try_files /none =204; }
--- requests
GET /outer?k=a&to=b 204
--- response_headers
X-Back: PASSED 1 1
--- requests
GET /outer?k=c&to=c 429
--- response_headers
X-Back: REJECTED 1 1
--- requests
GET /outer?k=c&to=c 204
GET /outer?k=&to= 204
--- response_headers
X-Back: PASSED  
--- json_like /status/http/backpressure_zones/z
{"min": 1, "max": 2, "active": 0, "passed": 5, "skipped": 2, "rejected": 1, "exhausted": 0, "discarded": 0,
 "keys": {"a": {"window": 2, "active": 0, "rejected": 0}, "b": {"window": 2, "active": 0, "rejected": 0}, "c": {"window": 2, "active": 0, "rejected": 1}}}
--- requests
GET /set?v=1.5 204
--- wait_like /status/http/backpressure_zones/z/keys
{"a": {"window": 1}, "b": {"window": 1}, "c": {"window": 1}}
--- json /status/http/backpressure_zones/z/keys/c
{"window": 1, "active": 0, "rejected": 1}
--- json /status/http/backpressure_zones/z/keys/d 404
{
  "description": "Requested API entity \"/status/http/backpressure_zones/z/keys/d\" doesn't exist.",
  "error": "PathNotFound"
}

=== keys by which nobody is under way make room for others
--- http_config
metric_zone number:64k last;
backpressure_zone z:32k key=$arg_k { signal n path=/http/metric_zones/number/metrics/v warn=1 emergency=2; }
--- config
location /many { backpressure z; try_files /none =204; }
--- requests
GET /many?k=first 204 x3
GET /many?k=<<#3>>key<<x*200>> 204 x400
--- json_like /status/http/backpressure_zones/z
{"passed": 403, "rejected": 0, "exhausted": 0, "active": 0, "discarded": "<number>"}
--- json /status/http/backpressure_zones/z/keys/first 404
{
  "description": "Requested API entity \"/status/http/backpressure_zones/z/keys/first\" doesn't exist.",
  "error": "PathNotFound"
}

=== keys that are no text are told apart, as ids of sessions are
--- http_config
metric_zone number:64k last;
backpressure_zone z:64k key=$http_k { signal n path=/http/metric_zones/number/metrics/v warn=1 emergency=2; }
--- config
location /a { backpressure z; try_files /none =204; }
--- raw_request
GET /a HTTP/1.1\r\nHost: a\r\nK: a\xffb\\c\r\n\r\nGET /a HTTP/1.1\r\nHost: a\r\nK: a\xfeb\\c\r\nConnection: close\r\n\r\n
--- raw_response_like
HTTP/1.1 204 [^$]*HTTP/1.1 204 
--- json_like /status/http/backpressure_zones/z/keys
{"a\\xffb\\\\c": {"active": 0, "rejected": 0}, "a\\xfeb\\\\c": {"active": 0, "rejected": 0}}
--- json /status/http/backpressure_zones/z/keys/a%5Cxfeb%5C%5Cc
{
  "active": 0,
  "rejected": 0,
  "window": 2
}
