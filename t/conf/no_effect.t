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
proxy_buffering off;
proxy_request_buffering off;
proxy_buffer_size 8k;
proxy_buffers 8 8k;
map_hash_max_size 2048;
map_hash_bucket_size 64;
proxy_headers_hash_max_size 512;
proxy_headers_hash_bucket_size 64;
ssl_prefer_server_ciphers on;
ssl_ciphers HIGH:!aNULL:!MD5;
ssl_ecdh_curve X25519:prime256v1;
ssl_dhparam /etc/ssl/dhparam.pem;
ssl_session_tickets off;
ssl_early_data off;
ssl_stapling on;
ssl_stapling_verify on;
ssl_trusted_certificate /etc/ssl/chain.pem;
ssl_buffer_size 4k;
reset_timedout_connection on;
lingering_close on;
lingering_time 30s;
lingering_timeout 5s;
keepalive_disable msie6;
connection_pool_size 512;
request_pool_size 4k;
client_body_buffer_size 16k;
client_body_in_single_buffer on;
client_body_temp_path /tmp 1 2;
proxy_temp_path /tmp;
proxy_max_temp_file_size 0;
proxy_temp_file_write_size 16k;
proxy_busy_buffers_size 16k;
fastcgi_temp_path /tmp;
uwsgi_temp_path /tmp;
scgi_temp_path /tmp;
log_subrequest on;
subrequest_output_buffer_size 8k;
msie_padding off;
msie_refresh off;
uninitialized_variable_warn off;
open_file_cache max=1000 inactive=20s;
open_file_cache_valid 30s;
open_file_cache_min_uses 2;
open_file_cache_errors on;
open_log_file_cache max=100;
--- ok

=== their arguments are counted all the same
--- http_config
sendfile maybe;
server_names_hash_max_size 1 2;
--- error_like
^pingauge: \[emerg\] (?=.*"maybe")(?=.*"sendfile").* in http_config:1$
^pingauge: \[emerg\] (?=.*invalid number of arguments)(?=.*"server_names_hash_max_size").* in http_config:2$
