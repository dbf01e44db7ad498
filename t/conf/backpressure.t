# Diagnostics of backpressure_zone, backpressure and jitter: what they name, where they point, and what they advise.

=== the smallest window
--- http_config
backpressure_zone z:64k min=0 { signal s path=/a; }
--- error
pingauge: [emerg] "min" must be at least 1 in http_config:1
   1 | backpressure_zone z:64k min=0 { signal s path=/a; }
     |                             ^

=== the smallest window is a number
--- http_config
backpressure_zone z:64k min=some { signal s path=/a; }
--- error
pingauge: [emerg] invalid "min" value "some" in http_config:1
   1 | backpressure_zone z:64k min=some { signal s path=/a; }
     |                             ^^^^
     help: expected a whole number

=== the largest is smaller than the smallest
--- http_config
backpressure_zone z:64k min=10 max=9 { signal s path=/a; }
--- error
pingauge: [emerg] "max" is less than "min" in http_config:1
   1 | backpressure_zone z:64k min=10 max=9 { signal s path=/a; }
     |                                    ^
     help: "min" is 10, "max" is 9

=== the smallest is larger than the largest by default
--- http_config
backpressure_zone z:64k min=2000 { signal s path=/a; }
--- error
pingauge: [emerg] "max" is less than "min" in http_config:1
   1 | backpressure_zone z:64k min=2000 { signal s path=/a; }
     |                             ^^^^
     help: "min" is 2000, "max" is 1000

=== the largest with a key
--- http_config
backpressure_zone z:64k max=65536 key=$remote_addr { signal s path=/a; }
--- error
pingauge: [emerg] "max" must be at most 65535 with "key" in http_config:1
   1 | backpressure_zone z:64k max=65536 key=$remote_addr { signal s path=/a; }
     |                             ^^^^^

=== percents
--- http_config
backpressure_zone a:64k decrease=50 { signal s path=/a; }
backpressure_zone b:64k decrease=0% { signal s path=/a; }
backpressure_zone c:64k utilization=101% { signal s path=/a; }
--- error
pingauge: [emerg] invalid "decrease" value "50" in http_config:1
   1 | backpressure_zone a:64k decrease=50 { signal s path=/a; }
     |                                  ^^
     help: expected 1% to 100%
pingauge: [emerg] invalid "decrease" value "0%" in http_config:2
   2 | backpressure_zone b:64k decrease=0% { signal s path=/a; }
     |                                  ^^
     help: expected 1% to 100%
pingauge: [emerg] invalid "utilization" value "101%" in http_config:3
   3 | backpressure_zone c:64k utilization=101% { signal s path=/a; }
     |                                     ^^^^
     help: expected 0% to 100%

=== times
--- http_config
backpressure_zone a:64k interval=99ms { signal s path=/a; }
backpressure_zone b:64k stale=soon { signal s path=/a; }
backpressure_zone c:64k stale=5m shut { signal s path=/a; }
--- error
pingauge: [emerg] invalid "interval" value "99ms" in http_config:1
   1 | backpressure_zone a:64k interval=99ms { signal s path=/a; }
     |                                  ^^^^
     help: expected 100ms to a year
pingauge: [emerg] invalid "stale" value "soon" in http_config:2
   2 | backpressure_zone b:64k stale=soon { signal s path=/a; }
     |                               ^^^^
     help: expected a time such as 500ms, 1s or 5m
pingauge: [emerg] invalid "stale" value "shut" in http_config:3
   3 | backpressure_zone c:64k stale=5m shut { signal s path=/a; }
     |                                  ^^^^
     help: expected open, hold or close after the time

=== parameters
--- http_config
backpressure_zone a:64k size=3 { signal s path=/a; }
backpressure_zone b:64k key= { signal s path=/a; }
backpressure_zone c:64k decrease_on=error { signal s path=/a; }
backpressure_zone d:64k increase=0 { signal s path=/a; }
--- error
pingauge: [emerg] invalid parameter "size=3" in http_config:1
   1 | backpressure_zone a:64k size=3 { signal s path=/a; }
     |                         ^^^^^^
     help: expected min, max, increase, decrease, decrease_on, utilization, interval, stale, key or sync, with =VALUE
pingauge: [emerg] empty "key" in http_config:2
   2 | backpressure_zone b:64k key= { signal s path=/a; }
     |                         ^^^^
     help: write a text with variables: key=$remote_addr
pingauge: [emerg] invalid "decrease_on" value "error" in http_config:3
   3 | backpressure_zone c:64k decrease_on=error { signal s path=/a; }
     |                                     ^^^^^
     help: expected interval or completion
pingauge: [emerg] "increase" must be at least 1 in http_config:4
   4 | backpressure_zone d:64k increase=0 { signal s path=/a; }
     |                                  ^

=== no size, and too small a size
--- http_config
backpressure_zone a { signal s path=/a; }
backpressure_zone b:1k { signal s path=/a; }
--- error
pingauge: [emerg] zone "a" has no size in http_config:1
   1 | backpressure_zone a { signal s path=/a; }
     |                   ^
     help: expected NAME:SIZE, as in a:1m
