/* Sends every byte back, without WebSocket: threads on an epoll each, which get
 * connections in turn, and a buffer a thread. What the system calls cost, and the limit
 * for a server of as many event loops.
 *
 *   cc -O2 -pthread -o echo echo.c && ./echo PORT THREADS
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 256, BUFFER = 64 << 10, THREADS = 256 };

static int listener, threads, epolls[THREADS];

static int fail(const char *what) {
	perror(what);
	exit(1);
}

/* Writes all, and waits where the peer is slow: one that doesn't read stops all
 * others, which a server for anything else couldn't afford. */
static int write_all(int fd, const char *p, ssize_t n) {
	while (n > 0) {
		ssize_t w = write(fd, p, n);
		if (w > 0) {
			p += w;
			n -= w;
		} else if (errno == EAGAIN) {
			struct pollfd ready = {.fd = fd, .events = POLLOUT};
			poll(&ready, 1, -1);
		} else if (errno != EINTR) {
			return -1;
		}
	}
	return 0;
}

static int listen_on(int port) {
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&addr, sizeof addr) < 0 || listen(fd, 4096) < 0)
		fail("listen");
	return fd;
}

static void watch(int epoll, int fd) {
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		fail("epoll_ctl");
}

/* Is called by one thread alone. */
static void accept_all(void) {
	static unsigned turn;
	int one = 1, fd;
	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		watch(epolls[turn++ % threads], fd);
	}
}

static void *loop(void *epoll) {
	char buffer[BUFFER];
	struct epoll_event events[EVENTS];
	for (;;) {
		int n = epoll_wait(*(int *)epoll, events, EVENTS, -1);
		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;
			if (fd == listener) {
				accept_all();
				continue;
			}
			ssize_t got = read(fd, buffer, BUFFER);
			if (got > 0 ? write_all(fd, buffer, got) < 0 : got == 0 || (errno != EAGAIN && errno != EINTR))
				close(fd);
		}
	}
	return NULL;
}

int main(int argc, char **argv) {
	threads = argc == 3 ? atoi(argv[2]) : 0;
	if (threads < 1 || threads > THREADS) {
		fprintf(stderr, "usage: %s PORT THREADS, of which there may be %d\n", argv[0], THREADS);
		return 2;
	}
	for (int i = 0; i < threads; i++)
		epolls[i] = epoll_create1(0);
	listener = listen_on(atoi(argv[1]));
	watch(epolls[0], listener);
	for (int i = 1; i < threads; i++) {
		pthread_t thread;
		if (pthread_create(&thread, NULL, loop, &epolls[i]) != 0)
			fail("pthread_create");
	}
	loop(&epolls[0]);
}
