# Directives that other servers need and this one reads without doing anything.

=== the list
--- main_config
worker_rlimit_nofile 1024;
worker_cpu_affinity auto;
timer_resolution 100ms;
lock_file logs/lock;
thread_pool default threads=4;
pcre_jit on;
events {
    worker_connections 512;
    multi_accept on;
    use epoll;
    accept_mutex off;
    accept_mutex_delay 100ms;
    worker_aio_requests 32;
}
--- http_config
sendfile on;
sendfile_max_chunk 2m;
tcp_nopush on;
tcp_nodelay on;
output_buffers 2 32k;
postpone_output 1460;
aio threads;
aio_write off;
directio off;
directio_alignment 512;
read_ahead 0;
types_hash_max_size 2048;
types_hash_bucket_size 64;
server_names_hash_max_size 512;
server_names_hash_bucket_size 64;
variables_hash_max_size 1024;
variables_hash_bucket_size 128;
map_hash_max_size 2048;
map_hash_bucket_size 64;
proxy_headers_hash_max_size 512;
proxy_headers_hash_bucket_size 64;
ssl_dhparam /etc/ssl/dhparam.pem;
ssl_stapling on;
ssl_stapling_verify on;
reset_timedout_connection on;
lingering_close on;
lingering_time 30s;
lingering_timeout 5s;
connection_pool_size 512;
request_pool_size 4k;
client_body_buffer_size 16k;
client_body_in_single_buffer on;
client_body_temp_path /tmp 1 2;
proxy_temp_file_write_size 16k;
proxy_busy_buffers_size 16k;
fastcgi_busy_buffers_size 16k;
uwsgi_busy_buffers_size 16k;
scgi_busy_buffers_size 16k;
subrequest_output_buffer_size 8k;
msie_padding off;
msie_refresh off;
uninitialized_variable_warn off;
--- warn
pingauge: accepted without effect in main_config (line): worker_cpu_affinity (2), timer_resolution (3), lock_file (4), thread_pool (5), pcre_jit (6), worker_connections (8), multi_accept (9), use (10), accept_mutex (11), accept_mutex_delay (12), worker_aio_requests (13)
pingauge: accepted without effect in http_config (line): sendfile (1), sendfile_max_chunk (2), tcp_nopush (3), tcp_nodelay (4), output_buffers (5), postpone_output (6), aio (7), aio_write (8), directio (9), directio_alignment (10), read_ahead (11), types_hash_max_size (12), types_hash_bucket_size (13), server_names_hash_max_size (14), server_names_hash_bucket_size (15), variables_hash_max_size (16), variables_hash_bucket_size (17), map_hash_max_size (18), map_hash_bucket_size (19), proxy_headers_hash_max_size (20), proxy_headers_hash_bucket_size (21), ssl_dhparam (22), ssl_stapling_verify (24), reset_timedout_connection (25), lingering_close (26), lingering_time (27), lingering_timeout (28), connection_pool_size (29), request_pool_size (30), client_body_buffer_size (31), client_body_in_single_buffer (32), client_body_temp_path (33), proxy_temp_file_write_size (34), proxy_busy_buffers_size (35), fastcgi_busy_buffers_size (36), uwsgi_busy_buffers_size (37), scgi_busy_buffers_size (38), subrequest_output_buffer_size (39), msie_padding (40), msie_refresh (41), uninitialized_variable_warn (42)

=== values that are what is done anyway
--- main_config
master_process on;
load_module a.so;
env TZ;
events {}
--- http_config
optimize_server_names off;
http3 off;
client_body_in_file_only off;
--- config
ssi off;
slice 0;
proxy_store off;
proxy_cookie_domain off;
proxy_cookie_path off;
proxy_cookie_flags off;
modsecurity off;
--- warn
pingauge: accepted without effect in main_config (line): master_process (1), load_module (2), env TZ (3)
pingauge: accepted without effect in http_config (line): optimize_server_names (1), http3 (2), client_body_in_file_only (3)
pingauge: accepted without effect in config (line): ssi (1), slice (2), proxy_store (3), proxy_cookie_domain (4), proxy_cookie_path (5), proxy_cookie_flags (6), modsecurity (7)

=== tables of names that servers look for
--- config
referer_hash_max_size 2048;
referer_hash_bucket_size 64;
--- warn
pingauge: accepted without effect in config (line): referer_hash_max_size (1), referer_hash_bucket_size (2)

=== parameters of sockets
--- http_config
server { listen 127.0.0.1:$PORT2 reuseport backlog=10 so_keepalive=on; }
--- warn
pingauge: accepted without effect in http_config (line): listen … reuseport (1), listen … so_keepalive=on (1)

=== their arguments are counted all the same
--- http_config
sendfile maybe;
server_names_hash_max_size 1 2;
--- error_like
^pingauge: \[emerg\] (?=.*"maybe")(?=.*"sendfile").* in http_config:1$
^pingauge: \[emerg\] (?=.*invalid number of arguments)(?=.*"server_names_hash_max_size").* in http_config:2$
