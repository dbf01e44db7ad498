# Diagnostics of metric: zone, key, stage and place.

=== an undeclared zone
--- http_config
metric z k=1;
--- error_like
^pingauge: \[emerg\] (?=.*z).* in http_config:1$

=== an empty key
--- http_config
metric_zone z:1m count;
metric z "";
--- error_like
^pingauge: \[emerg\] (?=.*empty)(?=.*key)(?=.*"z").* in http_config:2$

=== a value without key
--- http_config
metric_zone z:1m count;
metric z =5;
--- error_like
^pingauge: \[emerg\] (?=.*empty)(?=.*key)(?=.*"z").* in http_config:2$

=== unknown stage
--- http_config
metric_zone z:1m count;
metric z k=5 on=foo;
--- error_like
^pingauge: \[emerg\] (?=.*unknown stage)(?=.*"foo").* in http_config:2$

=== stages are lower-case
--- http_config
metric_zone z:1m count;
metric z k=5 on=END;
--- error_like
^pingauge: \[emerg\] (?=.*unknown stage)(?=.*"END").* in http_config:2$

=== an empty stage
--- http_config
metric_zone z:1m count;
metric z k=5 on=;
--- error_like
^pingauge: \[emerg\] (?=.*unknown stage)(?=.*"").* in http_config:2$

=== a third argument that is no stage
--- http_config
metric_zone z:1m count;
metric z k=5 foo;
--- error_like
^pingauge: \[emerg\] (?=.*invalid parameter)(?=.*"foo").* in http_config:2$

=== too few arguments
--- http_config
metric_zone z:1m count;
metric z;
--- error_like
^pingauge: \[emerg\] (?=.*invalid number of arguments)(?=.*"metric").* in http_config:2$

=== too many arguments
--- http_config
metric_zone z:1m count;
metric z k=1 on=end x;
--- error_like
^pingauge: \[emerg\] (?=.*invalid number of arguments)(?=.*"metric").* in http_config:2$

=== an unknown variable
--- http_config
metric_zone z:1m count;
metric z k=$undefined_variable;
--- error_like
^pingauge: \[emerg\] (?=.*undefined_variable).* in http_config:2$

=== a variable without name
--- http_config
metric_zone z:1m count;
metric z k=$;
--- error_like
^pingauge: \[emerg\] (?=.*variable).* in http_config:2$

