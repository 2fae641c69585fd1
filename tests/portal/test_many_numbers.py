"""Many numbers at once in the portal: ticked or by filter, with progress and undo; import and export (point 3)."""

import json

from dialplane.services.numbering.number_jobs import STEP, go_on_with_jobs
from dialplane.services.numbering.numbers import list_numbers
from dialplane.services.transaction import Database
from tests.portal.conftest import Shown, Surfer, account_of
from tests.services.buying import NOW
from tests.services.test_number_jobs import held


async def _selected(surfer: Surfer, at: str, *, all_of: str = "") -> Shown:
    if all_of:
        return await surfer.get(f"{at}/numbers/selected?all=yes&{all_of}")
    listed = await surfer.get(f"{at}/numbers")
    ticks = [tick.partition('"')[0] for tick in listed.text.split('name="number" value="')[1:]]
    return await surfer.get(f"{at}/numbers/selected?" + "&".join(f"number={each}" for each in ticks[:2]))


async def test_ticked_numbers_are_told_what_to_do_and_the_undo_gives_it_back(
    surfer: Surfer, at: str, database: Database
) -> None:
    await held(database, account_of(at), 3)
    chosen = await _selected(surfer, at)

    nothing = await surfer.send(chosen, "/assign")
    wrong = await surfer.send(chosen, "/assign", calls_other="call me")
    done = await surfer.post(
        f"{at}/numbers/selected/assign",
        [*_carried(chosen, "/assign"), ("calls_other", "pstn:+12125550123"), ("messages", "none")],
    )
    listed = await surfer.get(f"{at}/numbers")
    undone = await surfer.send(done, "/undo")

    assert "2 numbers" in chosen.words
    assert (nothing.status, "Choose what calls or messages should do" in nothing.words) == (422, True)
    assert (wrong.status, "is none of none, flow:" in wrong.words) == (422, True)
    assert "Targets Done" in done.words
    assert listed.words.count("forwards to +1 212-555-0123") == 2
    assert "Taken back 2" in undone.words


def _carried(shown: Shown, action: str) -> list[tuple[str, str]]:
    """All fields of a form, those that come twice too."""
    form = shown.text[shown.text.index(f'{action}"') :].partition("</form>")[0]
    hidden = [part.partition('"')[0:3] for part in form.split('type="hidden" name="')[1:]]
    return [(name, rest.partition('value="')[2].partition('"')[0]) for name, _, rest in hidden]


async def test_all_numbers_that_fit_are_tagged_with_progress(surfer: Surfer, at: str, database: Database) -> None:
    """More than one step: the request begins, a worker goes on, and the page shows how far it is."""
    account = account_of(at)
    await held(database, account, STEP + 10)
    chosen = await _selected(surfer, at, all_of="q=899001000&kind=virtual")

    shown = await surfer.send(chosen, "/tag", add_tags="pool, north")
    begun = await surfer.get(shown.path)
    while await go_on_with_jobs(database, NOW):
        pass
    later = await surfer.get(shown.path)
    jobs = await surfer.get(f"{at}/numbers/jobs")

    assert "All numbers that fit the filter" in chosen.words
    assert f"0 of {STEP + 10}" in begun.words
    assert "data-at-work" in begun.text
    assert f"Done {STEP + 10}" in later.words
    assert f"Tags Done {STEP + 10}" in jobs.words
    assert {number.tags for number in await list_numbers(database, account, limit=1000)} == {("pool", "north")}


async def test_released_numbers_are_taken_back_together(surfer: Surfer, at: str, database: Database) -> None:
    await held(database, account_of(at), 2)
    chosen = await _selected(surfer, at, all_of="")

    unsure = await surfer.send(chosen, "/release")
    done = await surfer.post(f"{at}/numbers/selected/release", [*_carried(chosen, "/release"), ("sure", "yes")])
    empty = await surfer.get(f"{at}/numbers")
    await surfer.send(done, "/undo")
    back = await surfer.get(f"{at}/numbers")

    assert (unsure.status, "Tick that you are sure" in unsure.words) == (422, True)
    assert "Release Done" in done.words
    assert "No number yet" in empty.words
    assert "899001000" in back.text


async def test_export_is_changed_and_imported(surfer: Surfer, at: str, database: Database) -> None:
    """A preview with the columns that were found, then the change, then the undo."""
    first = (await held(database, account_of(at), 2))[0]
    csv = await surfer.get(f"{at}/numbers/export.csv")
    some = await surfer.get(f"{at}/numbers/export.json?number={first.id}")
    form = await surfer.get(f"{at}/numbers/import")

    lines = csv.text.splitlines()
    body = "\r\n".join([lines[0], lines[1].replace(f"{first.number},", f"{first.number},Front desk", 1), "+1,x"])
    broken = await surfer.upload(form, "/import", "numbers.csv", b"\xff\xff")
    preview = await surfer.upload(form, "/import", "numbers.csv", body.encode())
    before = await surfer.get(f"{at}/numbers")
    applied = await surfer.send(preview, "/apply")
    after = await surfer.get(f"{at}/numbers")
    undone = await surfer.send(applied, "/undo")

    assert len(lines) == 3
    assert [each["number"] for each in json.loads(some.text)["items"]] == [first.number]
    assert some.headers["content-disposition"] == 'attachment; filename="numbers.json"'
    assert (broken.status, "the file is not UTF-8" in broken.words) == (422, True)
    assert "Name is read from name" in preview.words
    assert "problem number: it is not one of your numbers" in preview.words
    assert "Apply to 1 number" in preview.words
    assert "Front desk" not in before.words
    assert "Done 1" in applied.words
    assert "Front desk" in after.words
    assert "Taken back 1" in undone.words


async def test_columns_of_a_file_are_chosen_by_hand(surfer: Surfer, at: str, database: Database) -> None:
    """The guess is shown, a choice for each column; a column may become a key of the metadata."""
    first = (await held(database, account_of(at), 1))[0]
    form = await surfer.get(f"{at}/numbers/import")
    body = f"Rufnummer,label,Rang\r\n{first.number},Boss,7\r\n".encode()

    preview = await surfer.upload(form, "/import", "numbers.csv", body)
    again = await surfer.send(preview, "/columns", column_1="detail", column_2="metadata.Rang")
    stranger = await surfer.send(preview, "/columns", column_1="account_id")

    assert {f"column_{n}": field for n, field in enumerate(("number", "name", ""))}.items() <= preview.form(
        "/columns"
    ).items()
    assert "name 'Boss'" in preview.words
    assert "detail 'Boss'; Rang: 7" in again.words
    assert (stranger.status, "Choose a field of the list" in stranger.words) == (422, True)


async def test_nothing_ticked_leads_back_to_the_list(surfer: Surfer, at: str) -> None:
    shown = await surfer.get(f"{at}/numbers/selected?number=x")

    assert "Tick at least one number, then say what to do." in shown.words
