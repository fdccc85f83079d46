"""A sample application that speaks HTTP/2 frame by frame, and shows the trailers that reached it."""

from __future__ import annotations

import socketserver
import threading

import h2.config
import h2.connection
import h2.events


class Http2Application:
    """Answers any request with an empty 200 once it has ended, and keeps what trailers came."""

    def __init__(self) -> None:
        self.trailers: list[tuple[tuple[str, str], ...]] = []
        received = self.trailers.append

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                connection = h2.connection.H2Connection(
                    h2.config.H2Configuration(client_side=False, header_encoding="latin-1")
                )
                connection.initiate_connection()
                self.request.sendall(connection.data_to_send())
                while data := self.request.recv(65_536):
                    for event in connection.receive_data(data):
                        if isinstance(event, h2.events.TrailersReceived):
                            received(tuple((str(name), str(value)) for name, value in event.headers))
                        elif isinstance(event, h2.events.StreamEnded):
                            connection.send_headers(event.stream_id, [(":status", "200")], end_stream=True)
                    self.request.sendall(connection.data_to_send())

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False  # Envoy keeps its connection until it is stopped itself

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def stop(self) -> None:
        """Take no further connection, and wait for the thread that did."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