=== a variable without end
--- http_config
metric_zone z:1m count;
metric z k=${x;
--- error_like
^pingauge: \[emerg\] (?=.*variable|brace).* in http_config:2$

=== not in if
--- http_config
metric_zone z:1m count;
server { location / { if ($arg_x) { metric z k=1; } } }
--- error_like
^pingauge: \[emerg\] (?=.*not allowed here)(?=.*"metric").* in http_config:2$

=== not in limit_except
--- http_config
metric_zone z:1m count;
server { location / { limit_except GET { metric z k=1; } } }
--- error_like
^pingauge: \[emerg\] (?=.*not allowed here)(?=.*"metric").* in http_config:2$

=== not in upstream
--- http_config
metric_zone z:1m count;
upstream u { metric z k=1; }
--- error_like
^pingauge: \[emerg\] (?=.*not allowed here)(?=.*"metric").* in http_config:2$

=== a zone of another feature
--- http_config
metric u k=1;
upstream u { zone u 64k; server 127.0.0.1:1; }
--- error_like
^pingauge: \[emerg\] (?=.*"u")(?=.*different use).* in http_config:1$

=== a metric zone named like an upstream zone
--- http_config
metric_zone u:64k count;
upstream x { zone u 64k; server 127.0.0.1:1; }
--- error_like
^pingauge: \[emerg\] (?=.*"u").* in http_config:\d$

=== a zone that cannot be used is told of once
--- http_config
metric_zone z:32k average mean count=100000;
metric z k=1;
--- error
pingauge: [emerg] zone "z" cannot be used: 32768 bytes cannot hold one entry of 100001 values in http_config:1
   1 | metric_zone z:32k average mean count=100000;
     | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

=== a variable that is not final yet, also through maps
--- http_config
metric_zone z:64k count;
map $status $class { default other; ~^2 2xx; }
map $arg_x $outer { default $class; }
map $arg_x $harmless { default 1; }
--- config
location /a { metric z $status on=request; }
location /b { metric z $outer=$harmless on=request; }
location /c { metric z k=$CLASS on=request; }
location /d { metric z $outer$class on=response; metric z $bytes_sent on=end; }
--- warn
pingauge: [warn] "$status" has no final value in this phase in config:1
   1 | location /a { metric z $status on=request; }
     |                        ^^^^^^^
     help: it is known from on=response
pingauge: [warn] "$outer" has no final value in this phase in config:2
   2 | location /b { metric z $outer=$harmless on=request; }
     |                        ^^^^^^
     help: it depends on "$status", which is known from on=response
pingauge: [warn] "$class" has no final value in this phase in config:3
   3 | location /c { metric z k=$CLASS on=request; }
     |                          ^^^^^^
     help: it depends on "$status", which is known from on=response

=== what peers say is known later, and setting a metric is early
--- http_config
metric_zone z:64k gauge;
map $upstream_status $answered { default 1; "" 0; }
--- config
location /a { metric z a=$upstream_status on=request; metric z b=$upstream_response_time on=response; }
location /b { metric z $answered on=request; metric z $upstream_http_x on=response; metric z $upstream_addr=$upstream_response_time; }
location /c { set $metric_z $status; set $other $status; }
--- warn
pingauge: [warn] "$upstream_status" has no final value in this phase in config:1
   1 | location /a { metric z a=$upstream_status on=request; metric z b=$upstream_response_time on=response; }
     |                          ^^^^^^^^^^^^^^^^
     help: it is known from on=response
pingauge: [warn] "$upstream_response_time" has no final value in this phase in config:1
   1 | location /a { metric z a=$upstream_status on=request; metric z b=$upstream_response_time on=response; }
     |                                                                  ^^^^^^^^^^^^^^^^^^^^^^^
     help: it is known at on=end
pingauge: [warn] "$answered" has no final value in this phase in config:2
   2 | location /b { metric z $answered on=request; metric z $upstream_http_x on=response; metric z $upstream_
     |                        ^^^^^^^^^
     help: it depends on "$upstream_status", which is known from on=response
pingauge: [warn] "$status" has no final value in this phase in config:3
   3 | location /c { set $metric_z $status; set $other $status; }
     |                             ^^^^^^^
     help: it is known from on=response
=== a named group where a metric's variable is
--- http_config
metric_zone z:64k count;
metric_complex_zone y:64k { a count; }
map $uri $m { ~^/(?<metric_z_key>.) 1; }
--- config
server_name ~^(?<metric_z>.+)$;
location ~ ^/(?<METRIC_Y_value_a>.)$ { return 200 $m; }
rewrite ^/(?<metric_y>.)x$ /;
if ($uri ~ ^/(?<metric_z_value>.)y$) { return 204; }
location / { set $metric_z a; return 200 $metric_z$metric_z_key$metric_y$metric_y_value_a$metric_z_value; }
--- error
pingauge: [emerg] variable "$metric_z_key" of zone "z" is that of a named group too in http_config:3
   3 | map $uri $m { ~^/(?<metric_z_key>.) 1; }
     |               ^^^^^^^^^^^^^^^^^^^^^
     help: give the group another name
pingauge: [emerg] variable "$metric_z" of zone "z" is that of a named group too in config:1
   1 | server_name ~^(?<metric_z>.+)$;
     |             ^^^^^^^^^^^^^^^^^^
     help: give the group another name
pingauge: [emerg] variable "$metric_y_value_a" of metric "a" of zone "y" is that of a named group too in config:2
   2 | location ~ ^/(?<METRIC_Y_value_a>.)$ { return 200 $m; }
     | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
     help: give the group another name
pingauge: [emerg] variable "$metric_y" of zone "y" is that of a named group too in config:3
   3 | rewrite ^/(?<metric_y>.)x$ /;
     |         ^^^^^^^^^^^^^^^^^^
     help: give the group another name
pingauge: [emerg] variable "$metric_z_value" of zone "z" is that of a named group too in config:4
   4 | if ($uri ~ ^/(?<metric_z_value>.)y$) { return 204; }
     |            ^^^^^^^^^^^^^^^^^^^^^^^^
     help: give the group another name
