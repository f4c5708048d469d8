/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Digests by another way into the kernel's crypto API, AF_ALG, and files to hash.
 */
#ifndef KTASK_SELFTESTS_ALG_H
#define KTASK_SELFTESTS_ALG_H

#include <errno.h>
#include <linux/if_alg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* Return: a socket that hashes what is written to it, or a negative errno. */
static inline int alg_open(const char *alg)
{
	struct sockaddr_alg address = {
		.salg_family = AF_ALG,
		.salg_type = "hash",
	};
	int sock, op;

	strncpy((char *)address.salg_name, alg, sizeof(address.salg_name) - 1);
	sock = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return -errno;
	if (bind(sock, (struct sockaddr *)&address, sizeof(address))) {
		op = -errno;
	} else {
		op = accept(sock, NULL, NULL);
		if (op < 0)
			op = -errno;
	}
	close(sock);
	return op;
}

/*
 * Hash @len bytes of @file from @offset on.
 * Return: how long the digest is, or a negative errno.
 */
static inline int alg_digest(const char *alg, int file, off_t offset, size_t len,
			     unsigned char digest[64])
{
	unsigned char buf[4096];
	int op = alg_open(alg);
	ssize_t n = 0;

	if (op < 0)
		return op;
	while (len && n >= 0) {
		n = pread(file, buf, len < sizeof(buf) ? len : sizeof(buf), offset);
		if (!n)
			break;
		if (n > 0) {
			len -= n;
			offset += n;
			n = send(op, buf, n, MSG_MORE);
		}
	}
	if (n >= 0)
		n = read(op, digest, 64);
	if (n < 0)
		n = -errno;
	close(op);
	return n;
}

/* A file with @len bytes that are not all the same. */
static inline int pattern_file(size_t len)
{
	int fd = memfd_create("ktask-test", MFD_CLOEXEC);
	unsigned char buf[4096];
	size_t done = 0, i;

	while (fd >= 0 && done < len) {
		size_t n = len - done < sizeof(buf) ? len - done : sizeof(buf);

		for (i = 0; i < n; i++)
			buf[i] = (done + i) * 31 + ((done + i) >> 12);
		if (write(fd, buf, n) != (ssize_t)n) {
			close(fd);
			return -1;
		}
		done += n;
	}
	return fd;
}

static inline void to_hex(char *to, const unsigned char *from, size_t len)
{
	*to = 0;
	while (len--)
		to += sprintf(to, "%02x", *from++);
}

#endif /* KTASK_SELFTESTS_ALG_H */
