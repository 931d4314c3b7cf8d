"""Pass phrases that the service makes up: words that can be read out over the telephone and typed without a mistake."""

import secrets

LENGTH = 7  # words: 7 of 256 are 56 bits, guessed against Argon2id and a sign-in that slows guessing down

# 256 short common words, no two alike to the ear, none that could hurt. Eight bits each.
_WORDS = """
acorn actor alder amber anchor angle apple apron arrow artist aspen atlas autumn badger bagel banjo barley basin
basket beacon beaver bench berry birch biscuit blanket blossom bonnet border bottle bramble branch bread breeze
brick bridge bronze brother brush bucket buckle button cabin cactus camel candle canoe canyon carbon cargo
carpet carrot castle cedar cellar chalk cherry chestnut chimney cider cinema circle citrus clover coast cobalt
cocoa colour comet copper coral corner cotton cousin cradle crayon cricket crocus crystal cupboard cushion cycle
daisy dancer desert dolphin donkey doorway dragon drawer drizzle drummer eagle easel echo elbow elder ember
engine falcon farmer feather fender fiddle field flannel flask flint flower forest fossil fountain foxglove
garden garlic ginger giraffe glacier glove goblet granite grape gravel guitar hammer hammock harbour harvest
hazel heather hedge helmet heron hillside honey horizon iceberg indigo island ivory jacket jasmine jigsaw jumper
kettle kitchen ladder lagoon lantern laurel lemon lentil library lilac linen lobster locket magnet mallet mango
maple marble margin market meadow melon melody mirror mitten monkey mosaic mountain muffin mustard napkin nectar
needle nettle notebook nutmeg oatmeal ocean olive onion orange orchard otter oyster paddle palace panda paper
parcel parsley pebble pelican pencil pepper piano picnic pigeon pillow planet plaster plum pocket pony poppy
potato prairie puzzle quarry quilt rabbit radish raven ribbon river robin rocket saddle saffron sandal satin
scarlet shovel silver skylark sparrow spruce squirrel stable statue summer sunset tablet talon teapot thimble
thistle thunder ticket timber tractor trumpet tulip turnip tunnel umbrella valley velvet violet waffle walnut
willow window
"""
WORDS = tuple(_WORDS.split())


def new_phrase() -> str:
    """Return a fresh random pass phrase. It is shown once and kept only as a hash."""
    return " ".join(secrets.choice(WORDS) for _ in range(LENGTH))
