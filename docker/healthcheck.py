"""Exit with 0 where a process of this container answers: ``healthcheck.py PORT PATH``."""

import http.client
import sys

TIMEOUT = 2.5


def main(port: int, path: str) -> int:
    """0: it answered with less than 400; 1: with more; 2: not at all."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        sys.stderr.write(f"127.0.0.1:{port}{path}: {error}\n")
        return 2
    finally:
        connection.close()
    return int(status >= http.client.BAD_REQUEST)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2]))
