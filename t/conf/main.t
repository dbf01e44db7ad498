# Directives of the top level: processes, logs, pid.

=== everything at once
--- main_config
user root;
worker_processes auto;
pid $DIR/other.pid;
error_log $DIR/debug.log debug;
error_log stderr emerg;
daemon off;
events { }
--- ok

=== bad values
--- main_config
worker_processes many;
daemon maybe;
error_log $DIR/error.log loud;
user no_such_user_here;
--- error_like
^pingauge: \[emerg\] (?=.*"?worker_processes"?).* in main_config:1$
^pingauge: \[emerg\] invalid value "maybe" in "daemon" directive, it must be "on" or "off" in main_config:2$
^pingauge: \[emerg\] (?=.*"loud").* in main_config:3$
^pingauge: \[emerg\] (?=.*"no_such_user_here").* in main_config:4$

=== the level of a log
--- main_config
error_log $DIR/error.log error;
--- config
location / { proxy_pass http://127.0.0.1:$PORT2; }
--- requests
GET / 502
--- log
\[error\]
--- no_log
\[(debug|info|notice|warn)\]

=== the pid file holds the master's number
--- main_config
pid $DIR/own.pid;
--- requests
GET / any
--- file_like own.pid
^\d+$

=== a worker for each wanted one
--- main_config
worker_processes 3;
--- http_config
metric_zone z:64k count;
--- config
location / { metric z k on=request; return 204; }
--- requests
GET / 204 x50
--- json /status/http/metric_zones/z/metrics
{"k": 50}
