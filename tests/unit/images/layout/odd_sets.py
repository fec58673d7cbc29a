"""Layouts that people make: each reading is right, or named."""

from pathlib import Path

from tests.unit.images.layout.public_sets import SIZE, Drawing, parts, same


def pictures_of_a_paper(draw: Drawing) -> None:
    parts(draw, {"images": 5}, ("cat", "dog", "owl"))
    draw.photos("papers", 3)


def spelled_in_two_ways(draw: Drawing) -> None:
    parts(draw, {"train": 5}, ("Cat", "Great Dane"))
    parts(draw, {"test": 2}, ("cat", "great_dane"))


def folds(draw: Drawing) -> None:
    parts(draw, {f"fold_{k}": 2 for k in range(1, 6)}, ("a", "b"))


def hospitals(draw: Drawing) -> None:
    parts(draw, {"Charite": 4, "Mayo": 3}, ("benign", "malignant"))


def magnifications(draw: Drawing) -> None:
    parts(draw, {"benign": 4, "malignant": 3}, ("40X", "100X"))


def two_sizes(draw: Drawing) -> None:
    parts(draw, {"128": 5}, ("cat", "dog"))
    for path in sorted((draw.root / "128").rglob("*.png")):
        inside = path.relative_to(draw.root / "128").as_posix()
        draw.again(f"64/{inside}", f"128/{inside}", lambda image: image.resize((12, 10)))


def splits_in_classes(draw: Drawing) -> None:
    parts(draw, {"cats": 4, "dogs": 4}, ("train", "test"))


def flat_and_numbered(draw: Drawing) -> None:
    draw.photo(*(f"{k:04d}_{'cat' if k % 2 else 'dog'}.png" for k in range(12)))


def masks_beside_images(draw: Drawing) -> None:
    for one in ("benign", "malignant"):
        for k in range(1, 6):
            draw.photo(f"set/{one}/{one} ({k}).png")
            draw.mask(f"set/{one}/{one} ({k})_mask.png")
        draw.mask(f"set/{one}/{one} (1)_mask_1.png")


def one_hot_in_each_part(draw: Drawing) -> None:
    for part, count in (("train", 8), ("valid", 4)):
        draw.photos(part, count, part + "_{}.jpg")
        rows = [f"{part}_{k}.jpg, {k % 2}, {1 - k % 2}" for k in range(count)]
        draw.text(f"{part}/_classes.csv", "filename, cat, dog", *rows)


def one_class_divided(draw: Drawing) -> None:
    draw.photos("normal", 6)
    parts(draw, {"abnormal": 3}, ("cyst", "tumour"))


def stray_preview(draw: Drawing) -> None:
    draw.photo("set/preview.png")
    parts(draw, {"set/images": 5}, ("cat", "dog"))


def original_and_augmented(draw: Drawing) -> None:
    parts(draw, {"Original": 3, "Augmented": 6}, ("Mild", "Moderate", "None"))


def patients(draw: Drawing) -> None:
    parts(draw, {"cat": 3}, ("p1", "p2"))
    parts(draw, {"dog": 3}, ("p3", "p4"))


def backup(draw: Drawing) -> None:
    parts(draw, {"flowers": 4}, ("rose", "tulip"))
    for path in sorted((draw.root / "flowers").rglob("*.png")):
        inside = path.relative_to(draw.root / "flowers").as_posix()
        draw.again(f"flowers - Copy/{inside}", f"flowers/{inside}", same)


def grades_in_a_table(draw: Drawing) -> None:
    draw.photos("scans", 12, "eye_{:03d}.jpeg")
    draw.text(
        "grades.csv",
        "image;grade;side",
        *(f"eye_{k:03d};{'ABC'[k % 3]};{'LR'[k % 2]}" for k in range(12)),
    )


def table_that_agrees(draw: Drawing) -> None:
    parts(draw, {"photos": 6}, ("cat", "dog"), "{}.png")
    rows = [f"{one}/{k}.png,{SIZE[0]},{k % 2},{one}" for one in ("cat", "dog") for k in range(6)]
    draw.text("photos/info.csv", "file,width,flash,species", *rows)


def table_that_disagrees(draw: Drawing) -> None:
    draw.photos("camera_a", 6, "a{}.png")
    draw.photos("camera_b", 6, "b{}.png")
    rows = [f"{c}{k}.png,{('ripe', 'raw', 'rotten')[k % 3]}" for c in "ab" for k in range(6)]
    draw.text("labels.csv", "name,state", *rows)


SETS = {
    function.__name__: function
    for function in (
        pictures_of_a_paper, spelled_in_two_ways, folds, hospitals, magnifications, two_sizes,
        splits_in_classes, flat_and_numbered, masks_beside_images, one_hot_in_each_part,
        one_class_divided, stray_preview, original_and_augmented, patients, backup,
        grades_in_a_table, table_that_agrees, table_that_disagrees,
    )
}  # fmt: skip


def draw_set(name: str, root: Path) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    SETS[name](Drawing(root))
    return root
