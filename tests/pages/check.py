"""Looks at the pages of a report in a headless Chromium: nothing is fetched, nothing is complained of, tables sort and
filter, a figure shows its calls. Screenshots are left beside the pages, for people."""

import os
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

PAGES = Path(sys.argv[1]).resolve()


def opened(browser, name: str, said: list[str], **options) -> Page:
    """The page, in a context of its own that lets nothing out."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}, **options).new_page()
    address = (PAGES / f"{name}.html").as_uri()

    def route(route):
        if route.request.url.split("#")[0] == address:
            route.continue_()
        else:
            said.append(f"{name}: asked for {route.request.url}")
            route.abort()

    page.route("**/*", route)
    page.on("console", lambda message: said.append(f"{name}: {message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"{name}: {error}"))
    page.goto(address)
    return page


def column(page: Page, table: str, place: int) -> list[int]:
    """The numbers of a column, as they stand."""
    cells = page.locator(f"#{table} tbody tr td:nth-child({place})")
    return [int(cell.get_attribute("data-s")) for cell in cells.all()]


def seen(page: Page, table: str) -> int:
    return page.locator(f"#{table} tbody tr:visible").count()


def sorts(page: Page) -> None:
    before = column(page, "agents", 2)
    head = page.locator("#agents thead th:nth-child(2)")
    head.locator("button").click()
    assert column(page, "agents", 2) == sorted(before), "not sorted"
    assert head.get_attribute("aria-sort") == "ascending"
    head.locator("button").click()
    assert column(page, "agents", 2) == sorted(before, reverse=True), "not sorted the other way"
    assert head.get_attribute("aria-sort") == "descending"
    assert len(set(before)) > 1, "nothing to sort"


def filters(page: Page) -> None:
    every = seen(page, "agents")
    field = page.locator('input[data-for="agents"]')
    field.fill("AGENT003")
    assert seen(page, "agents") == 1
    assert page.locator('[data-count="agents"]').inner_text() == f"1 of {every}"
    field.fill("")
    assert seen(page, "agents") == every


def figures_show_their_calls(page: Page) -> None:
    every = seen(page, "calls")
    looked_at = 0
    for link in page.locator("a[data-c]").all()[::3]:
        places = (link.get_attribute("data-c") or "").split()
        count = int(link.get_attribute("data-n"))
        link.click()
        assert seen(page, "calls") == len(places), link.get_attribute("data-c")
        assert len(places) <= count and (places or count > 0)
        assert page.locator("#chosen").is_visible()
        title = page.locator("#chosen-title").inner_text()
        assert f": {count} call" in title and not title.startswith(":"), title
        assert page.locator("#chosen-more").is_visible() == (count > len(places))
        if count > len(places):
            command = page.locator("#chosen-command").inner_text()
            assert command.startswith("callfold calls --from 2026-"), command
        looked_at += 1
    assert looked_at > 20, f"only {looked_at} figures"
    # The calls of an agent are looked for as the agent's.
    page.locator("#agents tbody tr:first-child a[data-c]").first.click()
    assert "--agent " in page.locator("#chosen-command").text_content()
    page.locator("#chosen-all").click()
    assert seen(page, "calls") == every and not page.locator("#chosen").is_visible()
    # Every place that a figure or a hold leads to is there.
    ids = set(page.locator("#calls tbody tr").evaluate_all("rows => rows.map(row => row.id)"))
    for link in page.locator("a[data-c]").all():
        assert {f"c{place}" for place in (link.get_attribute("data-c") or "").split()} <= ids
    for link in page.locator('#holds a[href^="#c"]').all():
        assert link.get_attribute("href")[1:] in ids


def main() -> None:
    said: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM"], args=["--no-sandbox", "--disable-gpu"]
        )
        for scheme in ["light", "dark"]:
            page = opened(browser, "floor", said, color_scheme=scheme)
            paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(22, 25, 29)"}[scheme], paper
            page.screenshot(path=str(PAGES / f"floor-{scheme}.png"), full_page=scheme == "light")
            page.context.close()
        page = opened(browser, "floor", said)
        wide = page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert wide, "the page is wider than the window"
        sorts(page)
        filters(page)
        figures_show_their_calls(page)
        page.emulate_media(media="print")
        assert not page.locator('input[data-for="calls"]').is_visible()
        page.pdf(path=str(PAGES / "floor.pdf"))

        page = opened(browser, "sessions", said)
        assert seen(page, "irregular") > 0 and seen(page, "holds") > 0 and seen(page, "gaps") > 0
        page.screenshot(path=str(PAGES / "sessions.png"), full_page=True)

        page = opened(browser, "empty", said)
        assert seen(page, "calls") == 0 and "No calls." in page.locator("main").inner_text()

        # Without scripts everything is there, too.
        page = opened(browser, "floor", [], java_script_enabled=False)
        assert page.locator("#calls tbody tr").count() > 100
        assert not page.locator('input[data-for="calls"]').is_visible()
        browser.close()
    assert not said, "\n".join(said)
    print(f"pages: nothing fetched, nothing complained of; screenshots in {PAGES}")


if __name__ == "__main__":
    main()