pingauge: [emerg] zone "b" is too small: at least 32768 bytes in http_config:2
   2 | backpressure_zone b:1k { signal s path=/a; }
     |                   ^^^^
     help: the smallest zone is 32k

=== a zone twice, and a name of another zone
--- http_config
metric_zone m:64k count;
backpressure_zone z:64k { signal s path=/a; }
backpressure_zone z:64k { signal s path=/a; }
backpressure_zone m:64k { signal s path=/a; }
--- error
pingauge: [emerg] "backpressure_zone" "z" is already declared in http_config:3
   3 | backpressure_zone z:64k { signal s path=/a; }
     |                   ^^^^^
pingauge: [emerg] zone "m" is already declared for a different use in http_config:4
   4 | backpressure_zone m:64k { signal s path=/a; }
     |                   ^^^^^
     help: it is a zone of metrics, and cannot be one of backpressure too

=== an unknown zone
--- http_config
backpressure_zone api:64k { signal s path=/a; }
--- config
location /a { backpressure apy; }
location /b { backpressure else; }
--- error
pingauge: [emerg] unknown backpressure zone "apy" in config:1
   1 | location /a { backpressure apy; }
     |                            ^^^
     help: did you mean "api"?
pingauge: [emerg] unknown backpressure zone "else" in config:2
   2 | location /b { backpressure else; }
     |                            ^^^^
     help: declare it with backpressure_zone else:64k { ... }

=== a zone twice in a block, and off beside one
--- http_config
backpressure_zone api:64k { signal s path=/a; }
--- config
location /a { backpressure api; backpressure api; }
location /b { backpressure api; backpressure off; }
location /c { backpressure off; backpressure api; }
--- error
pingauge: [emerg] "backpressure" directive is duplicate in config:1
   1 | location /a { backpressure api; backpressure api; }
     |                                 ^^^^^^^^^^^^
     help: each zone is named once
pingauge: [emerg] "backpressure off" stands beside a zone in config:2
   2 | location /b { backpressure api; backpressure off; }
     |                                 ^^^^^^^^^^^^
     help: a block either has zones or "off"
     also: line 3

=== the status, the level and the dry run
--- config
location /a { backpressure_status 399; }
location /b { backpressure_status 600; }
location /c { backpressure_log_level loud; }
location /d { backpressure_dry_run maybe; }
--- error
pingauge: [emerg] value must be between 400 and 599 in config:1
   1 | location /a { backpressure_status 399; }
     |                                   ^^^
     also: line 2
pingauge: [emerg] invalid value "loud" in "backpressure_log_level" directive, it must be "info" or "notice" or "warn" or "error" in config:3
   3 | location /c { backpressure_log_level loud; }
     |                                      ^^^^
pingauge: [emerg] invalid value "maybe" in "backpressure_dry_run" directive, it must be "on" or "off" in config:4
   4 | location /d { backpressure_dry_run maybe; }
     |                                    ^^^^^

=== times of jitter
--- config
location /a { jitter soon; }
location /b { jitter 1s off; }
location /c { jitter 1s $arg_a 1x; }
location /d { jitter_max long; }
--- error
pingauge: [emerg] invalid "jitter" value "soon" in config:1
   1 | location /a { jitter soon; }
     |                      ^^^^
     help: expected a time such as 500ms or 2s, or text with variables
pingauge: [emerg] invalid "jitter" value "off" in config:2
   2 | location /b { jitter 1s off; }
     |                         ^^^
     help: expected a time such as 500ms or 2s, or text with variables
pingauge: [emerg] invalid "jitter" value "1x" in config:3
   3 | location /c { jitter 1s $arg_a 1x; }
     |                                ^^
     help: expected a time such as 500ms or 2s, or text with variables
pingauge: [emerg] "jitter_max" directive invalid value "long" in config:4
   4 | location /d { jitter_max long; }
     |                          ^^^^
     help: expected a time such as 500ms, 30 or 1m30s

=== what a file needs
--- http_config
backpressure_zone a:64k sync=1s { signal s path=/a; }
backpressure_zone b:64k:file=b sync=always { signal s path=/a; }
backpressure_zone c:64k:file= { signal s path=/a; }
backpressure_zone d:64k:file=b { signal s path=/a; }
backpressure_zone e:64k:file=b { signal s path=/a; }
--- error
pingauge: [emerg] "sync" requires a file in http_config:1
   1 | backpressure_zone a:64k sync=1s { signal s path=/a; }
     |                              ^^
     help: write NAME:SIZE:file=PATH
pingauge: [emerg] invalid "sync" value "always" in http_config:2
   2 | backpressure_zone b:64k:file=b sync=always { signal s path=/a; }
     |                                     ^^^^^^
     help: expected a time of at least 100ms, or exit
pingauge: [emerg] zone "c" has an empty file name in http_config:3
   3 | backpressure_zone c:64k:file= { signal s path=/a; }
     |                   ^^^^^^^^^^^
