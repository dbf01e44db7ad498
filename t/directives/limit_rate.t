# limit_rate: how fast responses leave. That they take their time is shown in process/limits/speed.rs; here, that what is
# limited is whole, and what the rate may be.

=== whole, whatever the body
--- http_config
log_format line '$uri $status $limit_rate';
access_log $DIR/lines.log line;
--- config
limit_rate 40k;
location /file { root $DIR; }
location /packed { gzip on; gzip_min_length 1; default_type text/plain; return 200 '<<text*500>>'; }
location /text { return 200 '<<text*500>>'; }
location /pass/ { proxy_pass http://127.0.0.1:$PORT/; }
location /free { limit_rate 0; return 200 '<<text*500>>'; }
--- file file
<<0123456789*5000>>
--- requests
GET /file = <<0123456789*5000>>\n
GET /pass/file = <<0123456789*5000>>\n
GET /text = <<text*500>>
GET /free = <<text*500>>
HEAD /file 200
--- file_like lines.log
^/file 200 40960
^/text 200 40960
^/free 200 0

=== parts of a file
--- config
limit_rate 1k;
limit_rate_after 40k;
location / { root $DIR; }
--- file file
<<0123456789*4000>>
--- requests
GET /file 206 = 56789
    Range: bytes=5-9
GET /file 206 = <<0123456789*2000>>
    Range: bytes=0-19999

=== what sets the rate
--- http_config
log_format line '$uri $limit_rate';
access_log $DIR/lines.log line;
proxy_cache_path $DIR/cache keys_zone=c:64k;
map $arg_r $mapped { slow 3k; fast 0; odd x; }
--- config
location /set { set $limit_rate 4k; return 200 "[$limit_rate]"; }
location /wrong { set $limit_rate much; return 200 "[$limit_rate]"; }
location /map { limit_rate $mapped; limit_rate_after $mapped; return 200 text; }
location /if { if ($arg_r) { set $limit_rate $arg_r; } return 200 "[$limit_rate]"; }
location /origin/ { proxy_pass http://127.0.0.1:$PORT/accel/; }
location /ignored/ { proxy_ignore_headers X-Accel-Limit-Rate; proxy_pass http://127.0.0.1:$PORT/accel/; }
location /kept/ { proxy_cache c; proxy_cache_valid 1m; proxy_pass http://127.0.0.1:$PORT/accel/; }
location /unheeded/ { proxy_cache c; proxy_cache_valid 1m; proxy_ignore_headers X-Accel-Limit-Rate; proxy_pass http://127.0.0.1:$PORT/accel/; }
location /accel/ { access_log off; add_header X-Accel-Limit-Rate $arg_r; return 200 text; }
--- requests
GET /set = [4096]
GET /wrong = [0]
GET /map?r=slow = text
GET /map/fast?r=fast = text
GET /map/odd?r=odd = text
GET /map/none = text
GET /if?r=2k = [2048]
GET /if = [0]
GET /origin/?r=5000 = text
GET /origin/k?r=5k = text
GET /ignored/?r=5000 = text
GET /kept/?r=5000 x2 = text
GET /unheeded/?r=5000 x2 = text
--- file_like lines.log
^/set 4096
^/wrong 0
^/map 3072
^/map/fast 0
^/map/odd 0
^/map/none 0
^/origin/ 5000
^/origin/k 0
^/ignored/ 0
^/kept/ 5000\n/kept/ 5000
^/unheeded/ 0\n/unheeded/ 0
--- log
"much" is no rate of bytes, client: 127.0.0.1
"x" is no rate of bytes, client: 127.0.0.1

=== a response that an origin sends in its time
--- config
location / { proxy_pass http://127.0.0.1:$PORT/slow/file; proxy_limit_rate 20k; }
location /slow/ { alias $DIR/; }
location /unbuffered { proxy_buffering off; proxy_limit_rate 1; proxy_pass http://127.0.0.1:$PORT/slow/file; }
--- file file
<<text*4000>>
--- requests
GET / = <<text*4000>>\n
GET /unbuffered = <<text*4000>>\n

=== what is wrong
--- config
limit_rate 10x;
limit_rate_after -1;
location /1 { limit_rate 1k; limit_rate 2k; }
location /2 { limit_rate; }
location /3 { proxy_limit_rate fast; }
location /4 { limit_rate $nothing; }
--- error
pingauge: [emerg] "limit_rate" directive invalid value "10x" in config:1
   1 | limit_rate 10x;
     |            ^^^
     help: expected a size such as 512, 16k or 1m
pingauge: [emerg] "limit_rate_after" directive invalid value "-1" in config:2
   2 | limit_rate_after -1;
     |                  ^^
     help: expected a size such as 512, 16k or 1m
pingauge: [emerg] "limit_rate" directive is duplicate in config:3
   3 | location /1 { limit_rate 1k; limit_rate 2k; }
     |                              ^^^^^^^^^^
pingauge: [emerg] invalid number of arguments in "limit_rate" directive in config:4
   4 | location /2 { limit_rate; }
     |               ^^^^^^^^^^^
     help: syntax: limit_rate RATE;
pingauge: [emerg] "proxy_limit_rate" directive invalid value "fast" in config:5
   5 | location /3 { proxy_limit_rate fast; }
     |                                ^^^^
     help: expected a size such as 512, 16k or 1m
pingauge: [emerg] unknown "nothing" variable in config:6
   6 | location /4 { limit_rate $nothing; }
     |                          ^^^^^^^^
