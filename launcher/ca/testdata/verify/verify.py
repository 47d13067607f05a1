# usage: verify.py ROOTS NAME PORT [NAME PORT ...]: a line for each server.
import socket, ssl, sys

context = ssl.create_default_context(cafile=sys.argv[1])
for name, port in zip(sys.argv[2::2], sys.argv[3::2]):
    try:
        with socket.create_connection(("127.0.0.1", int(port)), 20) as s, context.wrap_socket(s, server_hostname=name) as t:
            print("trusted" if t.recv(2) == b"ok" else "silent")
    except ssl.SSLError as e:
        print("refused", " ".join(str(e).split()))
