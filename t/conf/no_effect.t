# Directives that other servers need and this one reads without doing anything.

=== the list
--- main_config
worker_rlimit_nofile 1024;
events { worker_connections 512; multi_accept on; use epoll; }
--- http_config
sendfile on;
tcp_nopush on;
tcp_nodelay on;
types_hash_max_size 2048;
types_hash_bucket_size 64;
server_names_hash_max_size 512;
server_names_hash_bucket_size 64;
variables_hash_max_size 1024;
variables_hash_bucket_size 128;
map_hash_max_size 2048;
map_hash_bucket_size 64;
--- ok