pingauge: [emerg] file "b" is used by two zones in http_config:5
   5 | backpressure_zone e:64k:file=b { signal s path=/a; }
     |                              ^
     help: zone "d" is kept in it or in a file beside it

=== everything that is right
--- http_config
backpressure_zone a:64k { signal s path=/a; }
backpressure_zone b:64k min=1 max=5 increase=2 decrease=30% decrease_on=interval utilization=50% interval=2s stale=1m hold key=$remote_addr$uri { signal s path=/a; }
backpressure_zone c:64k stale=1m close decrease_on=completion { signal s path=/a; }
backpressure_zone d:64k:file=$DIR/d stale=1m min=2 sync=exit { signal s path=/a; }
--- config
backpressure a;
backpressure_status 599;
backpressure_log_level info;
jitter 0 $arg_a "9s 30ms" 500ms;
jitter_max 10s;
jitter_bypass $arg_b c;
backpressure_bypass $arg_b 0;
location / { backpressure b; backpressure c; }
location /on { backpressure d; jitter off; }
location /off { backpressure off; }
--- ok

=== values that are stale before the next
--- http_config
backpressure_zone a:64k interval=10s stale=11s { signal s path=/a; }
backpressure_zone b:64k interval=10m { signal s path=/a; }
backpressure_zone c:64k stale=20s { signal s path=/a; signal t path=/a interval=30s; }
backpressure_zone d:64k stale=10s { monitor http://a; signal s query=up; signal t path=/a; }
backpressure_zone e:64k { signal t path=/a interval=1h; }
backpressure_zone f:64k interval=10s stale=11001ms { signal s path=/a; signal t path=/a interval=10s; }
--- error
pingauge: [emerg] signal "s" is stale before it is evaluated again in http_config:1
   1 | backpressure_zone a:64k interval=10s stale=11s { signal s path=/a; }
     |                                            ^^^
     help: up to 11000ms pass between two of its values: write a longer "stale" or a shorter "interval"
     also: line 2, line 4
pingauge: [emerg] signal "t" is stale before it is evaluated again in http_config:3
   3 | backpressure_zone c:64k stale=20s { signal s path=/a; signal t path=/a interval=30s; }
     |                               ^^^
     help: up to 25100ms pass between two of its values: write a longer "stale" or a shorter "interval"
     also: line 5

=== variables of what passes by, where nothing is in force
--- http_config
jitter_bypass $nope;
--- config
backpressure_bypass $nope;
location /a { jitter_bypass $nothing; backpressure_bypass "x$none"; }
--- error
pingauge: [emerg] unknown "nope" variable in config:1
   1 | backpressure_bypass $nope;
     |                     ^^^^^
pingauge: [emerg] unknown "nothing" variable in config:2
   2 | location /a { jitter_bypass $nothing; backpressure_bypass "x$none"; }
     |                             ^^^^^^^^
pingauge: [emerg] unknown "none" variable in config:2
   2 | location /a { jitter_bypass $nothing; backpressure_bypass "x$none"; }
     |                                                             ^^^^^

=== words that are nearly right
--- http_config
backpressure_zone a:64k mix=1 { signal s path=/a; }
backpressure_zone b:64k decrease-on=completion { signal s path=/a; }
backpressure_zone c:64k key { signal s path=/a; }
--- error
pingauge: [emerg] invalid parameter "mix=1" in http_config:1
   1 | backpressure_zone a:64k mix=1 { signal s path=/a; }
     |                         ^^^^^
     help: did you mean "min="?
pingauge: [emerg] invalid parameter "decrease-on=completion" in http_config:2
   2 | backpressure_zone b:64k decrease-on=completion { signal s path=/a; }
     |                         ^^^^^^^^^^^^^^^^^^^^^^
     help: did you mean "decrease_on="?
pingauge: [emerg] invalid parameter "key" in http_config:3
   3 | backpressure_zone c:64k key { signal s path=/a; }
     |                         ^^^
     help: write key=VALUE

=== parameters twice
--- http_config
backpressure_zone a:64k interval=1s interval=2s { signal s path=/a; }
backpressure_zone b:64k stale=5m stale=6m open { signal s path=/a; }
backpressure_zone c:64k { monitor http://a timeout=1s timeout=2s; signal s query=up; }
--- error
pingauge: [emerg] duplicate parameter "interval=2s" in http_config:1
   1 | backpressure_zone a:64k interval=1s interval=2s { signal s path=/a; }
     |                                     ^^^^^^^^^^^
     help: "interval" is given once
pingauge: [emerg] duplicate parameter "stale=6m" in http_config:2
   2 | backpressure_zone b:64k stale=5m stale=6m open { signal s path=/a; }
     |                                  ^^^^^^^^
     help: "stale" is given once
pingauge: [emerg] duplicate parameter "timeout=2s" in http_config:3
   3 | backpressure_zone c:64k { monitor http://a timeout=1s timeout=2s; signal s query=up; }
     |                                                       ^^^^^^^^^^
     help: "timeout" is given once
