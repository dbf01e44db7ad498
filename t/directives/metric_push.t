# metric_push: what clients may ask of a zone, what they hear, and what they cannot spoil.

=== a gauge from its making to its end
--- http_config
metric_zone apps:64k gauge;
--- config
location /push/ { metric_push apps; }
--- requests
POST /push/kills 201 =
    | spiders stopped
POST /push/kills 200 =
    | something else
POST /push/bare 201
GET /push/kills 200 = 0
PUT /push/kills 204
    | 1523
GET /push/kills = 1523
--- response_headers
Content-Type: text/plain
Cache-Control: no-cache
--- requests
HEAD /push/kills 200
PUT /push/kills/inc 204
PUT /push/kills/dec 204
PUT /push/kills/dec 204
PUT /push/kills/add 204
    | 0.5
PUT /push/kills/sub 204
    | -7
GET /push/kills = 1529.5
GET /push/ 200
--- json
{"kills": 1529.5, "bare": 0}
--- json /status/http/metric_zones/apps
{"discarded": 0, "metrics": {"kills": 1529.5, "bare": 0}, "help": {"kills": "spiders stopped"}, "push": {"updates": 9, "replayed": 0, "rejected": 0}}
--- json /status/http/metric_zones/apps/help/kills
"spiders stopped"
--- json /status/http/metric_zones/apps/help/bare 404
{"error": "PathNotFound", "description": "<string>"}
--- requests
DELETE /push/kills 204
DELETE /push/kills 404
GET /push/kills 404
--- json
{"error": "MetricNotFound", "description": "Requested metric \"kills\" doesn't exist."}
--- requests
POST /push/kills 201
    | another text
GET /push/kills = 0
--- json /status/http/metric_zones/apps/help
{"kills": "another text"}

=== help replaces none, but no other
--- http_config
metric_zone z:64k gauge;
--- config
location / { metric_push z; }
--- requests
POST /k 201
--- json /status/http/metric_zones/z
{"discarded": 0, "metrics": {"k": 0}, "push": {"updates": 1, "replayed": 0, "rejected": 0}}
--- requests
POST /k 200
    | first
POST /k 200
    | second
--- json /status/http/metric_zones/z/help
{"k": "first"}

=== what is not there stays so
--- http_config
metric_zone z:64k gauge;
--- config
location /push/ { metric_push z create=off; }
--- requests
GET /push/k 404
HEAD /push/k 404
PUT /push/k 404
    | 1
PUT /push/k/inc 404
PUT /push/k/dec 404
PUT /push/k/add 404
    | 1
PUT /push/k/sub 404
    | 1
DELETE /push/k 404
PATCH /push/ 404
    | {"k": 1}
--- json
{"error": "MetricNotFound", "description": "Requested metric \"k\" doesn't exist."}
--- json /status/http/metric_zones/z
{"discarded": 0, "metrics": {}, "push": {"updates": 0, "replayed": 0, "rejected": 9}}

=== made by writing
--- http_config
metric_zone z:64k gauge;
--- config
location /push/ { metric_push z create=on; }
--- requests
PUT /push/k 201
    | 5
PUT /push/k 204
    | 6
PUT /push/i/inc 204
PUT /push/d/dec 204
PUT /push/a/add 204
    | 2
PUT /push/s/sub 204
    | 2
PATCH /push/ 204
    | {"p": {"value": 3, "help": "three"}, "k": {"inc": true}}
DELETE /push/gone 404
GET /push/?pretty=off ~ ^{"k":7,"i":1,"d":-1,"a":2,"s":-2,"p":3}$
--- json /status/http/metric_zones/z/help
{"p": "three"}

=== names are bent as the original bends them
--- http_config
metric_zone z:64k gauge;
--- config
location / { metric_push z; }
location /status/ { api /status/; }
--- requests
POST /My-Metric%20X! 201
GET /my_metric_x = 0
GET /MY-metric_X = 0
POST /_%c5%bcab 201
PUT /_ab 204
    | 1
