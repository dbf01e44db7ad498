/* A program behind FastCGI that answers each request with so many bytes, in records as php-fpm makes them: PORT BYTES. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BEGIN = 1, END = 3, STDIN = 5, STDOUT = 6, PIECE = 8184 };

static char *answer;
static size_t answer_length;

static void add(int kind, const char *content, size_t length) {
    size_t padding = (8 - length % 8) % 8;
    unsigned char header[8] = {1, kind, 0, 1, length >> 8, length & 255, padding, 0};
    answer = realloc(answer, answer_length + 8 + length + padding);
    memcpy(answer + answer_length, header, 8);
    memcpy(answer + answer_length + 8, content, length);
    memset(answer + answer_length + 8 + length, 0, padding);
    answer_length += 8 + length + padding;
}

static int receive(int peer, unsigned char *bytes, size_t length) {
    while (length > 0) {
        ssize_t amount = read(peer, bytes, length);
        if (amount <= 0) return 0;
        bytes += amount;
        length -= amount;
    }
    return 1;
}

static void *serve(void *given) {
    int peer = (int)(long)given, keeps = 0, on = 1;
    unsigned char header[8], content[65536 + 256];
    setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    while (receive(peer, header, 8)) {
        size_t length = header[4] << 8 | header[5];
        if (!receive(peer, content, length + header[6])) break;
        if (header[1] == BEGIN) keeps = content[2] & 1;
        if (header[1] != STDIN || length > 0) continue;
        for (size_t sent = 0; sent < answer_length;) {
            ssize_t amount = write(peer, answer + sent, answer_length - sent);
            if (amount <= 0) keeps = 0, sent = answer_length;
            else sent += amount;
        }
        if (!keeps) break;
    }
    close(peer);
    return NULL;
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
    size_t length = atol(arguments[2]);
    char *body = malloc(length + 100);
    strcpy(body, "X-Powered-By: PHP/8.2\r\nContent-type: text/html; charset=UTF-8\r\n\r\n");
    size_t whole = strlen(body) + length;
    memset(body + strlen(body), 'x', length);
    for (size_t at = 0; at < whole; at += PIECE) add(STDOUT, body + at, whole - at < PIECE ? whole - at : PIECE);
    add(STDOUT, "", 0);
    add(END, "\0\0\0\0\0\0\0\0", 8);
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[1]))};
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&own, sizeof own) || listen(listener, 1024)) return 1;
    for (;;) {
        pthread_t thread;
        int peer = accept(listener, NULL, NULL);
        if (peer < 0) continue;
        if (pthread_create(&thread, NULL, serve, (void *)(long)peer)) close(peer);
        else pthread_detach(thread);
    }
}
