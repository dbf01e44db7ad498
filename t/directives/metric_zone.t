# metric_zone: options, sizes, and what happens when a zone is full.

=== options in any order, the last of each wins
--- http_config
metric_zone a:1M expire=off discard_key=x expire=on discard_key=y count;
metric_zone b:1048576 discard_key= count;
metric_zone "c d:64K" count;
metric_zone a-b.c:32k count;
--- ok

=== a zone may be declared after its use
--- http_config
metric late k=1 on=request;
metric_zone late:64k gauge;
--- config
location /q { return 204; }
--- requests
GET /q 204 x2
--- json_like /status/http/metric_zones/late/metrics
{"k": "<number>"}

=== names are case-sensitive as zones
--- http_config
metric_zone Zone:64k count;
--- config
location /q { metric Zone k; return 204; }
--- requests
GET /q 204
--- json /status/http/metric_zones/Zone/metrics
{"k": 1}
--- json /status/http/metric_zones/zone 404
{"error": "PathNotFound", "description": "Requested API entity \"/status/http/metric_zones/zone\" doesn't exist."}

=== a full zone refuses new keys and keeps the known ones
--- http_config
metric_zone z:32k count;
--- config
location /z { metric z $arg_k on=request; return 204; }
--- requests
GET /z?k=first 204
GET /z?k=<<#8>> 204 x2500
--- json_like /status/http/metric_zones/z
{"discarded": "</^[1-9]/>", "metrics": {"first": 1, "00000000": 1}}
--- requests
GET /z?k=first 204 x9
--- json /status/http/metric_zones/z/metrics/first
10
--- json /status/http/metric_zones/z/metrics/00002499 404
{"error": "PathNotFound", "description": "<string>"}

=== refused updates go to the discard key
--- http_config
metric_zone z:32k discard_key=old gauge;
--- config
location /z { metric z $arg_k=$arg_v on=request; return 204; }
location = /m { api /status/http/metric_zones/z/metrics; }
--- json /status/http/metric_zones/z/metrics/old 404
{"error": "PathNotFound", "description": "<string>"}
--- requests
GET /z?k=old&v=5 204
--- json /status/http/metric_zones/z
{"discarded": 0, "metrics": {}}
--- requests
GET /z?k=<<#8>>&v=0 204 x2500
GET /z?k=new&v=2.5 204
--- json /status/http/metric_zones/z/metrics/old
2.5
--- requests
GET /m?pretty=off ~ ,"old":2\.5\}$

=== expire drops what was updated longest ago
--- http_config
metric_zone z:32k expire=on count;
--- config
location /z { metric z $arg_k on=request; return 204; }
--- requests
GET /z?k=kept 204
GET /z?k=lost 204
GET /z?k=<<#8+0>> 204 x100
GET /z?k=kept 204
GET /z?k=<<#8+100>> 204 x100
GET /z?k=kept 204
GET /z?k=<<#8+200>> 204 x100
GET /z?k=kept 204
GET /z?k=<<#8+300>> 204 x100
GET /z?k=kept 204
GET /z?k=<<#8+400>> 204 x100
GET /z?k=kept 204
GET /z?k=<<#8+500>> 204 x100
GET /z?k=kept 204
GET /z?k=<<#8+600>> 204 x100
GET /z?k=kept 204
GET /z?k=<<#8+700>> 204 x100
GET /z?k=kept 204
GET /z?k=<<#8+800>> 204 x100
GET /z?k=kept 204
GET /z?k=<<#8+900>> 204 x100
GET /z?k=kept 204
GET /z?k=<<#8+1000>> 204 x100
GET /z?k=kept 204
GET /z?k=<<#8+1100>> 204 x100
GET /z?k=kept 204
--- json_like /status/http/metric_zones/z
{"discarded": "</^[1-9]/>", "metrics": {"kept": 13, "00001199": 1}}
--- json /status/http/metric_zones/z/metrics/lost 404
{"error": "PathNotFound", "description": "<string>"}

=== reading does not keep a key alive
# Only updates count as use, as the seed says; the peer also counts reads.
--- http_config
metric_zone z:32k expire=on count;
--- config
location /z { metric z $arg_k on=request; return 204; }
location /read { set $metric_z_key seen; return 200 "[$metric_z_value]"; }
--- requests
GET /z?k=seen 204
GET /z?k=<<#8>> 204 x100
GET /read = [1]
GET /z?k=<<#8+100>> 204 x1400
GET /read = []

=== evicted keys are folded into the discard key
--- http_config
metric_complex_zone z:32k expire=on discard_key=old { c count; g gauge; lo min; hi max; l last; h histogram 0.5 1; }
--- config
location /z { metric z $arg_k=$arg_v on=request; return 204; }
--- requests
GET /z?k=a&v=7 204
GET /z?k=a&v=-2 204
GET /z?k=<<#8>>&v=0 204 x1500
--- json_like /status/http/metric_zones/z/metrics/old
{"lo": -2, "hi": 7, "l": 0, "g": 5}
--- no_log
\[alert\]

=== a zone never exceeds its size, whatever the keys
--- http_config
metric_zone z:32k expire=on count;
--- config
large_client_header_buffers 4 16k;
location /z { metric z $arg_k on=request; return 204; }
--- requests
GET /z?k=<<x*250>><<#4>> 204 x10
GET /z?k=<<#2>> 204 x50
GET /z?k=<<#4>><<y*200>> 204 x400
GET /z?k=short 204
--- json_like /status/http/metric_zones/z/metrics
{"short": 1, "0399<<y*200>>": 1}

=== 1 MB holds the promised eight thousand keys of 39 bytes
--- http_config
metric_zone z:1m count;
--- config
location /z { metric z $arg_k on=request; return 204; }
--- requests
GET /z?k=<<#39>> 204 x8000
--- json /status/http/metric_zones/z/discarded
0
--- json /status/http/metric_zones/z/metrics/<<0*35>>7999
1

=== quotes around a discard key are not part of it
--- http_config
metric_zone a:32k discard_key="old" count;
metric_zone b:32k "discard_key=\"old\"" count;
metric_zone c:32k discard_key="" count;
--- config
location /z { metric a $arg_k on=request; metric b $arg_k on=request; metric c $arg_k on=request; return 204; }
--- requests
GET /z?k=<<#8>> 204 x2500
GET /status/http/metric_zones/a/metrics/old ~ ^[1-9]
GET /status/http/metric_zones/a/metrics/%22old%22 404
GET /status/http/metric_zones/b/metrics/old 404
GET /status/http/metric_zones/b/metrics/%22old%22 ~ ^[1-9]
GET /status/http/metric_zones/c/metrics/%22%22 404
