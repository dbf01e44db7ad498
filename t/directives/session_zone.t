# session_zone and session: lives, limits, attributes, logs, and what /status/ shows of it.

=== everything that is written is understood
--- http_config
log_format viewers '$session_id $session_status';
session_zone viewers:2m timeout=30s pending=5s max_sessions=1000 max_rx_bitrate=1g max_tx_bitrate=500m headroom=15%
    companion=downloads companion=uploads discard_key=other expire=on history=1d log=$DIR/viewers.log format=viewers;
session_zone downloads:64k timeout=10s expire=off;
session_zone uploads:64k log=$DIR/uploads.log;
session viewers $arg_session reference=$arg_r location=$uri peer=$http_referer extra="$remote_addr $http_user_agent"
    activate=$arg_a estimate=2m,100k close=$arg_c if=$arg_i;
session_status 509;
session_log_level notice;
session_dry_run on;
--- config
location /off { session off; return 204; }
location /two { session downloads $arg_d; session uploads $arg_u; session_dry_run off; return 204; }
--- ok

=== a log that is off, and one in the combined format
--- file html/hello
hello
--- http_config
session_zone a:64k log=off format=combined;
session_zone b:64k log=$DIR/b.log format=combined;
--- config
location /a { session a $arg_id close=1; try_files /hello =404; }
location /b { session b $arg_id close=1; try_files /hello =404; }
location = /off { alias $DIR/off; }
--- requests
GET /a?id=1 200
GET /b?id=1 200
GET /off 404
--- file_like b.log
^unix: - - \[../.../....:..:..:.. .....\] "

=== what another zone refuses is not let in
--- file html/hello
hello
--- http_config
session_zone a:64k;
session_zone b:64k max_sessions=1;
--- config
location / { session a $arg_id activate=1; session b $arg_id; add_header Status $session_status always; try_files /hello =404; }
--- requests
GET /?id=1 200
GET /?id=2 503
--- response_headers
Status: REJECTED_SESSIONS
--- json_like /status/http/session_zones/a
{"sessions": {"pending": 0, "active": 1, "total": 1}, "passed": 1, "active": {"1": {"requests": 1}}}
--- json_like /status/http/session_zones/b
{"sessions": {"pending": 0, "active": 1, "total": 1}, "passed": 1, "rejected": {"sessions": 1}}
--- requests
GET /?id=1 200

=== a zone that is full is told once
--- file html/hello
hello
--- http_config
session_zone s:32k;
--- config
location / { session s $request_id; try_files /hello =404; }
--- requests
GET / 200 x200
--- log
\[warn\] .*session zone "s" has no room: new sessions are served and not counted

=== what the status shows
--- file html/hello
hello
--- http_config
session_zone s:128k max_sessions=5 max_tx_bitrate=1g max_rx_bitrate=1m;
--- config
location /a { session s $arg_id reference=live location=$uri peer=site.example extra="$http_user_agent x" if=$arg_if; try_files /hello =404; }
--- requests
GET /a/list?id=one&if=1 200
    User-Agent: a "quoted" one
GET /a/other?id=one&if=1 200
GET /a?id=&if=1 200
GET /a?id=two&if=0 200
--- json /status/http/session_zones/s
{
  "active": {
    "one": {
      "created": "<date>",
      "extra": " x",
      "location": "/a/list",
      "peer": "site.example",
      "reference": "live",
      "requests": 2,
      "rx": {
        "bitrate": "<number>",
        "bytes": 135,
        "top": "<number>"
      },
      "tx": {
        "bitrate": "<number>",
        "bytes": 486,
        "top": "<number>"
      }
    }
  },
  "discarded": 0,
  "passed": 2,
  "rejected": {
    "bitrate": 0,
    "sessions": 0
  },
  "rx": {
    "bitrate": "<number>",
    "bytes": 135,
    "max": 1048576,
    "top": "<number>"
  },
  "sessions": {
    "active": 1,
    "max": 5,
    "pending": 0,
    "total": 1
  },
  "skipped": 2,
  "summary": {
    "locations": {},
    "peers": {},
    "references": {},
    "rx_bytes": 0,
    "sessions": 0,
    "tx_bytes": 0
  },
  "tx": {
    "bitrate": "<number>",
    "bytes": 486,
    "max": 1073741824,
    "top": "<number>"
  }
}
--- json /status/http/session_zones/s/active/one/tx/bytes
486
--- json /status/http/session_zones/s/active/two 404
{"error": "PathNotFound", "description": "<string>"}
--- json /status/http/session_zones/s/summary/peers
{}
--- json /status/http/session_zones/none 404
{"error": "PathNotFound", "description": "<string>"}

