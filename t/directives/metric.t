# metric: splitting key from value, keys at their limits, order, inheritance.

=== the configured text is split at its last equals sign
--- http_config
metric_zone z:64k gauge;
--- config
location /a { metric z "a=b=$arg_v" on=request; return 204; }
location /b { metric z $arg_kv on=request; return 204; }
location /c { metric z "k = $arg_v" on=request; return 204; }
location /d { metric z x$arg_k-y=1$arg_v on=request; return 204; }
--- requests
GET /a?v=3 204
GET /b?kv=x=9 204
GET /c?v=4 204
GET /d?k=K&v=5 204
--- json /status/http/metric_zones/z/metrics
{"a=b": 3, "x=9": 0, "k ": 4, "xK-y": 15}

=== two arguments may look like a stage
--- http_config
metric_zone z:64k gauge;
--- config
location /a { metric z on=7; return 204; }
--- requests
GET /a 204
--- json /status/http/metric_zones/z/metrics
{"on": 7}

=== an empty key counts nothing
--- http_config
metric_zone z:64k count;
--- config
location /a { metric z $arg_k=1 on=request; return 204; }
--- requests
GET /a 204
GET /a?k= 204
--- json /status/http/metric_zones/z
{"discarded": 0, "metrics": {}}

=== keys are bytes: case kept, nothing decoded or trimmed
--- http_config
metric_zone z:64k count;
--- config
location /a { metric z $arg_k on=request; return 204; }
--- requests
GET /a?k=K 204
GET /a?k=k 204
GET /a?k=a%20b 204
GET /a?k=a/b 204
--- json /status/http/metric_zones/z/metrics
{"K": 1, "k": 1, "a%20b": 1, "a/b": 1}

=== long keys are cut at 255 bytes and shown with dots
--- http_config
metric_zone z:64k count;
--- config
large_client_header_buffers 4 16k;
location /a { metric z $arg_k on=request; return 204; }
location /var { set $metric_z_key $arg_k; return 200 $metric_z_key; }
--- requests
GET /a?k=<<y*254>> 204
GET /a?k=<<z*256>> 204
GET /a?k=<<z*300>> 204
--- json /status/http/metric_zones/z/metrics
{"<<y*254>>": 1, "<<z*255>>...": 2}
--- json /status/http/metric_zones/z/metrics/<<z*255>>
2
--- json /status/http/metric_zones/z/metrics/<<z*255>>...
2
--- json /status/http/metric_zones/z/metrics/<<z*256>> 404
{"error": "PathNotFound", "description": "<string>"}
--- requests
GET /var?k=<<z*300>> = <<z*255>>

=== a key of exactly 255 bytes was not cut and has no dots
--- http_config
metric_zone z:64k count;
--- config
location /a { metric z $arg_k on=request; return 204; }
--- requests
GET /a?k=<<y*255>> 204
--- json /status/http/metric_zones/z/metrics
{"<<y*255>>": 1}

=== order within a stage is the order of the configuration
--- http_config
metric_zone z:64k last;
--- config
location /q {
    metric z a=1 on=end;
    metric z a=2 on=request;
    metric z a=3 on=response;
    metric z a=4;
    metric z b=1 on=request;
    metric z b=2 on=request;
    return 200;
}
--- requests
GET /q
--- json /status/http/metric_zones/z/metrics
{"a": 4, "b": 2}

=== a level with any metric replaces the inherited list
--- http
metric_zone z:64k count;
metric z top on=request;
server {
    listen 80;
    location /in { return 204; }
    location /own { metric z own on=end; return 204; }
    location /outer {
        metric z outer on=request;
        location /outer/same { return 204; }
        location /outer/own { metric z inner; return 204; }
    }
}
server {
    listen 8080;
    metric z server;
    location /in { return 204; }
    location /status/ { metric z status; api /status/http/metric_zones/z/metrics; }
}
--- requests
GET /in 204
GET /own 204
GET /outer/same 204
GET /outer/own 204
GET :$PORT2/in 204
--- json :$PORT2/status/
{"top": 1, "own": 1, "outer": 1, "inner": 1, "server": 1}

=== an if that matched inherits from its location
--- http_config
metric_zone z:64k count;
--- config
location /q { metric z q; if ($arg_x) { return 201; } return 204; }
--- requests
GET /q 204
GET /q?x=1 201
--- json /status/http/metric_zones/z/metrics
{"q": 2}

=== values of variables at each stage
--- http_config
metric_zone z:64k last;
--- config
location /q {
    metric z request_status=$status on=request;
    metric z request_sent=$bytes_sent on=request;
    metric z response_status=$status on=response;
    metric z end_status=$status on=end;
    metric z end_sent=$body_bytes_sent on=end;
    metric z length=$request_length on=end;
    return 201 "12345";
}
--- requests
GET /q 201
--- json_like /status/http/metric_zones/z/metrics
{"request_sent": 0, "response_status": 201, "end_status": 201, "end_sent": 5, "length": "</^[1-9]/>"}

=== a counter evaluated early is not frozen
# The peer remembered the first $bytes_sent of a request and reported 0 for ever.
--- http_config
metric_zone z:64k gauge;
--- config
location /q {
    metric z early=$bytes_sent on=request;
    metric z late=$bytes_sent on=end;
    return 200 "text";
}
--- requests
GET /q = text
--- json_like /status/http/metric_zones/z/metrics
{"early": 0, "late": "</^[1-9]\\d+/>"}

=== a metric of the request stage is seen by its own answer
--- http_config
metric_zone z:64k count;
--- config
location = /q { metric z q on=request; api /status/http/metric_zones/z/metrics; }
--- requests
GET /q?pretty=off = {"q":1}
GET /q?pretty=off = {"q":2}
