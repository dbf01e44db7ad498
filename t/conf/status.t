# Diagnostics of api, api_config_files, status_zone and metric_readback.

=== api needs a slash at the end of a prefix
--- http_config
server { location /a { api /; } }
--- error_like
^pingauge: \[emerg\] (?=.*api).* in http_config:1$

=== api in a named location
--- http_config
server { location @a { api /; } }
--- error_like
^pingauge: \[emerg\] (?=.*api).* in http_config:1$

=== api twice
--- http_config
server { location /a/ { api /; api /; } }
--- error_like
^pingauge: \[emerg\] (?=.*duplicate)(?=.*"api").* in http_config:1$

=== api on a server
--- http_config
server { api /; }
--- error_like
^pingauge: \[emerg\] (?=.*not allowed here)(?=.*"api").* in http_config:1$

=== api in an if
--- http_config
server { location /a/ { if ($arg_a) { api /; } } }
--- error_like
^pingauge: \[emerg\] (?=.*not allowed here)(?=.*"api").* in http_config:1$

=== api without path
--- http_config
server { location /a/ { api; } }
--- error_like
^pingauge: \[emerg\] (?=.*invalid number of arguments)(?=.*"api").* in http_config:1$

=== api_config_files takes a flag
--- http_config
api_config_files maybe;
--- error_like
^pingauge: \[emerg\] (?=.*"maybe")(?=.*"api_config_files")(?=.*on)(?=.*off).* in http_config:1$

=== status_zone twice
--- http_config
server { status_zone a; status_zone b; }
--- error_like
^pingauge: \[emerg\] (?=.*duplicate)(?=.*"status_zone").* in http_config:1$

=== status_zone in http
--- http_config
status_zone a;
--- error_like
^pingauge: \[emerg\] (?=.*not allowed here)(?=.*"status_zone").* in http_config:1$

=== a key needs zone=
--- http_config
server { location / { status_zone $host foo=z:10; } }
--- error_like
^pingauge: \[emerg\] (?=.*invalid parameter)(?=.*"foo=z:10").* in http_config:1$

=== a keyed zone without size
--- http_config
server { location / { status_zone $host zone=z; } }
--- error_like
^pingauge: \[emerg\] (?=.*z).* in http_config:1$

=== metric_readback has two words
--- http_config
metric_readback both;
--- error_like
^pingauge: \[emerg\] (?=.*"both")(?=.*"metric_readback").* in http_config:1$

=== two sources of content in one location
--- config
location /a/ { api /; proxy_pass http://127.0.0.1:1; }
location /b/ { api /; if ($arg_x) { proxy_pass http://127.0.0.1:1; } location /b/c/ { api /; } }
--- warn
pingauge: [warn] "api" above has no effect in config:1
   1 | location /a/ { api /; proxy_pass http://127.0.0.1:1; }
     |                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
     help: a location has one source of content, the last that is written
