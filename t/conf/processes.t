# What processes may do: times and numbers of the top level are read before anything is started.

=== limits of workers
--- main_config
worker_shutdown_timeout 1m 30s;
worker_rlimit_nofile 4096;
--- error_like
^pingauge: \[emerg\] invalid number of arguments in "worker_shutdown_timeout" directive in main_config:1$

=== limits of workers are served under
--- main_config
worker_shutdown_timeout 1m30s;
worker_rlimit_nofile 4096;
--- config
location / { return 204; }
--- requests
GET / 204

=== too many workers
--- main_config
worker_processes 251;
--- error_like
^pingauge: \[emerg\] (?=.*"251").* in main_config:1$

=== a socket in the file system and all addresses of a port
--- http_config
server { listen unix:$DIR/socket; listen $PORT2; listen 127.0.0.1:$PORT2; return 200 own; }
--- config
location / { proxy_pass http://unix:$DIR/socket:/; }
--- requests
GET / 200

=== lines of a flood are counted at their own level
--- main_config
error_log $DIR/error.log error;
--- config
location / { root $DIR/nowhere; }
--- requests
GET /first 404 x10
GET /other 404 x200
--- log
\[error\] \d+#\d+: \d+ more lines are left out, the first was: open\(\) ".*/nowhere/other" failed