=== without session zones there is no such branch
--- config
--- json /status/http/session_zones 404
{"error": "PathNotFound", "description": "<string>"}

=== a session may end by what it is
--- file html/hello
hello
--- http_config
session_zone s:128k;
session_zone t:128k;
map $session_requests $over { 2 1; default 0; }
--- config
location / { session s $arg_id close=$over; session t $arg_id close=$over; try_files /hello =404; }
--- requests
GET /?id=1 200
GET /?id=1 200
GET /?id=2 200
--- json /status/http/session_zones/s/sessions
{"pending": 0, "active": 1, "total": 2, "max": 0}
--- json /status/http/session_zones/t/sessions
{"pending": 0, "active": 1, "total": 2, "max": 0}

=== what is left of rows is found by its name, as a whole and number by number
--- file html/hello
hello
--- http_config
session_zone s:128k discard_key=other;
--- config
location / { session s $arg_id reference=$arg_r location=$uri peer=$arg_p close=1; try_files /hello =404; }
--- requests
GET /x?id=1&r=live&p=here 200
--- json /status/http/session_zones/s/summary/references/other
{"sessions": 0, "rx_bytes": 0, "tx_bytes": 0}
--- json /status/http/session_zones/s/summary/references/other/sessions
0
--- json /status/http/session_zones/s/summary/peers/other
{"sessions": 0, "rx_bytes": 0, "tx_bytes": 0, "locations": {}}
--- json /status/http/session_zones/s/summary/peers/here/locations/other/tx_bytes
0
--- json /status/http/session_zones/s/summary/locations/other/rx_bytes
0
--- json /status/http/session_zones/s/summary/locations/other/nothing 404
{"error": "PathNotFound", "description": "<string>"}

=== a session that is closed is summed up, with each of its rows under its path
--- file html/hello
hello
--- http_config
session_zone s:128k;
--- config
location / { session s $arg_id reference=$arg_r location=$uri peer=$arg_p close=$arg_close; try_files /hello =404; }
--- requests
GET /x?id=1&r=live&p=here&close=1 200
GET /x?id=2&r=live&close=1 200
GET /y?id=3&r=rec&p=here&close=0 200
GET /z?id=3&close=yes 200
--- json /status/http/session_zones/s/active
{}
--- json /status/http/session_zones/s/sessions
{"pending": 0, "active": 0, "total": 3, "max": 0}
--- json /status/http/session_zones/s/summary
{
  "locations": {
    "/x": {
      "rx_bytes": 119,
      "sessions": 2,
      "tx_bytes": 486
    },
    "/y": {
      "rx_bytes": 113,
      "sessions": 1,
      "tx_bytes": 486
    }
  },
  "peers": {
    "here": {
      "locations": {
        "/x": {
          "rx_bytes": 63,
          "sessions": 1,
          "tx_bytes": 243
        },
        "/y": {
          "rx_bytes": 113,
          "sessions": 1,
          "tx_bytes": 486
        }
      },
      "rx_bytes": 176,
      "sessions": 2,
      "tx_bytes": 729
    },
    "unknown": {
      "locations": {
        "/x": {
          "rx_bytes": 56,
          "sessions": 1,
          "tx_bytes": 243
        }
      },
      "rx_bytes": 56,
      "sessions": 1,
      "tx_bytes": 243
    }
  },
  "references": {
    "live": {
      "rx_bytes": 119,
      "sessions": 2,
      "tx_bytes": 486
    },
    "rec": {
      "rx_bytes": 113,
      "sessions": 1,
      "tx_bytes": 486
    }
  },
  "rx_bytes": 232,
  "sessions": 3,
  "tx_bytes": 972
}
--- json /status/http/session_zones/s/summary/sessions
3
--- json /status/http/session_zones/s/summary/peers/here/locations/%2Fy/sessions
1
--- json /status/http/session_zones/s/summary/peers/here/sessions
2
--- json /status/http/session_zones/s/summary/locations/%2Fx/sessions
2
--- json /status/http/session_zones/s/summary/references/rec/sessions
1
--- json /status/http/session_zones/s/summary/references/none 404
{"error": "PathNotFound", "description": "<string>"}

