"""The portal: pages for people, below `/portal`, on the same services as the other faces; it decides nothing itself.

`/` leads there. The prefix keeps every dialect's path free: `/api`, `/auth` or `/numbers` may be some dialect's some
day. It is an application of its own in front of the others, so that a path that is none is answered with a page.

How to add a page
-----------------
1. A module of its subject in `pages/`: handlers made by `@page(...)` (GET) and `@action(...)` (POST) of `routing.py`,
   and a list `HANDLERS`, which `routes.py` names. Below `/projects/{project:uuid}` each handler names its `deed`;
   whether the person's role includes it is checked before it runs (`gate.py`). Handlers take a `PortalRequest`:
   `request.project` (account and role), `.person`, `.ports`, `.database`, `.now`, `.fields` (the form, or the
   query), `.at("/numbers")` (an address in this project).
2. A template in `templates/` that extends `project.html` (or `person.html`, `public.html`) and fills `content`. Its
   parts are the macros of `parts/`: `forms` (fields, the CSRF token), `tables` (pager), `bits` (time, copyable value,
   status, empty state, curl line). Undefined names are errors; everything is escaped.
3. A handler answers with `await show(request, "name.html", ...)`, or after a change with
   `await done(request, path, "What was done.", curl="...")`, which leaves a notice for the page that follows (303).
   What a form got wrong is shown by `show(..., form=typed(request.fields).refuse(refusal))`: it keeps what was typed,
   puts the sentence beside the field that the refusal names, and answers 422.
4. A line in `navigation.py`, if the page is in the menu.
5. Scripts are files in `static/`, named in `{% block scripts %}`; nothing is inline (CSP), and the page works without.
   Styles are classes of `static/parts.css`, made of the values in `static/tokens.css`.

The operator's desk is the pages below `/operator`, in `pages/desk/` and `templates/desk/`: for operators only, which
follows from the path; their menu is `DESK_SECTIONS`. What anybody changes is kept in the audit log by `trail.py`, so
that a page need not think of it.

Lists page by a key (`tables.py`): no page counts what it does not show.
"""
