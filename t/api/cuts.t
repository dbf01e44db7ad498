# Parts of tables: sorted, cut, searched and paged by the server, and everything without rows.

=== the first rows by a metric
--- http_config
metric_complex_zone z:64k { n count; sum gauge; h histogram 1 10 100; }
--- config
location /z { metric z $arg_k=$arg_v on=request; return 204; }
--- requests
GET /z?k=a&v=5 204
GET /z?k=b&v=0.5 204 x3
GET /z?k=c&v=50 204 x2
--- json /status/http/metric_zones/z/metrics?top=2&by=n
{
  "total": 3, "matched": 3, "offset": 0,
  "columns": [
    {"name": "n", "mode": "count"}, {"name": "sum", "mode": "gauge"}, {"name": "h", "mode": "histogram 1 10 100"}
  ],
  "rows": [
    {"key": "b", "value": {"n": 3, "sum": 1.5, "h": {"1": 3, "10": 3, "100": 3}}},
    {"key": "c", "value": {"n": 2, "sum": 100, "h": {"1": 0, "10": 0, "100": 2}}}
  ]
}
--- requests
GET /status/http/metric_zones/z/metrics/?pretty=off&top=1&by=sum ~ "rows":\[\{"key":"c",
GET /status/http/metric_zones/z/metrics/?pretty=off&top=1&by=sum&order=asc ~ "rows":\[\{"key":"b",
GET /status/http/metric_zones/z/metrics/?pretty=off&top=1&by=h ~ "rows":\[\{"key":"b",
GET /status/http/metric_zones/z/metrics/?pretty=off&top=1&by=h/10&order=asc ~ "rows":\[\{"key":"c",
GET /status/http/metric_zones/z/metrics/?pretty=off&top=1&by=h/p99 ~ "rows":\[\{"key":"c",
GET /status/http/metric_zones/z/metrics/?pretty=off&top=1&by=h%2Fp99&offset=1 ~ "offset":1,.*"rows":\[\{"key":"a",
GET /status/http/metric_zones/z/metrics/?pretty=off&top=1&order=desc ~ "rows":\[\{"key":"c",
GET /status/http/metric_zones/z/metrics/?pretty=off&top=1&offset=3 ~ "total":3,"matched":3,"offset":3,.*"rows":\[\]\}$

=== a simple zone has one column
--- http_config
metric_zone z:64k last;
metric_zone h:64k histogram 1 +Inf;
--- config
location /z { metric z $arg_k=$arg_v on=request; metric h $arg_k=$arg_v on=request; return 204; }
--- requests
GET /z?k=a&v=-5 204
GET /z?k=b&v=7 204
--- json /status/http/metric_zones/z/metrics?top=1000&by=value
{
  "total": 2, "matched": 2, "offset": 0, "columns": [{"name": "value", "mode": "last"}],
  "rows": [{"key": "b", "value": 7}, {"key": "a", "value": -5}]
}
--- json /status/http/metric_zones/h/metrics?top=1&by=value/1
{
  "total": 2, "matched": 2, "offset": 0, "columns": [{"name": "value", "mode": "histogram 1 +Inf"}],
  "rows": [{"key": "a", "value": {"1": 1, "+Inf": 1}}]
}

=== searching, and rows that are named
--- http_config
metric_zone z:64k count;
--- config
location /z { metric z $arg_k on=request; return 204; }
location /slash { metric z /a/b on=request; return 204; }
--- requests
GET /z?k=Alpha 204
GET /z?k=beta 204 x2
GET /z?k=alphabet 204 x3
GET /slash 204
GET /status/http/metric_zones/z/metrics?pretty=off&top=9&prefix=al ~ "matched":1,.*"rows":\[\{"key":"alphabet","value":3\}\]\}$
GET /status/http/metric_zones/z/metrics?pretty=off&top=9&contains=%41LPHA ~ "matched":2,.*"rows":\[\{"key":"Alpha","value":1\},\{"key":"alphabet","value":3\}\]\}$
GET /status/http/metric_zones/z/metrics?pretty=off&top=9&contains=bet&prefix=b ~ "matched":1,.*"rows":\[\{"key":"beta","value":2\}\]\}$
GET /status/http/metric_zones/z/metrics?pretty=off&top=1&prefix=Al&key=beta&key=none&key=%2Fa/b ~ "matched":1,.*"chosen":\[\{"key":"beta","value":2\},\{"key":"/a/b","value":1\}\]\}$
GET /status/http/metric_zones/z/metrics?pretty=off&top=1&prefix=&contains= ~ "matched":4,

=== what cannot be answered is told
--- http_config
metric_complex_zone z:64k { n count; h histogram 1 +Inf; }
metric_zone s:64k count;
--- config
location /z { metric z k=1 on=request; return 204; }
--- requests
GET /z 204
GET /status/http/metric_zones/z/metrics/?top=0 400
--- json
{
  "error": "InvalidArgument",
  "description": "The part of the table cannot be shown: \"top\" is a number from 1 to 1000 here, not \"0\"."
}
--- requests
GET /status/http/metric_zones/z/metrics/?top= 400 ~ not .*"
GET /status/http/metric_zones/z/metrics/?top=1001 400 ~ from 1 to 1000 here
GET /status/http/metric_zones/z/metrics/?top=-1 400
GET /status/http/metric_zones/z/metrics/?top=18446744073709551617 400
GET /status/http/metric_zones/z/metrics/?top=%31%ff 400 ~ \x{fffd}
GET /status/http/metric_zones/z/metrics/?top=10&offset=9991 400 ~ from 0 to 9990 here
GET /status/http/metric_zones/z/metrics/?top=10&offset=x 400
GET /status/http/metric_zones/z/metrics/?top=10&order=up 400 ~ asc.* or .*desc
GET /status/http/metric_zones/z/metrics/?top=10&by=x 400 ~ rows cannot be sorted by ."x." here, but by: n, h
GET /status/http/metric_zones/z/metrics/?top=10&by=n/p99 400
GET /status/http/metric_zones/z/metrics/?top=10&by=h/2 400
GET /status/http/metric_zones/z/metrics/?top=10&by=value 400
GET /status/http/metric_zones/s/metrics/?top=10&by=n 400 ~ but by: value
GET /status/http/metric_zones/s/metrics/?top=1<<&key=k*17>> 400 ~ more than 16 times
GET /status/http/metric_zones/s/metrics/?top=1&by=<<x*5000>> 400
GET /status/http/metric_zones/z/metrics/?by=n 400 ~ ."by." needs ."top."
GET /status/http/metric_zones/?top=1 400 ~ is for tables
GET /status/http/metric_zones/z/metrics/k?top=1 400 ~ is for tables
GET /status/http/metric_zones/z/discarded?top=1 400 ~ is for tables
GET /status/http/metric_zones/none/metrics/?top=1 404 ~ PathNotFound
POST /status/http/metric_zones/s/metrics/?top=1 405

=== keys that are shown alike are one row, as in the whole listing
--- http_config
metric_zone z:64k count;
--- config
location ~ ^/k/(?<name>[^/]*)$ { metric z $name on=request; return 204; }
--- requests
GET /k/%ff 204 x2
GET /k/%fe 204
GET /k/%3Cb%3E%22%01%0A 204
--- json /status/http/metric_zones/z/metrics?top=9&by=value
{
  "total": 2, "matched": 2, "offset": 0, "columns": [{"name": "value", "mode": "count"}],
  "rows": [{"key": "\ufffd", "value": 3}, {"key": "<b>\"\u0001\n", "value": 1}]
}
--- requests
GET /status/http/metric_zones/z/metrics?pretty=off&top=1&prefix=x&key=%EF%BF%BD ~ "chosen":\[\{"key":"\x{fffd}","value":3\}\]

=== a metric that was added to a key comes last
--- http_config
metric_complex_zone z:64k { n count; }
--- config
location /z { metric z $arg_k on=request; return 204; }
--- requests
GET /z?k=old 204
--- http_config
metric_complex_zone z:64k { n count; m last; }
--- reload
--- requests
GET /z?k=new 204
GET /status/http/metric_zones/z/metrics?pretty=off&top=9&by=m ~ "rows":\[\{"key":"new",.*\{"key":"old",
GET /status/http/metric_zones/z/metrics?pretty=off&top=9&by=m&order=asc ~ "rows":\[\{"key":"new",.*\{"key":"old",

=== many keys, by a thread that walks
--- http_config
metric_zone z:1m last;
--- config
location = /set { metric z key-4711=99999 on=request; return 204; }
location /n { metric z $arg_k=$arg_k on=request; return 204; }
--- requests
GET /n?k=<<#4>> 204 x5000
GET /set 204
GET /status/http/metric_zones/z/metrics?pretty=off&top=2&by=value ~ "total":5001,"matched":5001,"offset":0,.*"rows":\[\{"key":"key-4711","value":99999\},\{"key":"4999","value":4999\}\]\}$
GET /status/http/metric_zones/z/metrics?pretty=off&top=1000&offset=4999 ~ "rows":\[\{"key":"4999","value":4999\},\{"key":"key-4711","value":99999\}\]\}$
GET /status/http/metric_zones/z/metrics?pretty=off&top=1&prefix=12&by=value&order=asc ~ "matched":100,.*"rows":\[\{"key":"1200","value":1200\}\]\}$
HEAD /status/http/metric_zones/z/metrics?pretty=off&top=2&by=value 200

=== sessions and windows are tables, too
--- http_config
session_zone s:256k timeout=60s;
metric_zone number:64k last;
backpressure_zone b:64k key=$arg_k { signal n path=/http/metric_zones/number/metrics/v warn=1 emergency=2; }
--- config
location /s { session s $arg_k location=$uri activate=1; backpressure b; try_files /hello =404; }
--- file html/hello
hello
--- requests
GET /s/one?k=a 200 x3
GET /s/two?k=b 200
GET /status/http/session_zones/s/active?pretty=off&top=1&by=requests ~ "total":2,.*"rows":\[\{"key":"a","value":\{.*"requests":3,
GET /status/http/session_zones/s/active?pretty=off&top=1&by=tx/bytes&order=asc ~ "rows":\[\{"key":"b",
GET /status/http/session_zones/s/active?pretty=off&top=1&by=created&order=asc ~ "rows":\[\{"key":"a",
GET /status/http/session_zones/s/active?top=1&by=location 400 ~ but by: created, requests, rx/bytes
GET /status/http/backpressure_zones/b/keys?pretty=off&top=5 ~ "columns":\[\{"name":"window","mode":"last"\}
GET /status/http/session_zones/s?top=1 400

=== everything but rows
--- http_config
metric_zone z:64k count;
metric_complex_zone c:64k { n count; h histogram 1 +Inf; }
session_zone s:256k timeout=60s;
--- config
status_zone site;
location = /files { api_config_files on; api /status/angie; }
location /z { metric z $arg_k on=request; metric c $arg_k=1 on=request; session s $arg_k activate=1; try_files /hello =404; }
--- file html/hello
hello
--- requests
GET /z?k=a 200
GET /z?k=b 200
--- json /status/http/metric_zones?rows=off
{
  "z": {"discarded": 0, "metrics": {"total": 2, "columns": [{"name": "value", "mode": "count"}]}},
  "c": {
    "discarded": 0,
    "metrics": {"total": 2, "columns": [{"name": "n", "mode": "count"}, {"name": "h", "mode": "histogram 1 +Inf"}]}
  }
}
--- json /status/http/metric_zones/z/metrics/a?rows=off
1
--- json /status/http/session_zones/s/active?rows=off
{"total": 2, "columns": "<any>"}
--- json /status/http/session_zones/s/summary?rows=off
{"sessions": 0, "rx_bytes": 0, "tx_bytes": 0}
--- json_like /status/?rows=off
{"http": {"server_zones": {"site": {"requests": {"total": "<number>"}}}, "session_zones": {"s": {"sessions": {"active": 2}}}}}
--- json_like /status/http/metric_zones/z?rows=on
{"metrics": {"a": 1, "b": 1}}
--- requests
GET /files?rows=off&pretty=off ~ "config_files":\{"total":[0-9],"columns":\[\{"name":"value","mode":"text"\}\]\}
GET /files?rows=3&pretty=off ~ "config_files":\{"total":[0-9],"columns":
GET /status/?rows=0 400 ~ "error": "InvalidArgument",
GET /status/?rows=11 400
GET /status/?rows= 400
GET /status/?rows=x 400

=== the first rows of each table beside the rest
--- http_config
metric_zone z:64k count;
metric_complex_zone c:64k { m max; n count; }
metric_zone long:32m count;
--- config
location /z { metric z $arg_k on=request; metric c $arg_k=$arg_v on=request; return 204; }
location /long { metric long $request_id on=request; return 204; }
--- requests
GET /z?k=a&v=1 204 x3
GET /z?k=b&v=5 204 x2
GET /z?k=c&v=2 204
--- json /status/http/metric_zones?rows=2
{
  "z": {
    "discarded": 0,
    "metrics": {
      "total": 3, "matched": 3, "offset": 0, "columns": [{"name": "value", "mode": "count"}],
      "rows": [{"key": "a", "value": 3}, {"key": "b", "value": 2}]
    }
  },
  "c": {
    "discarded": 0,
    "metrics": {
      "total": 3, "matched": 3, "offset": 0, "columns": [{"name": "m", "mode": "max"}, {"name": "n", "mode": "count"}],
      "rows": [{"key": "b", "value": {"m": 5, "n": 2}}, {"key": "c", "value": {"m": 2, "n": 1}}]
    }
  },
  "long": {
    "discarded": 0,
    "metrics": {"total": 0, "matched": 0, "offset": 0, "columns": [{"name": "value", "mode": "count"}], "rows": []}
  }
}
--- requests
GET /long 204 x4000
GET /status/http/metric_zones?pretty=off&rows=1 ~ "long":\{"discarded":0,"metrics":\{"total":4000,.*"rows":\[\{"key":"[0-9a-f]{32}","value":1\}\]\}\}
GET /status/http/none?rows=1 404