=== what a session is made of is that of its first request, but for the extra
--- file html/hello
hello
--- http_config
session_zone s:128k;
--- config
location / { session s $arg_id reference=$arg_r location=$uri peer=$arg_p extra=$arg_e; try_files /hello =404; }
location /none { session s $arg_id; try_files /hello =404; }
--- requests
GET /a?id=x&r=1&p=1&e=1 200
GET /b?id=x&r=2&p=2&e=2 200
GET /none?id=x 200
GET /none?id=y 200
--- json_like /status/http/session_zones/s/active
{"x": {"reference": "1", "location": "/a", "peer": "1", "extra": "2", "requests": 3}, "y": {"reference": "", "location": "unknown", "peer": "unknown", "extra": "", "requests": 1}}

=== a head alone activates nothing, a body either way does, and with activate only what says so
--- file html/hello
hello
--- file html/empty
--- http_config
session_zone s:128k pending=60s timeout=60s;
session_zone t:128k pending=60s timeout=60s;
--- config
location / { session s $arg_id; session t $arg_id activate=$arg_a; try_files /hello =404; }
location /empty { session s $arg_id; try_files /empty =404; }
location /post { session s $arg_id; proxy_pass http://$ORIGIN_o; }
--- origin o
POST * 204
--- requests
GET /empty?id=e 200
HEAD /?id=h 200
GET /?id=g 200
POST /post?id=p 204
    | body
GET /?id=a&a=0 200
GET /?id=b&a=1 200
--- json /status/http/session_zones/s/sessions
{"pending": 2, "active": 4, "total": 4, "max": 0}
--- json /status/http/session_zones/t/sessions
{"pending": 3, "active": 1, "total": 1, "max": 0}

=== limits are for new sessions
--- file html/hello
hello
--- http_config
session_zone s:128k max_sessions=2;
--- config
location / { session s $arg_id; try_files /hello =404; }
location /teapot { session s $arg_id; session_status 418; try_files /hello =404; }
location /page { session s $arg_id; error_page 503 = /full; try_files /hello =404; }
location = /full { return 200 "full: $session_status"; }
location /dry { session s $arg_id; session_dry_run on; add_header X-Status $session_status; try_files /hello =404; }
--- requests
GET /?id=a 200
GET /?id=b 200
GET /?id=c 503
GET /?id=a 200
GET /teapot?id=c 418
GET /page?id=c 200 = full: REJECTED_SESSIONS
GET /dry?id=c 200
--- response_headers
X-Status: REJECTED_SESSIONS_DRY_RUN
--- json /status/http/session_zones/s/rejected
{"sessions": 4, "bitrate": 0}
--- json /status/http/session_zones/s/passed
3
--- log
limiting sessions by zone "s", client: 127.0.0.1, server: , request: "GET /\?id=c HTTP/1.1"
limiting sessions, dry run, by zone "s"

=== a new session is charged what it is expected to take
--- file html/hello
hello
--- http_config
session_zone s:128k max_tx_bitrate=5m headroom=0% timeout=60s;
session_zone other:128k timeout=60s;
session_zone shared:128k max_tx_bitrate=5m headroom=0% companion=other timeout=60s;
--- config
location / { session s $arg_id estimate=4m; try_files /hello =404; }
location /other { session other $arg_id estimate=9m; try_files /hello =404; }
location /shared { session shared $arg_id estimate=2m; try_files /hello =404; }
--- requests
GET /?id=a 200
GET /?id=b 503
GET /?id=a 200
GET /shared?id=a 200
GET /other?id=a 200
GET /shared?id=b 503
GET /shared?id=a 200
--- json /status/http/session_zones/s/rejected
{"sessions": 0, "bitrate": 1}

=== what is received is limited, too
--- file html/hello
hello
--- http_config
session_zone s:128k max_rx_bitrate=8k;
--- config
location / { session s $arg_id; try_files /hello =404; }
location /post { session s $arg_id; client_max_body_size 1m; proxy_pass http://$ORIGIN_o; }
--- origin o
POST * 204
--- requests
GET /?id=a 200
POST /post?id=b 204
    | <<body*3000>>
GET /?id=c 503
GET /?id=a 200
--- json /status/http/session_zones/s/rejected
{"sessions": 0, "bitrate": 1}
--- log
limiting bitrate by zone "s"

=== an estimate of what is received is charged as a top
--- file html/hello
hello
--- http_config
session_zone s:128k;
--- config
location / { session s $arg_id estimate=$arg_e; try_files /hello =404; }
--- requests
GET /?id=a&e=4m,2m 200
GET /?id=b&e=nothing 200
--- json_like /status/http/session_zones/s/active/a
{"rx": {"top": "</^[12][0-9]{6}$/>"}, "tx": {"top": "</^[234][0-9]{6}$/>"}}

=== variables
--- file html/hello
hello
--- http_config
session_zone s:128k;
--- config
location / { session s $arg_id reference=ref location=$uri peer=me extra=more; add_header X-Session
    "$session_id|$session_reference|$session_location|$session_peer|$session_extra|$session_requests|$session_status" always; try_files /hello =404; }
location /skipped { session s $arg_id; add_header X-Session "$session_id|$session_reference|$session_tx_bytes|$session_status|"; try_files /hello =404; }
location /none { return 200 "$session_id|$session_status|"; }
--- requests
GET /a?id=x 200
--- response_headers
X-Session: x|ref|/a|me|more|1|NEW
--- requests
GET /b?id=x 200
--- response_headers
X-Session: x|ref|/a|me|more|2|KNOWN
--- requests
GET /none 200 = ||
GET /skipped 200
--- response_headers
X-Session: |||SKIPPED|

=== the access log has the numbers of the session with the request in them
--- file html/hello
hello
--- http_config
session_zone s:128k;
log_format numbers '$session_id $session_rx_bytes $session_tx_bytes $session_requests $request_length $bytes_sent';
access_log $DIR/access numbers;
--- config
location / { session s $arg_id; try_files /hello =404; }
--- requests
GET /?id=x 200
--- file_like access
^x (\d+) (\d+) 1 \1 \2$

=== internal redirects count once, also where another location has another zone
--- file html/hello
hello
--- http_config
session_zone s:128k;
session_zone t:128k;
--- config
location / { session s $arg_id; try_files /none /second?$args; }
location /second { session s $arg_id; session t $arg_id; try_files /hello =404; }
location /away { session s $arg_id; rewrite ^ /off last; }
location /off { session off; try_files /hello =404; }
--- requests
GET /?id=x 200
GET /away?id=y 200
--- json /status/http/session_zones/s/active/x/requests
1
--- json /status/http/session_zones/t/active/x/requests
1
--- json_like /status/http/session_zones/s
{"passed": 1, "sessions": {"active": 1}}

=== subrequests are not counted
--- file html/hello
hello
--- file html/empty
--- http_config
session_zone s:128k;
--- config
location / { session s main; auth_request /auth; try_files /hello =404; }
location /auth { session s sub; return 204; }
--- requests
GET / 200
--- json /status/http/session_zones/s/sessions/active
1
--- json /status/http/session_zones/s/passed
1

=== ids, peers and locations of any bytes and any length are cut, never refused
--- file html/hello
hello
--- http_config
session_zone s:1m;
large_client_header_buffers 4 64k;
--- config
location / { session s $http_x peer=$http_x location=$http_x reference=$http_x extra=$http_x close=$arg_close; try_files /hello =404; }
--- requests
GET / 200
    X: <<x*25000>>
GET /?close=1 200
    X: <<y*25000>>
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\nX: a\xffb\\c"d\r\nConnection: close\r\n\r\n
--- raw_response_like
200 OK
--- json_like /status/http/session_zones/s
{"sessions": {"active": 2, "total": 3}, "passed": 3, "discarded": 0}
--- json_like /status/http/session_zones/s/active
{"a\\xffb\\\\c\\\"d": {"requests": 1}}
--- json /status/http/session_zones/s/active/a%FFb%5Cc%22d/requests
1
--- json /status/http/session_zones/s/active/a%5Cxffb%5C%5Cc%5C%22d/requests
1

=== a session that finds no room is served and counted as discarded
--- file html/hello
hello
--- http_config
session_zone s:32k;
--- config
location / { session s $arg_id; add_header X-Status $session_status; try_files /hello =404; }
--- requests
GET /?id=<<#4>> 200 x200
--- response_headers
X-Status: SKIPPED
--- requests
GET /?id=0000 200
--- response_headers
X-Status: KNOWN
--- json_like /status/http/session_zones/s
{"discarded": "</^[1-9]/>", "skipped": 0}

=== a line for each session that is over, by the keeper and by workers
--- file html/hello
hello
--- file html/empty
--- http_config
session_zone s:128k timeout=1s log=$DIR/closed;
session_zone t:128k timeout=1s log=$DIR/formatted format=own;
log_format own escape=json '{"id":"$session_id","extra":"$session_extra","peer":"$session_peer","requests":$session_requests}';
--- config
location / { session s $arg_id reference=r location=$uri peer=p extra=$http_x close=$arg_close; session t $arg_id extra=$http_x; try_files /hello =404; }
location /empty { session s $arg_id; try_files /empty =404; }
--- requests
GET /a?id=idle 200
    X: "one"
GET /b?id=closed&close=1 200
GET /empty?id=pending 200
--- file_like closed
^[-0-9T:+]+ "closed" "r" "/b" "p" 0\.\d\d\d 1 \d+ \d+ \d+ \d+ "-"$
--- wait_like /status/http/session_zones/s/sessions
{"active": 0, "pending": 0}
--- wait_like /status/http/session_zones/t/sessions
{"active": 0}
--- file_like closed
^[-0-9T:+]+ "idle" "r" "/a" "p" \d\.\d\d\d 1 \d+ \d+ \d+ \d+ "\\x22one\\x22"$
--- file_like formatted
^\{"id":"idle","extra":"\\"one\\"","peer":"unknown","requests":1\}$

=== values are kept over a reload, and limits take effect
--- file html/hello
hello
--- http_config
session_zone s:128k;
--- config
location / { session s $arg_id; try_files /hello =404; }
--- requests
GET /?id=a 200 x2
--- http_config
session_zone s:256k max_sessions=1;
--- reload
--- requests
GET /?id=a 200
GET /?id=b 503
--- json /status/http/session_zones/s/active/a/requests
3

=== attributes that are no text are shown as ids are
--- file html/hello
hello
--- http_config
session_zone s:64k;
--- config
location / { session s a reference=$http_x extra=$http_x; try_files /hello =404; }
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\nX: a\xff\r\nConnection: close\r\n\r\n
--- raw_response_like
200 OK
--- json_like /status/http/session_zones/s/active/a
{"reference": "a\\xff", "extra": "a\\xff"}

=== a request that is refused behind its session begins none
--- file html/hello
hello
--- http_config
session_zone s:128k max_sessions=2;
session_zone t:128k;
metric_zone number:64k last;
backpressure_zone z:64k min=1 max=1 { signal n path=/http/metric_zones/number/metrics/v warn=1 emergency=2; }
--- config
location /deny { session s $arg_id; session t $arg_id activate=1; deny all; }
location /auth { session s $arg_id activate=1; auth_request /no; try_files /hello =404; }
location = /no { return 403; }
location /basic { session s $arg_id; auth_api_key here; auth_api_key_file $DIR/keys; try_files /hello =404; }
location /page { session s $arg_id; deny all; error_page 403 = /told; }
location = /told { session s $arg_id; session t $arg_id if=$arg_t; return 200 "told $session_status"; }
location /outer { proxy_pass http://127.0.0.1:$PORT/full?$args; backpressure z; }
location /full { session s $arg_id activate=1; backpressure z; try_files /hello =404; }
location / { session s $arg_id; session t $arg_id activate=$arg_a; try_files /hello =404; }
--- file keys
who:0123456789abcdef0123456789abcdef
--- requests
GET /deny?id=1 403
GET /auth?id=2 403
GET /basic?id=3 401
GET /page?id=4 200 = told SKIPPED
GET /outer?id=5 429
--- json_like /status/http/session_zones/s
{"sessions": {"pending": 0, "active": 0, "total": 0}, "passed": 0, "skipped": 0, "active": {}}
--- json_like /status/http/session_zones/t
{"sessions": {"pending": 0, "active": 0, "total": 0}, "passed": 0}
--- requests
GET /?id=1&a=0 200
GET /deny?id=1 403
GET /full?id=6 200
--- json_like /status/http/session_zones/s/active
{"1": {"requests": 2}, "6": {"requests": 1}}
--- json_like /status/http/session_zones/t/sessions
{"pending": 1, "active": 0}

=== what was let in stays with its request, wherever that is sent
--- file html/hello
hello
--- origin o
GET /jump/* 200
    X-Accel-Redirect: /inner
GET /gone/* 404
* * 200
    | there
--- http_config
session_zone s:128k;
session_zone t:128k;
--- config
location /jump/ { session s $arg_id; proxy_pass http://$ORIGIN_o; }
location = /inner { internal; session off; try_files /hello =404; }
location /gone/ { session s $arg_id; proxy_intercept_errors on; error_page 404 = @other; proxy_pass http://$ORIGIN_o; }
location @other { session s other; session t $arg_id; try_files /hello =404; }
location /tried { session s $arg_id; try_files /none /last?$args; }
location /last { session s other; session t $arg_id activate=1; try_files /hello =404; }
location /before { session s $arg_id; rewrite ^ /last last; }
--- requests
GET /jump/a?id=jump 200 = hello\n
GET /gone/a?id=gone 200 = hello\n
GET /tried?id=tried 200 = hello\n
GET /before?id=before 200 = hello\n
--- json_like /status/http/session_zones/s
{"sessions": {"pending": 0, "active": 4}, "passed": 4, "active": {"jump": {"requests": 1}, "gone": {"requests": 1}, "tried": {"requests": 1}, "other": {"requests": 1}}}
--- json_like /status/http/session_zones/t
{"sessions": {"active": 3}, "active": {"gone": {}, "tried": {}, "before": {}}}

=== a signal hears of sessions
--- file html/hello
hello
--- http_config
session_zone s:128k;
backpressure_zone z:64k min=1 max=10 interval=100ms { signal busy path=/http/session_zones/s/sessions/active warn=1 emergency=2; }
--- config
location / { session s $arg_id; try_files /hello =404; }
location /gated { backpressure z; return 200 in; }
--- requests
GET /gated 200
GET /?id=1 200
GET /?id=2 200
GET /?id=3 200
--- wait_like /status/http/backpressure_zones/z
{"window": 1, "signals": {"busy": {"value": 3, "firing": true}}}
