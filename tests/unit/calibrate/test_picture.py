"""The picture is valid SVG and shows what was measured."""

from collections import Counter
from xml.etree import ElementTree

from engine.calibrate.intensity import fit
from engine.calibrate.picture import HEIGHT, LEFT, REACHED_MIN, WIDTH, picture

SVG = "{http://www.w3.org/2000/svg}"
SECONDS = {2: 900.0, 3: 900.0}
ORDERS = Counter(
    {(2, 2): 500, (2, 4): 250, (2, 6): 120, (3, 3): 400, (3, 5): 200, (3, 7): 90}
)


def test_every_depth_is_a_point_inside_the_frame():
    found = fit(ORDERS, SECONDS)
    root = ElementTree.fromstring(picture("A<B", found))
    points = root.findall(f"{SVG}circle")
    assert len(points) == len(
        [rate for rate in found.rates if rate.reached >= REACHED_MIN]
    )
    for point in points:
        assert LEFT <= float(point.get("cx")) <= WIDTH
        assert 0 <= float(point.get("cy")) <= HEIGHT
    # Deeper is rarer: farther right, lower down.
    heights = [float(point.get("cy")) for point in points]
    assert heights == sorted(heights)
    assert len({point.get("fill") for point in points}) == 2
    texts = " ".join(node.text for node in root.findall(f"{SVG}text"))
    assert "A<B" in texts
    assert "/tick" in texts


def test_without_a_fit_it_says_why_and_draws_no_line():
    found = fit(Counter({(2, 2): 5}), SECONDS)
    root = ElementTree.fromstring(picture("X", found))
    assert "no fit: 5 taker orders" in " ".join(
        node.text for node in root.findall(f"{SVG}text")
    )
    assert not [
        line for line in root.findall(f"{SVG}line") if line.get("stroke-width") == "2"
    ]


def test_nothing_at_all_is_an_empty_picture():
    root = ElementTree.fromstring(picture("X", fit(Counter(), {})))
    assert not root.findall(f"{SVG}circle")
