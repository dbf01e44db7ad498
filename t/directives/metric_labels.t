# labels=: keys of several parts, which nest in the tree and are labels of their own for scrapers.

=== an update gives a part for each label, and JSON nests by them
--- http_config
metric_zone z:64k labels=method,host,status count;
--- config
location /z { metric z $request_method $arg_h $status; return 204; }
--- requests
GET /z?h=a.example 204 x2
GET /z?h=b.example 204
POST /z?h=a.example 204
--- json /status/http/metric_zones/z
{"discarded": 0, "metrics": {"GET": {"a.example": {"204": 2}, "b.example": {"204": 1}}, "POST": {"a.example": {"204": 1}}}}
--- json /status/http/metric_zones/z/metrics/GET
{"a.example": {"204": 2}, "b.example": {"204": 1}}
--- json /status/http/metric_zones/z/metrics/GET/a.example/
{"204": 2}
--- json /status/http/metric_zones/z/metrics/GET/a.example/204
2
--- json /status/http/metric_zones/z/metrics/PUT 404
{"error": "PathNotFound", "description": "Requested API entity \"/status/http/metric_zones/z/metrics/PUT\" doesn't exist."}
--- json /status/http/metric_zones/z/metrics/GET/c.example 404
{"error": "PathNotFound", "description": "Requested API entity \"/status/http/metric_zones/z/metrics/GET/c.example\" doesn't exist."}
--- json /status/http/metric_zones/z/metrics/GET/a.example/404 404
{"error": "PathNotFound", "description": "Requested API entity \"/status/http/metric_zones/z/metrics/GET/a.example/404\" doesn't exist."}

=== the value is behind the last = of the last word, and the others have theirs
--- http_config
metric_zone z:64k labels=a,b gauge;
--- config
location /z { metric z x=1 y=2=$arg_v on=request; return 204; }
--- requests
GET /z?v=5 204
--- json /status/http/metric_zones/z/metrics
{"x=1": {"y=2": 5}}

=== on= is a stage and not a part
--- http_config
metric_zone z:64k labels=a,b count;
--- config
location /z { metric z x y on=request; return 204; }
--- requests
GET /z 204
--- json /status/http/metric_zones/z/metrics
{"x": {"y": 1}}

