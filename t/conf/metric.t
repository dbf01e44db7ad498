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
