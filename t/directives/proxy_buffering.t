# How far bodies are read ahead of whoever takes them, and how long a head of a response may be.

=== the longest head of a response
--- origin o
GET /long 200
    X-Long: <<x*9000>>
    | long
GET /short 200
    X-Long: <<x*7000>>
    | short
--- config
location / { proxy_pass http://$ORIGIN_o; }
location /more/ { proxy_buffer_size 16k; proxy_pass http://$ORIGIN_o/; }
location /less/ { proxy_buffer_size 1k; proxy_pass http://$ORIGIN_o/; }
--- requests
GET /short = short
GET /long 502
GET /more/long = long
GET /less/short 502
--- log
upstream sent too big header .*"proxy_buffer_size" says how long it may be

=== bodies go through however they are buffered
--- origin o
* /b 200
    | <<0123456789*30000>>
--- config
location / { proxy_pass http://$ORIGIN_o; }
location /off/ { proxy_buffering off; proxy_request_buffering off; proxy_pass http://$ORIGIN_o/; }
location /small/ { proxy_buffers 4 4k; proxy_max_temp_file_size 0; proxy_pass http://$ORIGIN_o/; }
location /files/ { proxy_buffers 4 4k; proxy_temp_path $DIR/made/here; proxy_pass http://$ORIGIN_o/; }
--- requests
POST /b 200
    | <<x*200000>>
POST /off/b 200
    | <<x*200000>>
POST /small/b 200
    | <<x*200000>>
POST /files/b 200
    | <<x*200000>>
GET /files/b = <<0123456789*30000>>
GET /off/b = <<0123456789*30000>>
GET /small/b = <<0123456789*30000>>
--- no_log
temporary file failed
