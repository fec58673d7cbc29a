"""Well-known public image sets, rebuilt: their folders with a few small images.

Each function draws one set below a folder. The names of folders and files are those of the sets.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from PIL import Image

from tests.unit.images.samples import picture

SIZE = (48, 40)


class Drawing:
    """Draws the files of one set; every photograph is another one."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.seed = 0

    def place(self, path: str) -> Path:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def photo(self, *paths: str) -> None:
        for path in paths:
            self.seed += 1
            smooth = picture(self.seed, (6, 5)).resize(SIZE, Image.Resampling.BICUBIC)
            smooth.save(self.place(path))

    def photos(self, folder: str, count: int, name: str = "{:05d}.png") -> None:
        self.photo(*(f"{folder}/{name.format(k)}" for k in range(count)))

    def again(self, path: str, of: str, change: Callable[[Image.Image], Image.Image]) -> None:
        with Image.open(self.root / of) as image:
            change(image).save(self.place(path))

    def mask(self, path: str) -> None:
        self.seed += 1
        picture(self.seed, SIZE, "1").save(self.place(path))

    def text(self, path: str, *lines: str) -> None:
        self.place(path).write_text("\n".join(lines) + "\n")


def same(image: Image.Image) -> Image.Image:
    return image


def parts(draw: Drawing, counts: dict[str, int], classes: Iterable[str], name: str = "{}.png"):
    for part, count in counts.items():
        for one in classes:
            draw.photos(f"{part}/{one}", count, name)


def chest_xray_pneumonia(draw: Drawing) -> None:
    classes = ("NORMAL", "PNEUMONIA")
    parts(
        draw,
        {f"chest_xray/{one}": n for one, n in (("train", 6), ("test", 3), ("val", 2))},
        classes,
    )
    for path in sorted(draw.root.rglob("*.png")):
        inside = path.relative_to(draw.root / "chest_xray").as_posix()
        draw.again(f"chest_xray/chest_xray/{inside}", f"chest_xray/{inside}", same)
        draw.photo(f"chest_xray/__MACOSX/{inside}")
    draw.text("__MACOSX/chest_xray/._x.png", "resource fork")


def intel_scenes(draw: Drawing) -> None:
    classes = ("buildings", "forest", "glacier", "mountain", "sea", "street")
    parts(draw, {"seg_train/seg_train": 5, "seg_test/seg_test": 2}, classes, "{}.jpg")
    draw.photos("seg_pred/seg_pred", 9, "{}.jpg")


def cats_and_dogs(draw: Drawing) -> None:
    for one in ("cats", "dogs"):
        draw.photos(f"training_set/training_set/{one}", 8, one[:3] + ".{}.jpg")
        draw.photos(f"test_set/test_set/{one}", 3, one[:3] + ".{}.jpg")


def ham10000(draw: Drawing) -> None:
    rows = []
    for k in range(24):
        part = 1 if k < 12 else 2
        draw.photo(f"HAM10000_images_part_{part}/ISIC_{24306 + k:07d}.jpg")
        rows.append(
            f"HAM_{k},ISIC_{24306 + k:07d},{('nv', 'mel', 'bkl')[k % 3]},{40 + 5 * (k % 4)}"
        )
    draw.text("HAM10000_metadata.csv", "lesion_id,image_id,dx,age", *rows)


def covid_radiography(draw: Drawing) -> None:
    for name in ("COVID", "Lung_Opacity", "Normal", "Viral Pneumonia"):
        for k in range(1, 6):
            draw.photo(f"COVID-19_Radiography_Dataset/{name}/images/{name}-{k}.png")
            draw.mask(f"COVID-19_Radiography_Dataset/{name}/masks/{name}-{k}.png")
        draw.text(f"COVID-19_Radiography_Dataset/{name}.metadata.xlsx", "a spreadsheet")
    draw.text("COVID-19_Radiography_Dataset/README.md.txt", "read me")


def brain_tumor(draw: Drawing) -> None:
    classes = ("glioma_tumor", "meningioma_tumor", "no_tumor", "pituitary_tumor")
    parts(draw, {"Training": 5, "Testing": 2}, classes, "image({}).jpg")


def imagenet_style(draw: Drawing) -> None:
    synsets = ("n01440764", "n01443537", "n01484850")
    for one in synsets:
        draw.photos(f"imagenet/train/{one}", 5, one + "_{}.JPEG")
        draw.photos(f"imagenet/val/{one}", 2, "ILSVRC2012_val_" + one[-3:] + "{:05d}.JPEG")
    draw.text("imagenet/LOC_synset_mapping.txt", *(f"{one} fish" for one in synsets))


def oxford_pets(draw: Drawing) -> None:
    for breed in ("Abyssinian", "great_pyrenees", "pug"):
        for k in range(1, 6):
            draw.photo(f"images/{breed}_{k}.jpg")
            draw.mask(f"annotations/trimaps/{breed}_{k}.png")
            draw.text(f"annotations/xmls/{breed}_{k}.xml", "<annotation/>")
    draw.text("annotations/list.txt", "Abyssinian_1 1 1 1")


def dogs_vs_cats(draw: Drawing) -> None:
    draw.photos("train", 8, "cat.{}.jpg")
    draw.photos("train", 8, "dog.{}.jpg")
    draw.photos("test1", 6, "{}.jpg")
    draw.text("sampleSubmission.csv", "id,label", *(f"{k},0" for k in range(1, 7)))


