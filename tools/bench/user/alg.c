// SPDX-License-Identifier: GPL-2.0
/*
 * SHA-256 by another way into the kernel's crypto API: AF_ALG.
 */
#include <errno.h>
#include <linux/if_alg.h>
#include <sys/socket.h>
#include <unistd.h>

#include "subjects.h"

int alg_open(void)
{
	struct sockaddr_alg address = {
		.salg_family = AF_ALG,
		.salg_type = "hash",
		.salg_name = "sha256",
	};
	int sock, alg = -1, err = 0;

	sock = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return -errno;
	if (!bind(sock, (struct sockaddr *)&address, sizeof(address)))
		alg = accept4(sock, NULL, NULL, SOCK_CLOEXEC);
	if (alg < 0)
		err = -errno;
	close(sock);
	return err ?: alg;
}

/* The kernel takes the pages as they are, without a copy. */
int alg_write(int alg, const void *buf, size_t len)
{
	ssize_t n;

	while (len) {
		n = send(alg, buf, len, MSG_MORE);
		if (n < 0)
			return -errno;
		buf = (const char *)buf + n;
		len -= n;
	}
	return 0;
}

/* Another may begin then. */
int alg_end(int alg, struct digest *digest)
{
	ssize_t n = read(alg, digest->bytes, DIGEST_LEN);

	if (n != DIGEST_LEN)
		return n < 0 ? -errno : -EPROTO;
	digest->known = true;
	return 0;
}
