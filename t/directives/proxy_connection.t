# The client's connection on the way through the proxy: what follows a request is never lost.

=== requests in one go, with bodies of every kind
--- origin o
POST * 200
    | posted
* * 200
    | got
--- config
location / { return 200 local; }
location /p { proxy_pass http://$ORIGIN_o; }
--- raw_request
POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET /p HTTP/1.1\r\nHost: a\r\n\r\nPOST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nab\r\n1\r\nc\r\n0\r\nA: b\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
(?s)local.*got.*posted.*local

=== a failure does not cost the connection
--- origin o
* * 404
    | theirs
--- config
location / { return 200 local; }
location /dead { proxy_pass http://127.0.0.1:$PORT2; }
location /page { return 200 page; }
location /caught { proxy_intercept_errors on; error_page 404 /page; proxy_pass http://$ORIGIN_o; }
--- raw_request
GET /dead HTTP/1.1\r\nHost: a\r\n\r\nGET /caught HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
(?s)502 Bad.*404 Not.*page.*200 OK.*local

=== a client of old
--- origin o
* * 200
    | answer
--- config
location / { proxy_pass http://$ORIGIN_o; }
--- raw_request
GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n
--- raw_response_like
(?s)Connection: keep-alive.*answer.*Connection: close.*answer

=== a body that is too large
--- origin o
* * 200
    | answer
--- config
client_max_body_size 10;
location / { proxy_pass http://$ORIGIN_o; }
location /local { return 200 local; }
--- raw_request
POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n
--- raw_response_like
^HTTP/1.1 413
^Connection: close
--- raw_request
POST /local HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n01234567890
--- raw_response_like
^HTTP/1.1 413

=== a body that nobody takes is not measured
--- config
client_max_body_size 10;
location /local { return 200 local; }
--- raw_request
POST /local HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\nGET /local HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
(?s)\AHTTP/1.1 200.*localHTTP/1.1 200.*local

=== a client that waits to be told
--- origin o
* * 200
    | answer
--- config
location / { proxy_pass http://$ORIGIN_o; }
--- raw_request
POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx
--- raw_response_like
(?s)\AHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200.*answer