def cifar10(draw: Drawing) -> None:
    parts(draw, {"cifar10/train": 4, "cifar10/test": 3}, ("airplane", "bird", "ship"), "{:04d}.png")


def food101(draw: Drawing) -> None:
    for one in ("apple_pie", "baby_back_ribs", "waffles"):
        draw.photos(f"food-101/food-101/images/{one}", 5, "{}.jpg")
    for name in ("train.txt", "classes.txt", "train.json"):
        draw.text(f"food-101/food-101/meta/{name}", "apple_pie/1005649")
    draw.text("food-101/food-101/license_agreement.txt", "licence")


def caltech101(draw: Drawing) -> None:
    for one in ("BACKGROUND_Google", "Faces", "accordion"):
        draw.photos(f"caltech-101/101_ObjectCategories/{one}", 5, "image_{:04d}.jpg")
    for one in ("Faces", "accordion"):
        draw.text(f"caltech-101/Annotations/{one}/annotation_0001.mat", "box")


def eurosat(draw: Drawing) -> None:
    rows = []
    for number, one in enumerate(("AnnualCrop", "Forest", "Highway")):
        draw.photos(f"EuroSAT/2750/{one}", 6, one + "_{}.jpg")
        rows += [f"{one}/{one}_{k}.jpg,{number},{one}" for k in range(6)]
    draw.text("EuroSAT/train.csv", "Filename,Label,ClassName", *rows)
    draw.text("EuroSAT/label_map.json", "{}")


def dtd(draw: Drawing) -> None:
    for one in ("banded", "blotchy", "braided"):
        draw.photos(f"dtd/images/{one}", 5, one + "_{:04d}.jpg")
    draw.text("dtd/labels/train1.txt", "banded/banded_0001.jpg")
    draw.text("dtd/imdb/imdb.mat", "matrix")


def alzheimer(draw: Drawing) -> None:
    classes = ("MildDemented", "ModerateDemented", "NonDemented", "VeryMildDemented")
    parts(draw, {"Alzheimer_s Dataset/train": 5, "Alzheimer_s Dataset/test": 2}, classes, "{}.jpg")


def kvasir(draw: Drawing) -> None:
    for one in ("dyed-lifted-polyps", "esophagitis", "polyps"):
        draw.photos(f"kvasir-dataset-v2/{one}", 5, one + "{}.jpg")


def plant_village(draw: Drawing) -> None:
    for one in ("Apple___Apple_scab", "Apple___healthy", "Tomato___healthy"):
        for k in range(5):
            draw.seed += 1
            name = f"{draw.seed:08d}-dbad-432d-ac58-d291718345d9___FREC_Scab {3417 + k}"
            path = f"plantvillage dataset/color/{one}/{name}.jpg"
            draw.photo(path)
            draw.again(
                f"plantvillage dataset/grayscale/{one}/{name}.jpg", path, lambda i: i.convert("L")
            )
            cut = f"plantvillage dataset/segmented/{one}/{name}_final_masked.jpg"
            draw.again(cut, path, lambda i: i.crop((24, 0, 48, 40)).resize(SIZE))


def gtsrb(draw: Drawing) -> None:
    for name, count in (("Train", 4), ("Test", 6), ("Meta", 1)):
        draw.text(f"{name}.csv", "Width,Height,ClassId,Path", *_signs(draw, name, count))


def _signs(draw: Drawing, name: str, count: int) -> Iterable[str]:
    for one in range(6):
        for k in range(count if name == "Train" else 1):
            path = (
                f"Train/{one}/{one:05d}_{k:05d}.png" if name == "Train" else f"{name}/{one:05d}.png"
            )
            path = f"Meta/{one}.png" if name == "Meta" else path
            draw.photo(path)
            yield f"24,20,{one if name != 'Test' else (one * 5) % 6},{path}"


def asl_alphabet(draw: Drawing) -> None:
    for one in ("A", "B", "nothing"):
        draw.photos(f"asl_alphabet_train/asl_alphabet_train/{one}", 5, one + "{}.jpg")
        draw.photo(f"asl_alphabet_test/asl_alphabet_test/{one}_test.jpg")


def aptos(draw: Drawing) -> None:
    ids = [f"{k * 7919:012x}" for k in range(1, 21)]
    draw.photo(*(f"train_images/{one}.png" for one in ids))
    draw.photo(*(f"test_images/{k * 7907:012x}.png" for k in range(1, 7)))
    draw.text("train.csv", "id_code,diagnosis", *(f"{one},{k % 5}" for k, one in enumerate(ids)))
    draw.text("test.csv", "id_code", *(f"{k * 7907:012x}" for k in range(1, 7)))


SETS = {
    function.__name__: function
    for function in (
        chest_xray_pneumonia, intel_scenes, cats_and_dogs, ham10000, covid_radiography, brain_tumor,
        imagenet_style, oxford_pets, dogs_vs_cats, cifar10, food101, caltech101, eurosat, dtd,
        alzheimer, kvasir, plant_village, gtsrb, asl_alphabet, aptos,
    )
}  # fmt: skip


def draw_set(name: str, root: Path) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    SETS[name](Drawing(root))
    return root
