"""Layouts that people make: each reading is right, or named."""

from pathlib import Path

from PIL import Image

from tests.unit.images.layout.public_sets import SIZE, Drawing, parts, same
from tests.unit.images.samples import picture


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
        draw.again(f"64/{inside}", f"128/{inside}", lambda image: image.resize((24, 20)))


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


def one_camera(draw: Drawing) -> None:
    """A thing in the same place, with another flaw in each picture: alike, and not the same."""
    draw.photo("good/0.png")
    for name in ("good", "scratched"):
        for k in range(6):
            draw.again(f"{name}/{k}.png", "good/0.png", lambda image: flawed(image, draw))


def flawed(image: Image.Image, draw: Drawing) -> Image.Image:
    draw.seed += 1
    image = image.copy()
    image.paste(picture(draw.seed, (3, 3)), (draw.seed * 7 % 40, draw.seed * 5 % 30))
    return image


def chest_ct(draw: Drawing) -> None:
    """The training part's folders carry the stage in their names, the test part's do not."""
    parts(draw, {"Data/test": 3}, ("adeno", "large.cell", "normal", "squamous"))
    parts(
        draw,
        {"Data/train": 4, "Data/valid": 2},
        ("adeno_T2", "large.cell_T3", "normal", "squamous_T1"),
    )


def malaria_cells(draw: Drawing) -> None:
    parts(draw, {"cell_images": 4}, ("Parasitized", "Uninfected"))
    for path in sorted((draw.root / "cell_images").rglob("*.png")):
        inside = path.relative_to(draw.root / "cell_images").as_posix()
        draw.again(f"cell_images/cell_images/{inside}", f"cell_images/{inside}", same)


def fruits(draw: Drawing) -> None:
    parts(draw, {"fruits-360/Training": 4, "fruits-360/Test": 2}, ("Apple Braeburn", "Banana"))
    draw.photos("fruits-360/test-multiple_fruits", 3)
    draw.photos("fruits-360/papers", 2)


def nih_chest(draw: Drawing) -> None:
    rows = []
    for k in range(12):
        draw.photo(f"images_{1 + k % 3:03d}/images/{k:08d}_000.png")
        rows.append(f"{k:08d}_000.png,{'No Finding' if k % 2 else 'Effusion'},{k},{20 + k},PA")
    draw.text("Data_Entry_2017.csv", "Image Index,Finding Labels,Patient ID,Age,View", *rows)


def images_in_each_class(draw: Drawing) -> None:
    parts(draw, {"cat": 3, "dog": 4}, ("jpg",))


def mura(draw: Drawing) -> None:
    for part in ("train", "valid"):
        for bone in ("XR_ELBOW", "XR_HAND"):
            for label in ("positive", "negative"):
                draw.photos(f"MURA-v1.1/{part}/{bone}/{label}_patient/study1_{label}", 2)


def test_beside_classes(draw: Drawing) -> None:
    for name, count in (("cats", 5), ("dogs", 5), ("test", 3)):
        draw.photos(name, count)


def nothing_shared(draw: Drawing) -> None:
    parts(draw, {"train": 3}, ("adeno_T2", "benign_T0"))
    parts(draw, {"test": 3}, ("adeno", "benign"))
    draw.photos("papers", 2)


def names_without_ending(draw: Drawing) -> None:
    for one in ("left", "right"):
        draw.photos(f"export/{one}", 4)
    for path in sorted(draw.root.rglob("*.png")):
        path.rename(path.with_suffix(""))


def measures_in_a_table(draw: Drawing) -> None:
    parts(draw, {"photos": 30}, ("cat", "dog"), "{}.png")
    rows = [f"{one}/{k}.png,{200 + 7 * k % 25}" for one in ("cat", "dog") for k in range(30)]
    draw.text("photos/sizes.csv", "file,width", *rows)


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
        one_class_divided, stray_preview, original_and_augmented, patients, one_camera,
        backup, chest_ct, malaria_cells, fruits, nih_chest, images_in_each_class, mura,
        test_beside_classes, nothing_shared, names_without_ending, measures_in_a_table,
        grades_in_a_table, table_that_agrees, table_that_disagrees,
    )
}  # fmt: skip


def draw_set(name: str, root: Path) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    SETS[name](Drawing(root))
    return root
