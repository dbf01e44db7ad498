# A zone that is kept in a file survives what its processes do not; keys that nobody updates go after a while.

=== values survive a reload, and the state says how far the zone is on disk
--- http_config
metric_zone hits:64k:file=$DIR/hits sync=200ms count;
--- config
location /h { metric hits $arg_k; return 204; }
--- requests
GET /h?k=a 204 x2
--- wait /status/http/metric_zones/hits/
{"discarded": 0, "metrics": {"a": 2}, "state": {"file": "$DIR/hits", "records": 1, "snapshot": "<date>", "synced": "<date>", "errors": 0}}
--- http_config
metric_zone hits:128k:file=$DIR/hits sync=always expire=on count;
--- reload
--- requests
GET /h?k=a 204
--- json /status/http/metric_zones/hits/metrics/
{"a": 3}

=== a zone that gets a file takes its values along
--- http_config
metric_zone hits:64k count;
--- config
location /h { metric hits $arg_k; return 204; }
--- requests
GET /h?k=a 204 x2
--- http_config
metric_zone hits:64k:file=$DIR/hits count;
--- reload
--- requests
GET /h?k=a 204
--- json /status/http/metric_zones/hits/metrics/
{"a": 3}
--- log
metric zone "hits": 1 keys came along from where they were kept before

=== a zone that loses its file takes its values along, and one that changes it
--- http_config
metric_zone lost:64k:file=$DIR/lost count;
metric_zone moved:64k:file=$DIR/here count;
--- config
location /h { metric lost $arg_k; metric moved $arg_k; return 204; }
--- requests
GET /h?k=a 204 x2
--- http_config
metric_zone lost:64k count;
metric_zone moved:64k:file=$DIR/there count;
--- reload
--- requests
GET /h?k=a 204
--- json /status/http/metric_zones/lost
{"discarded": 0, "metrics": {"a": 3}}
--- json /status/http/metric_zones/moved/metrics/
{"a": 3}
--- log
metric zone "lost": 1 keys came along from its file
metric zone "moved": 1 keys came along from where they were kept before

=== metrics without anything in common are kept aside
--- http_config
metric_zone hits:64k:file=$DIR/hits count;
--- config
location /h { metric hits $arg_k; return 204; }
--- requests
GET /h?k=a 204
--- http_config
metric_zone hits:64k:file=$DIR/hits max;
--- reload
--- requests
GET /h?k=b 204
--- json /status/http/metric_zones/hits/metrics/
{"b": 0}
--- log
metric zone "hits": what it held is kept beside its file as "\.old"
--- file_like hits.old
pgsnap

=== keys that nobody updates are dropped, into the discard key if there is one
--- http_config
metric_zone plain:64k inactive=300ms count;
metric_complex_zone folded:64k inactive=300ms discard_key=rest { n count; sum gauge; }
--- config
location /h { metric plain $arg_k; metric folded $arg_k=2; return 204; }
--- requests
GET /h?k=a 204 x2
--- wait /status/http/metric_zones/
{"plain": {"discarded": 0, "metrics": {}}, "folded": {"discarded": 0, "metrics": {"rest": {"n": 2, "sum": 4}}}}

=== what is wrong with a file is said at once
--- http
metric_zone a:64k:file= count;
metric_zone b:64k:path=x count;
metric_zone c:64k:file=/no/such/folder/c count;
metric_zone d:64k:file=$DIR/same count;
metric_zone e:64k:file=same count;
metric_zone f:64k sync=1s count;
metric_zone g:64k:file=g sync=often count;
metric_zone h:64k inactive=0 count;
metric_zone i:64k inactive=soon count;
metric_complex_zone j:64k:file=j inactive=1h sync=always expire=on discard_key=k { n count; }
metric_zone k:64k:file=html count;
metric_zone l:64k:file=j.journal count;
--- file html/x
x
--- error
pingauge: [emerg] zone "a" has an empty file name in http:1
   1 | metric_zone a:64k:file= count;
     |             ^^^^^^^^^^^
pingauge: [emerg] invalid zone specification "b:64k:path=x" in http:2
   2 | metric_zone b:64k:path=x count;
     |             ^^^^^^^^^^^^
     help: expected NAME:SIZE, as in requests:1m
pingauge: [emerg] folder "/no/such/folder" cannot be written to (2: No such file or directory) in http:3
   3 | metric_zone c:64k:file=/no/such/folder/c count;
     |                        ^^^^^^^^^^^^^^^^^
     help: a zone's files are written by the master and the keeper
pingauge: [emerg] file "same" is used by two zones in http:5
   5 | metric_zone e:64k:file=same count;
     |                        ^^^^
     help: zone "d" is kept in it or in a file beside it
pingauge: [emerg] "sync" requires a file in http:6
   6 | metric_zone f:64k sync=1s count;
     |                   ^^^^^^^
     help: write NAME:SIZE:file=PATH
pingauge: [emerg] invalid "sync" value "often" in http:7
   7 | metric_zone g:64k:file=g sync=often count;
     |                               ^^^^^
     help: a time of at least 100ms, "always" or "exit"
pingauge: [emerg] invalid "inactive" value "0" in http:8
   8 | metric_zone h:64k inactive=0 count;
     |                            ^
     help: a time, such as 1h or 90s
pingauge: [emerg] invalid "inactive" value "soon" in http:9
   9 | metric_zone i:64k inactive=soon count;
     |                            ^^^^
     help: a time, such as 1h or 90s
pingauge: [emerg] "html" is no plain file in http:11
  11 | metric_zone k:64k:file=html count;
     |                        ^^^^
     help: name a file of the zone's own, which is made
pingauge: [emerg] file "j.journal" is used by two zones in http:12
  12 | metric_zone l:64k:file=j.journal count;
     |                        ^^^^^^^^^
     help: zone "j" is kept in it or in a file beside it
