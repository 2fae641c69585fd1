"""Media: RTP in a process of its own, and the client by which the call runtime orders it about.

`media.process.serve(socket_path, host, first_port, last_port)` is the process: it blocks until SIGTERM.
`media.client.MediaClient(socket_path, advertised_host="")` is the runtime's end: `await start()`, then
`await open()` gives a `MediaClientLeg` for each leg; `await stats()` gives the process's figures; `on_lost` is called
when the process went away (its legs are closed then, and the client connects again by itself); `await stop()` ends it.
"""
