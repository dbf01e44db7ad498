# Bodies and heads that are larger than what memory is set aside for.

=== a head that is longer than its buffer
--- origin o
* /long 200
    X-Long: <<xxxxxxxxxx*900>>
* /short 200
    X-Long: <<xxxxxxxxxx*700>>
--- config
location / { proxy_pass http://$ORIGIN_o; }
location /wide/ { proxy_buffer_size 32k; proxy_pass http://$ORIGIN_o/; }
--- requests
GET /long 502
GET /short 200
GET /wide/long 200
--- log
upstream sent too big header .*"proxy_buffer_size" says .*, client: 127.0.0.1, .*request: "GET /long

=== a body is read before a peer is asked, so another one can have it
--- origin bad
* * close
--- origin good
* * 200
    | $BODY
--- http_config
upstream both { server $ORIGIN_bad; server $ORIGIN_good backup; }
--- config
proxy_next_upstream error non_idempotent;
location / { client_max_body_size 1m; proxy_pass http://both; }
location /streamed { proxy_request_buffering off; proxy_pass http://both; }
--- requests
POST / 200 ~ ^(0123456789){20000}$
    | <<0123456789*20000>>
POST /streamed 200 ~ ^(0123456789){20}$
    | <<0123456789*20>>

=== however a body waits, it is the same
--- origin o
* * 200
    | <<0123456789*30000>>
--- config
location / { proxy_pass http://$ORIGIN_o; }
location /off { proxy_buffering off; proxy_pass http://$ORIGIN_o; }
location /small { proxy_buffers 2 4k; proxy_temp_path $DIR/temporary; proxy_max_temp_file_size 1m; proxy_pass http://$ORIGIN_o; }
location /none { proxy_buffers 2 4k; proxy_max_temp_file_size 0; proxy_pass http://$ORIGIN_o; }
--- requests
GET / 200 ~ ^(?:0123456789)+\z
--- response_headers
Content-Length: 300000
--- requests
GET /off 200 ~ ^(?:0123456789)+\z
--- response_headers
Content-Length: 300000
--- requests
GET /small 200 ~ ^(?:0123456789)+\z
--- response_headers
Content-Length: 300000
--- requests
GET /none 200 ~ ^(?:0123456789)+\z
--- response_headers
Content-Length: 300000
