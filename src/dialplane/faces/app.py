"""The HTTP application: the faces mounted on one Litestar, with what belongs to none of them around it."""

from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException

from dialplane.faces import documentation, health, media, sip_socket, sounds
from dialplane.faces.bodies import LARGEST_BODY
from dialplane.faces.carriers import routes as carriers
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.methods import Methods
from dialplane.faces.observation import Observation
from dialplane.faces.operator import routes as operator
from dialplane.faces.origins import Origins
from dialplane.faces.portal import routes as portal
from dialplane.faces.restcomm import demos
from dialplane.faces.restcomm import routes as restcomm
from dialplane.faces.unrouted import show_http_exception
from dialplane.faces.voipbin import routes as voipbin
from dialplane.faces.voipbin.credentials import Verifier
from dialplane.faces.voipbin.errors import EXCEPTION_HANDLERS
from dialplane.faces.voipbin.number_filters import read_filters
from dialplane.faces.voipbin.paging import read_page
from dialplane.faces.vox import routes as vox


def create_app(dependencies: Dependencies) -> Litestar:
    """The whole HTTP surface on the given ports. Nothing is opened or started here: bootstrap does both."""
    verifier = Verifier(dependencies)
    app = Litestar(
        route_handlers=[
            health.router,
            documentation.router,
            media.router,
            sounds.router,
            demos.router,
            demos.alias,
            sip_socket.router(dependencies),
            *carriers.routers(dependencies),
            *operator.routers(dependencies),
            *voipbin.routers(dependencies, verifier),
            *vox.routers(dependencies),
        ],
        state=State({"dependencies": dependencies, "verifier": verifier}),
        dependencies={
            "page": Provide(read_page, sync_to_thread=False),
            "wanted": Provide(read_filters, sync_to_thread=False),
        },
        exception_handlers={**EXCEPTION_HANDLERS, HTTPException: show_http_exception},
        openapi_config=documentation.OPENAPI,
        request_max_body_size=LARGEST_BODY,
        logging_config=None,
    )
    faces = portal.mounted(dependencies, restcomm.mounted(dependencies, app.asgi_handler))
    app.asgi_handler = Observation(
        Origins(Methods(faces)), access_log=dependencies.access_log, registry=dependencies.registry
    )
    return app
