"""What is at no path, or not with this method, in the words of the face below whose base it was looked for.

Litestar refuses such requests before any router of a face is asked.
"""

from litestar import Response
from litestar.exceptions import HTTPException

from dialplane.faces.operator import problems as operator
from dialplane.faces.voipbin import errors as voipbin
from dialplane.faces.vox import errors as vox
from dialplane.faces.vox.routes import PATHS

Answer = Response[operator.Problem] | Response[vox.Body] | Response[voipbin.ErrorEnvelope]

_OPERATOR = "/operator/"


def show_http_exception(request: voipbin.AnyRequest, fault: HTTPException) -> Answer:
    """The native API's envelope, where the path is no other face's; with the methods that the path does take."""
    answer = _show(request, fault)
    for name, text in (fault.headers or {}).items():
        if name.lower() == "allow":
            answer.headers["allow"] = text
    return answer


def _show(request: voipbin.AnyRequest, fault: HTTPException) -> Answer:
    path = request.scope["path"]
    if path.startswith(_OPERATOR):
        return operator.show_http_exception(request, fault)
    if path.rstrip("/") in PATHS:
        return vox.show_http_exception(request, fault)
    return voipbin.show_http_exception(request, fault)
