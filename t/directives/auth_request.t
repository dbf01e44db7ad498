# auth_request: a subrequest says whether a request may pass; auth_request_set keeps what it tells.

=== what the answer's status means
--- origin auth
GET /200 200
GET /201 201
GET /204 204
GET /401 401
    WWW-Authenticate: Basic realm="a"
    WWW-Authenticate: Bearer
    X-Other: b
    | who are you
GET /403 403
    | no
GET /302 302
    Location: /login
GET /500 500
GET /304 304
GET /slow 200 delay=2
* * close
--- config
location /ask/ { set $target $arg_s; auth_request /auth; try_files /none @passed; }
location @passed { return 200 passed; }
location = /auth { internal; proxy_read_timeout 300ms; proxy_pass http://$ORIGIN_auth$target; }
--- requests
GET /ask/?s=/200 200 = passed
GET /ask/?s=/201 200 = passed
GET /ask/?s=/204 200 = passed
GET /ask/?s=/403 403 ~ 403 Forbidden
GET /ask/?s=/302 500
GET /ask/?s=/500 500
GET /ask/?s=/304 500
GET /ask/?s=/gone 500
GET /ask/?s=/slow 500
GET /auth 404
GET /ask/?s=/401 401 ~ 401 Authorization Required
--- response_headers
WWW-Authenticate: Basic realm="a"
!X-Other
--- raw_request
GET /ask/?s=/401 HTTP/1.0\r\nHost: a\r\n\r\n
--- raw_response_like
^HTTP/1\.1 401
^WWW-Authenticate: Basic realm="a"\r$
^WWW-Authenticate: Bearer\r$
--- log
auth request unexpected status: 302, client: 127\.0\.0\.1, .*request: "GET /ask/\?s=/302 $PROTOCOL"
auth request unexpected status: 502, client:
auth request unexpected status: 504, client:
upstream prematurely closed connection .*, request: "GET /ask/\?s=/gone $PROTOCOL", subrequest: ".*", upstream: "

=== what is asked may be any place, but no access rule holds there
--- file html/page
a file
--- config
location /by/return { auth_request /r/204; try_files /none =204; }
location /by/page { auth_request /r/page; try_files /none =204; }
location /by/file { auth_request /page; try_files /none =204; }
location /by/none { auth_request /none; try_files /none =204; }
location /by/refusal { auth_request /r/401; try_files /none =204; }
location /by/redirect { auth_request /r/moved; try_files /none =204; }
location /by/error { auth_request /r/error; try_files /none =204; }
location /by/named { auth_request /r/tried; try_files /none =204; }
location /by/closed { auth_request /r/444; try_files /none =204; }
location /by/itself { auth_request /by/itself; try_files /none =204; }
location /by/api { auth_request /status/http; try_files /none =204; }
location /r/204 { deny all; return 204; }
location /r/page { return 200 page; }
location /r/401 { add_header WWW-Authenticate hidden always; return 401; }
location /r/moved { rewrite ^ /r/204; }
location /r/error { error_page 403 =200 /r/page; return 403; }
location /r/tried { try_files /nothing @last; }
location /r/444 { return 444; }
location @last { return 403; }
location /status/ { api /status/; }
--- requests
GET /by/return 204
GET /by/page 204
GET /by/file 204
    Range: bytes=0-1
    If-Match: "other"
POST /by/file 204 = 
    | body
GET /by/none 500
GET /by/refusal 401
--- response_headers
!WWW-Authenticate
--- requests
GET /by/redirect 204
GET /by/error 204
GET /by/named 403
GET /by/closed close
GET /by/itself 204
GET /by/api 204
--- log
auth request unexpected status: 404

=== who is asked about what
--- http_config
server {
    listen 8080;
    location /check {
        add_header X-User ann;
        add_header X-Saw "$request_method $request_uri, $http_x_method $http_x_uri $http_x_mine, $http_cookie, $http_content_length.";
        return 201;
    }
}
--- origin o
* * 200
    | $HEAD
--- config
location / {
    auth_request /auth;
    auth_request_set $user $upstream_http_x_user;
    auth_request_set $again "$user!";
    auth_request_set $saw $upstream_http_x_saw;
    auth_request_set $asked "$upstream_status $status $uri $request_method";
    auth_request_set $nothing "$upstream_http_x_none";
    set $user unknown;
    set $mine "of $arg_a";
    proxy_set_header X-User $user;
    proxy_set_header X-Again $again;
    proxy_set_header X-Saw $saw;
    proxy_set_header X-Asked "$asked$nothing";
    proxy_set_header X-Theirs $theirs;
    proxy_set_header X-Now "$request_method $uri?$args";
    proxy_pass http://$ORIGIN_o;
}
location = /auth {
    internal;
    set $theirs "from $uri";
    proxy_pass http://127.0.0.1:$PORT2/check;
    proxy_set_header X-Mine $mine;
    proxy_set_header X-Uri $request_uri;
    proxy_set_header X-Method $request_method;
}
--- requests
POST /a%20b?a=c&d 200 = POST /a%20b?a=c&d HTTP/1.1\r\nHost: $ORIGIN_o\r\nX-User: ann\r\nX-Again: ann!\r\nX-Saw: GET /check, POST /a%20b?a=c&d of c, x=y, .\r\nX-Asked: 201 201 /auth POST\r\nX-Theirs: from /auth\r\nX-Now: POST /a b?a=c&d\r\nConnection: close\r\nContent-Length: 4\r\ncookie: x=y
    cookie: x=y
    | body

=== what holds within, and what is off
--- config
auth_request /no;
auth_request_set $outer yes;
location / { }
location /off { auth_request off; try_files /none @out; }
location /own { auth_request /yes; try_files /none @out; }
location /set { auth_request /yes; auth_request_set $inner yes; try_files /none @out; }
location /if { set $way in; if ($arg_a) { set $way if; } try_files /none @out; }
location @out { auth_request off; return 200 "outer:$outer inner:$inner way:$way"; }
location = /no { return 403; }
location = /yes { return 200; }
--- requests
GET / 403
GET /off 200 = outer: inner: way:
GET /own 200 = outer:yes inner: way:
GET /set 200 = outer: inner:yes way:
GET /if 403
GET /if?a=b 403

=== one of several rules is enough, or all are needed
--- http_config
metric_zone asked:64k count;
--- config
location /any/client { satisfy any; allow 127.0.0.1; auth_request /say/403; try_files /none =204; }
location /any/asked { satisfy any; deny all; auth_request /say/204; try_files /none =204; }
location /any/401 { satisfy any; deny all; auth_request /say/401; try_files /none =204; }
location /any/403 { satisfy any; deny all; auth_request /say/403; try_files /none =204; }
location /any/500 { satisfy any; deny all; auth_request /say/500; try_files /none =204; }
location /all/denied { deny all; auth_request /say/204; try_files /none =204; }
location /all/401 { allow all; auth_request /say/401; try_files /none =204; }
location /all/both { allow all; auth_request /say/204; try_files /none =204; }
location ~ ^/say/(?<code>\d+)$ {
    set $metric_asked $code;
    if ($code = 204) { return 204; }
    if ($code = 401) { return 401; }
    if ($code = 403) { return 403; }
    return 500;
}
--- requests
GET /any/client 204
GET /any/asked 204
GET /any/401 401
GET /any/403 403
GET /any/500 500
GET /all/denied 403
GET /all/401 401
GET /all/both 204
--- json /status/http/metric_zones/asked/metrics
{
  "204": 2,
  "401": 2,
  "403": 1,
  "500": 1
}
--- log
access forbidden by rule, client: .*"GET /all/denied
auth request was answered with 401, client: .*"GET /any/401
auth request was answered with 403, client: .*"GET /any/403

=== a subrequest counts with its peer alone
--- http_config
metric_zone before:64k count;
metric_zone meanwhile:64k count;
metric_zone after:64k count;
log_format short '$uri $status $request_method $bytes_sent';
access_log $DIR/short.log short;
upstream u { zone u 64k; server $ORIGIN_o; }
server {
    listen 8080;
    status_zone all;
    metric before $uri on=request;
    metric meanwhile $uri on=response;
    metric after $uri on=end;
    location / { status_zone site; auth_request /auth; try_files /none =204; }
    location /logged { auth_request /auth/logged; try_files /none =204; }
    location /auth { status_zone auth; proxy_pass http://u; }
    location /auth/logged { log_subrequest on; status_zone auth; proxy_pass http://u; }
}
--- origin o
* /auth/logged 203
* * 200
    | <<a*1000>>
--- config
location /none { return 404; }
--- requests
GET :$PORT2/a 204
GET :$PORT2/b 204
POST :$PORT2/logged 204
--- wait_like /status/http/server_zones/all
{
  "requests": { "total": 3, "processing": 0, "discarded": 0 },
  "responses": { "204": 3 },
  "data": { "received": "<number>" }
}
--- json_like /status/http/upstreams/u/peers/$ORIGIN_o
{
  "selected": { "total": 3, "current": 0 },
  "responses": { "200": 2, "203": 1 }
}
--- json_like /status/http/location_zones
{
  "auth": { "requests": { "total": 0 } },
  "site": { "requests": { "total": 2 } }
}
--- json /status/http/metric_zones
{
  "after": {
    "discarded": 0,
    "metrics": {
      "/a": 1,
      "/b": 1,
      "/logged": 1
    }
  },
  "before": {
    "discarded": 0,
    "metrics": {
      "/a": 1,
      "/b": 1,
      "/logged": 1
    }
  },
  "meanwhile": {
    "discarded": 0,
    "metrics": {
      "/a": 1,
      "/b": 1,
      "/logged": 1
    }
  }
}
--- file_like short.log
^/a 204 GET \d+\n/b 204 GET \d+\n/auth/logged 203 POST 0\n/logged 204 POST \d+$

=== wherever the course leads
--- http_config
metric_zone asked:64k count;
--- file html/folder/index.html
indexed
--- origin o
* /accel 200
    X-Accel-Redirect: /inner/a
* * close
--- config
error_page 401 = @login;
location /folder/ { auth_request /say/204; index index.html; alias html/folder/; }
location /login { auth_request /say/401; }
location @login { return 200 "log in: $status"; }
location /broken { proxy_pass http://$ORIGIN_o; error_page 502 = @fallback; }
location @fallback { auth_request /say/200; auth_request_set $why $status; add_header X-Why $why; try_files /folder/index.html =204; }
location /forbidden { proxy_pass http://$ORIGIN_o; error_page 502 = @closed; }
location @closed { auth_request /say/403; proxy_pass http://$ORIGIN_o; }
location /accel { proxy_pass http://$ORIGIN_o; }
location /inner/ { internal; auth_request /say/403; }
location /large { client_max_body_size 1; error_page 413 = @closed; }
location /say/200 { set $metric_asked 200; return 200; }
location /say/204 { set $metric_asked 204; return 204; }
location /say/401 { set $metric_asked 401; return 401; error_page 401 /none; }
location /say/403 { set $metric_asked 403; return 403; }
location /none { return 401; }
--- requests
GET /folder/ 200 = indexed\n
GET /login 200 = log in: 200
GET /forbidden 403
GET /accel 403
POST /large 403
    | body
GET /broken 200 = indexed\n
--- response_headers
X-Why: 200
--- json /status/http/metric_zones/asked/metrics
{
  "200": 1,
  "204": 2,
  "401": 1,
  "403": 3
}

=== a refusal may take its time
--- file keys
a:k
--- config
auth_api_key_file keys;
location /key { auth_api_key x; auth_delay 300ms; add_header X-Time $request_time always; try_files /none =204; }
location /asked { auth_request /401; auth_delay 300ms; add_header X-Time $request_time always; try_files /none =204; }
location /403 { auth_delay 60s; deny all; }
location /401 { return 401; }
--- requests
GET /403 403
GET /key 204
    X-API-Key: k
--- response_headers
X-Time: ~^0\.[012]
--- requests
GET /key 401
--- response_headers
X-Time: ~^(0\.[3-9]|[1-9])
WWW-Authenticate: token realm="x"
--- requests
GET /asked 401
--- response_headers
X-Time: ~^(0\.[3-9]|[1-9])

=== what is written wrongly
--- config
auth_request;
auth_request /a /b;
auth_request off;
auth_request /a;
auth_request_set x y;
auth_request_set $1 y;
auth_request_set $host y;
auth_request_set $x;
log_subrequest maybe;
auth_delay soon;
auth_request_set $fine $nothing_defines_it;
--- error
pingauge: [emerg] invalid number of arguments in "auth_request" directive in config:1
   1 | auth_request;
     | ^^^^^^^^^^^^^
     help: syntax: auth_request URI | off;
pingauge: [emerg] "auth_request" directive is duplicate in config:2
   2 | auth_request /a /b;
     | ^^^^^^^^^^^^
     also: line 3, line 4
pingauge: [emerg] invalid variable name "x" in config:5
   5 | auth_request_set x y;
     |                  ^
     help: the first argument is the variable, as "$name"
pingauge: [emerg] invalid variable name "$1" in config:6
   6 | auth_request_set $1 y;
     |                  ^^
     help: "$1" to "$9" are what patterns captured
pingauge: [emerg] the duplicate "host" variable in config:7
   7 | auth_request_set $host y;
     |                  ^^^^^
     help: this variable has a meaning of its own and cannot be set
pingauge: [emerg] invalid number of arguments in "auth_request_set" directive in config:8
   8 | auth_request_set $x;
     | ^^^^^^^^^^^^^^^^^^^^
     help: syntax: auth_request_set $variable value;
pingauge: [emerg] invalid value "maybe" in "log_subrequest" directive, it must be "on" or "off" in config:9
   9 | log_subrequest maybe;
     |                ^^^^^
pingauge: [emerg] "auth_delay" directive invalid value "soon" in config:10
  10 | auth_delay soon;
     |            ^^^^
     help: expected a time such as 500ms, 30 or 1m30s
pingauge: [emerg] unknown "nothing_defines_it" variable in config:11
  11 | auth_request_set $fine $nothing_defines_it;
     |                        ^^^^^^^^^^^^^^^^^^^