=== parts may be empty, and a key is skipped only if all are
--- http_config
metric_zone z:64k labels=a,b,c count;
prometheus_template t { metric_zone z; }
--- config
location /z { metric z $arg_a $arg_b $arg_c on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /z 204
GET /z?a=1 204
GET /z?b=1 204
GET /z?c=1 204
--- json /status/http/metric_zones/z/metrics
{"": {"": {"1": 1}, "1": {"": 1}}, "1": {"": {"": 1}}}
--- json /status/http/metric_zones/z/metrics/%22%22
{"": {"1": 1}, "1": {"": 1}}
--- json /status/http/metric_zones/z/metrics/%22%22/1/%22%22
1
--- requests
GET /p ~ z_total\{a="1",b="",c=""\} 1

=== labels print in their order
--- http_config
metric_complex_zone z:64k labels=zeta,alpha { n count; last last; h histogram 1 inf; }
prometheus_template t { metric_zone z; }
--- config
location /z { metric z $arg_a $arg_b=$arg_v on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /z?a=GET&b=x&v=2 204
--- prometheus /p
# Angie Prometheus template "t"
# TYPE z_n_total counter
z_n_total{zeta="GET",alpha="x"} 1
# TYPE z_last gauge
z_last{zeta="GET",alpha="x"} 2
# TYPE z_h histogram
z_h_bucket{zeta="GET",alpha="x",le="1"} 0
z_h_bucket{zeta="GET",alpha="x",le="+Inf"} 1
z_h_sum{zeta="GET",alpha="x"} 2
z_h_count{zeta="GET",alpha="x"} 1

=== a part holds any byte, and a slash is %2F in a path
--- http_config
metric_zone z:64k labels=path,b count;
prometheus_template t { metric_zone z; }
--- config
location /z { metric z $http_x_p $arg_b on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /z?b=1 204
    X-P: /a/b "q" \ €
--- json /status/http/metric_zones/z/metrics/%2Fa%2Fb%20%22q%22%20%5C%20%E2%82%AC/1
1
--- json /status/http/metric_zones/z/metrics/%2Fa%2Fb%20%22q%22%20%5C%20%E2%82%AC/
{"1": 1}
--- prometheus /p
# Angie Prometheus template "t"
# TYPE z_total counter
z_total{path="/a/b \"q\" \\ €",b="1"} 1

=== a part that is too long is cut, and the others are whole
--- http_config
metric_zone z:64k labels=method,path,status count;
--- config
location /z { metric z $request_method $http_x_p $status; return 204; }
--- requests
GET /z 204
    X-P: <<p*300>>
GET /z 204
    X-P: <<p*299>>
--- json /status/http/metric_zones/z/metrics
{"GET": {"<<p*245>>...": {"204": 2}}}
--- json /status/http/metric_zones/z/metrics/GET/<<p*245>>.../204
2
--- json /status/http/metric_zones/z/metrics/GET/<<p*245>>...
{"204": 2}

=== another number of words is an error
--- http_config
metric_zone z:64k labels=a,b count;
metric_zone one:64k count;
--- config
location /few { metric z x=1; return 204; }
location /many { metric z x y w=1 on=end; return 204; }
location /one { metric one x y; return 204; }
location /none { metric z "" "=5"; return 204; }
--- error
pingauge: [emerg] 1 parts for the 2 labels of zone "z" in config:1
   1 | location /few { metric z x=1; return 204; }
     |                          ^
     help: one word each for a, b
pingauge: [emerg] 3 parts for the 2 labels of zone "z" in config:2
   2 | location /many { metric z x y w=1 on=end; return 204; }
     |                               ^
     help: one word each for a, b
pingauge: [emerg] invalid parameter "y" in config:3
   3 | location /one { metric one x y; return 204; }
     |                              ^
     help: expected on=request, response or end
pingauge: [emerg] empty metric key for zone "z" in config:4
   4 | location /none { metric z "" "=5"; return 204; }
     |                           ^^

=== names of labels are checked
--- http_config
metric_zone z:64k labels=a,2b count;
--- error
pingauge: [emerg] "2b" is no name of a label in http_config:1
   1 | metric_zone z:64k labels=a,2b count;
     |                            ^^
     help: letters, digits and "_", no digit first

=== a label is named once
--- http_config
metric_zone z:64k labels=a,b,a count;
--- error
pingauge: [emerg] the label "a" is given twice in http_config:1
   1 | metric_zone z:64k labels=a,b,a count;
     |                              ^
     help: each label has a name of its own

=== le is of histograms
--- http_config
metric_zone z:64k labels=a,le count;
--- error
pingauge: [emerg] the label "le" belongs to the buckets of histograms in http_config:1
   1 | metric_zone z:64k labels=a,le count;
     |                            ^^
     help: give the label another name

=== two underscores are reserved
--- http_config
metric_zone z:64k labels=__name__ count;
--- error
pingauge: [emerg] "__name__" begins as Prometheus's own labels do in http_config:1
   1 | metric_zone z:64k labels=__name__ count;
     |                          ^^^^^^^^
     help: names that begin with "__" are reserved

=== aggregate= leaves labels out and adds up as each mode folds
--- http_config
metric_complex_zone z:64k labels=method,host,status { n count; hi max; lo min; sum gauge; h histogram 1 inf; }
prometheus_template t { metric_zone z aggregate=host,status; }
prometheus_template all { metric_zone z as=all aggregate=method,host,status; }
--- config
location /z { metric z $request_method $arg_h $arg_s=$arg_v on=request; return 204; }
location /p { prometheus t; }
location /all { prometheus all; }
--- requests
GET /z?h=a&s=200&v=1 204
GET /z?h=b&s=200&v=2 204
GET /z?h=b&s=404&v=4 204
POST /z?h=b&s=404&v=8 204
--- prometheus /p
# Angie Prometheus template "t"
# TYPE z_n_total counter
z_n_total{method="GET"} 3
z_n_total{method="POST"} 1
# TYPE z_hi gauge
z_hi{method="GET"} 4
z_hi{method="POST"} 8
# TYPE z_lo gauge
z_lo{method="GET"} 1
z_lo{method="POST"} 8
# TYPE z_sum gauge
z_sum{method="GET"} 7
z_sum{method="POST"} 8
# TYPE z_h histogram
z_h_bucket{method="GET",le="1"} 1
z_h_bucket{method="GET",le="+Inf"} 3
z_h_sum{method="GET"} 7
z_h_count{method="GET"} 3
z_h_bucket{method="POST",le="1"} 0
z_h_bucket{method="POST",le="+Inf"} 1
z_h_sum{method="POST"} 8
z_h_count{method="POST"} 1
--- requests
GET /all ~ (?s)\nall_n_total 4\n.*\nall_sum 15\n.*\nall_h_bucket\{le="1"\} 1\n.*\nall_h_sum 15\n

=== what a line of a template cannot say of such a zone
--- http_config
metric_zone z:64k labels=a,b count;
metric_zone one:64k count;
prometheus_template t {
    metric_zone z label=x;
    metric_zone z labels=~(?<x>.*);
    metric_zone z keys=families;
    metric_zone z aggregate=a,c;
    metric_zone one aggregate=a;
    metric_zone * aggregate=a;
}
--- error
pingauge: [emerg] zone "z" has labels of its own in http_config:4
   4 |     metric_zone z label=x;
     |                         ^
     help: leave this out; aggregate=LABEL leaves labels out
     also: line 5, line 6
pingauge: [emerg] zone "z" has no label "c" in http_config:7
   7 |     metric_zone z aggregate=a,c;
     |                               ^
     help: it has a, b
pingauge: [emerg] zone "one" has no labels to leave out in http_config:8
   8 |     metric_zone one aggregate=a;
     |                               ^
     help: a zone has labels by labels=NAME,NAME

=== patterns of paths go on to work
--- http_config
metric_zone z:64k labels=method,status count;
prometheus_template t {
    'requests{m="$1",s="$2"}' $p8s_value path=~^/http/metric_zones/z/metrics/([^/]+)/([^/]+)$;
    'statuses{m="$1"}' $p8s_value path=~^/http/metric_zones/z/metrics/([^/]+)/$;
    methods $p8s_value path=/http/metric_zones/z/metrics/;
    gets $p8s_value path=/http/metric_zones/z/metrics/GET/204;
}
--- config
location /z { metric z $request_method $status$arg_s; return 204; }
location /p { prometheus t; }
--- requests
GET /z 204 x2
GET /z?s=x 204
POST /z 204
--- prometheus /p
# Angie Prometheus template "t"
requests{m="GET",s="204x"} 1
requests{m="GET",s="204"} 2
requests{m="POST",s="204"} 1
statuses{m="GET"} 2
statuses{m="POST"} 1
methods 2

=== the discard key is the word in every part
--- http_config
metric_zone z:64k labels=a,b discard_key=other max_values=a:2 count;
metric_zone small:32k labels=a,b expire=on discard_key=other count;
--- config
location /z { metric z $arg_a $arg_b on=request; return 204; }
location /s { metric small <<x*90>>$arg_a $arg_b on=request; return 204; }
--- requests
GET /z?a=1&b=x 204
GET /z?a=2&b=x 204
GET /z?a=3&b=x 204
GET /z?a=3&b=y 204
GET /z?a=4&b=y 204
GET /z?a=2&b=y 204
GET /z?b=y 204
GET /z?a=5&b=other 204
GET /z?a=other&b=other 204
--- json /status/http/metric_zones/z
{"discarded": 0, "metrics": {"": {"y": 1}, "1": {"x": 1}, "2": {"x": 1, "y": 1}, "other": {"other": 1, "x": 1, "y": 2}}}
--- json /status/angie/self/zones/z/labels
{"a": {"values": 3, "most": 2}, "b": {"values": 3}}

=== one bounded label alone
--- http_config
metric_zone z:64k labels=host discard_key=other max_values=host:2 gauge;
--- config
location /z { metric z $arg_h=1 on=request; return 204; }
location /g { metric z $arg_h=1 on=request; metric z $arg_h=-1 on=end; return 204; }
--- requests
GET /z?h=a 204 x2
GET /z?h=b 204
GET /z?h=c 204
GET /z?h=d 204
GET /g?h=a 204
GET /g?h=e 204
--- json /status/http/metric_zones/z
{"discarded": 0, "metrics": {"a": 2, "b": 1, "other": 2}}
--- json_like /status/angie/self/zones/z
{"discarded": 0, "failures": 0, "labels": {"host": {"values": 3, "most": 2}}}

=== what was given to another key is taken back there, whatever has become of the register
--- http_config
metric_zone z:64k labels=host,x discard_key=other max_values=host:2 gauge;
metric_zone one:64k labels=host discard_key=other max_values=host:1 gauge;
--- config
location /z { metric z $arg_h k=1 on=request; return 204; }
location /g {
    metric z $arg_h k=1 on=request;
    metric z $arg_h k=-1 on=end;
    metric one $arg_h=2 on=request;
    metric one $arg_h=-2 on=end;
    return 200 "";
}
location /push/ { metric_push z; }
--- requests
GET /z?h=a 204
GET /g?h=b 200
GET /g?h=c 200 x2
GET /g?h=d 200
--- json /status/http/metric_zones/z
{"discarded": 0, "metrics": {"a": {"k": 1}, "b": {"k": 0}, "other": {"k": 0}}, "push": "<any>"}
--- json /status/http/metric_zones/one
{"discarded": 0, "metrics": {"b": 0, "other": 0}}

=== bounds hold over workers and a reload
--- main_config
worker_processes 2;
--- http_config
metric_zone z:256k labels=h,s discard_key=other max_values=h:5 count;
--- config
location /z { metric z $arg_h $status; return 204; }
--- requests
GET /z?h=a 204
GET /z?h=b 204
GET /z?h=c 204
--- reload
--- requests
GET /z?h=d 204
GET /z?h=e 204
GET /z?h=f 204
GET /z?h=a 204
--- json /status/http/metric_zones/z/metrics
{"a": {"204": 2}, "b": {"204": 1}, "c": {"204": 1}, "d": {"204": 1}, "e": {"204": 1}, "other": {"204": 1}}
--- http_config
metric_zone z:256k labels=host,status,more discard_key=other max_values=host:6 count;
--- config
location /z { metric z $arg_h $status x; return 204; }
--- reload
--- requests
GET /z?h=g 204
GET /z?h=i 204
--- json /status/http/metric_zones/z/metrics
{"a": {"204": {"": 2}}, "b": {"204": {"": 1}}, "c": {"204": {"": 1}}, "d": {"204": {"": 1}}, "e": {"204": {"": 1}}, "g": {"204": {"x": 1}}, "other": {"204": {"": 1, "x": 1}}}

=== a register begins anew with its zone
--- http_config
metric_zone z:64k labels=host,method discard_key=other max_values=host:1 count;
--- config
location /z { metric z $arg_h $request_method; return 204; }
--- requests
GET /z?h=a 204
--- http_config
metric_zone z:64k labels=method,host discard_key=other max_values=method:1 count;
--- config
location /z { metric z $request_method $arg_h; return 204; }
--- reload
--- requests
GET /z?h=a 204
POST /z?h=a 204
--- json /status/http/metric_zones/z/metrics
{"GET": {"a": 1}, "other": {"a": 1}}

=== what is wrong with a bound
--- http_config
metric_zone a:64k labels=host,path discard_key=o max_values=hots:5 count;
metric_zone b:64k labels=host,path max_values=host:5 count;
metric_zone c:64k labels=host discard_key=o max_values=host:0 count;
metric_zone d:64k labels=host discard_key=o max_values=host count;
metric_zone e:64k labels=host discard_key=o max_values=host:5 max_values=host:6 count;
metric_zone f:64k discard_key=o max_values=host:5 count;
--- error
pingauge: [emerg] the zone has no label "hots" in http_config:1
   1 | metric_zone a:64k labels=host,path discard_key=o max_values=hots:5 count;
     |                                                             ^^^^
     help: did you mean "host"?
pingauge: [emerg] "max_values" requires a discard key in http_config:2
   2 | metric_zone b:64k labels=host,path max_values=host:5 count;
     |                                               ^^^^
     help: discard_key=KEY is what further values are counted as
pingauge: [emerg] invalid "max_values" value "host:0" in http_config:3
   3 | metric_zone c:64k labels=host discard_key=o max_values=host:0 count;
     |                                                        ^^^^^^
     help: a label and a number from 1 to 100000, as in host:1000
pingauge: [emerg] invalid "max_values" value "host" in http_config:4
   4 | metric_zone d:64k labels=host discard_key=o max_values=host count;
     |                                                        ^^^^
     help: a label and a number from 1 to 100000, as in host:1000
pingauge: [emerg] "max_values" of label "host" is given twice in http_config:5
   5 | metric_zone e:64k labels=host discard_key=o max_values=host:5 max_values=host:6 count;
     |                                                                          ^^^^
pingauge: [emerg] the zone has no label "host" in http_config:6
   6 | metric_zone f:64k discard_key=o max_values=host:5 count;
     |                                            ^^^^
     help: labels are named by labels=NAME,NAME

=== variables have the parts joined by blanks
--- http_config
metric_zone z:64k labels=a,b,c gauge;
--- config
location /set { set $metric_z "x $arg_b y=3"; set $metric_z_value 4; return 200 "$metric_z|$metric_z_key|$metric_z_value"; }
location /json { set $metric_z '"a b" "" "q\\\\"=5'; set $k $metric_z_key; set $metric_z_key "x 1 y"; return 200 "$k|$metric_z_key|$metric_z_value"; }
location /wrong { set $metric_z "x y=3"; return 200 "[$metric_z_key]"; }
location /computed { metric_readback computed; set $metric_z_key "x 1 y"; return 200 "$metric_z"; }
--- requests
GET /set?b=1 200 = x 1 y=4|x 1 y|7
GET /json 200 = "a b" "" q\\|x 1 y|7
GET /wrong 200 = []
GET /computed 200 = x 1 y=7
--- json /status/http/metric_zones/z/metrics
{"a b": {"": {"q\\": 5}}, "x": {"1": {"y": 7}}}
--- log
metric zone "z": "x y" has not 3 parts

=== arguments of a query are labels of what is pushed
--- http_config
metric_zone z:64k labels=job,instance gauge;
--- config
location /push/ { metric_push z create=on; }
--- requests
PUT /push/?job=backup&instance=a%20b 201
    | 5
PUT /push/inc?job=backup&instance=a+b 204
POST /push/?instance=only 201
    | when it was done
GET /push/?job=backup&instance=a%20b 200 = 6
GET /push/backup%20%22a%20b%22 200 = 6
PUT /push/?job=backup&host=x 400
    | 5
PUT /push/name?job=backup 400
    | 5
PUT /push/ 400
    | 5
PATCH /push/?job=nightly 204
    | {"": 1}
PATCH /push/ 204
    | {"{job=\"b\",instance=\"c\"}": 1, "d e": {"add": 2}}
DELETE /push/?instance=only 204
--- json /status/http/metric_zones/z/metrics
{"b": {"c": 1}, "backup": {"a b": 6}, "d": {"e": 2}, "nightly": {"": 1}}

=== tables have a row for each key, with its parts in one text
--- http_config
metric_zone z:64k labels=method,host,status count;
--- config
location /z { metric z $request_method $arg_h $status; return 204; }
location /cut/ { api /status/http/metric_zones/z/metrics/; }
location = /rows { api /status/http/metric_zones/z/; }
--- requests
GET /z?h=a 204 x3
GET /z?h=b%20c 204
POST /z?h=a 204 x2
GET /cut/?top=2&by=value&pretty=off 200 ~ "total":3,"matched":3,.*"rows":\[\{"key":"GET a 204","value":3\},\{"key":"POST a 204","value":2\}\]
GET /cut/?top=5&prefix=GET%20b&pretty=off 200 ~ "total":3,"matched":1,.*"rows":\[\{"key":"GET b%20c 204","value":1\}\]
GET /cut/?top=1&contains=POST&key=GET%20a%20204&pretty=off 200 ~ "matched":1,.*"rows":\[\{"key":"POST a 204","value":2\}\],"chosen":\[\{"key":"GET a 204","value":3\}\]
GET /rows?rows=1&pretty=off 200 ~ "metrics":\{"total":3,

=== the rows below a label are rows of the table with a prefix
--- http_config
metric_zone z:64k labels=method,host count;
--- config
location /z { metric z $request_method $arg_h on=request; return 204; }
--- requests
GET /z?h=a 204 x3
GET /z?h=b 204
POST /z?h=a 204 x2
--- json /status/http/metric_zones/z/metrics?top=1&by=value&order=desc&prefix=GET%20
{"total": 3, "matched": 2, "offset": 0, "columns": [{"name": "value", "mode": "count"}], "rows": [{"key": "GET a", "value": 3}]}
--- json /status/http/metric_zones/z/metrics/GET?top=1 400
{"error": "InvalidArgument", "description": "\"top\" is for tables, such as the keys of a zone."}

=== a label behind the others keeps what was counted, and so does another name
--- http_config
metric_zone z:64k labels=method,host count;
--- config
location /z { metric z $request_method $arg_h; return 204; }
--- requests
GET /z?h=a 204
--- http_config
metric_zone z:64k labels=m,host,status count;
--- config
location /z { metric z $request_method $arg_h $status; return 204; }
--- reload
--- requests
GET /z?h=a 204
--- json /status/http/metric_zones/z/metrics
{"GET": {"a": {"": 1, "204": 1}}}

=== labels in another order start anew and say why
--- http_config
metric_zone z:64k labels=method,host count;
metric_zone one:64k count;
--- config
location /z { metric z $request_method $arg_h; metric one k; return 204; }
--- requests
GET /z?h=a 204
--- http_config
metric_zone z:64k labels=host,method count;
metric_zone one:64k labels=k count;
--- config
location /z { metric z $arg_h $request_method; metric one k; return 204; }
--- reload
--- json /status/http/metric_zones/z/metrics
{}
--- json /status/http/metric_zones/one/metrics
{}
--- log
\[info\].*metric zone "z": it changed and starts empty: its labels were method,host and are now host,method
\[info\].*metric zone "one": it changed and starts empty: its labels were none and are now k
--- requests
GET /z?h=a 204
--- json /status/http/metric_zones/z/metrics
{"a": {"GET": 1}}

=== parts that are no UTF-8 are shown with replacements, and those shown alike as one
--- http_config
metric_zone z:64k labels=a,b count;
prometheus_template t { metric_zone z; }
--- config
location ~ "(?s)^/z/(.*)$" { metric z $1 k on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /z/q%FF 204
GET /z/q%FE 204
--- json /status/http/metric_zones/z/metrics
{"q�": {"k": 2}}
--- json /status/http/metric_zones/z/metrics/q%FF/k
1
--- json /status/http/metric_zones/z/metrics/q%FE
{"k": 1}
--- prometheus /p
# Angie Prometheus template "t"
# TYPE z_total counter
z_total{a="q�",b="k"} 2

=== a zone in a file keeps its labels, and what has others is kept aside
--- http_config
metric_zone z:64k:file=$DIR/z labels=method,host count;
--- config
location /z { metric z $request_method $arg_h; return 204; }
--- requests
GET /z?h=a 204
--- http_config
metric_zone z:128k:file=$DIR/z labels=method,site,status count;
--- config
location /z { metric z $request_method $arg_h $status; return 204; }
--- reload
--- requests
GET /z?h=a 204
--- json /status/http/metric_zones/z/metrics
{"GET": {"a": {"": 1, "204": 1}}}
--- http_config
metric_zone z:64k:file=$DIR/z labels=status,method count;
--- config
location /z { metric z $status $request_method; return 204; }
--- reload
--- requests
GET /z?h=a 204
--- json /status/http/metric_zones/z/metrics
{"204": {"GET": 1}}
--- log
metric zone "z": what it held is kept beside its file as "\.old"

=== a page of all zones gives each its own labels
--- http_config
metric_zone z:64k labels=method,host count;
metric_zone one:64k count;
prometheus_template t { metric_zone * label=what aggregate=host; }
prometheus_template f { metric_zone * keys=families prefix=f_; }
--- config
location /z { metric z $request_method $arg_h; metric one k; return 204; }
location /p { prometheus t; }
location /f { prometheus f; }
--- requests
GET /z?h=a 204
GET /z?h=b 204
GET /p ~ (?s)\nz_total\{method="GET"\} 2\n.*\none_total\{what="k"\} 2\n
GET /f ~ (?s)\nf_z_total\{method="GET",host="a"\} 1\n.*\nf_k 2\n

=== an empty part is two quotes in the paths that patterns see, too
--- http_config
metric_zone z:64k labels=a,b count;
prometheus_template t {
    'keys{p="$1",q="$2"}' $p8s_value path=~^/http/metric_zones/z/metrics/([^/]+)/([^/]+)$;
    'members{p="$1"}' $p8s_value path=~^/http/metric_zones/z/metrics/([^/]+)/$;
}
prometheus_template rest { 'keys{p="$1"}' $p8s_value path=~^/http/metric_zones/z/metrics/(.+)$; }
--- config
location /z { metric z $arg_a $arg_b on=request; return 204; }
location /p { prometheus t; }
location /rest { prometheus rest; }
--- requests
GET /z?b=b 204 x3
GET /z?a=GET 204 x2
GET /z?a=GET&b=b 204
--- prometheus /p
# Angie Prometheus template "t"
keys{p="GET",q="b"} 1
keys{p="GET",q="\"\""} 2
keys{p="\"\"",q="b"} 3
members{p="GET"} 2
members{p="\"\""} 1
--- prometheus /rest
# Angie Prometheus template "rest"
keys{p="GET/b"} 1
keys{p="GET/\"\""} 2
keys{p="GET/"} 2
keys{p="\"\"/b"} 3
keys{p="\"\"/"} 1

=== parts with slashes that come to one path are one series
--- http_config
metric_zone z:64k labels=a,b count;
prometheus_template t { 'keys{p="$1"}' $p8s_value path=~^/http/metric_zones/z/metrics/(.+)$; }
--- config
location ~ "^/z/([^|]*)\|(.*)$" { metric z $1 $2 on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /z/a/b%7Cc 204
GET /z/a%7Cb/c 204
--- prometheus /p
# Angie Prometheus template "t"
keys{p="a/b/c"} 1
keys{p="a/b/"} 1
keys{p="a/"} 1
--- log
template "t": 1 series came twice

=== a part of two quotes does not hide the empty one
--- http_config
metric_zone z:64k labels=a,b count;
--- config
location ~ "^/z/([^|]*)\|(.*)$" { metric z $1 $2 on=request; return 204; }
--- requests
GET /z/%7Cb 204 x3
GET /z/%22%22%7Cc 204
--- json /status/http/metric_zones/z/metrics
{"": {"b": 3}, "\"\"": {"c": 1}}
--- json /status/http/metric_zones/z/metrics/%22%22/b
3

=== the variable of a key that was cut is set to the same key
--- http_config
metric_zone z:64k labels=a,b gauge;
--- config
location /z { metric z <<y*300>> w=1 on=request; set $metric_z '<<y*300>> w=5'; set $metric_z "$metric_z_key=100"; return 200 "$metric_z_value"; }
location /k { set $metric_z '<<y*300>> w=0'; set $k $metric_z_key; set $metric_z_key $k; return 200 "$metric_z_value|$metric_z_key"; }
--- requests
GET /z 200 = 105
GET /k 200 ~ ^106\|y+\.\.\. w$
--- json_like /status/angie/self/zones/z
{"keys": 1}

=== a push of a value beyond a bound is told so, and takes no place
--- http_config
metric_zone z:64k labels=method,host max_values=host:2 discard_key=other gauge;
--- config
location /push/ { metric_push z create=on; }
location /z { metric z GET $arg_h=1 on=request; return 204; }
--- requests
PATCH /push/ 507 ~ The label \\"host\\" has 2 different values, as many as \\"max_values\\" of the zone allows\.
    | {"GET x0": 1, "GET x1": 1, "GET x2": 1}
GET /z?h=a 204
GET /z?h=b 204
PUT /push/?method=GET&host=c 507 ~ ZoneExhausted
    | 5
GET /z?h=c 204
--- json /status/http/metric_zones/z/metrics
{"GET": {"a": 1, "b": 1, "other": 1}}

=== what is given twice, and a discard key that is too long
--- http_config
metric_zone y:64k labels=a labels=b count;
metric_zone x:64k labels=a,b,c discard_key=<<x*90>> count;
metric_zone z:64k labels=a,b count;
prometheus_template t {
    metric_zone z aggregate=a aggregate=b;
    metric_zone z aggregate=a,a;
    metric_zone z max_keys=1 max_keys=2;
}
--- error
pingauge: [emerg] "labels" is given twice in http_config:1
   1 | metric_zone y:64k labels=a labels=b count;
     |                            ^^^^^^^^
     help: one list with commas: labels=NAME,NAME
pingauge: [emerg] the discard key is too long for 3 labels in http_config:2
   2 | metric_zone x:64k labels=a,b,c discard_key=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
     | ^^^^^^^^^^^
     help: it stands in every part: 84 bytes at most
pingauge: [emerg] "aggregate=" is given twice in http_config:5
   5 |     metric_zone z aggregate=a aggregate=b;
     |                               ^^^^^^^^^^^
     help: leave out one of them
pingauge: [emerg] the label "a" is given twice in http_config:6
   6 |     metric_zone z aggregate=a,a;
     |                               ^
     help: name each label once
pingauge: [emerg] "max_keys=" is given twice in http_config:7
   7 |     metric_zone z max_keys=1 max_keys=2;
     |                              ^^^^^^^^^^
     help: leave out one of them

=== labels that no zone has
--- http_config
metric_zone z:64k labels=host,path count;
metric_zone one:64k count;
prometheus_template t { metric_zone * aggregate=path,hots; }
--- warn
pingauge: [warn] no zone has a label "hots" to leave out in http_config:3
   3 | prometheus_template t { metric_zone * aggregate=path,hots; }
     |                                                      ^^^^
     help: did you mean "host"?

=== max_keys= counts the series that are left with aggregate=
--- http_config
metric_zone z:64k labels=a,b count;
prometheus_template t { metric_zone z aggregate=a as=q max_keys=3; }
prometheus_template few { metric_zone z aggregate=a as=q max_keys=2; }
prometheus_template all { metric_zone z as=q max_keys=3; }
--- config
location /z { metric z $arg_a $arg_b on=request; return 204; }
location /p { prometheus t; }
location /few { prometheus few; }
location /all { prometheus all; }
--- requests
GET /z?a=1&b=x 204
GET /z?a=2&b=x 204
GET /z?a=1&b=y 204
GET /z?a=2&b=y 204
GET /z?a=1&b=z 204
--- prometheus /p
# Angie Prometheus template "t"
# TYPE q_total counter
q_total{b="x"} 2
q_total{b="y"} 2
q_total{b="z"} 1
--- prometheus /few
# Angie Prometheus template "few"
# skipped 5
--- prometheus /all
# Angie Prometheus template "all"
# skipped 5
