"""What every player must do. Each check returns its findings as sentences; none is good."""


def state(player):
    """Where a player stands: its frame, what is shown and said, its button's label."""
    return player.evaluate(
        """(player) => ({
            frame: Number(player.querySelector("input").value),
            count: Number(player.dataset.count),
            label: player.querySelector("button:nth-child(2)").getAttribute("aria-label"),
            shown: [...player.querySelectorAll("[data-f]")]
                .map((part) => getComputedStyle(part).display !== "none"),
            want: [...player.querySelectorAll("[data-f]")].map((part) => part.dataset.f),
            said: [...player.querySelectorAll(".player-captions li")]
                .findIndex((line) => getComputedStyle(line).visibility === "visible"),
            captions: player.querySelectorAll(".player-captions li").length,
            live: player.querySelector("[aria-live]").getAttribute("aria-live"),
        })"""
    )


def _covers(ranges, frame):
    spans = [[int(end) for end in span.split("-")] for span in ranges.split()]
    return any(span[0] <= frame <= span[-1] for span in spans)


class _Watch:
    """Asks after every action whether the player stands where it should."""

    def __init__(self, player):
        self.player, self.found = player, []

    def at(self, frame, action):
        now = state(self.player)
        if now["frame"] != frame:
            self.found.append(f"{action}: at frame {now['frame']}, not {frame}")
        want = [_covers(ranges, now["frame"] - 1) for ranges in now["want"]]
        if want != now["shown"]:
            self.found.append(f"{action}: the picture is not that of the frame")
        if now["captions"] and now["said"] != now["frame"] - 1:
            self.found.append(f"{action}: the caption is not that of the frame")

    def says(self, label, action):
        if (now := state(self.player)["label"]) != label:
            self.found.append(f"{action}: the button says {now!r}, not {label!r}")


def still_findings(page, player):
    """Nothing moves by itself: it stands at its first frame, and stays there."""
    player.scroll_into_view_if_needed()
    before = state(player)
    page.wait_for_timeout(1300 * float(player.get_attribute("data-seconds")))
    # on a busy machine it may have come to its end before anybody looked
    still = before["frame"] == 1 and state(player) == before
    return [] if still else ["it moves without being asked"]


def keyboard_findings(page, player):
    """Everything can be done from the keyboard."""
    watch = _Watch(player)
    count = state(player)["count"]
    player.locator("input").focus()
    for key, frame in (
        ("Home", 1),
        ("ArrowRight", 2),
        ("ArrowRight", min(3, count)),
        ("ArrowLeft", min(3, count) - 1),
        ("End", count),
        ("ArrowRight", count),
        ("Home", 1),
        ("ArrowLeft", 1),
    ):
        page.keyboard.press(key)
        watch.at(frame, key)
    page.keyboard.press("End")
    page.keyboard.press(" ")  # plays again from the start
    watch.at(1, "space at the end")
    if count > 2:
        watch.says("Pause", "space")
    page.keyboard.press(" ")
    watch.says("Play", "space again")
    page.keyboard.press("Home")
    names = []
    player.locator("button").first.focus()
    for _ in range(4):
        names.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))
        page.keyboard.press("Tab")
    if names != ["Step back", "Play", "Step forward", "Frame"]:
        watch.found.append(f"tab reaches {names}")
    return watch.found


def mouse_findings(page, player):
    """Buttons and slider answer the mouse; playing plays, ends and pauses."""
    watch = _Watch(player)
    count = state(player)["count"]
    buttons = player.locator("button")
    player.scroll_into_view_if_needed()
    box = player.locator("input").bounding_box()
    page.mouse.click(box["x"] + box["width"] - 3, box["y"] + box["height"] / 2)
    watch.at(count, "a click at the slider's end")
    page.mouse.click(box["x"] + 3, box["y"] + box["height"] / 2)
    watch.at(1, "a click at the slider's start")
    buttons.nth(2).click()
    watch.at(2, "step forward")
    buttons.nth(0).click()
    watch.at(1, "step back")
    buttons.nth(1).click()
    if count > 2:
        watch.says("Pause", "play")
        if state(player)["live"] != "off":
            watch.found.append("captions are read aloud while playing")
        wait = float(player.get_attribute("data-seconds")) * 1000
        page.wait_for_timeout(1.5 * wait)
        if state(player)["frame"] < min(3, count):
            watch.found.append("it does not play")
        buttons.nth(1).click()
    watch.says("Play", "pause")
    if state(player)["live"] != "polite":
        watch.found.append("captions are not read aloud when stepping")
    return watch.found


def touch_findings(page, player):
    """Swipes and taps step (the page needs a context with has_touch)."""
    watch = _Watch(player)
    player.scroll_into_view_if_needed()
    player.locator("button").nth(2).tap()
    watch.at(2, "a tap on step forward")
    stage = player.locator(".player-stage")
    if stage.evaluate("(stage) => stage.scrollWidth > stage.clientWidth + 1"):
        return watch.found  # a wide picture scrolls under the finger instead
    box = stage.bounding_box()
    touch = page.context.new_cdp_session(page)
    middle = box["y"] + box["height"] / 2

    def swipe(start, end):
        at = [{"x": box["x"] + box["width"] * start, "y": middle}]
        touch.send(
            "Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": at}
        )
        for part in range(1, 6):
            x = box["x"] + box["width"] * (start + (end - start) * part / 5)
            at = [{"x": x, "y": middle}]
            touch.send(
                "Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": at}
            )
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    swipe(0.3, 0.7)
    watch.at(1, "a swipe to the right")
    swipe(0.7, 0.3)
    watch.at(2, "a swipe to the left")
    return watch.found
