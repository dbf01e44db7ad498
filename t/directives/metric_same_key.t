# Directives that follow each other under the same key: what they count is what each counts alone.

=== several zones under one variable
--- http_config
metric_zone a:64k count;
metric_zone b:64k gauge;
metric_zone c:64k histogram 1 10 inf;
metric_complex_zone d:64k { n count; m max; }
--- config
location /z {
    metric a $arg_k on=request;
    metric b $arg_k=2 on=request;
    metric c $arg_k=$status;
    metric d $arg_k=$status;
    metric b $arg_k=5;
    return 204;
}
--- requests
GET /z?k=x 204 x3
GET /z?k=y 204
GET /z 204
--- json /status/http/metric_zones/a/metrics
{"x": 3, "y": 1}
--- json /status/http/metric_zones/b/metrics
{"x": 21, "y": 7}
--- json /status/http/metric_zones/c/metrics
{"x": {"1": 0, "10": 0, "inf": 3}, "y": {"1": 0, "10": 0, "inf": 1}}
--- json /status/http/metric_zones/d/metrics
{"x": {"n": 3, "m": 204}, "y": {"n": 1, "m": 204}}

=== more of them than go together
--- http_config
metric_zone z:64k gauge;
--- config
location /z {
    metric z $arg_k=1 on=request;
    metric z $arg_k=2 on=request;
    metric z $arg_k=4 on=request;
    metric z $arg_k=8 on=request;
    metric z $arg_k=16 on=request;
    metric z $arg_k=32 on=request;
    metric z $arg_k=64 on=request;
    metric z $arg_k=128 on=request;
    metric z $arg_k=256 on=request;
    metric z $arg_k=512 on=request;
    return 204;
}
--- requests
GET /z?k=x 204
--- json /status/http/metric_zones/z/metrics
{"x": 1023}

=== keys with literal text, and long ones
--- http_config
metric_zone a:64k count;
metric_zone b:64k count;
--- config
location /z {
    metric a "<$arg_k/$request_method>" on=request;
    metric b "<$arg_k/$request_method>" on=request;
    metric a "$uri$uri" on=request;
    metric b "$uri$uri" on=request;
    return 204;
}
--- requests
GET /z?k=x 204 x2
GET /z/0123456789012345678901234567890123456789 204 x2
--- json /status/http/metric_zones/a/metrics
{"<x/GET>": 2, "</GET>": 2, "/z/z": 2, "/z/0123456789012345678901234567890123456789/z/0123456789012345678901234567890123456789": 2}
--- json /status/http/metric_zones/b/metrics
{"<x/GET>": 2, "</GET>": 2, "/z/z": 2, "/z/0123456789012345678901234567890123456789/z/0123456789012345678901234567890123456789": 2}

=== a key that one update changes for the next
--- http_config
metric_zone a:64k count;
metric_zone b:64k count;
--- config
location /z {
    set $metric_a_key k;
    metric a "k" on=request;
    metric b "$metric_a_value" on=request;
    metric a k on=request;
    metric b "$metric_a_value" on=request;
    metric a "$metric_a_value" on=request;
    metric b "$metric_a_value" on=request;
    return 204;
}
--- requests
GET /z 204
--- json /status/http/metric_zones/a/metrics
{"k": 2, "2": 1}
--- json /status/http/metric_zones/b/metrics
{"1": 1, "2": 2}

=== labels
--- http_config
metric_zone a:64k labels=method,host,status count;
metric_zone b:64k labels=verb,site,code gauge;
--- config
location /z {
    metric a $request_method $arg_h "s$status";
    metric b $request_method $arg_h "s$status=$arg_v";
    metric a fixed word "";
    metric b fixed word =3;
    return 204;
}
--- requests
GET /z?h=one&v=2 204 x2
GET /z?v=1 204
--- json /status/http/metric_zones/a/metrics
{"GET": {"": {"s204": 1}, "one": {"s204": 2}}, "fixed": {"word": {"": 3}}}
--- json /status/http/metric_zones/b/metrics
{"GET": {"": {"s204": 1}, "one": {"s204": 4}}, "fixed": {"word": {"": 9}}}

=== what is taken back beside what is not
--- http_config
metric_zone a:64k gauge;
metric_zone b:64k count;
--- config
location /z {
    metric a $arg_k=1 on=request;
    metric b $arg_k on=request;
    metric a $arg_k=-1 on=end;
    metric b $arg_k on=end;
    return 204;
}
--- requests
GET /z?k=x 204 x2
--- json /status/http/metric_zones/a/metrics
{"x": 0}
--- json /status/http/metric_zones/b/metrics
{"x": 4}
