# listen … proxy_protocol: whom a connection is from, said before anything else. What nginx answers, but that what the
# specification forbids is refused.

=== version 1
--- http
server {
    listen 127.0.0.1:$PORT proxy_protocol;
    location / { return 200 "$remote_addr|$proxy_protocol_addr|$proxy_protocol_port|$proxy_protocol_server_addr|$proxy_protocol_server_port"; }
}
--- raw_request
PROXY TCP4 1.2.3.4 5.6.7.8 11 22\r\nGET / HTTP/1.0\r\n\r\n
--- raw_response_like
\r\n\r\n127\.0\.0\.1\|1\.2\.3\.4\|11\|5\.6\.7\.8\|22$
--- raw_request
PROXY TCP6 ::1 2001:db8::2 11 22\r\nGET / HTTP/1.0\r\n\r\n
--- raw_response_like
\r\n\r\n127\.0\.0\.1\|::1\|11\|2001:db8::2\|22$
--- raw_request
PROXY UNKNOWN\r\nGET / HTTP/1.0\r\n\r\n
--- raw_response_like
\r\n\r\n127\.0\.0\.1\|\|\|\|$

=== version 2, and values beside the addresses
--- http
server {
    listen 127.0.0.1:$PORT proxy_protocol;
    location / { return 200 "$proxy_protocol_addr|$proxy_protocol_port|$proxy_protocol_server_addr|$proxy_protocol_server_port|$proxy_protocol_tlv_alpn|$proxy_protocol_tlv_0x02|$proxy_protocol_tlv_ssl_version|$proxy_protocol_tlv_ssl_0x22|$proxy_protocol_tlv_ssl_verify|$proxy_protocol_tlv_none"; }
}
--- raw_request
\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x01\x02\x03\x04\x05\x06\x07\x08\0\x0b\0\x16GET / HTTP/1.0\r\n\r\n
--- raw_response_like
\r\n\r\n1\.2\.3\.4\|11\|5\.6\.7\.8\|22\|\|\|\|\|\|$
--- raw_request
\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x2c\x01\x02\x03\x04\x05\x06\x07\x08\0\0\0\x16\x01\0\x02h2\x02\0\x03a.b\x20\0\x12\x07\0\0\0\x13\x21\0\x05TLSv1\x22\0\x02meGET / HTTP/1.0\r\n\r\n
--- raw_response_like
\r\n\r\n1\.2\.3\.4\|\|5\.6\.7\.8\|22\|h2\|a\.b\|TLSv1\|me\|19\|$
--- raw_request
\r\n\r\n\0\r\nQUIT\n\x20\0\0\0GET / HTTP/1.0\r\n\r\n
--- raw_response_like
\r\n\r\n\|\|\|\|\|\|\|\|\|$

=== the client is whom the proxy speaks for
--- http
server {
    listen 127.0.0.1:$PORT proxy_protocol;
    set_real_ip_from 127.0.0.1;
    real_ip_header proxy_protocol;
    location / { allow 1.2.3.4; deny all; try_files /none @seen; }
    location @seen { return 200 "$remote_addr|$remote_port|$realip_remote_addr"; }
}
--- raw_request
PROXY TCP4 1.2.3.4 5.6.7.8 11 22\r\nGET / HTTP/1.0\r\n\r\n
--- raw_response_like
\r\n\r\n1\.2\.3\.4\|11\|127\.0\.0\.1$
--- raw_request
PROXY TCP4 4.3.2.1 5.6.7.8 11 22\r\nGET / HTTP/1.0\r\n\r\n
--- raw_response_like
^HTTP/1\.1 403
--- log
access forbidden by rule, client: 4\.3\.2\.1,
--- raw_request
PROXY UNKNOWN\r\nGET / HTTP/1.0\r\n\r\n
--- raw_response_like
^HTTP/1\.1 403
--- log
access forbidden by rule, client: 127\.0\.0\.1,

=== what begins in another way is closed, and told
--- http
server {
    listen 127.0.0.1:$PORT proxy_protocol;
    client_header_timeout 1s;
    location / { return 200 never; }
}
--- raw_request
GET / HTTP/1.0\r\n\r\n
--- raw_response
--- log
\[error\] .*broken header: "GET / HTTP/1\.0\\r\\n\\r\\n" while reading PROXY protocol, client: 127\.0\.0\.1, server: 127\.0\.0\.1:
--- raw_request
PROXY TCP4 1.2.3.4 5.6.7.8 11 22 33\r\nGET / HTTP/1.0\r\n\r\n
--- raw_response
--- raw_request
\r\n\r\n\0\r\nQUIT\n\x31\x11\0\x0c\x01\x02\x03\x04\x05\x06\x07\x08\0\x0b\0\x16GET / HTTP/1.0\r\n\r\n
--- raw_response
--- log
unknown PROXY protocol version while reading PROXY protocol
--- raw_request
\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x04\x01\x02\x03\x04GET / HTTP/1.0\r\n\r\n
--- raw_response
--- log
addresses longer than the header while reading PROXY protocol
--- raw_request
\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff
--- raw_response
--- log
header is too large while reading PROXY protocol
--- raw_request
PROXY TCP4 1.2.3.4
--- raw_response
--- log
client timed out while reading PROXY protocol
--- raw_request
PROXY TCP4 1.2.3.4
--- raw_close
--- log
client closed connection while reading PROXY protocol