POST /10.0.0.1/Bytes-In 201
PUT /10.0.0.1/Bytes-In/inc 204
GET /10.0.0.1/Bytes-In = 1
POST /inc 201
PUT /inc/inc 204
GET /inc = 1
POST /9lives 400
--- json
{"error": "BadKey", "description": "The key \"9lives\" begins with a digit."}
--- requests
PUT /!9lives/inc 400
GET /9 400
DELETE /9 400
POST / 400
PUT / 400
    | 5
DELETE / 400
--- json
{"error": "BadKey", "description": "The key is empty."}
--- requests
GET /!!! 400
POST /%ff 400
POST /<<k*255>> 201
GET /<<k*255>> = 0
POST /<<k*256>> 400
POST /<<k/*128>> 400
--- json
{"error": "BadKey", "description": "The key is longer than 255 bytes."}
--- json_like /status/http/metric_zones/z/metrics
{"my_metric_x": 0, "_ab": 1, "10.0.0.1/Bytes-In": 1, "inc": 1}

=== arguments are labels
--- http_config
metric_zone z:64k gauge;
--- config
location /push/ { metric_push z create=on; }
--- requests
PUT /push/jobs_total/add?job=backup 204
    | 2
PUT /push/jobs-total/add?job=backup 204
    | 3
GET /push/jobs_total?job=backup = 5
GET /push/jobs_total 404
POST /push/k?b=%22%5C%0A&a=x+y%2B 201
    | with labels
POST /push/k?a=x%20y%2b&b=%22%5c%0a 200
PUT /push/k?none= 201
    | 1
GET /push/k = 1
DELETE /push/k? 204
PUT /push/p/q/inc?a=1 204
--- json /status/http/metric_zones/z
{"discarded": 0, "metrics": {"jobs_total{job=\"backup\"}": 5, "k{a=\"x y+\",b=\"\\\"\\\\\\n\"}": 0, "p/q{a=\"1\"}": 1}, "help": {"k{a=\"x y+\",b=\"\\\"\\\\\\n\"}": "with labels"}, "push": {"updates": 7, "replayed": 0, "rejected": 1}}
--- requests
PUT /push/k/inc?a 400
PUT /push/k/inc?=1 400
PUT /push/k/inc?9=1 400
PUT /push/k/inc?a-b=1 400
PUT /push/k/inc?__name__=x 400
PUT /push/k/inc?a=%ff 400
PUT /push/k/inc?a=1&a=1 400
PUT /push/k/inc?a=1&%61=2 400
PUT /push/k/inc?a=<<x*300>> 400
PUT /push/p{a=%221%22}/q/inc?a=1 400
GET /push/k?a=1&a=1 400
--- json
{"error": "BadKey", "description": "The label \"a\" is given twice."}
--- json_like /status/http/metric_zones/z/push
{"updates": 7, "rejected": 12}

=== numbers
--- http_config
metric_zone z:64k gauge;
--- config
location /push/ { metric_push z create=on; }
--- requests
PUT /push/a 201
    | 1e+06
GET /push/a = 1000000
PUT /push/a 204
    | 12.000000
GET /push/a = 12
PUT /push/a 204
    |  	-.5 
    | 
GET /push/a = -0.5
PUT /push/a 204
    | 1.7976931348623157e+308
PUT /push/a/add 204
    | 1.7976931348623157e+308
GET /push/a = 1.7976931348623157e+308
PUT /push/a 400
    | 1e400
PUT /push/a 400
PUT /push/a 400
    | NaN
PUT /push/a 400
    | +Inf
PUT /push/a 400
    | 0x10
PUT /push/a 400
    | 5 apples
PUT /push/a 400
    | 1,5
PUT /push/a 400
    | <<1*1201>>
PUT /push/a/add 400
PUT /push/a/sub 400
    | -
--- json
{"error": "BadValue", "description": "The body is not a finite decimal number."}
--- raw_request
PUT /push/a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n5\xff5
--- raw_response_like
(?s)^HTTP/1.1 400 .*"BadValue"
--- requests
GET /push/a = 1.7976931348623157e+308
--- json_like /status/http/metric_zones/z/push
{"rejected": 11}

=== what goes without a body may have one
--- http_config
metric_zone z:64k gauge;
--- config
location /push/ { metric_push z create=on; }
--- requests
PUT /push/a/inc 204
    | whatever
DELETE /push/a 204
    | whatever
GET /push/a 404
    | whatever
GET /push/ = {}\r\n
    | whatever

=== help is a short text
--- http_config
metric_zone z:64k gauge;
prometheus_template page { metric_zone z keys=families; }
--- config
location /push/ { metric_push z; }
location = /page { prometheus page; }
--- requests
POST /push/two 201
    | two
    | lines
--- prometheus /page
# Angie Prometheus template "page"
# HELP two two\nlines
# TYPE two gauge
two 0
--- requests
DELETE /push/two 204
POST /push/k 400
    | ab
POST /push/k 400
    | <<h*256>>
--- json
{"error": "BadBody", "description": "The body is not a text of at most 255 bytes in UTF-8, without control characters."}
--- raw_request
POST /push/k HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n\xff
--- raw_response_like
(?s)^HTTP/1.1 400 .*"BadBody"
--- requests
GET /push/k 404
POST /push/k 201
    | <<h*255>>
POST /push/q 201
    | "größer" \ <b>
--- json /status/http/metric_zones/z/help
{"k": "<<h*255>>", "q": "\"größer\" \\ <b>"}

=== methods
--- http_config
metric_zone z:64k gauge;
--- config
location /push/ { metric_push z create=on; }
--- requests
PATCH /push/k 405
    | {}
--- response_headers
Allow: GET, HEAD, POST, PUT, DELETE
--- json
{"error": "MethodNotAllowed", "description": "<string>"}
--- requests
OPTIONS /push/k 405
OPTIONS /push/ 405
--- response_headers
Allow: GET, HEAD, PATCH
--- requests
GET /push/k/inc 405
POST /push/k/add 405
    | 5
DELETE /push/k/sub 405
--- response_headers
Allow: PUT
--- json_like /status/http/metric_zones/z
{"metrics": {}, "push": {"updates": 0, "replayed": 0, "rejected": 6}}

=== what each mode can do
--- http_config
metric_zone count:64k count;
metric_zone last:64k last;
metric_zone min:64k min;
metric_zone max:64k max;
metric_zone mean:64k average mean;
metric_zone exp:64k average exp factor=50;
metric_zone hist:64k histogram 1 5 inf;
metric_complex_zone complex:64k { n count; top max; h histogram 1 inf; }
--- config
location /count/ { metric_push count create=on; }
location /last/ { metric_push last create=on; }
location /min/ { metric_push min create=on; }
location /max/ { metric_push max create=on; }
location /mean/ { metric_push mean create=on; }
location /exp/ { metric_push exp create=on; }
location /hist/ { metric_push hist create=on; }
location /complex/ { metric_push complex create=on; }
--- requests
POST /count/k 201
GET /count/k = 0
PUT /count/k/inc 204
PUT /count/k 204
    | 5
GET /count/k = 2
PUT /count/k/dec 405
PUT /count/k/add 405
    | 1
PUT /count/k/sub 405
    | 1
--- json
{"error": "MethodNotAllowed", "description": "The mode of metric \"k\" does not know this operation."}
--- response_headers
Allow: GET, HEAD, POST, PUT, DELETE
--- requests
PUT /last/k 201
    | 5
PUT /last/k/inc 204
PUT /last/k/dec 204
PUT /last/k/add 204
    | 2
PUT /last/k/sub 204
    | 4
GET /last/k = 3
PUT /min/k 201
    | 5
PUT /min/k 204
    | 3
PUT /min/k 204
    | 4
GET /min/k = 3
POST /min/unset 201
GET /min/unset =
PUT /min/k/inc 405
PUT /max/k 201
    | 5
PUT /max/k 204
    | 4
GET /max/k = 5
PUT /max/k/add 405
    | 1
PUT /mean/k 201
    | 5
PUT /mean/k 204
    | 6
GET /mean/k = 5.5
PUT /mean/k/dec 405
PUT /exp/k 201
    | 8
PUT /exp/k 204
    | 4
GET /exp/k = 6
PUT /exp/k/sub 405
    | 1
PUT /hist/k 201
    | 5
PUT /hist/k 204
    | 0
PUT /hist/k/inc 405
PUT /hist/k?le=5 400
    | 5
PATCH /hist/?le=5 400
    | {"k": 5}
PATCH /hist/ 400
    | {"k{le=\"5\"}": 5}
GET /hist/k 200
--- json
{"1": 1, "5": 2, "inf": 2}
--- response_headers
Content-Type: application/json
--- requests
PUT /complex/k 201
    | 3
PUT /complex/k/inc 405
PUT /complex/k?le=1 400
    | 3
GET /complex/k 200
--- json
{"n": 1, "top": 3, "h": {"1": 0, "inf": 1}}
--- requests
PATCH /count/ 400
    | {"k": {"inc": true}, "n": {"add": 1}}
--- json
{"error": "BadBody", "description": "The body is not an object of changes: the mode of \"n\" does not know the operation."}
--- requests
GET /count/k = 2

=== many changes, or none
--- http_config
metric_zone z:64k gauge;
--- config
location /push/ { metric_push z; }
--- requests
POST /push/k 201
POST /push/j 201
POST /push/h?job=a 201
PATCH /push/ 204 =
    | {"K": 5, "j": {"add": 2.5}, "h{job=\"a\"}": {"value": 1, "help": "what"}}
PATCH /push/ 204
    | {"k": {"sub": 1}, "j": {"dec": true}, "h{ job = \"a\" }": {"inc": true}}
GET /push/ 200
--- json
{"k": 4, "j": 1.5, "h{job=\"a\"}": 2}
--- requests
PATCH /push/?job=a 204
    | {"h": 7}
PATCH /push/ 204
    | {}
PATCH /push/ 404
    | {"k": 9, "missing": 1, "j": 9}
--- json
{"error": "MetricNotFound", "description": "Requested metric \"missing\" doesn't exist."}
--- requests
PATCH /push/ 400
    | {"k": 9, "K!": 9}
--- json
{"error": "BadBody", "description": "The body is not an object of changes: the key \"k\" is there twice."}
--- requests
PATCH /push/?job=a 400
    | {"k{job=\"b\"}": 9}
PATCH /push/ 400
    | {"k": 9, "9": 9}
PATCH /push/ 400
    | {"k": 9, "j{": 9}
--- json
{"error": "BadKey", "description": "The key \"j{\" is not a name with labels."}
--- requests
PATCH /push/ 400
    | {"k": 9, "j": "9"}
PATCH /push/ 400
    | {"k": 9, "j": {"add": 1, "sub": 1}}
PATCH /push/ 400
    | {"k": 9, "j": {"set": 1}}
PATCH /push/ 400
    | {"k": 9, "j": {"value": 1, "help": "a\u0001b"}}
PATCH /push/ 400
    | {"k": 9, "j": null}
PATCH /push/ 400
    | {"k": 1e400}
PATCH /push/ 400
    | [{"k": 9}]
PATCH /push/ 400
    | {"k": 9
PATCH /push/ 400
    | {"k": <<[*9000>>
PATCH /push/ 400
    | {"k": <<{"value":*9000>>
PATCH /push/ 400
--- json
{
  "description": "The body is not an object of changes: EOF while parsing a value at line 1 column 0.",
  "error": "BadBody"
}
--- requests
PATCH /push/ 400
    | {"<<k*9000>>": 1}
PATCH /push/ 400
    | {"k": {"<<k*9000>>": 1}}
GET /push/ 200
--- json
{"k": 4, "j": 1.5, "h{job=\"a\"}": 7}
--- json_like /status/http/metric_zones/z/push
{"updates": 10, "rejected": 18}

=== a change is made once under its name
--- http_config
metric_zone z:64k gauge;
metric_zone forgetful:64k gauge;
--- config
location /push/ { metric_push z create=on; }
location /forgetful/ { metric_push forgetful create=on idempotency=off; }
--- requests
PUT /push/k 201
    X-Idempotency-Key: 8a2fe1c8-6e6b-4f0c-9d2f-1a2b3c4d5e6f
    | 5
--- response_headers
!Idempotency-Replayed
--- requests
PUT /push/k 201
    Idempotency-Key: 8a2fe1c8-6e6b-4f0c-9d2f-1a2b3c4d5e6f
    | 5
--- response_headers
Idempotency-Replayed: true
--- requests
PUT /push/k/inc 204 x3
    Idempotency-Key: a
PUT /push/k/add 204
    Idempotency-Key: a
    | 1
PUT /push/k/inc 204
    Idempotency-Key: b
PUT /push/k/inc 204
GET /push/k = 9
POST /push/p 201 x2
    Idempotency-Key: a
POST /push/p 200
    Idempotency-Key: b
PATCH /push/ 204 x2
    Idempotency-Key: a
    | {"k": {"add": 10}, "p": {"inc": true}}
GET /push/k = 19
DELETE /push/p 204 x2
    Idempotency-Key: a
DELETE /push/p 404
--- json_like /status/http/metric_zones/z/push
{"updates": 10, "replayed": 6, "rejected": 1}
--- requests
PUT /push/new/add 400
    Idempotency-Key: c
    | many
PUT /push/new/add 204
    Idempotency-Key: c
    | 1
PUT /push/new/add 204
    Idempotency-Key: c
    | 1
GET /push/new = 1
PUT /push/k/inc 400
    Idempotency-Key: two words
PUT /push/k/inc 400
    Idempotency-Key: <<k*65>>
PUT /push/k/inc 400
    Idempotency-Key:
PUT /push/k/inc 400
    Idempotency-Key: a
    X-Idempotency-Key: b
--- json
{"error": "BadIdempotencyKey", "description": "An idempotency key is 1 to 64 visible ASCII characters, given once."}
--- requests
PUT /push/n/inc 204
    Idempotency-Key: <<k*64>>
    X-Idempotency-Key: <<k*64>>
PUT /forgetful/k/inc 204 x3
    Idempotency-Key: two words
GET /forgetful/k = 3

=== names of changes are each client's own
--- file keys
ann:open sesame
bob:k
--- http_config
metric_zone z:64k gauge;
auth_api_key_file keys;
--- config
location /push/ { metric_push z create=on; auth_api_key pushing; }
--- requests
PUT /push/k/inc 401
    Idempotency-Key: a
PUT /push/k/inc 401
    Authorization: token closed sesame
PUT /push/k/inc 204 x2
    Authorization: token open sesame
    Idempotency-Key: a
PUT /push/k/inc 204 x2
    X-API-Key: k
    Idempotency-Key: a
GET /push/k = 2
    Authorization: Bearer k
--- json /status/http/metric_zones/z/push
{"updates": 2, "replayed": 2, "rejected": 0}

=== a change is on disk before it is answered
--- http_config
metric_zone z:64k:file=$DIR/z.state sync=always gauge;
--- config
location /push/ { metric_push z create=on; }
--- requests
PUT /push/k/inc 204 x3
PATCH /push/ 204
    | {"k": {"add": 4}}
PUT /push/n 201 x2
    Idempotency-Key: a
    | 1
GET /push/k = 7
--- json_like /status/http/metric_zones/z
{"metrics": {"k": 7, "n": 1}, "push": {"updates": 5, "replayed": 1}, "state": {"records": 2, "synced": "<date>", "errors": 0}}

=== a name is forgotten in time
--- http_config
metric_zone z:64k gauge;
--- config
location /push/ { metric_push z create=on idempotency=300ms; }
--- requests
PUT /push/k/inc 204 x2
    Idempotency-Key: a
GET /push/k = 1
--- wait 0.5
--- requests
PUT /push/k/inc 204
    Idempotency-Key: a
GET /push/k = 2

=== no room
--- http_config
metric_zone z:32k expire=off gauge;
metric_zone d:64k expire=on discard_key=rest gauge;
--- config
location /push/ { metric_push z create=on; }
location /d/ { metric_push d create=on; }
--- requests
PUT /push/key<<#4>>/inc any x1200
PUT /push/last/inc 507
--- json
{"error": "ZoneExhausted", "description": "There is no room in the zone."}
--- requests
POST /push/last 507
PUT /push/key0001/inc 204
PATCH /push/ 507
    | {"key0001": 7, "last": 1}
GET /push/key0001 = 2
GET /push/last 404
DELETE /push/key0001 204
PUT /push/last/inc 204
--- json_like /status/http/metric_zones/z
{"discarded": "<number>", "metrics": {"last": 1}}
--- requests
POST /d/rest 400
PATCH /d/ 400
    | {"k": 1, "rest": 1}
--- json
{"error": "BadKey", "description": "The key \"rest\" is reserved."}

=== the key is given
--- http_config
metric_zone z:64k gauge;
--- config
location ~ ^/m/([^/]*)(/[a-z]*)?$ { metric_push z key=$1 create=on; }
location ~ ^/whole/(.*)$ { metric_push z key=$1; }
location = /jobs/add { metric_push z key=jobs_$arg_kind create=on; }
location = /all { metric_push z; }
location @named { metric_push z key=named; }
location /to-named { error_page 405 @named; try_files /none @named; }
--- requests
PUT /m/A-b 201
    | 5
PUT /m/a_b/inc 204
GET /m/a_b = 6
PUT /whole/a_b/dec 204
GET /whole/a_b = 5
GET /m/ 200
--- json
{"a_b": 5}
--- requests
PUT /m//inc any
PUT /m/9/inc 400
PUT /jobs/add?kind=x 400
    | y
PUT /jobs/add?kind=x 204
    | 2
GET /all 200
--- json
{
  "a_b": 5,
  "inc": 1,
  "jobs_x{kind=\"x\"}": 2
}
--- requests
PATCH /all 204
    | {"a_b": {"inc": true}}
GET /whole/a_b = 6
GET /to-named 404
--- json
{"error": "MetricNotFound", "description": "Requested metric \"named\" doesn't exist."}

=== the location's slash
--- http_config
metric_zone z:64k gauge;
--- config
location /push/ { metric_push z; }
--- requests
GET /push 301
--- response_headers
Location: ~/push/$

=== the location's other directives hold
--- http_config
metric_zone z:64k gauge;
metric_zone traffic:64k count;
metric_zone status:64k count;
--- config
location /push/ {
    metric_push z create=on;
    metric traffic $request_method on=request;
    metric traffic asked-$uri on=response;
    metric status $status;
    add_header X-Zone z;
    limit_except GET { deny 127.0.0.2; allow all; }
}
location /closed/ {
    metric_push z create=on;
    limit_except GET { deny all; }
}
location /denied/ { metric_push z; deny all; }
--- requests
PUT /push/k 201
    | 1
--- response_headers
X-Zone: z
--- requests
PUT /push/k 400
    | x
GET /push/k = 1
PUT /closed/k 403
    | 2
GET /closed/k = 1
GET /denied/k 403
--- json /status/http/metric_zones/traffic/metrics
{"PUT": 2, "asked-/push/k": 3, "GET": 1}
--- json /status/http/metric_zones/status/metrics
{"201": 1, "400": 1, "200": 1}
--- json_like /status/http/metric_zones/z/push
{"updates": 1, "replayed": 0, "rejected": 1}

=== requests and clients may feed one key
--- http_config
metric_zone z:64k gauge;
--- config
location /push/ { metric_push z create=on; }
location /count { metric z k=2; return 204; }
location /read { set $metric_z_key k; return 200 $metric_z_value; }
--- requests
GET /count 204
PUT /push/k/inc 204
GET /count 204
GET /push/k = 5
GET /read = 5

=== bodies that are too long
--- http_config
metric_zone z:64k gauge;
error_page 413 /large.html;
--- config
client_max_body_size 2m;
location /push/ { metric_push z create=on; }
location /small/ { metric_push z create=on; client_max_body_size 10; error_page 404 /none; }
location /told/ { metric_push z create=on; client_max_body_size 10; }
location = /large.html { return 200 "a page"; }
--- requests
PUT /told/k 413 = a page
    | 12345678901
PUT /small/k 413
    | 12345678901
--- response_headers
Connection: close
--- json
{"error": "BodyTooLarge", "description": "The body is too long."}
--- requests
PUT /small/k 201
    | 1234567890
--- raw_request
PUT /small/k HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n123456\r\n6\r\n789012\r\n0\r\n\r\n
--- raw_response_like
(?s)^HTTP/1.1 413 .*"BodyTooLarge"
--- raw_request
PUT /push/k HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\nExpect: 100-continue\r\n\r\n
--- raw_response_like
(?s)^HTTP/1.1 413 .*a page
--- requests
GET /push/k = 1234567890
--- json_like /status/http/metric_zones/z/push
{"updates": 1, "rejected": 2}

=== a body in chunks, or after a while
--- http_config
metric_zone z:64k gauge;
--- config
location /push/ { metric_push z create=on; }
--- raw_request
PUT /push/k HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n1\r\n2\r\n23\r\n0\r\n\r\nGET /push/k HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
(?s)^HTTP/1.1 201 .*HTTP/1.1 200 .*\r\n\r\n123$
--- raw_request
PUT /push/k HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n7GET /push/k HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
(?s)^HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 .*HTTP/1.1 200 .*\r\n\r\n7$
--- raw_request
POST /push/9 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n
--- raw_response_like
(?s)^HTTP/1.1 400 .*"BadKey"
--- raw_request
PUT /push/k/inc HTTP/1.0\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\nPUT /push/k HTTP/1.0\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n41GET /push/k HTTP/1.0\r\n\r\n
--- raw_response_like
(?s)^HTTP/1.1 204 .*HTTP/1.1 204 .*HTTP/1.1 200 .*\r\n\r\n41$
--- raw_request
PUT /push/k/inc HTTP/1.1\r\nHost: a\r\n\r\nPUT /push/k/add HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n3PUT /push/k/dec HTTP/1.1\r\nHost: a\r\n\r\nHEAD /push/k HTTP/1.1\r\nHost: a\r\n\r\nGET /push/k HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
(?s)^HTTP/1.1 204 .*HTTP/1.1 204 .*HTTP/1.1 204 .*HTTP/1.1 200 .*Content-Length: 2\r\n[^1]*HTTP/1.1 200 .*\r\n\r\n44$
--- raw_request
PUT /push/k HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n
--- raw_response_like
^HTTP/1.1 400
--- requests
GET /push/k = 44

=== a client that leaves in the middle of its body
--- http_config
metric_zone z:64k gauge;
metric_zone statuses:64k count;
log_format short "$request $status";
access_log $DIR/access.log short;
--- config
location /push/ { metric_push z create=on; metric statuses $status; }
--- raw_request half-closed
PUT /push/k HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n123
--- raw_close
--- wait /status/http/metric_zones/statuses/metrics
{"400": 1}
--- file_like access.log
^PUT /push/k HTTP/1.1 400$
--- json /status/http/metric_zones/z/metrics
{}

=== counts of a zone that nobody pushes to
--- http_config
metric_zone z:64k gauge;
metric_zone other:64k gauge;
--- config
location /push/ { metric_push z; }
--- json /status/http/metric_zones
{"z": {"discarded": 0, "metrics": {}, "push": {"updates": 0, "replayed": 0, "rejected": 0}}, "other": {"discarded": 0, "metrics": {}}}
--- json /status/http/metric_zones/other/push 404
{"error": "PathNotFound", "description": "<string>"}

=== counts and texts outlast a reload
--- http_config
metric_zone z:64k gauge;
--- config
location /push/ { metric_push z; }
--- requests
POST /push/k 201
    | text
GET /push/none 404
--- reload
--- http_config
metric_zone z:64k gauge;
--- config
location /other/ { metric_push z; }
--- json /status/http/metric_zones/z
{"discarded": 0, "metrics": {"k": 0}, "help": {"k": "text"}, "push": {"updates": 1, "replayed": 0, "rejected": 1}}

=== a zone that is not there
--- http_config
metric_zone apps:64k gauge;
--- config
location /push/ { metric_push aps; }
--- error
pingauge: [emerg] unknown metric zone "aps" in config:1
   1 | location /push/ { metric_push aps; }
     |                               ^^^
     help: did you mean "apps"?

=== what cannot be pushed to
--- http_config
metric_zone z:64k gauge;
--- config
metric_push z;
location /a/ { metric_push nothing_like_it; }
location /push { metric_push z; }
location ~ ^/b { metric_push z; }
location @c { metric_push z; }
location /twice/ { metric_push z; metric_push z; }
location /none/ { metric_push; }
--- error
pingauge: [emerg] "metric_push" directive is not allowed here in config:1
   1 | metric_push z;
     | ^^^^^^^^^^^
     help: allowed in: location
pingauge: [emerg] unknown metric zone "nothing_like_it" in config:2
   2 | location /a/ { metric_push nothing_like_it; }
     |                            ^^^^^^^^^^^^^^^
pingauge: [emerg] "metric_push" needs a prefix that ends with a slash, or a key in config:3
   3 | location /push { metric_push z; }
     |                  ^^^^^^^^^^^^^^
     help: write "location /push/"
pingauge: [emerg] "metric_push" in a location given by a regular expression needs a key in config:4
   4 | location ~ ^/b { metric_push z; }
     |                  ^^^^^^^^^^^^^^
     help: as in key=$1
pingauge: [emerg] "metric_push" in a named location needs a key in config:5
   5 | location @c { metric_push z; }
     |               ^^^^^^^^^^^^^^
     help: as in key=$uri
pingauge: [emerg] "metric_push" directive is duplicate in config:6
   6 | location /twice/ { metric_push z; metric_push z; }
     |                                   ^^^^^^^^^^^
pingauge: [emerg] invalid number of arguments in "metric_push" directive in config:7
   7 | location /none/ { metric_push; }
     |                   ^^^^^^^^^^^^
     help: syntax: metric_push ZONE [key=STRING] [create=on | off] [idempotency=TIME | off];

=== parameters
--- http_config
metric_zone z:64k gauge;
--- config
location /a/ { metric_push z creat=on; }
location /b/ { metric_push z create=yes; }
location /c/ { metric_push z idempotency=soon; }
location /d/ { metric_push z idempotency=0; }
location /e/ { metric_push z idempotency=; }
location /f/ { metric_push z key=; }
location /g/ { metric_push z key=a$b_none; }
location /h/ { metric_push z create=on create=on; }
location /i/ { metric_push z idempotency=99999999999999999999; }
--- error
pingauge: [emerg] invalid parameter "creat=on" in config:1
   1 | location /a/ { metric_push z creat=on; }
     |                              ^^^^^^^^
     help: expected key=STRING, create=on, create=off, idempotency=TIME or idempotency=off
pingauge: [emerg] invalid "create" value "yes" in config:2
   2 | location /b/ { metric_push z create=yes; }
     |                                     ^^^
     help: expected on or off
pingauge: [emerg] invalid "idempotency" value "soon" in config:3
   3 | location /c/ { metric_push z idempotency=soon; }
     |                                          ^^^^
     help: expected a time such as 30m, or off
pingauge: [emerg] invalid "idempotency" value "0" in config:4
   4 | location /d/ { metric_push z idempotency=0; }
     |                                          ^
     help: expected a time such as 30m, or off
pingauge: [emerg] invalid "idempotency" value "" in config:5
   5 | location /e/ { metric_push z idempotency=; }
     |                                          ^
     help: expected a time such as 30m, or off
pingauge: [emerg] empty key in config:6
   6 | location /f/ { metric_push z key=; }
     |                              ^^^^
     help: as in key=$1
pingauge: [emerg] unknown "b_none" variable in config:7
   7 | location /g/ { metric_push z key=a$b_none; }
     |                                   ^^^^^^^
pingauge: [emerg] "create" is given twice in config:8
   8 | location /h/ { metric_push z create=on create=on; }
     |                                        ^^^^^^^^^
pingauge: [emerg] invalid "idempotency" value "99999999999999999999" in config:9
   9 | location /i/ { metric_push z idempotency=99999999999999999999; }
     |                                          ^^^^^^^^^^^^^^^^^^^^
     help: expected a time such as 30m, or off

=== content from two sources
--- http_config
metric_zone z:64k gauge;
--- config
location /a/ { api /status/; metric_push z; }
--- warn
pingauge: [warn] "api" above has no effect in config:1
   1 | location /a/ { api /status/; metric_push z; }
     |                              ^^^^^^^^^^^^^^
     help: a location has one source of content, the last that is written
